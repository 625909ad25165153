//! Work that nobody waits for, in a cluster that loses a node: seen, waited for, cancelled and read through every other one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use glasswork_content::{Failure, Kind, Node as Json};
use glasswork_node::{
    Caller, Node, Substrate,
    actions::{
        by_query::{UNLIMITED, UpdateByQuery, Work},
        indices::{ForceMerge, ForceMergeRequest},
        tasks::{GetTask, Got, get::Get},
    },
};
use glasswork_substrate::memory::World;
use glasswork_tasks::{Filter, NodeId, TaskId, View};
use support::{by_query::*, *};

const SEEN: &str = r#"{"script": "ctx._source.seen = true", "size": 10}"#;

struct Cluster {
    world: World,
    nodes: Vec<Arc<Node>>,
    folders: Vec<tempfile::TempDir>,
}

impl Cluster {
    /// Three nodes, and 60 documents on six shards.
    async fn of_three() -> Self {
        let world = World::new(3);
        let (mut nodes, mut folders) = (Vec::new(), Vec::new());
        for id in ["n1", "n2", "n3"] {
            let folder = tempfile::tempdir().unwrap();
            nodes.push(start_in(&world, id, folder.path()).await);
            folders.push(folder);
        }
        stock(&nodes[0], "many", 6, 60).await;
        Self {
            world,
            nodes,
            folders,
        }
    }

    /// The node that has the results of tasks, once there is one.
    async fn keeper(&self) -> usize {
        let first = begin_merge(&self.nodes[0], 1).await;
        result(&self.nodes[0], &first).await;
        let uuid = self.nodes[0]
            .metadata()
            .index(".tasks")
            .unwrap()
            .uuid
            .clone();
        let has = |node: &Arc<Node>| !node.shards().of_index(&uuid).is_empty();
        self.nodes.iter().position(has).unwrap()
    }

    /// Kills a node without a word.
    fn lose(&self, at: usize) {
        self.world.crash(self.nodes[at].id().as_str());
    }

    /// Starts it again on what it left.
    async fn restart(&mut self, at: usize) {
        let id = self.nodes[at].id().to_string();
        self.nodes[at] = start_in(&self.world, &id, self.folders[at].path()).await;
    }
}

async fn start_in(world: &World, id: &str, folder: &Path) -> Arc<Node> {
    let parts = world.node(id);
    let substrate = Substrate {
        logs: parts.logs,
        kv: parts.kv,
        bus: parts.bus,
    };
    Node::start(config(id, folder), substrate).await.unwrap()
}

async fn begin_merge(node: &Arc<Node>, segments: u32) -> TaskId {
    let request = ForceMergeRequest {
        target: target("many"),
        max_num_segments: Some(segments),
        only_expunge_deletes: false,
        flush: true,
        primary_only: false,
    };
    node.start_stored::<ForceMerge>(request, Caller::default())
        .await
        .unwrap()
}

/// An update of ten documents at a time, one document a second.
async fn begin_update(node: &Arc<Node>) -> TaskId {
    let request = by_query(Work::Update, SEEN, 1.0);
    let id = node
        .start_stored::<UpdateByQuery>(request, Caller::default())
        .await
        .unwrap();
    until(node, |status| number(status, "updated") == 10).await;
    id
}

async fn got(node: &Arc<Node>, id: &TaskId) -> Result<Got, Failure> {
    let request = GetTask {
        id: Some(id.clone()),
        wait: false,
        timeout: None,
        view: View::DETAILED,
    };
    run::<Get>(node, request).await
}

/// No task lives.
async fn eventually_idle(node: &Node) {
    let deadline = Instant::now() + PATIENCE;
    while !node.registry().list(&Filter::default()).tasks.is_empty() {
        assert!(Instant::now() < deadline, "a task is left");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

fn text(json: &Json) -> String {
    rendered(|out| out.node(json))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_is_seen_waited_for_and_cancelled_from_elsewhere_while_a_node_is_lost() {
    let mut cluster = Cluster::of_three().await;
    let keeper = cluster.keeper().await;
    let (worker, lost) = ((keeper + 1) % 3, (keeper + 2) % 3);
    let id = begin_update(&cluster.nodes[worker]).await;
    for node in &cluster.nodes {
        match got(node, &id).await.unwrap() {
            Got::Running(seen) => assert_eq!(seen.id, id),
            other => panic!("it runs: {other:?}"),
        }
    }
    let waiters: Vec<_> = [keeper, worker]
        .map(|at| {
            let (node, id) = (Arc::clone(&cluster.nodes[at]), id.clone());
            tokio::spawn(async move { result(&node, &id).await })
        })
        .into();
    cluster.lose(lost);
    // It sleeps until its next page, and is there as before.
    assert!(matches!(
        got(&cluster.nodes[keeper], &id).await.unwrap(),
        Got::Running(_)
    ));
    cancel(&cluster.nodes[keeper], id.clone()).await;
    let mut results = Vec::new();
    for waiter in waiters {
        results.push(text(&waiter.await.unwrap()));
    }
    assert_eq!(results[0], results[1]);
    let stored = result(&cluster.nodes[worker], &id).await;
    assert_eq!(at(&stored, "task.cancelled").as_bool(), Some(true));
    assert_eq!(
        at(&stored, "response.canceled").as_str(),
        Some("by user request")
    );
    assert_eq!(number(at(&stored, "response"), "updated"), 10);
    cluster.restart(lost).await;
    assert_eq!(text(&result(&cluster.nodes[lost], &id).await), results[0]);
    for at in [keeper, worker] {
        is_quiet(&cluster.nodes[at]).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_of_a_lost_node_is_unknown_until_the_node_goes_on_with_it() {
    let mut cluster = Cluster::of_three().await;
    let keeper = cluster.keeper().await;
    let (worker, other) = ((keeper + 1) % 3, (keeper + 2) % 3);
    let finished = begin_merge(&cluster.nodes[worker], 1).await;
    let stored = text(&result(&cluster.nodes[worker], &finished).await);
    let id = begin_update(&cluster.nodes[worker]).await;
    cluster.lose(worker);
    for at in [keeper, other] {
        let node = &cluster.nodes[at];
        // What had ended is told by whoever is asked.
        assert_eq!(text(&result(node, &finished).await), stored);
        let unknown = got(node, &id).await.unwrap_err();
        assert_eq!(unknown.kind, Kind::ResourceNotFound);
        assert!(
            unknown.reason().starts_with(&format!(
                "task [{id}] belongs to the node [{}] which isn't part of the cluster",
                id.node
            )),
            "{}",
            unknown.reason()
        );
    }
    cluster.restart(worker).await;
    // The same task, where it was; the pace is taken from it, so that it comes to its end.
    // Until it has begun there is no pace to take.
    let deadline = Instant::now() + PATIENCE;
    loop {
        let answer = rethrottle(&cluster.nodes[other], &id, UNLIMITED).await;
        assert!(answer.node_failures.is_empty(), "{answer:?}");
        if answer.task_failures.is_empty() {
            break;
        }
        assert!(Instant::now() < deadline, "{answer:?}");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let results = [
        result(&cluster.nodes[other], &id).await,
        result(&cluster.nodes[keeper], &id).await,
        result(&cluster.nodes[worker], &id).await,
    ];
    assert_eq!(text(&results[0]), text(&results[1]));
    assert_eq!(text(&results[0]), text(&results[2]));
    assert_eq!(at(&results[0], "task.cancelled").as_bool(), Some(false));
    assert_eq!(number(at(&results[0], "response"), "total"), 60);
    // The contexts of the life before wait for their time, as those of any client that is gone.
    for node in &cluster.nodes {
        eventually_idle(node).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_tells_every_node_what_it_could_not_reach() {
    let cluster = Cluster::of_three().await;
    let keeper = cluster.keeper().await;
    let (worker, lost) = ((keeper + 1) % 3, (keeper + 2) % 3);
    cluster.lose(lost);
    let id = begin_merge(&cluster.nodes[worker], 1).await;
    let stored = result(&cluster.nodes[keeper], &id).await;
    let shards = at(&stored, "response._shards");
    assert_eq!(number(shards, "total"), 6);
    let successful = number(shards, "successful");
    assert!(0 < successful && successful < 6, "{}", text(&stored));
    assert_eq!(
        text(&result(&cluster.nodes[worker], &id).await),
        text(&stored)
    );
    let nobody = got(&cluster.nodes[keeper], &TaskId::new(NodeId::from("n9"), 1)).await;
    assert_eq!(nobody.unwrap_err().kind, Kind::ResourceNotFound);
}

//! By-query operations over two nodes in memory while answers are lost and nodes crash at the worst moment: no document is
//! skipped, none is written twice, and the counts are right.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use glasswork_content::Kind;
use glasswork_node::{
    Caller, Node, Substrate,
    actions::{
        by_query::{
            ByQueryRequest, DeleteByQuery, Reindex, Slices, UNLIMITED, UpdateByQuery, Work,
        },
        documents::{Bulk, BulkDefaults, BulkRequest, Refresh, WriteOptions},
        tasks::{CancelTasks, Which, cancel::Cancel},
    },
};
use glasswork_substrate::memory::World;
use glasswork_tasks::{Filter, Pattern, TaskId, View};
use support::{by_query::*, *};

const COPY: &str = r#"{"source": {"index": "many", "size": 7}, "dest": {"index": "copy"}}"#;
const COUNT_UP: &str = r#"{"script": "ctx._source.n += 1000", "size": 7}"#;
const PAGE: &str = "indices:data/read/search[phase/query+fetch/scroll]";

/// Nodes `n1` and `n2`.
struct Pair {
    world: World,
    nodes: Vec<Arc<Node>>,
    folders: Vec<tempfile::TempDir>,
}

impl Pair {
    /// With 60 documents over two shards, one a node, in `many`, and nothing in `copy`, which is as large.
    async fn start() -> Self {
        let mut pair = Self {
            world: World::new(13),
            nodes: Vec::new(),
            folders: Vec::new(),
        };
        for at in 0..2 {
            pair.folders.push(tempfile::tempdir().unwrap());
            let node = pair.launch(at).await;
            pair.nodes.push(node);
        }
        stock(&pair.nodes[0], "many", 2, 60).await;
        stock(&pair.nodes[0], "copy", 2, 0).await;
        pair
    }

    async fn launch(&self, at: usize) -> Arc<Node> {
        let id = format!("n{}", at + 1);
        let parts = self.world.node(&id);
        let substrate = Substrate {
            logs: parts.logs,
            kv: parts.kv,
            bus: parts.bus,
        };
        Node::start(config(&id, self.folders[at].path()), substrate)
            .await
            .unwrap()
    }

    /// Starts a node again that has crashed, or does now.
    async fn again(&mut self, at: usize) {
        self.world.crash(&format!("n{}", at + 1));
        self.nodes[at] = self.launch(at).await;
    }

    async fn trap_springs(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.world.has_sprung() {
            assert!(Instant::now() < deadline, "what was to go wrong did not");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }

    async fn are_quiet(&self) {
        for node in &self.nodes {
            is_quiet(node).await;
        }
    }

    /// Every document of `copy` was written once.
    async fn is_copied(&self) {
        for n in 0..60 {
            let found = get(&self.nodes[1], "copy", &n.to_string()).await.unwrap();
            assert_eq!(found.found.unwrap().version, 1, "document {n}");
        }
    }

    /// Every document of `many` was counted up once, or not at all; gives how many were.
    async fn counted_up(&self) -> i64 {
        let mut changed = 0;
        for n in 0..60 {
            let source = source(&self.nodes[1], "many", &n.to_string())
                .await
                .unwrap();
            if source.starts_with(&format!("{{\"n\":{},", n + 1000)) {
                changed += 1;
            } else {
                assert!(source.starts_with(&format!("{{\"n\": {n},")), "{source}");
            }
        }
        changed
    }
}

fn refreshed(mut request: ByQueryRequest) -> ByQueryRequest {
    request.options.refresh = true;
    request
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_whose_answer_is_lost_comes_again() {
    let pair = Pair::start().await;
    // In the middle of a page that began on the other shard, and alone.
    for _ in 0..3 {
        pair.world.lose_reply("n2", PAGE);
    }
    let done = run::<Reindex>(&pair.nodes[0], reindex(COPY, UNLIMITED))
        .await
        .unwrap();
    assert!(pair.world.has_sprung());
    let counted = done.status.figures;
    assert_eq!((counted.total, counted.created), (60, 60));
    assert_eq!(counted.updated + counted.version_conflicts, 0);
    pair.is_copied().await;
    pair.are_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_that_fails_within_a_page_is_read_anew() {
    let mut pair = Pair::start().await;
    let id = pair.nodes[0]
        .start_stored::<UpdateByQuery>(by_query(Work::Update, COUNT_UP, 0.01), Caller::default())
        .await
        .unwrap();
    until(&pair.nodes[0], |status| {
        number(status, "throttled_until_millis") > 0
    })
    .await;
    // The other node's shard has lost its place when a page that began on this node's comes to it.
    pair.again(1).await;
    rethrottle(&pair.nodes[0], &id, UNLIMITED).await;
    let stored = result(&pair.nodes[0], &id).await;
    let response = at(&stored, "response");
    assert_eq!(
        (number(response, "total"), number(response, "updated")),
        (60, 60)
    );
    assert_eq!(pair.counted_up().await, 60);
    pair.are_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_answer_is_lost_is_told_and_what_it_wrote_is_refreshed() {
    let pair = Pair::start().await;
    pair.world.lose_reply("n2", "indices:data/write/bulk[s]");
    let done = run::<Reindex>(&pair.nodes[0], refreshed(reindex(COPY, UNLIMITED)))
        .await
        .unwrap();
    assert!(pair.world.has_sprung());
    assert!(!done.write_failures.is_empty());
    for failed in &done.write_failures {
        assert_eq!(failed.failure.kind, Kind::NodeDisconnected);
    }
    let told = done.status.figures.created + done.write_failures.len() as u64;
    assert_eq!(told, 7, "one page");
    assert_eq!(count(&pair.nodes[0], "copy").await, 7);
    pair.are_quiet().await;
}

/// Starts an operation whose node crashes after the bulk of its batch `batch` was acknowledged and before that is saved; gives
/// its id once the node is there again.
async fn crashes_before_the_checkpoint<A>(
    pair: &mut Pair,
    request: ByQueryRequest,
    batch: u32,
) -> TaskId
where
    A: glasswork_node::StoredAction<Request = ByQueryRequest>,
{
    // The first save is that of what the source looks at.
    pair.world.crash_at_key("n1", ("tasks/n1/", "/0"), batch);
    let id = pair.nodes[0]
        .start_stored::<A>(request, Caller::default())
        .await
        .unwrap();
    pair.trap_springs().await;
    pair.again(0).await;
    id
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_the_writes_of_a_reindex_and_its_checkpoint_writes_nothing_twice() {
    for batch in [1, 4] {
        let mut pair = Pair::start().await;
        let request = refreshed(reindex(COPY, UNLIMITED));
        let id = crashes_before_the_checkpoint::<Reindex>(&mut pair, request, batch).await;
        let stored = result(&pair.nodes[0], &id).await;
        let response = at(&stored, "response");
        assert_eq!(
            (number(response, "total"), number(response, "created")),
            (60, 60)
        );
        assert_eq!(number(response, "updated"), 0);
        assert_eq!(number(response, "version_conflicts"), 0);
        pair.is_copied().await;
        assert_eq!(count(&pair.nodes[1], "copy").await, 60);
        pair.are_quiet().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_the_only_batch_and_its_checkpoint_leaves_it_refreshed() {
    let whole = r#"{"source": {"index": "many"}, "dest": {"index": "copy"}}"#;
    let mut pair = Pair::start().await;
    let request = refreshed(reindex(whole, UNLIMITED));
    let id = crashes_before_the_checkpoint::<Reindex>(&mut pair, request, 1).await;
    let stored = result(&pair.nodes[0], &id).await;
    assert_eq!(number(at(&stored, "response"), "created"), 60, "{stored:?}");
    assert_eq!(count(&pair.nodes[1], "copy").await, 60);
    let request = refreshed(by_query(
        Work::Delete,
        r#"{"query": {"match_all": {}}}"#,
        UNLIMITED,
    ));
    let id = crashes_before_the_checkpoint::<DeleteByQuery>(&mut pair, request, 1).await;
    let stored = result(&pair.nodes[0], &id).await;
    assert_eq!(number(at(&stored, "response"), "deleted"), 60);
    assert_eq!(count(&pair.nodes[1], "many").await, 0);
    pair.are_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_between_the_writes_of_an_update_and_its_checkpoint_changes_nothing_twice() {
    for batch in [1, 4] {
        let mut pair = Pair::start().await;
        let request = by_query(Work::Update, COUNT_UP, UNLIMITED);
        let id = crashes_before_the_checkpoint::<UpdateByQuery>(&mut pair, request, batch).await;
        let stored = result(&pair.nodes[0], &id).await;
        let response = at(&stored, "response");
        assert_eq!(
            (number(response, "total"), number(response, "updated")),
            (60, 60)
        );
        assert_eq!(number(response, "version_conflicts"), 0);
        assert_eq!(pair.counted_up().await, 60);
        pair.are_quiet().await;
    }
}

/// Waits until a bulk of this by-query slice is on its way.
async fn writes(node: &Node, slice: &TaskId) {
    let filter = Filter {
        parent: Some(slice.clone()),
        actions: vec![Pattern::new("indices:data/write/bulk")],
        ..Filter::default()
    };
    let deadline = Instant::now() + PATIENCE;
    while node.registry().list(&filter).tasks.is_empty() {
        assert!(Instant::now() < deadline, "it does not write");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Waits until nothing runs here, and nothing is open, for a node that left.
async fn gives_up(node: &Node) {
    let deadline = Instant::now() + PATIENCE;
    let busy = || {
        let tasks = node.registry().list(&Filter::default()).tasks;
        !tasks.is_empty() || node.open_search_contexts() > 0
    };
    while busy() {
        assert!(
            Instant::now() < deadline,
            "it still works for the other node"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// The by-query slices of an operation, once all of them wait.
async fn all_wait(node: &Node, leader: &TaskId, count: usize) -> Vec<TaskId> {
    let filter = Filter {
        parent: Some(leader.clone()),
        ..Filter::default()
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let waits = |task: &glasswork_tasks::Task| {
            let status = task.snapshot(&View::DETAILED).status;
            let status = status.map(|status| json(std::str::from_utf8(&status).unwrap()));
            status.is_some_and(|status| number(&status, "throttled_until_millis") > 0)
        };
        let mut slices = node.registry().list(&filter).tasks;
        slices.retain(waits);
        if slices.len() == count {
            return slices.iter().map(glasswork_tasks::Task::id).collect();
        }
        assert!(Instant::now() < deadline, "{} wait", slices.len());
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slice_that_was_cancelled_and_a_pace_that_was_asked_for_stay_so_over_a_crash() {
    let mut pair = Pair::start().await;
    let mut request = reindex(COPY, 0.01);
    request.options.slices = Slices::Count(2);
    let leader = pair.nodes[0]
        .start_stored::<Reindex>(request, Caller::default())
        .await
        .unwrap();
    let slices = all_wait(&pair.nodes[0], &leader, 2).await;
    let slice_of = |id: &TaskId| {
        let task = pair.nodes[0].registry().get(id.number).unwrap();
        let status = task.snapshot(&View::DETAILED).status.unwrap();
        number(&json(std::str::from_utf8(&status).unwrap()), "slice_id")
    };
    // The first one reads from this node. It writes to the other one, too, and can't end while that does not answer.
    let first = slices.iter().find(|slice| slice_of(slice) == 0).unwrap();
    pair.world.freeze("n2");
    rethrottle(&pair.nodes[0], &leader, UNLIMITED).await;
    writes(&pair.nodes[0], first).await;
    let request = CancelTasks {
        which: Which::One(Some(first.clone())),
        ..CancelTasks::default()
    };
    let answer = run::<Cancel>(&pair.nodes[0], request).await.unwrap();
    assert!(answer.node_failures.is_empty(), "{answer:?}");
    pair.world.crash("n1");
    pair.world.thaw("n2");
    // What ran there for the node that crashed is given up first: the ids of what goes on are the same.
    gives_up(&pair.nodes[1]).await;
    pair.again(0).await;
    let stored = result(&pair.nodes[0], &leader).await;
    let response = at(&stored, "response");
    let parts = at(response, "slices").as_array().unwrap();
    assert_eq!(at(&parts[0], "canceled").as_str(), Some("by user request"));
    assert!(number(&parts[0], "created") >= 7);
    assert!(number(&parts[0], "created") < number(&parts[0], "total"));
    assert!(parts[1].get("canceled").is_none());
    assert_eq!(number(&parts[1], "created"), number(&parts[1], "total"));
    assert!(response.get("canceled").is_none());
    pair.are_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pace_that_was_asked_for_in_a_pause_stays_over_a_crash() {
    use glasswork_node::actions::tasks::pause::{Pause, PauseTask};
    let mut pair = Pair::start().await;
    let id = pair.nodes[0]
        .start_stored::<Reindex>(reindex(COPY, 0.01), Caller::default())
        .await
        .unwrap();
    until(&pair.nodes[0], |status| {
        number(status, "throttled_until_millis") > 0
    })
    .await;
    let told = |paused| PauseTask {
        id: Some(id.clone()),
        paused,
        view: View::DETAILED,
    };
    run::<Pause>(&pair.nodes[0], told(true)).await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    while pair.nodes[0].open_search_contexts() > 0 {
        assert!(Instant::now() < deadline, "it does not pause");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let answer = rethrottle(&pair.nodes[0], &id, UNLIMITED).await;
    assert!(answer.task_failures.is_empty(), "{answer:?}");
    pair.again(0).await;
    let answer = run::<Pause>(&pair.nodes[0], told(false)).await.unwrap();
    assert!(answer.task_failures.is_empty(), "{answer:?}");
    let stored = result(&pair.nodes[0], &id).await;
    assert_eq!(number(at(&stored, "response"), "created"), 60);
    pair.is_copied().await;
    pair.are_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_places_of_a_node_that_left_are_given_up() {
    let pair = Pair::start().await;
    pair.nodes[0]
        .start_stored::<Reindex>(reindex(COPY, 0.01), Caller::default())
        .await
        .unwrap();
    until(&pair.nodes[0], |status| {
        number(status, "throttled_until_millis") > 0
    })
    .await;
    assert_eq!(pair.nodes[1].open_search_contexts(), 1);
    pair.world.crash("n1");
    let deadline = Instant::now() + PATIENCE;
    while pair.nodes[1].open_search_contexts() > 0 {
        assert!(Instant::now() < deadline, "the context stays");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shard_whose_turn_comes_late_is_still_seen_as_it_was() {
    let pair = Pair::start().await;
    // The first shard takes far longer than the second one's place is kept when nobody asks for it.
    let mut request = by_query(
        Work::Update,
        r#"{"script": "ctx._source.n += 1000", "size": 4}"#,
        8.0,
    );
    request.options.scroll = Duration::from_secs(1);
    request.options.proceed_on_conflicts = true;
    let id = pair.nodes[0]
        .start_stored::<UpdateByQuery>(request, Caller::default())
        .await
        .unwrap();
    until(&pair.nodes[0], |status| number(status, "updated") > 0).await;
    let again: String = (0..60)
        .map(|n| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"n\": {n}, \"k\": \"new\"}}\n"))
        .collect();
    let defaults = BulkDefaults {
        index: Some("many".to_owned()),
        ..BulkDefaults::default()
    };
    let options = WriteOptions {
        refresh: Refresh::Immediate,
        ..WriteOptions::default()
    };
    let request = BulkRequest::parse(&again.into(), &defaults, options).unwrap();
    assert!(
        !run::<Bulk>(&pair.nodes[0], request)
            .await
            .unwrap()
            .has_failures()
    );
    let stored = result(&pair.nodes[0], &id).await;
    let response = at(&stored, "response");
    // What others wrote since the search is a conflict; a place that was opened anew would not find it.
    assert_eq!(
        number(response, "updated") + number(response, "version_conflicts"),
        60
    );
    assert!(number(response, "version_conflicts") > 40);
    pair.are_quiet().await;
}

//! Documents and searches over several nodes: through one, on the other; and results that tasks stored.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use glasswork_content::Kind;
use glasswork_node::{
    Node, Substrate,
    actions::{
        indices::{Refresh, RefreshRequest},
        search::{SearchAction, SearchRequest},
        tasks::{
            CancelTasks, GetTask, Got, ListTasks, Which, cancel::Cancel, get::Get, list::List,
        },
    },
};
use glasswork_search::request;
use glasswork_substrate::memory::{Faults, World};
use glasswork_tasks::{Filter, Heard, News, Origin, Pattern, TaskId, View};
use std::{sync::Arc, time::Duration};
use support::*;

struct Cluster {
    world: World,
    nodes: Vec<Arc<Node>>,
    _folders: Vec<tempfile::TempDir>,
}

impl Cluster {
    async fn of(count: usize) -> Self {
        let world = World::new(11);
        let mut cluster = Self {
            world,
            nodes: Vec::new(),
            _folders: Vec::new(),
        };
        for number in 1..=count {
            let id = format!("n{number}");
            let parts = cluster.world.node(&id);
            let folder = tempfile::tempdir().unwrap();
            let substrate = Substrate {
                logs: parts.logs,
                kv: parts.kv,
                bus: parts.bus,
            };
            let node = Node::start(config(&id, folder.path()), substrate)
                .await
                .unwrap();
            cluster.nodes.push(node);
            cluster._folders.push(folder);
        }
        cluster
    }

    /// No task and no ban is left on any node.
    async fn is_quiet(&self) {
        let all = Filter::default();
        for node in &self.nodes {
            let until = std::time::Instant::now() + Duration::from_secs(10);
            let quiet = || {
                let registry = node.registry();
                registry.list(&all).tasks.is_empty() && registry.bans().is_empty()
            };
            while !quiet() {
                assert!(std::time::Instant::now() < until, "a task or a ban is left");
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_document_is_read_from_every_node_wherever_its_shard_is() {
    let cluster = Cluster::of(3).await;
    let body = r#"{"settings":{"number_of_shards":6,"number_of_replicas":0}}"#;
    create(&cluster.nodes[0], "books", body).await.unwrap();
    cluster.world.set_faults(Faults {
        delay: Duration::from_millis(2),
        ..Faults::default()
    });
    for number in 0..30 {
        let through = &cluster.nodes[number % 3];
        let source = format!(r#"{{"title":"book {number}"}}"#);
        index(through, "books", &number.to_string(), &source)
            .await
            .unwrap();
    }
    for number in 0..30 {
        let wanted = format!(r#"{{"title":"book {number}"}}"#);
        let through = &cluster.nodes[(number + 1) % 3];
        let found = source(through, "books", &number.to_string()).await;
        assert_eq!(found.as_deref(), Some(&*wanted));
    }
    let missing = source(&cluster.nodes[2], "books", "none").await;
    assert_eq!(missing, None);
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_task_stored_is_got_whether_its_node_is_there_or_not() {
    let cluster = Cluster::of(2).await;
    let node = &cluster.nodes[0];
    let ask = |id: TaskId| GetTask {
        id: Some(id),
        wait: false,
        timeout: None,
        view: View::DETAILED,
    };
    let of = |node: &str, number| TaskId::new(node.into(), number);
    let nothing = run::<Get>(node, ask(of("n2", 5000))).await.unwrap_err();
    assert_eq!(nothing.root_causes()[0].kind, Kind::IndexNotFound);
    let body = r#"{"settings":{"number_of_shards":1,"number_of_replicas":0}}"#;
    create(node, ".tasks", body).await.unwrap();
    let result = r#"{"completed":true,"task":{"node":"gone","id":7},"response":{"took":1}}"#;
    for id in ["gone:7", "n2:5000"] {
        index(node, ".tasks", id, result).await.unwrap();
    }
    for id in [of("gone", 7), of("n2", 5000)] {
        for node in &cluster.nodes {
            let got = run::<Get>(node, ask(id.clone())).await.unwrap();
            assert_eq!(got, Got::Stored(result.into()));
        }
    }
    let nothing = run::<Get>(node, ask(of("n2", 5001))).await.unwrap_err();
    assert_eq!(
        (nothing.kind, nothing.cause.is_none()),
        (Kind::ResourceNotFound, true)
    );
    let nothing = run::<Get>(node, ask(of("gone", 8))).await.unwrap_err();
    assert_eq!(
        nothing.chain().count(),
        2,
        "the index exists: it is no cause"
    );
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_whose_primary_is_elsewhere_is_routed_there_in_one_tree() {
    let cluster = Cluster::of(2).await;
    let body = r#"{"settings":{"number_of_shards":2,"number_of_replicas":0}}"#;
    create(&cluster.nodes[0], "books", body).await.unwrap();
    let mut watchers: Vec<_> = cluster
        .nodes
        .iter()
        .map(|node| node.registry().subscribe())
        .collect();
    for number in 0..8 {
        index(
            &cluster.nodes[0],
            "books",
            &number.to_string(),
            r#"{"n":1}"#,
        )
        .await
        .unwrap();
    }
    cluster.is_quiet().await;
    let mut started = Vec::new();
    for watcher in &mut watchers {
        while let Some(Heard::Event(event)) = watcher.try_next() {
            if event.news == News::Started {
                started.push(event.snapshot.clone());
            }
        }
    }
    let find = |id: &TaskId| started.iter().find(|task| task.id == *id).unwrap();
    let primaries = started
        .iter()
        .filter(|task| &*task.action == "indices:data/write/bulk[s][p]");
    let mut far = 0;
    for primary in primaries {
        assert_eq!(primary.origin, Origin::Direct);
        let mut path = vec![format!("{} {}", primary.id.node, primary.action)];
        let mut at = primary;
        while let Some(parent) = &at.parent {
            at = find(parent);
            path.push(format!("{} {}", at.id.node, at.action));
        }
        let wanted: &[&str] = match primary.id.node.as_str() {
            "n1" => &[
                "n1 indices:data/write/bulk[s][p]",
                "n1 indices:data/write/bulk[s]",
                "n1 indices:data/write/index",
            ],
            _ => &[
                "n2 indices:data/write/bulk[s][p]",
                "n2 indices:data/write/bulk[s]",
                "n1 indices:data/write/bulk[s]",
                "n1 indices:data/write/index",
            ],
        };
        far += usize::from(primary.id.node.as_str() == "n2");
        assert_eq!(path, wanted);
    }
    assert!(far > 0, "one of the shards is on the other node");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_waits_until_it_knows_the_index_that_it_is_asked_about() {
    let cluster = Cluster::of(2).await;
    cluster.world.silence_watches(Duration::from_millis(300));
    let body = r#"{"settings":{"number_of_shards":2,"number_of_replicas":0}}"#;
    create(&cluster.nodes[0], "books", body).await.unwrap();
    for number in 0..8 {
        let id = number.to_string();
        index(&cluster.nodes[0], "books", &id, r#"{"n":1}"#)
            .await
            .unwrap();
        assert!(source(&cluster.nodes[0], "books", &id).await.is_some());
    }
    cluster.is_quiet().await;
}

fn searching(body: &str) -> SearchRequest {
    let source = request::SearchRequest::parse(&json(body)).unwrap();
    SearchRequest::new(target("books"), source)
}

async fn with_books(count: usize) -> Cluster {
    let cluster = Cluster::of(2).await;
    let body = r#"{"settings":{"number_of_shards":4,"number_of_replicas":0}}"#;
    create(&cluster.nodes[0], "books", body).await.unwrap();
    for number in 0..count {
        let source = format!(r#"{{"title":"book {number}","n":{number}}}"#);
        index(
            &cluster.nodes[number % 2],
            "books",
            &number.to_string(),
            &source,
        )
        .await
        .unwrap();
    }
    let refresh = RefreshRequest {
        target: target("books"),
    };
    run::<Refresh>(&cluster.nodes[1], refresh).await.unwrap();
    cluster.is_quiet().await;
    cluster
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_through_one_node_finds_what_lies_on_the_other() {
    let cluster = with_books(40).await;
    for node in &cluster.nodes {
        let request =
            searching(r#"{"query":{"match":{"title":"book"}},"sort":[{"n":"desc"}],"size":40}"#);
        let answer = run::<SearchAction>(node, request).await.unwrap();
        let ids: Vec<_> = answer.hits.iter().map(|hit| hit.id.to_string()).collect();
        let wanted: Vec<_> = (0..40)
            .rev()
            .map(|number: u32| number.to_string())
            .collect();
        assert_eq!(ids, wanted);
    }
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_long_search_is_seen_on_both_nodes_and_cancelled_from_the_other() {
    let cluster = with_books(40).await;
    let script = "long s = 0; for (int i = 0; i < 2000000000; i++) { s += i % 7 } return s > 0";
    let request = searching(&format!(
        r#"{{"query":{{"script":{{"script":{{"source":"{script}"}}}}}}}}"#
    ));
    let node = Arc::clone(&cluster.nodes[0]);
    let client = tokio::spawn(async move { run::<SearchAction>(&node, request).await });
    let searches = |at: usize| {
        let filter = Filter {
            actions: vec![Pattern::new("indices:data/read/search*")],
            ..Filter::default()
        };
        cluster.nodes[at].registry().list(&filter).tasks
    };
    let until = std::time::Instant::now() + Duration::from_secs(20);
    while searches(0).len() < 3 || searches(1).len() < 2 {
        assert!(
            std::time::Instant::now() < until,
            "the search never spreads"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let list = ListTasks {
        filter: Filter {
            actions: vec![Pattern::new("*search*")],
            ..Filter::default()
        },
        view: View::DETAILED,
        ..ListTasks::default()
    };
    let list = run::<List>(&cluster.nodes[1], list).await.unwrap();
    let tasks: Vec<_> = list.nodes.iter().flat_map(|node| &node.tasks).collect();
    let root = tasks.iter().find(|task| task.parent.is_none()).unwrap();
    assert_eq!(
        (root.id.node.as_str(), &*root.action),
        ("n1", "indices:data/read/search")
    );
    for shard in tasks.iter().filter(|task| task.parent.is_some()) {
        assert_eq!(&*shard.action, "indices:data/read/search[phase/query]");
        assert_eq!(shard.parent.as_ref(), Some(&root.id));
        let origin = if shard.id.node.as_str() == "n1" {
            Origin::Direct
        } else {
            Origin::Transport
        };
        assert_eq!(shard.origin, origin);
        assert!(
            shard
                .description
                .as_ref()
                .unwrap()
                .text
                .starts_with("shardId[[books][")
        );
    }
    let began = std::time::Instant::now();
    let cancel = CancelTasks {
        which: Which::One(Some(root.id.clone())),
        wait: true,
        ..CancelTasks::default()
    };
    let answer = run::<Cancel>(&cluster.nodes[1], cancel).await.unwrap();
    assert!(answer.node_failures.is_empty());
    let failure = client.await.unwrap().unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(failure.kind, Kind::SearchPhaseExecution);
    let cause = failure.root_causes()[0];
    assert_eq!(cause.kind, Kind::TaskCancelled);
    assert_eq!(
        cause.reason(),
        "cancelled task with reason: by user request"
    );
    cluster.is_quiet().await;
}

//! Cancels and bans over several nodes.

use super::{
    Cluster,
    actions::{Behaviour, Relay, Search, SearchRequest, Shard, Write},
    cluster::{actions, children, eventually, run, soon, tasks},
};
use crate::{
    Caller,
    actions::tasks::{CancelTasks, ListTasks, Which, cancel::Cancel},
};
use glasswork_content::failure::Kind;
use glasswork_tasks::{Filter, Pattern, Start, TaskId};
use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_by_id_stops_the_tree_on_every_node() {
    let cluster = Cluster::of(3).await;
    let search = cluster
        .search(
            0,
            &[
                ("n1", Behaviour::Lasts),
                ("n2", Behaviour::Lasts),
                ("n3", Behaviour::Lasts),
            ],
        )
        .await;
    let shards: Vec<_> = cluster
        .nodes
        .iter()
        .flat_map(|node| children(node, &search.task.id()))
        .collect();
    let answer = cluster.cancel_one(1, &search.task.id()).await;
    assert!(answer.node_failures.is_empty());
    let shown = tasks(&answer);
    assert_eq!(
        shown.len(),
        1,
        "children are not in the answer of a cancel by id"
    );
    assert!(shown[0].cancelled() && shown[0].cancelled_millis.unwrap() >= shown[0].start_millis);
    assert!(shown[0].description.is_none() && shown[0].resources.is_none());
    assert!(
        shards.iter().all(glasswork_tasks::Task::is_cancelled),
        "answered when all have it"
    );
    let failure = search.answer().await.unwrap_err();
    assert_eq!(failure.kind, Kind::TaskCancelled);
    assert_eq!(
        failure.reason(),
        "cancelled task with reason: by user request"
    );
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_goes_down_through_a_third_node() {
    let cluster = Cluster::of(3).await;
    let node = Arc::clone(&cluster.nodes[0]);
    let request = (
        "n2".into(),
        SearchRequest::of(&[("n3", Behaviour::Lasts), ("n1", Behaviour::Lasts)]),
    );
    let client = tokio::spawn(async move { run::<Relay>(&node, request).await });
    let shards = || -> Vec<_> {
        let list = |at: usize| {
            cluster.nodes[at]
                .registry()
                .list(&actions(&["test:search[shard]"]))
                .tasks
        };
        [list(0), list(2)].concat()
    };
    eventually(|| shards().len() == 2).await;
    let leaves = shards();
    let all = CancelTasks {
        filter: actions(&["test:relay"]),
        wait: true,
        ..CancelTasks::default()
    };
    let answer = soon(cluster.cancel(2, all)).await;
    assert_eq!(tasks(&answer).len(), 1);
    assert!(
        leaves.iter().all(glasswork_tasks::Task::is_ended),
        "the wait ends when the last leaf has"
    );
    client.await.unwrap().unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_cannot_be_says_why() {
    let cluster = Cluster::of(2).await;
    let cause = |answer: &crate::actions::tasks::TasksResponse| {
        let failure = &answer.node_failures[0];
        assert!(answer.nodes.is_empty());
        assert_eq!(failure.kind, Kind::FailedNode);
        let cause = failure.cause.as_ref().unwrap();
        (cause.kind, cause.reason().to_owned())
    };
    let unknown = cluster
        .cancel_one(1, &TaskId::new("n1".into(), 99_999))
        .await;
    assert_eq!(
        cause(&unknown),
        (
            Kind::ResourceNotFound,
            "task [n1:99999] is not found".to_owned()
        )
    );
    let nowhere = cluster.cancel_one(1, &TaskId::new("foo".into(), 1)).await;
    assert_eq!(
        cause(&nowhere),
        (Kind::NoSuchNode, "No such node [foo]".to_owned())
    );
    let node = Arc::clone(&cluster.nodes[0]);
    let writing = tokio::spawn(async move { run::<Write>(&node, 500).await });
    let find = || {
        cluster.nodes[0]
            .registry()
            .list(&actions(&["test:write"]))
            .tasks
    };
    eventually(|| !find().is_empty()).await;
    let id = find()[0].id();
    let write = cluster.cancel_one(1, &id).await;
    assert_eq!(
        cause(&write),
        (
            Kind::IllegalArgument,
            format!("task [{id}] doesn't support cancellation")
        )
    );
    let all = CancelTasks {
        filter: actions(&["test:write"]),
        ..CancelTasks::default()
    };
    let none = cluster.cancel(0, all).await;
    assert!(
        none.nodes.is_empty() && none.node_failures.is_empty(),
        "without an id it is left out silently"
    );
    let search = cluster.search(0, &[("n1", Behaviour::Lasts)]).await;
    let mismatch = CancelTasks {
        which: Which::One(Some(search.task.id())),
        filter: Filter {
            actions: vec![Pattern::new("*foo")],
            ..Filter::default()
        },
        ..CancelTasks::default()
    };
    let answer = cluster.cancel(1, mismatch).await;
    let text = format!("task [{}] doesn't support this operation", search.task.id());
    assert_eq!(cause(&answer), (Kind::IllegalArgument, text));
    let both = CancelTasks {
        which: Which::One(Some(search.task.id())),
        nodes: vec!["n1".to_owned()],
        ..CancelTasks::default()
    };
    let failure = run::<Cancel>(&cluster.nodes[0], both).await.unwrap_err();
    assert_eq!(
        failure.reason(),
        "Validation Failed: 1: task id cannot be used together with node ids;"
    );
    let first = search
        .task
        .snapshot(&glasswork_tasks::View::PLAIN)
        .cancelled_millis;
    assert_eq!(first, None, "nothing of this cancelled it");
    cluster.cancel_one(1, &search.task.id()).await;
    search.answer().await.unwrap_err();
    writing.await.unwrap().unwrap();
    cluster.is_quiet().await;
}

fn wall_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_cancel_keeps_the_first_time() {
    let cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n2", Behaviour::Deaf(600))]).await;
    let first = cluster.cancel_one(0, &search.task.id()).await;
    let then = tasks(&first)[0].cancelled_millis.unwrap();
    eventually(|| wall_millis() > then).await;
    let second = cluster.cancel_one(1, &search.task.id()).await;
    assert_eq!(
        tasks(&first)[0].cancelled_millis,
        tasks(&second)[0].cancelled_millis
    );
    search.answer().await.unwrap();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_of_everything_spares_itself() {
    let cluster = Cluster::of(2).await;
    let one = cluster.search(0, &[("n2", Behaviour::Lasts)]).await;
    let two = cluster.search(1, &[("n1", Behaviour::Lasts)]).await;
    let answer = cluster
        .cancel(
            0,
            CancelTasks {
                wait: true,
                ..CancelTasks::default()
            },
        )
        .await;
    // A search whose shard was cancelled first may have ended before its own node was asked.
    let cancelled = tasks(&answer);
    assert!(!cancelled.is_empty());
    for task in cancelled {
        assert!(task.action.starts_with("test:search"), "{}", task.action);
    }
    one.answer().await.unwrap_err();
    two.answer().await.unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cancelling_one_child_leaves_parent_and_siblings() {
    let cluster = Cluster::of(2).await;
    let search = cluster
        .search(0, &[("n1", Behaviour::Lasts), ("n2", Behaviour::Lasts)])
        .await;
    let near = children(&cluster.nodes[0], &search.task.id()).remove(0);
    let far = children(&cluster.nodes[1], &search.task.id()).remove(0);
    cluster.cancel_one(0, &far.id()).await;
    soon(far.ended()).await;
    assert!(!search.task.is_cancelled() && !near.is_cancelled());
    cluster.cancel_one(0, &search.task.id()).await;
    search.answer().await.unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn by_parent_only_direct_children_are_cancelled_first_hand() {
    let cluster = Cluster::of(2).await;
    let node = Arc::clone(&cluster.nodes[0]);
    let request = ("n2".into(), SearchRequest::of(&[("n1", Behaviour::Lasts)]));
    let client = tokio::spawn(async move { run::<Relay>(&node, request).await });
    let find =
        |at: usize, action: &str| cluster.nodes[at].registry().list(&actions(&[action])).tasks;
    eventually(|| !find(0, "test:search[shard]").is_empty()).await;
    let relay = find(0, "test:relay").remove(0);
    let filter = Filter {
        parent: Some(relay.id()),
        ..Filter::default()
    };
    let answer = cluster
        .cancel(
            0,
            CancelTasks {
                filter,
                ..CancelTasks::default()
            },
        )
        .await;
    let shown: Vec<_> = tasks(&answer).iter().map(|task| &*task.action).collect();
    assert_eq!(shown, ["test:search"]);
    assert!(!relay.is_cancelled());
    client.await.unwrap().unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_child_that_comes_after_the_ban_is_refused_and_never_seen() {
    let cluster = Cluster::of(2).await;
    // A search whose node tells the other one to ban its children, while one more child is only now on its way.
    let search = cluster.search(0, &[("n2", Behaviour::Deaf(1_000))]).await;
    cluster.cancel_one(0, &search.task.id()).await;
    let far = &cluster.nodes[1];
    assert_eq!(far.registry().bans().len(), 1);
    let late = Start::new(far.action::<Shard>()).remote_child_of(search.task.id(), None);
    let refused = far.registry().start(late).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "Task cancelled before it started: by user request"
    );
    let near = cluster.nodes[0]
        .call::<Shard>(&search.task, &"n2".into(), Behaviour::Answers)
        .await
        .unwrap_err();
    assert_eq!(near.kind, Kind::TaskCancelled);
    assert_eq!(
        near.reason(),
        "The parent task was cancelled, shouldn't start any child tasks, by user request"
    );
    let shards = cluster
        .list(
            0,
            ListTasks {
                filter: actions(&["test:search[shard]"]),
                ..ListTasks::default()
            },
        )
        .await;
    assert_eq!(tasks(&shards).len(), 1);
    search.answer().await.unwrap();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_dies_takes_its_bans_and_its_children_elsewhere_with_it() {
    let cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n2", Behaviour::Lasts)]).await;
    let far = Arc::clone(&cluster.nodes[1]);
    far.registry().ban(TaskId::new("n1".into(), 77), "x");
    let shard = children(&far, &search.task.id()).remove(0);
    cluster.world.crash("n1");
    let reason = soon(shard.cancelled()).await;
    assert_eq!(&*reason.text, "channel was closed");
    soon(shard.ended()).await;
    eventually(|| far.registry().bans().is_empty()).await;
    assert_eq!(far.registry().live(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_cancels_its_search_on_all_nodes() {
    let cluster = Cluster::of(2).await;
    let search = cluster
        .search(0, &[("n1", Behaviour::Lasts), ("n2", Behaviour::Lasts)])
        .await;
    let shard = children(&cluster.nodes[1], &search.task.id()).remove(0);
    search.client.abort();
    soon(shard.ended()).await;
    soon(search.task.ended()).await;
    assert_eq!(
        &*search.task.cancellation().unwrap().reason.text,
        "channel closed"
    );
    cluster.is_quiet().await;
    let node = Arc::clone(&cluster.nodes[0]);
    let writing = tokio::spawn(async move { run::<Write>(&node, 200).await });
    let find = || {
        cluster.nodes[0]
            .registry()
            .list(&actions(&["test:write"]))
            .tasks
    };
    eventually(|| !find().is_empty()).await;
    let write = find().remove(0);
    writing.abort();
    soon(write.ended()).await;
    assert!(
        write.snapshot(&glasswork_tasks::View::PLAIN).running_nanos >= 200_000_000,
        "a write goes on"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_with_a_cancellation_interval_ends_by_it() {
    let cluster = Cluster::of(2).await;
    let request = SearchRequest {
        cancel_after: Some(Duration::from_millis(300)),
        ..SearchRequest::of(&[("n1", Behaviour::Lasts), ("n2", Behaviour::Lasts)])
    };
    let failure = soon(run::<Search>(&cluster.nodes[0], request))
        .await
        .unwrap_err();
    assert_eq!(
        failure.reason(),
        "cancelled task with reason: Cancellation timeout of 300ms is expired"
    );
    let quick = SearchRequest {
        cancel_after: Some(Duration::from_secs(60)),
        ..SearchRequest::of(&[("n2", Behaviour::Answers)])
    };
    soon(run::<Search>(&cluster.nodes[0], quick)).await.unwrap();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_child_is_a_failure_and_leaves_nothing() {
    let cluster = Cluster::of(2).await;
    for at in ["n1", "n2"] {
        let request = SearchRequest::of(&[(at, Behaviour::Panics)]);
        let failure = soon(run::<Search>(&cluster.nodes[0], request))
            .await
            .unwrap_err();
        assert!(failure.reason().contains("as told"), "{}", failure.reason());
    }
    cluster.is_quiet().await;
    let caller = Caller::default();
    let finished = cluster.nodes[0]
        .run::<Search, ()>(SearchRequest::of(&[]), caller, |_| {
            panic!("in the rendering")
        })
        .await
        .unwrap_err();
    assert!(finished.reason().contains("in the rendering"));
    cluster.is_quiet().await;
}

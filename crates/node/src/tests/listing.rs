//! Lists and gets over several nodes.

use super::{
    Cluster,
    actions::{Behaviour, Tour, Write},
    cluster::{actions, children, eventually, run, soon, tasks},
};
use crate::actions::tasks::{CancelTasks, GetTask, Got, ListTasks, get::Get};
use glasswork_content::failure::Kind;
use glasswork_tasks::{Filter, Origin, TaskId, View};
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

fn of(filter: Filter) -> ListTasks {
    ListTasks {
        filter,
        ..ListTasks::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_shows_itself_and_its_part_on_each_node() {
    let cluster = Cluster::of(2).await;
    let list = cluster.list(0, ListTasks::default()).await;
    assert!(list.node_failures.is_empty());
    let all = tasks(&list);
    let shown: Vec<_> = all
        .iter()
        .map(|task| (task.id.node.as_str(), &*task.action, task.origin))
        .collect();
    assert_eq!(
        shown,
        [
            ("n1", "cluster:monitor/tasks/lists", Origin::Transport),
            ("n1", "cluster:monitor/tasks/lists[n]", Origin::Direct),
            ("n2", "cluster:monitor/tasks/lists[n]", Origin::Transport),
        ]
    );
    assert_eq!(all[0].parent, None);
    assert_eq!(all[1].parent.as_ref(), Some(&all[0].id));
    assert_eq!(
        all[2].parent.as_ref(),
        Some(&all[0].id),
        "the other node's part has its parent here"
    );
    assert_eq!(list.nodes[1].node.name, "node-n2");
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tree_over_two_nodes_is_seen_from_both() {
    let cluster = Cluster::of(2).await;
    let search = cluster
        .search(0, &[("n1", Behaviour::Lasts), ("n2", Behaviour::Lasts)])
        .await;
    for at in [0, 1] {
        let list = cluster
            .list(
                at,
                ListTasks {
                    view: View::DETAILED,
                    ..of(actions(&["test:*"]))
                },
            )
            .await;
        let all = tasks(&list);
        let shown: Vec<_> = all
            .iter()
            .map(|task| (task.id.node.as_str(), &*task.action, task.origin))
            .collect();
        assert_eq!(
            shown,
            [
                ("n1", "test:search", Origin::Transport),
                ("n1", "test:search[shard]", Origin::Direct),
                ("n2", "test:search[shard]", Origin::Transport),
            ]
        );
        for child in &all[1..] {
            assert_eq!(child.parent, Some(search.task.id()));
        }
        for task in &all {
            assert_eq!(task.headers.opaque_id(), Some("s1"));
        }
        assert_eq!(all[0].description.as_ref().unwrap().text, "shards[2]");
    }
    let whole = of(Filter {
        root: Some(search.task.id()),
        ..Filter::default()
    });
    assert_eq!(tasks(&cluster.list(1, whole).await).len(), 3);
    let mine = of(Filter {
        user: Some("ann".into()),
        ..Filter::default()
    });
    assert_eq!(
        tasks(&cluster.list(1, mine).await).len(),
        3,
        "the user travels too"
    );
    cluster.cancel_one(0, &search.task.id()).await;
    search.answer().await.unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_below_any_task_is_found_however_many_nodes_it_passes() {
    let cluster = Cluster::of(3).await;
    let node = Arc::clone(&cluster.nodes[0]);
    let way = ["n2", "n3", "n1", "n2"].map(Into::into).to_vec();
    let touring = tokio::spawn(async move { run::<Tour>(&node, way).await });
    let all = actions(&["test:tour"]);
    let chain = loop {
        // From parent to child.
        let list = cluster.list(0, of(all.clone())).await;
        let shown = tasks(&list);
        let mut chain: Vec<TaskId> = Vec::new();
        let child = |chain: &[TaskId]| {
            let mut tasks = shown.iter();
            tasks.find(|task| task.parent.as_ref() == chain.last())
        };
        while let Some(next) = child(&chain) {
            chain.push(next.id.clone());
        }
        if chain.len() == 5 {
            break chain;
        }
    };
    let below = |root: usize| Filter {
        root: Some(chain[root].clone()),
        ..Filter::default()
    };
    for root in 0..chain.len() {
        let wanted: BTreeSet<TaskId> = chain[root..].iter().cloned().collect();
        for at in 0..3 {
            let list = cluster.list(at, of(below(root))).await;
            assert!(list.node_failures.is_empty(), "{list:?}");
            let found = tasks(&list).into_iter().map(|task| task.id.clone());
            assert_eq!(found.collect::<BTreeSet<_>>(), wanted, "{root} from {at}");
        }
    }
    let nowhere = Filter {
        root: Some(TaskId::new("n9".into(), 1)),
        ..Filter::default()
    };
    let list = cluster.list(0, of(nowhere)).await;
    assert!(list.nodes.is_empty() && list.node_failures.is_empty());
    // A node that can't tell is named once.
    cluster.world.freeze("n3");
    let frozen = ListTasks {
        timeout: Some(Duration::from_millis(100)),
        ..of(below(1))
    };
    let list = cluster.list(0, frozen).await;
    assert_eq!(list.node_failures.len(), 1, "{list:?}");
    cluster.world.thaw("n3");
    // What is cancelled below a task leaves alone what is above it.
    let stopped = CancelTasks {
        filter: Filter {
            actions: all.actions,
            ..below(3)
        },
        ..CancelTasks::default()
    };
    let stopped = cluster.cancel(1, stopped).await;
    let cancelled: BTreeSet<TaskId> = tasks(&stopped)
        .into_iter()
        .map(|task| task.id.clone())
        .collect();
    assert_eq!(cancelled, chain[3..].iter().cloned().collect());
    soon(touring).await.unwrap().unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn node_filters_choose_who_is_asked() {
    let cluster = Cluster::of(3).await;
    for (elements, wanted) in [
        (&["_local"][..], &["n2"][..]),
        (&["node-n*", "data:false"], &[]),
        (&["n3", "_cluster_manager"], &["n1", "n3"]),
        (&["10.0.0.3"], &["n3"]),
        (&["nope"], &[]),
        (&[], &["n1", "n2", "n3"]),
    ] {
        let nodes = elements.iter().map(|text| (*text).to_owned()).collect();
        let list = cluster
            .list(
                1,
                ListTasks {
                    nodes,
                    ..of(actions(&["*[n]"]))
                },
            )
            .await;
        let asked: Vec<_> = list
            .nodes
            .iter()
            .map(|node| node.node.id.as_str())
            .collect();
        assert_eq!(asked, wanted, "{elements:?}");
        assert!(list.node_failures.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_does_not_answer_in_time_is_a_failure_beside_the_tasks_of_the_others() {
    let cluster = Cluster::of(2).await;
    cluster.world.freeze("n2");
    let began = Instant::now();
    let timeout = Some(Duration::from_millis(300));
    let list = cluster
        .list(
            0,
            ListTasks {
                timeout,
                ..ListTasks::default()
            },
        )
        .await;
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(300) && took < Duration::from_secs(3),
        "{took:?}"
    );
    assert_eq!(tasks(&list).len(), 2);
    let failure = &list.node_failures[0];
    assert_eq!(
        (failure.kind, failure.reason()),
        (Kind::FailedNode, "Failed node [n2]")
    );
    let cause = failure.cause.as_ref().unwrap();
    assert_eq!(cause.kind, Kind::ReceiveTimeoutTransport);
    let text = cause.reason();
    assert!(
        text.starts_with("[node-n2][10.0.0.2:9300][cluster:monitor/tasks/lists[n]] request_id ["),
        "{text}"
    );
    assert!(text.ends_with("] timed out after [300ms]"), "{text}");
    cluster.world.thaw("n2");
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_left_is_neither_listed_nor_a_failure() {
    let cluster = Cluster::of(2).await;
    cluster.world.crash("n2");
    let list = cluster.list(0, ListTasks::default()).await;
    assert!(list.node_failures.is_empty());
    assert_eq!(list.nodes.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_is_got_from_any_node() {
    let cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n1", Behaviour::Lasts)]).await;
    for at in [0, 1] {
        let Got::Running(task) = cluster.get(at, &search.task.id()).await.unwrap() else {
            panic!("it runs")
        };
        assert_eq!(
            (&*task.action, task.resources.is_some()),
            ("test:search", true)
        );
    }
    cluster.cancel_one(1, &search.task.id()).await;
    search.answer().await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_found_says_why() {
    let cluster = Cluster::of(2).await;
    for at in [0, 1] {
        let failure = cluster
            .get(at, &TaskId::new("n1".into(), 99_999))
            .await
            .unwrap_err();
        assert_eq!(failure.status(), 404);
        assert_eq!(
            failure.reason(),
            "task [n1:99999] isn't running and hasn't stored its results"
        );
        assert_eq!(failure.root_causes()[0].reason(), "no such index [.tasks]");
    }
    let failure = cluster
        .get(0, &TaskId::new("foo".into(), 1))
        .await
        .unwrap_err();
    assert_eq!(
        failure.reason(),
        "task [foo:1] belongs to the node [foo] which isn't part of the cluster and there is no record of the task"
    );
    assert_eq!(failure.chain().count(), 3);
    let unset = GetTask {
        id: None,
        wait: false,
        timeout: None,
        view: View::DETAILED,
    };
    let failure = run::<Get>(&cluster.nodes[0], unset).await.unwrap_err();
    assert_eq!(
        (failure.status(), failure.reason()),
        (400, "Validation Failed: 1: task id is required;")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_get_that_waits_answers_at_the_end_or_in_time() {
    let cluster = Cluster::of(2).await;
    let node = Arc::clone(&cluster.nodes[0]);
    let writing = tokio::spawn(async move { run::<Write>(&node, 400).await });
    let find = || {
        cluster.nodes[0]
            .registry()
            .list(&actions(&["test:write"]))
            .tasks
    };
    eventually(|| !find().is_empty()).await;
    let id = find()[0].id();
    let wait = |timeout: Option<u64>| GetTask {
        id: Some(id.clone()),
        wait: true,
        timeout: timeout.map(Duration::from_millis),
        view: View::DETAILED,
    };
    let failure = run::<Get>(&cluster.nodes[0], wait(Some(0)))
        .await
        .unwrap_err();
    assert_eq!((failure.kind, failure.status()), (Kind::Timeout, 504));
    assert_eq!(
        failure.reason(),
        format!("Timed out waiting for completion of [{id} test:write]")
    );
    let failure = run::<Get>(&cluster.nodes[1], wait(Some(50)))
        .await
        .unwrap_err();
    assert!([Kind::Timeout, Kind::ReceiveTimeoutTransport].contains(&failure.kind));
    for at in [0, 1] {
        let got = soon(run::<Get>(&cluster.nodes[at], wait(None))).await;
        match got {
            Ok(Got::Ended(task)) => assert!(task.running_nanos >= 400_000_000),
            Err(failure) if at == 1 => {
                assert_eq!(failure.status(), 404, "it had ended before the second get")
            }
            other => panic!("{other:?}"),
        }
    }
    writing.await.unwrap().unwrap();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_waits_shows_the_tasks_as_they_ended() {
    let cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n2", Behaviour::Deaf(300))]).await;
    let wait = ListTasks {
        wait: true,
        ..of(actions(&["test:*"]))
    };
    let list = soon(cluster.list(1, wait)).await;
    assert_eq!(tasks(&list).len(), 2);
    assert!(
        tasks(&list)
            .iter()
            .all(|task| task.running_nanos >= 250_000_000)
    );
    search.answer().await.unwrap();
    assert!(children(&cluster.nodes[1], &TaskId::new("n1".into(), 1)).is_empty());
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_waits_too_long_names_the_node() {
    let cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n1", Behaviour::Lasts)]).await;
    let timeout = Some(Duration::from_millis(200));
    let wait = || ListTasks {
        wait: true,
        timeout,
        ..of(actions(&["test:*"]))
    };
    let list = cluster.list(1, wait()).await;
    assert!(list.nodes.is_empty());
    assert_eq!(
        list.node_failures[0].cause.as_ref().unwrap().kind,
        Kind::ReceiveTimeoutTransport
    );
    let here = cluster.list(0, wait()).await;
    assert_eq!(
        here.node_failures[0].cause.as_ref().unwrap().kind,
        Kind::ReceiveTimeoutTransport
    );
    cluster.cancel_one(0, &search.task.id()).await;
    search.answer().await.unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_waiting_lists_do_not_wait_for_each_other() {
    let cluster = Cluster::of(2).await;
    let wait = || ListTasks {
        wait: true,
        ..ListTasks::default()
    };
    let (one, two) =
        soon(async { tokio::join!(cluster.list(0, wait()), cluster.list(1, wait())) }).await;
    assert!(one.node_failures.is_empty() && two.node_failures.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_over_nodes_show_every_task_once_in_order() {
    let cluster = Cluster::of(3).await;
    let nodes: Vec<&str> = vec!["n1", "n2", "n3"];
    let shards: Vec<_> = (0..24)
        .map(|shard| (nodes[shard % 3], Behaviour::Lasts))
        .collect();
    let search = cluster.search(0, &shards).await;
    let wanted: BTreeSet<TaskId> = {
        let request = of(actions(&["test:search[[]shard]", "test:search[shard]"]));
        loop {
            let list = cluster.list(0, request.clone()).await;
            if tasks(&list).len() == 24 {
                break tasks(&list).iter().map(|task| task.id.clone()).collect();
            }
        }
    };
    for sort in [
        "id",
        "id:desc",
        "running_time",
        "running_time:desc",
        "cpu",
        "action:desc",
    ] {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let filter = Filter {
                size: Some(5),
                sort: sort.parse().unwrap(),
                ..actions(&["test:search[shard]"])
            };
            let page = cluster
                .list(
                    1,
                    ListTasks {
                        filter,
                        after: after.take(),
                        ..ListTasks::default()
                    },
                )
                .await;
            assert_eq!(page.order.len(), tasks(&page).len());
            seen.extend(
                page.order
                    .iter()
                    .map(|&(node, task)| page.nodes[node].tasks[task].id.clone()),
            );
            let Some(next) = page.next else { break };
            after = Some(next.to_string().parse().unwrap());
        }
        assert_eq!(seen.len(), 24, "{sort}");
        assert_eq!(
            seen.iter().cloned().collect::<BTreeSet<_>>(),
            wanted,
            "{sort}"
        );
        if sort == "id" {
            assert!(seen.is_sorted());
        }
    }
    cluster.cancel_one(2, &search.task.id()).await;
    search.answer().await.unwrap_err();
    cluster.is_quiet().await;
}

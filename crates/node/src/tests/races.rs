//! Things that happen at the same time.

use super::{
    Cluster,
    actions::{Behaviour, Search, SearchRequest, Shard},
    cluster::{run, soon, tasks},
};
use crate::actions::tasks::{CancelTasks, GetTask, Got, ListTasks, Which, get::Get};
use glasswork_content::failure::Kind;
use glasswork_tasks::View;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_short_requests_are_listed_without_doubles_and_leave_nothing() {
    let cluster = Arc::new(Cluster::of(2).await);
    let clients: Vec<_> = (0..1_000_usize)
        .map(|turn| {
            let node = Arc::clone(&cluster.nodes[turn % 2]);
            let request =
                SearchRequest::of(&[("n1", Behaviour::Answers), ("n2", Behaviour::Answers)]);
            tokio::spawn(async move { run::<Search>(&node, request).await })
        })
        .collect();
    for _ in 0..30 {
        let list = cluster
            .list(
                0,
                ListTasks {
                    view: View::DETAILED,
                    ..ListTasks::default()
                },
            )
            .await;
        assert!(list.node_failures.is_empty());
        let ids: BTreeSet<_> = tasks(&list).iter().map(|task| task.id.clone()).collect();
        assert_eq!(ids.len(), tasks(&list).len());
    }
    for client in clients {
        soon(client).await.unwrap().unwrap();
    }
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_that_races_with_the_end_hangs_neither() {
    let cluster = Cluster::of(2).await;
    for turn in 0..100_u64 {
        let search = cluster.begin(0, &[("n2", Behaviour::Deaf(turn % 5))]).await;
        let id = search.task.id();
        let request = CancelTasks {
            which: Which::One(Some(id.clone())),
            wait: true,
            ..CancelTasks::default()
        };
        let answer = soon(cluster.cancel(1, request)).await;
        match answer.node_failures.first() {
            None => assert_eq!(tasks(&answer)[0].id, id),
            Some(failure) => assert_eq!(
                failure.cause.as_ref().unwrap().reason(),
                format!("task [{id}] is not found")
            ),
        }
        // Either outcome of the search is right.
        drop(search.answer().await);
    }
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_get_that_waits_while_the_task_ends_gets_it_or_404() {
    let cluster = Cluster::of(2).await;
    for turn in 0..60_u64 {
        let search = cluster.begin(0, &[("n1", Behaviour::Deaf(turn % 4))]).await;
        let request = GetTask {
            id: Some(search.task.id()),
            wait: true,
            timeout: None,
            view: View::DETAILED,
        };
        match soon(run::<Get>(&cluster.nodes[1], request)).await {
            Ok(Got::Ended(task)) => assert_eq!(task.id, search.task.id()),
            Ok(other) => panic!("{other:?}"),
            Err(failure) => assert_eq!(failure.kind, Kind::ResourceNotFound),
        }
        search.answer().await.unwrap();
    }
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn children_that_register_while_their_parent_ends_are_no_orphans() {
    let cluster = Cluster::of(2).await;
    for turn in 0..100_u64 {
        let search = cluster.begin(0, &[("n1", Behaviour::Deaf(2))]).await;
        let node = Arc::clone(&cluster.nodes[0]);
        let parent = search.task.clone();
        let late = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_micros(turn * 40)).await;
            let at = if turn % 2 == 0 { "n1" } else { "n2" };
            node.call::<Shard>(&parent, &at.into(), Behaviour::Answers)
                .await
        });
        search.answer().await.unwrap();
        if let Err(failure) = soon(late).await.unwrap() {
            assert_eq!(failure.kind, Kind::TaskCancelled, "{}", failure.reason());
        }
    }
    cluster.is_quiet().await;
}

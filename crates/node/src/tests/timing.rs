//! Deadlines: they travel as time that is left.

use super::{
    Cluster,
    actions::{Behaviour, Search, SearchRequest, Write},
    cluster::{children, eventually, soon},
};
use crate::{
    Caller,
    actions::tasks::{GetTask, get::Get},
};
use glasswork_content::failure::Kind;
use glasswork_tasks::{Headers, View};
use std::{sync::Arc, time::Duration};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_reaches_children_on_other_nodes_and_ends_the_tree() {
    let cluster = Cluster::of(2).await;
    let node = Arc::clone(&cluster.nodes[0]);
    let caller = Caller {
        deadline: Some(Duration::from_secs(2)),
        ..Caller::default()
    };
    let request = SearchRequest::of(&[("n1", Behaviour::Lasts), ("n2", Behaviour::Lasts)]);
    let client = tokio::spawn(async move {
        node.run::<Search, _>(request, caller, |answer| answer)
            .await
    });
    let find = || {
        cluster.nodes[0]
            .registry()
            .list(&super::cluster::actions(&["test:search"]))
            .tasks
    };
    eventually(|| !find().is_empty()).await;
    let root = find().remove(0);
    eventually(|| !children(&cluster.nodes[1], &root.id()).is_empty()).await;
    let far = children(&cluster.nodes[1], &root.id()).remove(0);
    let left = far.remaining().unwrap();
    assert!(left <= Duration::from_secs(2), "{left:?}");
    let failure = soon(client).await.unwrap().unwrap_err();
    assert!(
        failure.reason().contains("deadline of 2s exceeded")
            || failure.reason().contains("timed out after"),
        "{}",
        failure.reason()
    );
    assert!(
        far.cancellation()
            .unwrap()
            .reason
            .text
            .starts_with("deadline of")
    );
    cluster.is_quiet().await;
}

fn within(millis: u64) -> Caller {
    Caller {
        deadline: Some(Duration::from_millis(millis)),
        headers: Arc::new(Headers::new([("X-Task-Deadline", "1s")])),
        ..Caller::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_has_begun_is_finished_and_one_that_has_not_is_refused() {
    let cluster = Cluster::of(1).await;
    let node = &cluster.nodes[0];
    soon(node.run::<Write, _>(1_300, within(1_000), |answer| answer))
        .await
        .unwrap();
    let late = soon(node.run::<Write, _>(50, within(0), |answer| answer)).await;
    let failure = late.unwrap_err();
    assert_eq!((failure.kind, failure.status()), (Kind::Timeout, 504));
    assert_eq!(failure.reason(), "deadline of 1s exceeded");
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_read_that_can_not_be_cancelled_is_given_up() {
    let cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n2", Behaviour::Lasts)]).await;
    let get = GetTask {
        id: Some(search.task.id()),
        wait: true,
        timeout: None,
        view: View::PLAIN,
    };
    // Through the other node too.
    for node in &cluster.nodes {
        let get = node.run::<Get, _>(get.clone(), within(30), |answer| answer);
        let failure = soon(get).await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.status()),
            (Kind::Timeout, 504),
            "{failure:?}"
        );
    }
    cluster.nodes[0].cancel(&search.task, "enough");
    search.answer().await.unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_block_of_numbers_is_reserved_in_time() {
    let cluster = Cluster::of(1).await;
    let node = &cluster.nodes[0];
    let action = node.action::<Search>();
    for _ in 0..=glasswork_tasks::BLOCK / 2 {
        drop(
            node.registry()
                .start(glasswork_tasks::Start::new(action))
                .unwrap(),
        );
    }
    let reserved = (2 * glasswork_tasks::BLOCK + 1).to_string();
    let kv = &node.substrate().kv;
    loop {
        let kept = soon(kv.get("numbers/n1")).await.unwrap().unwrap();
        if kept.value == reserved.as_bytes() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

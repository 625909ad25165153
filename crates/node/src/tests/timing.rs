//! Deadlines: they travel as time that is left.

use super::{
    Cluster,
    actions::{Behaviour, Search, SearchRequest},
    cluster::{children, eventually, soon},
};
use crate::Caller;
use std::{sync::Arc, time::Duration};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deadline_reaches_children_on_other_nodes_and_ends_the_tree() {
    let cluster = Cluster::of(2).await;
    let node = Arc::clone(&cluster.nodes[0]);
    let caller = Caller {
        deadline: Some(Duration::from_millis(400)),
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
    assert!(left <= Duration::from_millis(400), "{left:?}");
    let failure = soon(client).await.unwrap().unwrap_err();
    assert!(
        failure.reason().contains("deadline of 400ms exceeded")
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_next_block_of_numbers_is_reserved_in_time() {
    let cluster = Cluster::of(1).await;
    let node = &cluster.nodes[0];
    let action = node.action::<Search>();
    let mut last = 0;
    for turn in 0..=glasswork_tasks::BLOCK {
        let guard = match node.registry().start(glasswork_tasks::Start::new(action)) {
            Ok(guard) => guard,
            Err(_) => {
                eventually(|| {
                    node.registry()
                        .start(glasswork_tasks::Start::new(action))
                        .is_ok()
                })
                .await;
                continue;
            }
        };
        last = guard.task().number();
        if turn == glasswork_tasks::BLOCK * 3 / 4 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    assert!(last > glasswork_tasks::BLOCK);
}

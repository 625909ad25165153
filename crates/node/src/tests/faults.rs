//! What is left when messages are slow, lost, or the network is cut.

use super::{
    Cluster,
    actions::{Behaviour, Search, SearchRequest},
    cluster::{children, eventually, run, soon},
};
use glasswork_content::failure::Kind;
use glasswork_substrate::memory::Faults;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_ends_the_child_there_and_the_wait_here() {
    let cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n2", Behaviour::Lasts)]).await;
    let shard = children(&cluster.nodes[1], &search.task.id()).remove(0);
    cluster.world.partition("n1", "n2");
    let failure = search.answer().await.unwrap_err();
    // The child there ends by the cut too; its answer may just have come through.
    let text = failure.reason();
    match failure.kind {
        Kind::TaskCancelled => assert!(text.ends_with("channel was closed"), "{text}"),
        _ => assert!(
            text.ends_with("[test:search[shard]] disconnected"),
            "{text}"
        ),
    }
    assert_eq!(&*soon(shard.cancelled()).await.text, "channel was closed");
    let failure = soon(run::<Search>(
        &cluster.nodes[0],
        SearchRequest::of(&[("n2", Behaviour::Answers)]),
    ))
    .await
    .unwrap_err();
    assert_eq!(failure.kind, Kind::NodeNotConnected);
    cluster.world.heal();
    eventually(|| cluster.nodes[0].members().len() == 2).await;
    soon(run::<Search>(
        &cluster.nodes[0],
        SearchRequest::of(&[("n2", Behaviour::Answers)]),
    ))
    .await
    .unwrap();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_search_does_not_hang_on_a_silent_node() {
    let cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n2", Behaviour::Lasts)]).await;
    cluster.world.freeze("n2");
    let request = SearchRequest::of(&[("n2", Behaviour::Answers)]);
    let node = Arc::clone(&cluster.nodes[0]);
    let unheard = tokio::spawn(async move { run::<Search>(&node, request).await });
    eventually(|| {
        cluster.nodes[0]
            .registry()
            .counts(cluster.nodes[0].action::<Search>())
            .live()
            == 2
    })
    .await;
    let began = Instant::now();
    for task in cluster.nodes[0]
        .registry()
        .list(&super::cluster::actions(&["test:search"]))
        .tasks
    {
        cluster.nodes[0].cancel(&task, "by user request");
    }
    soon(unheard).await.unwrap().unwrap_err();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "the bound of the action and the way, not for ever"
    );
    cluster.world.thaw("n2");
    search.answer().await.unwrap_err();
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_lost_messages_leave_no_ban_and_no_task() {
    let cluster = Cluster::of(3).await;
    cluster.world.set_faults(Faults {
        delay: Duration::from_millis(5),
        request_lost: 0.05,
        reply_lost: 0.05,
        ..Faults::default()
    });
    let mut clients = Vec::new();
    for turn in 0..60_usize {
        let node = Arc::clone(&cluster.nodes[turn % 3]);
        let request = SearchRequest {
            cancel_after: Some(Duration::from_millis(20)),
            ..SearchRequest::of(&[
                ("n1", Behaviour::Lasts),
                ("n2", Behaviour::Lasts),
                ("n3", Behaviour::Deaf(10)),
            ])
        };
        clients.push(tokio::spawn(
            async move { run::<Search>(&node, request).await },
        ));
    }
    for client in clients {
        soon(client).await.unwrap().unwrap_err();
    }
    cluster.world.set_faults(Faults::default());
    cluster.is_quiet().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_comes_back_is_a_new_one() {
    let mut cluster = Cluster::of(2).await;
    let search = cluster.search(0, &[("n2", Behaviour::Lasts)]).await;
    let old = cluster.nodes[1]
        .registry()
        .list(&glasswork_tasks::Filter::default())
        .tasks
        .remove(0);
    let again = cluster.start("n2").await;
    search.answer().await.unwrap_err();
    let request = SearchRequest::of(&[("n2", Behaviour::Answers)]);
    soon(run::<Search>(&cluster.nodes[0], request))
        .await
        .unwrap();
    let first = again
        .registry()
        .start(glasswork_tasks::Start::new(again.action::<Search>()))
        .unwrap();
    assert!(
        first.task().number() > old.number(),
        "numbers go on above those of the life before"
    );
    drop(first);
    cluster.nodes[1] = again;
    cluster.is_quiet().await;
}

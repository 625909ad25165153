//! Several nodes over one world in memory: indices and documents reach the node that has the shard.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use glasswork_node::{Node, Substrate, actions::indices::*};
use glasswork_substrate::memory::{Fate, Faults, World};
use std::{sync::Arc, time::Duration};
use support::*;

async fn start(world: &World, id: &str, folder: &std::path::Path) -> Arc<Node> {
    let glasswork_substrate::memory::Node { logs, kv, bus } = world.node(id);
    Node::start(config(id, &folder.join(id)), Substrate { logs, kv, bus })
        .await
        .unwrap()
}

/// Waits until a node sees an index with this many fields.
async fn sees(node: &Arc<Node>, index: &str) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while node.metadata().index(index).is_none() {
        assert!(
            std::time::Instant::now() < deadline,
            "the node does not see [{index}]"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn documents_are_written_and_read_through_every_node() {
    let world = World::new(1);
    let folder = tempfile::tempdir().unwrap();
    let nodes = [
        start(&world, "aaaaaaaaaaaaaaaaaaaaaa", folder.path()).await,
        start(&world, "bbbbbbbbbbbbbbbbbbbbbb", folder.path()).await,
        start(&world, "cccccccccccccccccccccc", folder.path()).await,
    ];
    create(&nodes[0], "books", r#"{"settings":{"number_of_shards":3}}"#)
        .await
        .unwrap();
    for node in &nodes {
        sees(node, "books").await;
    }
    let places = nodes[0].metadata().index("books").unwrap().shards.clone();
    let mut primaries: Vec<_> = places.iter().map(|place| place.primary.clone()).collect();
    primaries.sort_unstable();
    primaries.dedup();
    assert_eq!(primaries.len(), 3, "shards are placed in turn");
    for n in 0..30 {
        let id = n.to_string();
        index(
            &nodes[n % 3],
            "books",
            &id,
            &format!(r#"{{"n":{n},"f{n}":1}}"#),
        )
        .await
        .unwrap();
    }
    for n in 0..30 {
        for node in &nodes {
            assert_eq!(
                source(node, "books", &n.to_string()).await.unwrap(),
                format!(r#"{{"n":{n},"f{n}":1}}"#)
            );
        }
    }
    let stats = run::<IndicesStats>(
        &nodes[1],
        IndicesStatsRequest {
            target: target("books"),
        },
    )
    .await
    .unwrap();
    assert_eq!(stats.indices[0].shards.len(), 3);
    run::<DeleteIndex>(
        &nodes[2],
        DeleteIndexRequest {
            target: target("books"),
        },
    )
    .await
    .unwrap();
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while nodes.iter().any(|node| !node.shards().all().is_empty()) {
        assert!(
            std::time::Instant::now() < deadline,
            "shards of a deleted index are closed everywhere"
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_whose_outcome_is_unknown_is_found_out() {
    let world = World::new(1);
    let folder = tempfile::tempdir().unwrap();
    let node = start(&world, "aaaaaaaaaaaaaaaaaaaaaa", folder.path()).await;
    for (n, fate) in [
        Fate::UnknownLanded,
        Fate::UnknownLost,
        Fate::UnknownLandsLate,
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("books-{n}");
        // Record, place, directory.
        world.plan("aaaaaaaaaaaaaaaaaaaaaa", [Fate::Lands, Fate::Lands, fate]);
        create(&node, &name, "{}").await.unwrap();
        assert!(node.metadata().index(&name).is_some(), "{fate:?}");
        world.plan("aaaaaaaaaaaaaaaaaaaaaa", [fate]);
        index(&node, &name, "1", "{}").await.unwrap();
        assert_eq!(
            source(&node, &name, "1").await.as_deref(),
            Some("{}"),
            "{fate:?}"
        );
    }
    world.plan("aaaaaaaaaaaaaaaaaaaaaa", [Fate::Unavailable]);
    let refused = create(&node, "more", "{}").await.unwrap_err();
    assert_eq!(refused.status(), 503);
    assert!(node.metadata().index("more").is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_under_faults_is_there_after_a_crash() {
    const ID: &str = "aaaaaaaaaaaaaaaaaaaaaa";
    for seed in 0..4 {
        let world = World::new(seed);
        let folder = tempfile::tempdir().unwrap();
        let node = start(&world, ID, folder.path()).await;
        create(&node, "books", "{}").await.unwrap();
        world.set_faults(Faults {
            unknown: 0.15,
            unavailable: 0.1,
            stale: 0.3,
            ..Faults::default()
        });
        let mut acknowledged = Vec::new();
        for n in 0..60 {
            let (id, body) = (n.to_string(), format!(r#"{{"n":{n},"f{}":1}}"#, n % 7));
            match index(&node, "books", &id, &body).await {
                Ok(_) => acknowledged.push((id, body)),
                Err(failure) => assert_eq!(failure.status(), 503, "{failure:?}"),
            }
        }
        assert!(acknowledged.len() > 20, "most writes get through");
        world.set_faults(Faults::default());
        world.crash(ID);
        drop(node);
        let node = start(&world, ID, folder.path()).await;
        for (id, body) in acknowledged {
            let found = source(&node, "books", &id).await;
            assert_eq!(found, Some(body), "document {id}, seed {seed}");
        }
    }
}

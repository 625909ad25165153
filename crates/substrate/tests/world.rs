//! The faults of a world in memory are those that a cluster has.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use glasswork_substrate::{
    Appended, BoxFuture, BusError, KvError, KvEvent, LogName, RecordNumber,
    bus::Incoming,
    memory::{Fate, Faults, World},
};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn an_unknown_append_may_have_landed_land_late_or_never() {
    let world = World::new(1);
    let node = world.node("a");
    let log = node
        .logs
        .open(&LogName::new("books", 0).unwrap())
        .await
        .unwrap();
    let mut last = RecordNumber::NONE;
    for fate in [
        Fate::UnknownLanded,
        Fate::UnknownLandsLate,
        Fate::UnknownLost,
    ] {
        world.plan("a", [fate]);
        let record = Bytes::from(format!("{fate:?}"));
        assert_eq!(log.append(last, record.clone()).await, Appended::Unknown);
        // The rule: resend the same with the same expectation, then read what lies there.
        let again = log.append(last, record.clone()).await;
        let expected = match fate {
            Fate::UnknownLanded => Appended::Fenced(last.next()),
            _ => Appended::Done(last.next()),
        };
        assert_eq!(again, expected, "{fate:?}");
        last = last.next();
        let found = log.read(last, 100).await.unwrap().records;
        assert_eq!(found, [(last, record)], "{fate:?}: it lies there once");
        assert_eq!(log.bounds().await.unwrap().last, last);
    }
    world.plan("a", [Fate::Unavailable]);
    let refused = log.append(last, "x".into()).await;
    assert!(matches!(refused, Appended::Unavailable(_)));
}

#[tokio::test(start_paused = true)]
async fn a_late_append_lands_when_nobody_else_did() {
    let world = World::new(1);
    let log = world
        .node("a")
        .logs
        .open(&LogName::new("books", 0).unwrap())
        .await
        .unwrap();
    world.plan("a", [Fate::UnknownLandsLate]);
    assert_eq!(
        log.append(RecordNumber::NONE, "late".into()).await,
        Appended::Unknown
    );
    assert_eq!(
        log.bounds().await.unwrap().last,
        RecordNumber::NONE,
        "not yet"
    );
    assert_eq!(log.bounds().await.unwrap().last, RecordNumber(1), "now");
}

#[tokio::test(start_paused = true)]
async fn reads_may_be_stale_and_changes_decide() {
    let world = World::new(1);
    let node = world.node("a");
    let first = node.kv.put("k", "1".into()).await.unwrap();
    let second = node.kv.put("k", "2".into()).await.unwrap();
    world.set_faults(Faults {
        stale: 1.0,
        ..Faults::default()
    });
    let seen = node.kv.get("k").await.unwrap().unwrap();
    assert_eq!(seen.revision, first, "a read shows what was");
    let conflict = node
        .kv
        .compare_and_set("k", seen.revision, "3".into())
        .await;
    assert_eq!(
        conflict,
        Err(KvError::Conflict {
            key: "k".to_owned(),
            current: Some(second)
        })
    );
}

#[tokio::test(start_paused = true)]
async fn a_silent_watch_tells_later() {
    let world = World::new(1);
    let node = world.node("a");
    let mut watch = node.kv.watch("").await.unwrap();
    assert_eq!(watch.next().await, Some(KvEvent::Live));
    world.silence_watches(SECOND * 20);
    let start = tokio::time::Instant::now();
    node.kv.put("k", "1".into()).await.unwrap();
    assert!(matches!(watch.next().await, Some(KvEvent::Put { .. })));
    assert!(start.elapsed() >= SECOND * 20);
}

#[tokio::test(start_paused = true)]
async fn a_lease_can_be_lost_before_its_time() {
    let world = World::new(1);
    let node = world.node("a");
    let held = node
        .kv
        .lease("manager", "a".into(), SECOND * 15, None)
        .await
        .unwrap();
    assert!(world.lose_lease("manager"));
    let renewed = node
        .kv
        .lease("manager", "a".into(), SECOND * 15, Some(held))
        .await;
    assert!(matches!(
        renewed,
        Err(KvError::Conflict { current: None, .. })
    ));
    assert!(!world.lose_lease("manager"));
}

#[tokio::test(start_paused = true)]
async fn frozen_nodes_and_lost_messages_time_out() {
    let world = World::new(1);
    let (a, b) = (world.node("a"), world.node("b"));
    let ran = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counter = ran.clone();
    b.bus
        .serve(Arc::new(move |_: Incoming| -> BoxFuture<'static, Bytes> {
            counter.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
            Box::pin(std::future::ready("done".into()))
        }));
    let ask = || a.bus.request("b", "act", "x".into(), SECOND);
    world.freeze("b");
    assert!(matches!(ask().await, Err(BusError::TimedOut { .. })));
    world.thaw("b");
    world.set_faults(Faults {
        request_lost: 1.0,
        ..Faults::default()
    });
    assert!(matches!(ask().await, Err(BusError::TimedOut { .. })));
    let runs = || ran.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(runs(), 0, "a lost request does not run");
    world.set_faults(Faults {
        reply_lost: 1.0,
        ..Faults::default()
    });
    assert!(matches!(ask().await, Err(BusError::TimedOut { .. })));
    assert_eq!(runs(), 1, "a request whose reply is lost has run");
    world.set_faults(Faults::default());
    assert_eq!(ask().await, Ok("done".into()));
}

#[tokio::test(start_paused = true)]
async fn a_node_without_its_store_is_refused_and_goes_on_when_it_is_back() {
    let world = World::new(1);
    let (a, b) = (world.node("a"), world.node("b"));
    world.detach_store("a");
    assert!(matches!(a.kv.get("k").await, Err(KvError::Unavailable(_))));
    b.kv.put("k", "1".into()).await.unwrap();
    world.attach_store("a");
    assert!(a.kv.get("k").await.unwrap().is_some());
}

#[tokio::test(start_paused = true)]
async fn handles_of_an_earlier_life_stay_dead() {
    let world = World::new(1);
    let before = world.node("a");
    let after = world.node("a");
    assert!(matches!(
        before.kv.get("k").await,
        Err(KvError::Unavailable(_))
    ));
    assert!(after.kv.get("k").await.is_ok());
    assert!(before.bus.members().is_empty());
    assert_eq!(after.bus.members().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn equal_seeds_give_equal_faults() {
    let run = |seed| async move {
        let world = World::new(seed);
        let node = world.node("a");
        world.set_faults(Faults {
            unknown: 0.3,
            unavailable: 0.2,
            ..Faults::default()
        });
        let mut outcomes = Vec::new();
        for _ in 0..50 {
            outcomes.push(node.kv.put("k", "v".into()).await);
        }
        outcomes
    };
    assert_eq!(run(7).await, run(7).await);
    assert_ne!(run(7).await, run(8).await);
}

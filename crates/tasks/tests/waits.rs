//! Futures of tasks: they wake at once, whoever comes first.

#![cfg(not(loom))]
#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::{sync::Arc, time::Duration};

use glasswork_tasks::{ActionSpec, Config, Registry, Start};

fn registry() -> (Registry, glasswork_tasks::Action) {
    let registry = Registry::new(Config::new("n1"));
    registry.hand_in_numbers(1..10_000_000).unwrap();
    let action = registry
        .declare(ActionSpec::cancellable("a", Duration::from_millis(100)))
        .unwrap();
    (registry, action)
}

const SOON: Duration = Duration::from_secs(10);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiter_is_woken_by_the_end() {
    let (registry, action) = registry();
    for _ in 0..500 {
        let guard = registry.start(Start::new(action)).unwrap();
        let ended = guard.task().ended();
        let waiter = tokio::spawn(ended);
        tokio::task::yield_now().await;
        drop(guard);
        tokio::time::timeout(SOON, waiter).await.unwrap().unwrap();
        assert_eq!(registry.live(), 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_waiter_hears_the_reason_of_a_cancel() {
    let (registry, action) = registry();
    for _ in 0..500 {
        let guard = registry.start(Start::new(action)).unwrap();
        let waiter = tokio::spawn(guard.task().cancelled());
        registry
            .cancel(guard.task().number(), "by user request")
            .unwrap();
        let reason = tokio::time::timeout(SOON, waiter).await.unwrap().unwrap();
        assert_eq!(&*reason.text, "by user request");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_can_await_its_children() {
    let (registry, action) = registry();
    for _ in 0..200 {
        let parent = registry.start(Start::new(action)).unwrap();
        let far = parent.task().remote_child("n2".into()).unwrap();
        let child = registry
            .start(Start::new(action).child_of(parent.task()))
            .unwrap();
        let waiter = tokio::spawn(parent.task().childless());
        let other = tokio::spawn(async move { drop(far) });
        drop(child);
        tokio::time::timeout(SOON, waiter).await.unwrap().unwrap();
        other.await.unwrap();
        assert_eq!(parent.task().children(), 0);
    }
}

#[tokio::test]
async fn a_waiter_that_gives_up_leaves_nothing_behind() {
    let (registry, action) = registry();
    let guard = registry.start(Start::new(action)).unwrap();
    for _ in 0..1_000 {
        let waited = tokio::time::timeout(Duration::ZERO, guard.task().ended()).await;
        assert!(waited.is_err());
    }
    let many: Vec<_> = (0..100)
        .map(|_| tokio::spawn(guard.task().ended()))
        .collect();
    tokio::task::yield_now().await;
    drop(guard);
    for waiter in many {
        tokio::time::timeout(SOON, waiter).await.unwrap().unwrap();
    }
}

/// Numbers that are reserved at once; a real host reserves more.
const BLOCK: u64 = 1_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_host_reserves_numbers_before_they_run_out() {
    let registry = Arc::new(Registry::new(Config::new("n1")));
    let action = registry
        .declare(ActionSpec::cancellable("a", Duration::from_millis(100)))
        .unwrap();
    let host = tokio::spawn({
        let registry = Arc::clone(&registry);
        async move {
            for block in 0..3 {
                registry.numbers_wanted().await;
                registry
                    .hand_in_numbers(block * BLOCK + 1..(block + 1) * BLOCK + 1)
                    .unwrap();
            }
        }
    });
    tokio::time::timeout(SOON, async {
        while registry.start(Start::new(action)).is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
    for _ in 0..BLOCK + BLOCK / 2 + 1 {
        drop(registry.start(Start::new(action)).unwrap());
    }
    tokio::time::timeout(SOON, host).await.unwrap().unwrap();
}

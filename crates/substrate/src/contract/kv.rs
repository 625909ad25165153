//! The contract of keys and values.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{
    Kv, KvError, KvEvent, Revision, Watch,
    kv::{MAX_KEY_BYTES, MAX_VALUE_BYTES},
};

const PATIENCE: Duration = Duration::from_secs(10);

/// Get, put, create, compare-and-set, delete, list, limits.
pub async fn keys(kv: Arc<dyn Kv>) {
    let key = "contract/keys/a";
    kv.delete(key)
        .await
        .expect("deleting what is not there is fine");
    assert_eq!(kv.get(key).await.expect("a get"), None);
    let first = kv.create(key, "1".into()).await.expect("a create");
    let conflict = |current| {
        Err(KvError::Conflict {
            key: key.to_owned(),
            current,
        })
    };
    assert_eq!(kv.create(key, "2".into()).await, conflict(Some(first)));
    let second = kv
        .compare_and_set(key, first, "2".into())
        .await
        .expect("a change");
    assert!(second > first, "revisions grow");
    assert_eq!(
        kv.compare_and_set(key, first, "3".into()).await,
        conflict(Some(second))
    );
    let third = kv.put(key, "3".into()).await.expect("a put");
    let entry = kv.get(key).await.expect("a get").expect("it is there");
    assert_eq!((&*entry.value, entry.revision), (b"3".as_slice(), third));
    assert_eq!(
        kv.compare_and_delete(key, second).await,
        conflict(Some(third)).map(drop)
    );
    kv.compare_and_delete(key, third).await.expect("a deletion");
    assert_eq!(kv.get(key).await.expect("a get"), None);
    assert_eq!(
        kv.compare_and_set(key, third, "4".into()).await,
        conflict(None)
    );
    let anew = kv
        .create(key, "5".into())
        .await
        .expect("a create over a deleted key");
    assert!(anew > third, "revisions grow over deletions");
    kv.delete(key).await.expect("a deletion");

    one_of_many_creates_wins(&kv).await;
    lists_are_in_order(&*kv).await;
    limits_hold(&*kv).await;
}

async fn one_of_many_creates_wins(kv: &Arc<dyn Kv>) {
    let racers: Vec<_> = (0..20_u8)
        .map(|racer| {
            let kv = kv.clone();
            tokio::spawn(async move { kv.create("contract/race", vec![racer].into()).await })
        })
        .collect();
    let mut winners = Vec::new();
    for (racer, run) in racers.into_iter().enumerate() {
        match run.await.expect("no panic") {
            Ok(_) => winners.push(racer as u8),
            Err(KvError::Conflict { .. }) => {}
            Err(error) => panic!("a racing create fails with {error}"),
        }
    }
    let value = kv
        .get("contract/race")
        .await
        .expect("a get")
        .expect("it is there")
        .value;
    assert_eq!(
        winners,
        [value[0]],
        "exactly one create wins, and its value is there"
    );
    kv.delete("contract/race").await.expect("a deletion");
}

async fn lists_are_in_order(kv: &dyn Kv) {
    for key in [
        "contract/list/b",
        "contract/list/a",
        "contract/list/c/d",
        "contract/lisu",
    ] {
        kv.put(key, key.to_owned().into()).await.expect("a put");
    }
    let listed = kv.list("contract/list/").await.expect("a list");
    let keys: Vec<_> = listed.iter().map(|(key, _)| key.as_str()).collect();
    assert_eq!(
        keys,
        ["contract/list/a", "contract/list/b", "contract/list/c/d"]
    );
    assert!(
        listed
            .iter()
            .all(|(key, entry)| entry.value == key.as_bytes())
    );
}

async fn limits_hold(kv: &dyn Kv) {
    for key in ["", "a b", "ü", "a\n", &"x".repeat(MAX_KEY_BYTES + 1)] {
        let refused = kv.put(key, "x".into()).await;
        assert!(
            matches!(refused, Err(KvError::InvalidKey(_))),
            "[{key}]: {refused:?}"
        );
    }
    let key = "contract/large";
    let largest = Bytes::from(vec![1; MAX_VALUE_BYTES]);
    kv.put(key, largest.clone())
        .await
        .expect("the largest value fits");
    assert!(
        kv.get(key)
            .await
            .expect("a get")
            .is_some_and(|entry| entry.value == largest)
    );
    let bytes = MAX_VALUE_BYTES + 1;
    let refused = kv.put(key, vec![1; bytes].into()).await;
    assert_eq!(
        refused,
        Err(KvError::TooLarge {
            key: key.to_owned(),
            bytes
        })
    );
    kv.delete(key).await.expect("a deletion");
    kv.put("contract/empty", Bytes::new())
        .await
        .expect("an empty value is a value");
    let empty = kv
        .get("contract/empty")
        .await
        .expect("a get")
        .expect("it is there");
    assert!(empty.value.is_empty());
}

/// Snapshot, then live changes in order, of the prefix only.
pub async fn watches(kv: Arc<dyn Kv>) {
    kv.put("contract/watch/old", "1".into())
        .await
        .expect("a put");
    kv.put("contract/watch/gone", "1".into())
        .await
        .expect("a put");
    kv.delete("contract/watch/gone").await.expect("a deletion");
    let mut watch = kv.watch("contract/watch/").await.expect("a watch");
    let snapshot = next(&mut watch).await;
    assert!(
        matches!(&snapshot, KvEvent::Put { key, .. } if key == "contract/watch/old"),
        "got {snapshot:?}"
    );
    assert_eq!(next(&mut watch).await, KvEvent::Live);
    kv.put("contract/elsewhere", "1".into())
        .await
        .expect("a put");
    let revision = kv
        .put("contract/watch/new", "2".into())
        .await
        .expect("a put");
    match next(&mut watch).await {
        KvEvent::Put { key, entry } => {
            assert_eq!(
                (key.as_str(), entry.revision),
                ("contract/watch/new", revision)
            );
        }
        other => panic!("a put is told, got {other:?}"),
    }
    kv.delete("contract/watch/new").await.expect("a deletion");
    match next(&mut watch).await {
        KvEvent::Gone {
            key,
            revision: gone,
            expired,
        } => {
            assert_eq!((key.as_str(), expired), ("contract/watch/new", false));
            assert!(gone > revision);
        }
        other => panic!("a deletion is told, got {other:?}"),
    }
    // Of many changes that nobody read the last one of each key is told, in order.
    let mut last = Revision::default();
    for round in 0..50 {
        for key in ["contract/watch/x", "contract/watch/y"] {
            last = kv.put(key, vec![round].into()).await.expect("a put");
        }
    }
    let mut seen = Revision::default();
    while seen < last {
        match next(&mut watch).await {
            KvEvent::Put { entry, .. } => {
                assert!(entry.revision > seen, "changes come in order");
                seen = entry.revision;
            }
            other => panic!("only puts happened, got {other:?}"),
        }
    }
}

/// Leases end by themselves, are renewed by revision and taken by one.
pub async fn leases(kv: Arc<dyn Kv>) {
    let key = "contract/lease";
    let second = Duration::from_secs(1);
    let mut watch = kv.watch(key).await.expect("a watch");
    while next(&mut watch).await != KvEvent::Live {}
    let taken = kv
        .lease(key, "a".into(), second, None)
        .await
        .expect("a lease");
    let refused = kv.lease(key, "b".into(), second, None).await;
    assert_eq!(
        refused,
        Err(KvError::Conflict {
            key: key.to_owned(),
            current: Some(taken)
        })
    );
    let renewed = kv
        .lease(key, "a".into(), second, Some(taken))
        .await
        .expect("a renewal");
    assert!(renewed > taken);
    let gone = loop {
        match next(&mut watch).await {
            KvEvent::Gone {
                revision, expired, ..
            } => {
                assert!(expired, "an expiry is told as one");
                break revision;
            }
            KvEvent::Put { .. } => {}
            KvEvent::Live => panic!("live is told once"),
        }
    };
    assert!(gone > renewed, "an expiry is a change");
    assert_eq!(kv.get(key).await.expect("a get"), None);
    let late = kv.lease(key, "a".into(), second, Some(renewed)).await;
    assert_eq!(
        late,
        Err(KvError::Conflict {
            key: key.to_owned(),
            current: None
        })
    );
    let taken = kv
        .lease(key, "b".into(), second, None)
        .await
        .expect("the next one takes it");
    kv.compare_and_delete(key, taken)
        .await
        .expect("a lease is given up by deleting it");
    kv.lease(key, "c".into(), second, None)
        .await
        .expect("a lease");
    kv.put(key, "kept".into())
        .await
        .expect("a put takes the lease off");
    tokio::time::sleep(second * 2).await;
    assert!(
        kv.get(key).await.expect("a get").is_some(),
        "what is not leased stays"
    );
    kv.delete(key).await.expect("a deletion");
}

async fn next(watch: &mut Watch) -> KvEvent {
    tokio::time::timeout(PATIENCE, watch.next())
        .await
        .expect("a watch tells in time")
        .expect("the store is open")
}

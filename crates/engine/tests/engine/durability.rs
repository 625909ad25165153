//! What survives: crashes, flushes, logs that fail, writers that give up, primaries that are replaced.

use std::{
    fs,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::Bytes;
use glasswork_engine::{EngineError, Operation, Shard, WriteFailure, WriteResult};
use glasswork_substrate::{RecordNumber, memory::Fate};
use glasswork_tasks::NoCheckpoint;

use crate::{
    documents::write_one,
    harness::{Place, contents, delete, ids, index, index_with, open_log},
};

#[tokio::test]
async fn what_was_answered_is_there_after_a_crash() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index("1", r#"{"n":1}"#)).await.unwrap();
    write_one(&shard, index("2", "{}")).await.unwrap();
    shard.refresh().unwrap();
    write_one(&shard, index("1", r#"{"n":2}"#)).await.unwrap();
    write_one(&shard, delete("2")).await.unwrap();
    drop(shard);

    let shard = place.open().await;
    let expected = [("1".to_owned(), r#"{"n":2}"#.to_owned(), 2, 2)];
    assert_eq!(contents(&shard.view()), expected);
    let written = write_one(&shard, index("2", "{}")).await.unwrap();
    assert_eq!(
        (written.seq_no, written.version, written.result),
        (4, 3, WriteResult::Created),
        "the delete is remembered from the log"
    );
}

#[tokio::test]
async fn a_flush_makes_the_log_needless() {
    let place = Place::new().await;
    let shard = place.open().await;
    for number in 0..10 {
        write_one(&shard, index(&number.to_string(), "{}"))
            .await
            .unwrap();
    }
    write_one(&shard, delete("3")).await.unwrap();
    shard.flush().await.unwrap();
    assert!(shard.view().segments().is_empty(), "a flush shows nothing");
    assert_eq!(shard.stats().flushed_seq_no, Some(10));
    assert_eq!(shard.stats().log_bytes, 0);
    let bounds = place.log.bounds().await.unwrap();
    assert_eq!(
        (bounds.first, bounds.last),
        (RecordNumber(12), RecordNumber(11))
    );
    write_one(&shard, index("x", "{}")).await.unwrap();
    drop(shard);

    let before = place.mapping.interpreted.load(Ordering::Relaxed);
    let shard = place.open().await;
    let replayed = place.mapping.interpreted.load(Ordering::Relaxed) - before;
    assert_eq!(replayed, 1);
    assert_eq!(shard.view().doc_count(), 10);
    assert_eq!(
        write_one(&shard, index("4", "{}")).await.unwrap().version,
        2
    );
}

#[tokio::test]
async fn deletes_of_flushed_documents_survive_with_and_without_another_flush() {
    let place = Place::new().await;
    let shard = place.open().await;
    for number in 0..100 {
        write_one(&shard, index(&format!("{number:02}"), "{}"))
            .await
            .unwrap();
    }
    shard.flush().await.unwrap();
    write_one(&shard, delete("10")).await.unwrap();
    shard.flush().await.unwrap();
    write_one(&shard, delete("11")).await.unwrap();
    shard.flush().await.unwrap();
    write_one(&shard, delete("12")).await.unwrap();
    drop(shard);
    let shard = place.open().await;
    assert_eq!(shard.view().doc_count(), 97);
    let left = ids(&shard.view());
    assert!(
        !left
            .iter()
            .any(|id| ["10", "11", "12"].contains(&id.as_str()))
    );
    shard.flush().await.unwrap();
    let alive_files = fs::read_dir(place.config().dir)
        .unwrap()
        .filter(|entry| {
            entry
                .as_ref()
                .unwrap()
                .file_name()
                .to_str()
                .unwrap()
                .ends_with(".alive")
        })
        .count();
    assert_eq!(alive_files, 1, "older ones are removed");
}

#[tokio::test]
async fn opening_an_empty_shard_writes_nothing() {
    let place = Place::new().await;
    let shard = place.open().await;
    shard.flush().await.unwrap();
    assert_eq!(fs::read_dir(place.config().dir).unwrap().count(), 0);
    assert_eq!(place.log.bounds().await.unwrap().last, RecordNumber(0));
    assert_eq!(shard.stats().docs, 0);
}

#[tokio::test]
async fn an_operation_larger_than_a_record_is_whole_or_not_there() {
    let place = Place::new().await;
    let shard = place.open().await;
    let mut large = index("large", "{}");
    let bytes = Bytes::from(format!("{{{}}}", " ".repeat(2_500_000)));
    if let Operation::Index { source, .. } = &mut large.operation {
        *source = bytes.clone();
    }
    let group = vec![index("before", "{}"), large.clone(), index("after", "{}")];
    let results = shard.write(group).await.unwrap();
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(place.log.bounds().await.unwrap().last, RecordNumber(5));
    drop(shard);
    let shard = place.open().await;
    assert_eq!(shard.get("large").unwrap().unwrap().source, bytes);

    // The log stops in the middle of the next one: the group before it is written, it and what follows are not.
    place
        .world
        .plan("n1", [Fate::Lands, Fate::Lands, Fate::Unavailable]);
    large.id = "torn".into();
    let group = vec![index("first", "{}"), large, index("last", "{}")];
    let results = shard.write(group).await.unwrap();
    assert!(results[0].is_ok());
    for result in &results[1..] {
        let Err(WriteFailure::NotWritten { error, .. }) = result else {
            panic!("{result:?}");
        };
        assert!(matches!(error, EngineError::Unavailable(_)));
    }
    let next = write_one(&shard, index("next", "{}")).await.unwrap();
    assert_eq!(next.seq_no, 4, "numbers that were not used are given again");
    shard.refresh().unwrap();
    let before = contents(&shard.view());
    drop(shard);
    let shard = place.open().await;
    assert_eq!(contents(&shard.view()), before);
    assert_eq!(
        ids(&shard.view()),
        ["after", "before", "first", "large", "next"]
    );
}

#[tokio::test]
async fn an_operation_beyond_the_limit_is_refused() {
    let place = Place::new().await;
    let shard = place.open().await;
    let mut huge = index("huge", "{}");
    if let Operation::Index { source, .. } = &mut huge.operation {
        *source = Bytes::from(vec![0; 129 << 20]);
    }
    assert!(matches!(
        write_one(&shard, huge).await,
        Err(WriteFailure::TooLarge { .. })
    ));
}

#[tokio::test]
async fn a_log_that_is_unavailable_costs_nothing_but_the_write() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index("1", "{}")).await.unwrap();
    place.world.plan("n1", [Fate::Unavailable]);
    let refused = shard.write(vec![index("1", r#"{"n":2}"#)]).await;
    assert!(
        matches!(refused, Err(EngineError::Unavailable(_))),
        "{refused:?}"
    );
    assert_eq!(shard.get("1").unwrap().unwrap().version, 1);
    let written = write_one(&shard, index("1", r#"{"n":3}"#)).await.unwrap();
    assert_eq!((written.seq_no, written.version), (1, 2));
}

#[tokio::test]
async fn a_record_of_unknown_fate_is_sent_again_and_counts_once() {
    for fate in [
        Fate::UnknownLanded,
        Fate::UnknownLandsLate,
        Fate::UnknownLost,
    ] {
        let place = Place::new().await;
        let shard = place.open().await;
        place.world.plan("n1", [fate]);
        let written = write_one(&shard, index("1", "{}")).await.unwrap();
        assert_eq!((written.seq_no, written.version), (0, 1), "{fate:?}");
        let written = write_one(&shard, index("1", "{}")).await.unwrap();
        assert_eq!((written.seq_no, written.version), (1, 2), "{fate:?}");
        assert_eq!(place.log.bounds().await.unwrap().last, RecordNumber(2));
        drop(shard);
        assert_eq!(place.open().await.get("1").unwrap().unwrap().version, 2);
    }
}

#[tokio::test]
async fn a_write_whose_fate_stays_unknown_shows_up_or_not_but_never_in_between() {
    for last in [
        Fate::UnknownLanded,
        Fate::UnknownLandsLate,
        Fate::UnknownLost,
    ] {
        let place = Place::new().await;
        let shard = place.open().await;
        write_one(&shard, index("1", "{}")).await.unwrap();
        let fates = [
            Fate::UnknownLost,
            Fate::UnknownLost,
            Fate::UnknownLost,
            last,
        ];
        place.world.plan("n1", fates);
        let result = shard.write(vec![index("1", r#"{"n":2}"#)]).await;
        assert!(matches!(result, Err(EngineError::Unknown)), "{result:?}");
        assert_eq!(shard.get("1").unwrap().unwrap().version, 1);
        let landed = u64::from(last != Fate::UnknownLost);
        let written = write_one(&shard, index("1", r#"{"n":3}"#)).await.unwrap();
        assert_eq!(written.version, 2 + landed, "{last:?}");
        assert_eq!(written.seq_no, 1 + landed);
        drop(shard);
        let shard = place.open().await;
        let found = shard.get("1").unwrap().unwrap();
        assert_eq!(
            (found.version, &found.source[..]),
            (2 + landed, &br#"{"n":3}"#[..])
        );
    }
}

#[tokio::test]
async fn a_large_operation_whose_last_part_lands_late_is_applied_as_a_replay_would() {
    let place = Place::new().await;
    let shard = place.open().await;
    let mut large = index("large", "{}");
    if let Operation::Index { source, .. } = &mut large.operation {
        *source = Bytes::from(format!("{{{}}}", " ".repeat(1_500_000)));
    }
    let fates = [
        Fate::Lands,
        Fate::UnknownLost,
        Fate::UnknownLost,
        Fate::UnknownLost,
        Fate::UnknownLandsLate,
    ];
    place.world.plan("n1", fates);
    let result = shard.write(vec![large]).await;
    assert!(matches!(result, Err(EngineError::Unknown)), "{result:?}");
    let written = write_one(&shard, index("2", "{}")).await.unwrap();
    shard.refresh().unwrap();
    let before = contents(&shard.view());
    assert_eq!(written.seq_no + 1, before.len() as u64);
    drop(shard);
    assert_eq!(contents(&place.open().await.view()), before);
}

#[tokio::test]
async fn a_writer_that_gives_up_in_the_middle_leaves_no_gap() {
    let place = Place::new().await;
    place.world.set_faults(glasswork_substrate::memory::Faults {
        delay: Duration::from_millis(5),
        ..Default::default()
    });
    let shard = place.open().await;
    for round in 0..20 {
        let write = |id: &'static str| {
            let shard = shard.clone();
            tokio::spawn(async move { shard.write(vec![index(id, "{}")]).await })
        };
        let abandoned = write("a");
        tokio::task::yield_now().await;
        let behind = write("b");
        // The leader is dropped before, while or after its record lands.
        tokio::time::sleep(Duration::from_millis(round % 7)).await;
        abandoned.abort();
        let result = behind.await.unwrap();
        assert!(
            matches!(&result, Ok(results) if results[0].is_ok())
                || matches!(result, Err(EngineError::Unknown)),
            "{result:?}"
        );
    }
    write_one(&shard, index("c", "{}")).await.unwrap();
    shard.refresh().unwrap();
    let before = contents(&shard.view());
    drop(shard);
    assert_eq!(contents(&place.open().await.view()), before);
}

#[tokio::test]
async fn a_replaced_primary_is_fenced_off_and_the_new_one_has_all() {
    let place = Place::new().await;
    let old = place.open().await;
    write_one(&old, index("1", "{}")).await.unwrap();

    let second = tempfile::tempdir().unwrap();
    let mut config = place.config();
    config.dir = second.path().to_owned();
    config.primary_term = 2;
    config.log = open_log(&place.world, "n2").await;
    let new = Shard::open(config).await.unwrap();
    // The old one may go on until the new one writes; then the new one reads that first.
    write_one(&old, index("2", "{}")).await.unwrap();
    let written = write_one(&new, index("2", "{}")).await.unwrap();
    assert_eq!(
        (written.seq_no, written.version, written.primary_term),
        (2, 2, 2)
    );
    let refused = old.write(vec![index("3", "{}")]).await;
    assert!(
        matches!(refused, Err(EngineError::Fenced { term: 2 })),
        "{refused:?}"
    );
    let refused = old.write(vec![index("3", "{}")]).await;
    assert!(matches!(refused, Err(EngineError::Fenced { term: 2 })));
    new.refresh().unwrap();
    assert_eq!(ids(&new.view()), ["1", "2"]);
    let view = new.view();
    let (segment, doc) = view.find("2").unwrap().unwrap();
    assert_eq!(segment.primary_term(doc), 2);
}

#[tokio::test]
async fn replay_waits_for_nothing_it_knows_and_learns_fields_on_the_way() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index_with("1", r#"{"title":"x"}"#, 1))
        .await
        .unwrap();
    shard.flush().await.unwrap();
    write_one(&shard, index_with("2", r#"{"title":"x","body":"y z"}"#, 4))
        .await
        .unwrap();
    drop(shard);
    let shard = place.open().await;
    let view = shard.view();
    let (body, ..) = view.field("body").unwrap();
    assert_eq!(view.field_stats(body).unwrap().total_tokens, 2);
    assert_eq!(view.doc_count(), 2);
}

#[tokio::test]
async fn a_damaged_folder_is_told_and_not_guessed_at() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index("1", "{}")).await.unwrap();
    shard.flush().await.unwrap();
    drop(shard);
    let manifest = place.config().dir.join("manifest");
    let mut bytes = fs::read(&manifest).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    fs::write(&manifest, bytes).unwrap();
    let opened = Shard::open(place.config()).await;
    assert!(matches!(opened.err(), Some(EngineError::Damaged(_))));
}

#[tokio::test]
async fn a_future_of_a_write_may_move_between_threads() {
    fn is_send<T: Send>(value: T) -> T {
        value
    }
    let place = Place::new().await;
    let shard = place.open().await;
    is_send(shard.write(vec![index("1", "{}")])).await.unwrap();
    is_send(shard.flush()).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flush_in_the_middle_of_a_record_loses_and_doubles_nothing() {
    let place = Place::new().await;
    let shard = place.open().await;
    for round in 0..4 {
        let writer = shard.clone();
        let writing = tokio::spawn(async move {
            let group = (0..1500)
                .map(|number| {
                    index(
                        &format!("{}", (number * 7 + round) % 900),
                        r#"{"title":"a b c"}"#,
                    )
                })
                .collect();
            let results = writer.write(group).await.unwrap();
            assert!(results.iter().all(Result::is_ok));
        });
        while !writing.is_finished() {
            shard.flush().await.unwrap();
            tokio::task::yield_now().await;
        }
        writing.await.unwrap();
    }
    shard.refresh().unwrap();
    let before = contents(&shard.view());
    assert_eq!(before.len(), 900);
    drop(shard);
    assert_eq!(contents(&place.open().await.view()), before);
}

#[tokio::test]
async fn a_flush_that_fails_leaves_the_manifest_and_the_log() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index("1", "{}")).await.unwrap();
    shard.flush().await.unwrap();
    write_one(&shard, index("2", "{}")).await.unwrap();
    let obstacle = place.config().dir.join("manifest.tmp");
    fs::create_dir(&obstacle).unwrap();
    assert!(matches!(shard.flush().await, Err(EngineError::Io { .. })));
    write_one(&shard, index("3", "{}")).await.unwrap();
    assert_eq!(place.log.bounds().await.unwrap().first, RecordNumber(2));
    shard.refresh().unwrap();
    assert_eq!(ids(&shard.view()), ["1", "2", "3"]);

    fs::remove_dir(&obstacle).unwrap();
    shard.flush().await.unwrap();
    assert_eq!(place.log.bounds().await.unwrap().first, RecordNumber(4));
    drop(shard);
    assert_eq!(ids(&place.open().await.view()), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_folder_that_fails_stops_the_shard_until_it_works_again() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index("1", "{}")).await.unwrap();
    shard.refresh().unwrap();
    let dir = place.config().dir;
    fs::remove_dir(&dir).unwrap();
    // The folder can't even be made again.
    fs::write(&dir, b"in the way").unwrap();
    // More than what is kept in memory has to go to the folder.
    let noise: String = (0u32..60_000)
        .map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761)))
        .collect();
    let mut answered = vec!["1".to_owned()];
    for number in 0..8 {
        let id = format!("l{number}");
        let write = index(&id, &format!(r#"{{"pad":"{noise}"}}"#));
        if shard.write(vec![write]).await.is_ok() {
            answered.push(id);
        }
    }
    assert!(answered.len() < 8);
    assert!(shard.refresh().is_err() && shard.get("1").is_err() && shard.flush().await.is_err());
    assert!(shard.recover().await.is_err());
    assert_eq!(
        ids(&shard.view()),
        ["1"],
        "searches still see what they saw"
    );

    fs::remove_file(&dir).unwrap();
    let written = write_one(&shard, index("after", "{}")).await.unwrap();
    answered.push("after".into());
    assert_eq!(shard.get("1").unwrap().unwrap().seq_no, 0);
    shard.refresh().unwrap();
    let present = ids(&shard.view());
    assert!(
        answered.iter().all(|id| present.contains(id)),
        "{present:?}"
    );
    assert_eq!(written.seq_no + 1, present.len() as u64);
    let before = contents(&shard.view());
    shard.flush().await.unwrap();
    drop(shard);
    assert_eq!(contents(&place.open().await.view()), before);
}

#[tokio::test]
async fn a_log_that_ends_before_the_manifest_is_told() {
    let place = Place::new().await;
    let shard = place.open().await;
    write_one(&shard, index("1", "{}")).await.unwrap();
    shard.flush().await.unwrap();
    drop(shard);
    let mut config = place.config();
    config.log = open_log(&glasswork_substrate::memory::World::new(1), "n1").await;
    let opened = Shard::open(config).await;
    assert!(matches!(opened.err(), Some(EngineError::Damaged(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn writes_refreshes_flushes_and_merges_at_the_same_time_lose_nothing() {
    let place = Place::new().await;
    let mut config = place.config();
    config.buffer_bytes = 200_000;
    let shard = Shard::open(config.clone()).await.unwrap();
    let writers: Vec<_> = (0..3u64)
        .map(|writer| {
            let shard = shard.clone();
            tokio::spawn(async move {
                let mut last = std::collections::BTreeMap::new();
                for round in 0..60u64 {
                    let mut group = Vec::new();
                    for step in 0..20 {
                        let id = format!("{writer}-{}", (round * 7 + step * 3) % 40);
                        if (round + step) % 9 == 0 {
                            group.push(delete(&id));
                            last.insert(id, None);
                        } else {
                            let source = format!(r#"{{"n":{}}}"#, round * 100 + step);
                            group.push(index(&id, &source));
                            last.insert(id, Some(source));
                        }
                    }
                    let results = shard.write(group).await.unwrap();
                    assert!(results.iter().all(Result::is_ok));
                }
                last
            })
        })
        .collect();
    let upkeep = shard.clone();
    let busy = tokio::spawn(async move {
        for round in 0.. {
            let seen = upkeep.view().doc_count();
            assert!(seen <= 120, "a view never shows a document twice: {seen}");
            match round % 4 {
                0 => drop(upkeep.refresh().unwrap()),
                1 => drop(upkeep.merge_by_policy(Arc::new(NoCheckpoint)).unwrap()),
                2 => upkeep.flush().await.unwrap(),
                _ => drop(upkeep.merge(2, Arc::new(NoCheckpoint)).unwrap()),
            }
            tokio::task::yield_now().await;
        }
    });
    let mut expected = Vec::new();
    for writer in writers {
        for (id, source) in writer.await.unwrap() {
            expected.extend(source.map(|source| (id, source)));
        }
    }
    busy.abort();
    let stopped = busy.await;
    assert!(stopped.is_err_and(|error| error.is_cancelled()));
    shard.refresh().unwrap();
    let now = |shard: &Shard| -> Vec<(String, String)> {
        let all = contents(&shard.view()).into_iter();
        all.map(|(id, source, ..)| (id, source)).collect()
    };
    assert_eq!(now(&shard), expected);
    drop(shard);
    let shard = Shard::open(config).await.unwrap();
    assert_eq!(now(&shard), expected);
}

//! The contract of logs.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use crate::{Appended, Log, LogError, LogName, Logs, RecordNumber, log::MAX_RECORD_BYTES, uuid};

/// Dense numbers, fences, reads, tails, trims and deletion.
pub async fn logs(logs: Arc<dyn Logs>) {
    numbers_are_dense(&*logs).await;
    of_two_writers_one_wins(&*logs).await;
    reads_are_bounded_and_whole(&*logs).await;
    records_have_limits(&*logs).await;
    a_tail_hears_of_growth(&*logs).await;
    trimming_reports_a_gap(&*logs).await;
    a_deleted_log_is_gone(&*logs).await;
    logs_are_apart(&*logs).await;
}

pub(super) fn name(of: &str) -> LogName {
    let unique = uuid::random().expect("random bytes");
    LogName::new(&format!("{of}-{unique}"), 0).expect("a valid name")
}

/// The record that the contract writes under a number: sizes from 1 byte to a few KB.
pub(super) fn record(number: RecordNumber) -> Bytes {
    let length = 1 + (number.0 * 7919) % 3000;
    (0..length)
        .map(|at| (at + number.0) as u8)
        .collect::<Vec<u8>>()
        .into()
}

/// Appends so many records and answers the last number.
pub(super) async fn fill(log: &dyn Log, count: u64) -> RecordNumber {
    let mut last = log.bounds().await.expect("bounds").last;
    for _ in 0..count {
        let appended = log.append(last, record(last.next())).await;
        assert_eq!(
            appended,
            Appended::Done(last.next()),
            "an append at the end is done"
        );
        last = last.next();
    }
    last
}

async fn numbers_are_dense(logs: &dyn Logs) {
    let log = logs.open(&name("dense")).await.expect("a new log opens");
    let bounds = log.bounds().await.expect("bounds");
    assert_eq!(
        (bounds.first.0, bounds.last.0),
        (1, 0),
        "a new log is empty"
    );
    let empty = log
        .read(RecordNumber(1), 1000)
        .await
        .expect("a read at the end");
    assert_eq!((empty.records.len(), empty.end.0), (0, 0));
    assert_eq!(fill(&*log, 20).await, RecordNumber(20));
    let stale = log.append(RecordNumber(7), record(RecordNumber(8))).await;
    assert_eq!(
        stale,
        Appended::Fenced(RecordNumber(20)),
        "a fence tells the true end"
    );
    let ahead = log.append(RecordNumber(21), record(RecordNumber(22))).await;
    assert_eq!(ahead, Appended::Fenced(RecordNumber(20)), "no holes");
}

async fn of_two_writers_one_wins(logs: &dyn Logs) {
    let name = name("race");
    let (a, b) = (
        logs.open(&name).await.expect("opens"),
        logs.open(&name).await.expect("opens"),
    );
    let mut last = RecordNumber::NONE;
    for round in 0..50_u8 {
        let (mine, yours) = (Bytes::from(vec![1, round]), Bytes::from(vec![2, round]));
        let (first, second) =
            tokio::join!(a.append(last, mine.clone()), b.append(last, yours.clone()));
        let next = last.next();
        let winner = match (first, second) {
            (Appended::Done(number), Appended::Fenced(end)) if number == end => mine,
            (Appended::Fenced(end), Appended::Done(number)) if number == end => yours,
            other => panic!("exactly one of two writers wins, got {other:?}"),
        };
        let read = a.read(next, 1).await.expect("a read").records;
        assert_eq!(read, [(next, winner)], "the winner's record lies there");
        last = next;
    }
}

async fn reads_are_bounded_and_whole(logs: &dyn Logs) {
    let log = logs.open(&name("read")).await.expect("opens");
    let last = fill(&*log, 200).await;
    let mut next = RecordNumber(1);
    while next <= last {
        let batch = log.read(next, 10_000).await.expect("a read");
        assert_eq!(batch.end, last);
        assert!(!batch.records.is_empty(), "at least one record comes");
        let bytes: usize = batch.records.iter().map(|(_, record)| record.len()).sum();
        assert!(
            bytes <= 10_000 || batch.records.len() == 1,
            "{bytes} bytes are too many"
        );
        for (number, found) in batch.records {
            assert_eq!(number, next, "records are consecutive");
            assert_eq!(found, record(next), "a record reads back as written");
            next = next.next();
        }
    }
    let tiny = log.read(RecordNumber(3), 0).await.expect("a read").records;
    assert_eq!(tiny.len(), 1, "one record comes however small the limit");
}

async fn records_have_limits(logs: &dyn Logs) {
    let log = logs.open(&name("limits")).await.expect("opens");
    for length in [0, MAX_RECORD_BYTES + 1] {
        let refused = log.append(RecordNumber::NONE, vec![7; length].into()).await;
        assert!(
            matches!(refused, Appended::Unavailable(_)),
            "{length} bytes: {refused:?}"
        );
    }
    let largest = Bytes::from(vec![7; MAX_RECORD_BYTES]);
    let done = log.append(RecordNumber::NONE, largest.clone()).await;
    assert_eq!(done, Appended::Done(RecordNumber(1)));
    let read = log.read(RecordNumber(1), usize::MAX).await.expect("a read");
    assert!(
        read.records[0].1 == largest,
        "the largest record reads back as written"
    );
}

async fn a_tail_hears_of_growth(logs: &dyn Logs) {
    let name = name("tail");
    let writer = logs.open(&name).await.expect("opens");
    let tail = logs.open(&name).await.expect("opens");
    let (grown, _) = tokio::join!(
        tokio::time::timeout(Duration::from_secs(10), tail.grown_past(RecordNumber(2))),
        fill(&*writer, 3)
    );
    let end = grown
        .expect("a tail hears of growth")
        .expect("the log is there");
    assert!(end >= RecordNumber(3) || end == writer.bounds().await.expect("bounds").last);
    assert_eq!(
        tail.grown_past(RecordNumber(0)).await,
        Ok(RecordNumber(3)),
        "at once"
    );
}

async fn trimming_reports_a_gap(logs: &dyn Logs) {
    let log = logs.open(&name("trim")).await.expect("opens");
    let mut last = RecordNumber::NONE;
    for _ in 0..40 {
        let big = Bytes::from(vec![9; 100_000]);
        assert_eq!(log.append(last, big).await, Appended::Done(last.next()));
        last = last.next();
    }
    log.trim(RecordNumber(0)).await.expect("a trim of nothing");
    log.trim(last).await.expect("a trim of everything");
    let bounds = log.bounds().await.expect("bounds");
    assert_eq!(bounds.last, last, "trimming keeps the end");
    assert!(bounds.first <= last.next());
    assert!(bounds.first > RecordNumber(1), "4 MB are worth trimming");
    for asked in [RecordNumber(0), RecordNumber(1)] {
        let gap = log.read(asked, 1000).await;
        assert_eq!(
            gap,
            Err(LogError::Gap {
                asked,
                first: bounds.first
            }),
            "a gap is told"
        );
    }
    let left = log
        .read(bounds.first, usize::MAX)
        .await
        .expect("a read of what is left");
    assert_eq!(left.records.len() as u64, last.0 + 1 - bounds.first.0);
    assert_eq!(fill(&*log, 3).await.0, last.0 + 3, "numbers go on");
    log.trim(RecordNumber(u64::MAX))
        .await
        .expect("trimming past the end trims up to it");
    assert_eq!(log.bounds().await.expect("bounds").last.0, last.0 + 3);
}

async fn a_deleted_log_is_gone(logs: &dyn Logs) {
    let name = name("delete");
    let log = logs.open(&name).await.expect("opens");
    fill(&*log, 5).await;
    assert!(logs.list().await.expect("a list").contains(&name));
    logs.delete(&name).await.expect("a deletion");
    assert!(!logs.list().await.expect("a list").contains(&name));
    let appended = log.append(RecordNumber(5), record(RecordNumber(6))).await;
    assert!(
        matches!(appended, Appended::Unavailable(_)),
        "got {appended:?}"
    );
    let deleted = Err(LogError::Deleted(name.to_string()));
    assert_eq!(log.read(RecordNumber(1), 10).await.map(drop), deleted);
    assert_eq!(log.bounds().await.map(drop), deleted);
    assert_eq!(log.grown_past(RecordNumber(5)).await.map(drop), deleted);
    logs.delete(&name).await.expect("deleting twice is fine");
    let anew = logs.open(&name).await.expect("opens anew");
    assert_eq!(
        anew.bounds().await.expect("bounds").last,
        RecordNumber::NONE
    );
    assert_eq!(fill(&*anew, 2).await, RecordNumber(2));
}

async fn logs_are_apart(logs: &dyn Logs) {
    let unique = uuid::random().expect("random bytes");
    let names: Vec<_> = (0..4)
        .map(|shard| LogName::new(&unique, shard).expect("a valid name"))
        .collect();
    let mut open = Vec::new();
    for name in &names {
        open.push(logs.open(name).await.expect("opens"));
    }
    tokio::join!(
        fill(&*open[0], 30),
        fill(&*open[1], 20),
        fill(&*open[2], 10),
        fill(&*open[3], 1)
    );
    for (log, count) in open.iter().zip([30, 20, 10, 1]) {
        assert_eq!(
            log.bounds().await.expect("bounds").last,
            RecordNumber(count)
        );
    }
    logs.delete(&names[1]).await.expect("a deletion");
    let listed = logs.list().await.expect("a list");
    let left: Vec<_> = names.iter().map(|name| listed.contains(name)).collect();
    assert_eq!(
        left,
        [true, false, true, true],
        "deleting one log leaves the others"
    );
}

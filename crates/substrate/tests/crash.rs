//! What is acknowledged survives a power cut, and a disk that fails is never taken for one that works.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use glasswork_substrate::{
    Appended, KvError, Log, LogError, LogName, RecordNumber,
    files::{FaultyDisk, FilesSubstrate, LogSizes},
};
use proptest::prelude::*;

fn open(disk: &FaultyDisk) -> FilesSubstrate {
    let sizes = LogSizes {
        segment_bytes: 20_000,
        step_bytes: 4096,
    };
    FilesSubstrate::open_sized(Path::new("/data"), Arc::new(disk.clone()), sizes).unwrap()
}

fn name() -> LogName {
    LogName::new("books", 0).unwrap()
}

fn record(seed: u64, length: usize) -> Bytes {
    let mut state = seed;
    let bytes = (0..length).map(|_| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) as u8
    });
    bytes.collect::<Vec<_>>().into()
}

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap()
        .block_on(work)
}

#[derive(Clone, Debug)]
enum Step {
    Append(usize),
    Trim(u64),
    FailWrite(usize, usize),
    FailSync(usize),
    Room(usize),
    Restart,
    Crash(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        12 => (1_usize..6000).prop_map(Step::Append),
        1 => (60_000_usize..90_000).prop_map(Step::Append),
        1 => (0_u64..5).prop_map(Step::Trim),
        1 => (0_usize..3, 0_usize..3000).prop_map(|(after, landing)| Step::FailWrite(after, landing)),
        1 => (0_usize..4).prop_map(Step::FailSync),
        1 => (0_usize..20_000).prop_map(Step::Room),
        1 => Just(Step::Restart),
        2 => any::<u64>().prop_map(Step::Crash),
    ];
    proptest::collection::vec(step, 1..60)
}

/// What must be, and what may be, in the log.
#[derive(Default)]
struct Model {
    /// Acknowledged records, by number from 1.
    done: Vec<Bytes>,
    /// The one after them, of which it is not known whether it landed.
    unsure: Option<Bytes>,
    trimmed: u64,
}

impl Model {
    fn last(&self) -> RecordNumber {
        RecordNumber(self.done.len() as u64)
    }

    /// Compares with the log, and settles what was unsure.
    async fn check(&mut self, log: &dyn Log) {
        let bounds = log.bounds().await.unwrap();
        if bounds.last == self.last().next() {
            let landed = self.unsure.take().expect("nothing lands that nobody wrote");
            self.done.push(landed);
        }
        self.unsure = None;
        assert_eq!(
            bounds.last,
            self.last(),
            "the log ends with the last acknowledged record"
        );
        assert!(
            bounds.first.0 <= self.trimmed + 1,
            "nothing is dropped but what was trimmed"
        );
        let mut next = bounds.first;
        while next <= bounds.last {
            let batch = log.read(next, 50_000).await.unwrap();
            for (number, record) in batch.records {
                assert_eq!(number, next);
                assert!(
                    record == self.done[number.0 as usize - 1],
                    "record {number} differs"
                );
                next = next.next();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn no_acknowledged_record_is_lost_and_no_other_appears(steps in steps()) {
        run(async {
            let disk = FaultyDisk::new();
            let mut model = Model::default();
            let mut files = open(&disk);
            let mut log = files.logs.open(&name()).await.unwrap();
            for (at, step) in steps.into_iter().enumerate() {
                match step {
                    Step::Append(length) if model.unsure.is_none() => {
                        let bytes = record(at as u64, length);
                        match log.append(model.last(), bytes.clone()).await {
                            Appended::Done(number) => {
                                assert_eq!(number, model.last().next());
                                model.done.push(bytes);
                            }
                            Appended::Unavailable(_) => {}
                            Appended::Unknown => model.unsure = Some(bytes),
                            Appended::Fenced(end) => panic!("the only writer is fenced at {end}"),
                        }
                    }
                    Step::Append(_) => {}
                    Step::Trim(back) => {
                        let through = RecordNumber(model.last().0.saturating_sub(back));
                        model.trimmed = model.trimmed.max(through.0);
                        // A disk that fails may refuse it.
                        let _ = log.trim(through).await;
                    }
                    Step::FailWrite(after, landing) => disk.fail_write(after, landing),
                    Step::FailSync(after) => disk.fail_sync(after),
                    Step::Room(bytes) => disk.set_room(Some(bytes)),
                    Step::Restart | Step::Crash(_) => {
                        if let Step::Crash(seed) = step {
                            disk.crash(seed);
                        }
                        drop((log, files));
                        disk.fail_nothing();
                        files = open(&disk);
                        log = files.logs.open(&name()).await.unwrap();
                        model.check(&*log).await;
                    }
                }
            }
            drop((log, files));
            disk.fail_nothing();
            files = open(&disk);
            log = files.logs.open(&name()).await.unwrap();
            model.check(&*log).await;
            let appended = log.append(model.last(), Bytes::from_static(b"on")).await;
            assert_eq!(appended, Appended::Done(model.last().next()), "and it goes on");
        });
    }

    #[test]
    fn no_acknowledged_key_is_lost(
        steps in proptest::collection::vec((0_u8..6, 0_usize..3000, 0_u8..12, any::<u64>()), 1..40)
    ) {
        run(async {
            let disk = FaultyDisk::new();
            let mut files = open(&disk);
            let mut model = std::collections::BTreeMap::<String, Vec<Option<Bytes>>>::new();
            for (at, (key, length, event, seed)) in steps.into_iter().enumerate() {
                match event {
                    0 => disk.crash(seed),
                    1 => disk.fail_write((seed % 8) as usize, length),
                    2 => disk.fail_sync((seed % 4) as usize),
                    _ => {}
                }
                if event == 0 {
                    drop(files);
                    disk.fail_nothing();
                    files = open(&disk);
                    for (key, may_be) in &mut model {
                        let found = files.kv.get(key).await.unwrap().map(|entry| entry.value);
                        assert!(may_be.contains(&found), "[{key}] holds what nobody wrote");
                        *may_be = vec![found];
                    }
                }
                let key = format!("key/{key}");
                let may_be = model.entry(key.clone()).or_insert_with(|| vec![None]);
                let value = (length % 5 != 0).then(|| record(at as u64, length));
                let changed = match &value {
                    Some(value) => files.kv.put(&key, value.clone()).await.map(drop),
                    None => files.kv.delete(&key).await,
                };
                match changed {
                    Ok(()) => *may_be = vec![value],
                    Err(KvError::Unknown(_)) => may_be.push(value),
                    Err(KvError::Unavailable(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
}

#[tokio::test]
async fn a_full_disk_refuses_an_append_and_takes_the_next_when_there_is_room() {
    let disk = FaultyDisk::new();
    let files = open(&disk);
    let log = files.logs.open(&name()).await.unwrap();
    let first = log.append(RecordNumber::NONE, record(1, 3000)).await;
    assert_eq!(first, Appended::Done(RecordNumber(1)));
    disk.set_room(Some(700));
    for _ in 0..3 {
        let full = log.append(RecordNumber(1), record(2, 6000)).await;
        assert!(matches!(full, Appended::Unavailable(_)), "got {full:?}");
        assert_eq!(log.bounds().await.unwrap().last, RecordNumber(1));
    }
    disk.set_room(None);
    let second = log.append(RecordNumber(1), record(2, 6000)).await;
    assert_eq!(second, Appended::Done(RecordNumber(2)));
    drop((log, files));
    disk.crash(3);
    let log = open(&disk).logs.open(&name()).await.unwrap();
    let batch = log.read(RecordNumber(1), usize::MAX).await.unwrap();
    let records: Vec<_> = batch
        .records
        .into_iter()
        .map(|(_, record)| record)
        .collect();
    assert_eq!(records, [record(1, 3000), record(2, 6000)]);
}

#[tokio::test]
async fn a_failed_sync_closes_the_log_until_restart() {
    let disk = FaultyDisk::new();
    let files = open(&disk);
    let log = files.logs.open(&name()).await.unwrap();
    let first = log.append(RecordNumber::NONE, record(1, 100)).await;
    assert_eq!(first, Appended::Done(RecordNumber(1)));
    disk.fail_sync(0);
    assert_eq!(
        log.append(RecordNumber(1), record(2, 100)).await,
        Appended::Unknown
    );
    for _ in 0..2 {
        let closed = log.append(RecordNumber(1), record(2, 100)).await;
        assert!(matches!(closed, Appended::Unavailable(_)), "got {closed:?}");
    }
    let read = log.read(RecordNumber(1), usize::MAX).await.unwrap();
    assert_eq!(read.records.len(), 1, "what is durable can be read");
    let other = files
        .logs
        .open(&LogName::new("books", 1).unwrap())
        .await
        .unwrap();
    let done = other.append(RecordNumber::NONE, record(1, 100)).await;
    assert_eq!(done, Appended::Done(RecordNumber(1)), "other logs go on");
    drop((log, other, files));
    disk.crash(1);
    let log = open(&disk).logs.open(&name()).await.unwrap();
    let last = log.bounds().await.unwrap().last;
    let again = log.append(last, record(2, 100)).await;
    assert_eq!(
        again,
        Appended::Done(last.next()),
        "after the restart it goes on"
    );
}

/// The path of the only segment.
fn segment(disk: &FaultyDisk) -> PathBuf {
    let paths = disk.paths();
    paths
        .into_iter()
        .find(|path| path.extension().is_some_and(|e| e == "log"))
        .unwrap()
}

#[tokio::test]
async fn a_damaged_record_that_was_acknowledged_is_told_and_not_cut_off() {
    for (offset, opens) in [(24 + 50, false), (24 + 100 + 24 + 50, true)] {
        let disk = FaultyDisk::new();
        let files = open(&disk);
        let log = files.logs.open(&name()).await.unwrap();
        for number in 0..2 {
            let appended = log.append(RecordNumber(number), record(number, 100)).await;
            assert_eq!(appended, Appended::Done(RecordNumber(number + 1)));
        }
        assert!(disk.damage(&segment(&disk), offset, b"rot"));
        let read = log.read(RecordNumber(1), usize::MAX).await;
        assert!(
            matches!(read, Err(LogError::Damaged { .. })),
            "got {read:?}"
        );
        drop((log, files));
        let files = open(&disk);
        let opened = files.logs.open(&name()).await;
        // The last frame could be one that was under way: of it alone nobody can tell.
        assert_eq!(opened.is_ok(), opens, "damage at {offset}");
        files
            .logs
            .delete(&name())
            .await
            .expect("a damaged log can be deleted");
        assert!(files.logs.list().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_folder_is_used_by_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let disk = || Arc::new(glasswork_substrate::files::RealDisk);
    let first = FilesSubstrate::open(dir.path(), disk()).unwrap();
    let second = FilesSubstrate::open(dir.path(), disk());
    let refused = second
        .err()
        .expect("a second process is refused")
        .to_string();
    assert!(refused.contains("in use by another process"), "{refused}");
    let node = first.node().to_owned();
    drop(first);
    let again = FilesSubstrate::open(dir.path(), disk()).unwrap();
    assert_eq!(again.node(), node, "the node keeps its id");
}

#[tokio::test]
async fn opening_an_empty_folder_takes_a_few_milliseconds() {
    let best = (0..5)
        .map(|_| {
            let dir = tempfile::tempdir().unwrap();
            let start = std::time::Instant::now();
            let files =
                FilesSubstrate::open(dir.path(), Arc::new(glasswork_substrate::files::RealDisk));
            let took = start.elapsed();
            drop(files.unwrap());
            took
        })
        .min()
        .unwrap();
    println!("opened in {best:?}");
    assert!(best < std::time::Duration::from_millis(100), "{best:?}");
}

#[tokio::test]
async fn many_logs_share_their_syncs() {
    let dir = tempfile::tempdir().unwrap();
    let disk = Arc::new(glasswork_substrate::files::RealDisk);
    let files = FilesSubstrate::open(dir.path(), disk).unwrap();
    let writers: Vec<_> = (0..8)
        .map(|shard| {
            let logs = files.logs.clone();
            tokio::spawn(async move {
                let log = logs
                    .open(&LogName::new("many", shard).unwrap())
                    .await
                    .unwrap();
                for number in 0..20 {
                    let done = log.append(RecordNumber(number), record(number, 600)).await;
                    assert_eq!(done, Appended::Done(RecordNumber(number + 1)));
                }
            })
        })
        .collect();
    let start = std::time::Instant::now();
    for writer in writers {
        writer.await.unwrap();
    }
    println!("160 appends of 8 logs in {:?}", start.elapsed());
}

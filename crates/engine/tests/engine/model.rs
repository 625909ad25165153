//! Random histories against a model: whatever is written, refreshed, flushed, merged, crashed and refused in whatever
//! order, the shard holds what the answers said.

use std::{collections::BTreeMap, fs, path::Path, sync::Arc};

use bytes::Bytes;
use glasswork_engine::{
    EngineError, Shard, ShardConfig, Versioning, Write, WriteFailure, WriteResult,
};
use glasswork_substrate::{
    Appended, Batch, Bounds, BoxFuture, Log, LogError, RecordNumber, memory::Fate,
};
use glasswork_tasks::NoCheckpoint;
use proptest::prelude::*;

use crate::harness::{Place, contents, create, delete, index_with, versioned, when};

/// Keeps all records, so that a shard can also be opened with an old manifest.
struct Untrimmed(Arc<dyn Log>);

impl Log for Untrimmed {
    fn append(&self, expected_last: RecordNumber, record: Bytes) -> BoxFuture<'_, Appended> {
        self.0.append(expected_last, record)
    }
    fn read(&self, from: RecordNumber, max: usize) -> BoxFuture<'_, Result<Batch, LogError>> {
        self.0.read(from, max)
    }
    fn bounds(&self) -> BoxFuture<'_, Result<Bounds, LogError>> {
        self.0.bounds()
    }
    fn grown_past(&self, last: RecordNumber) -> BoxFuture<'_, Result<RecordNumber, LogError>> {
        self.0.grown_past(last)
    }
    fn trim(&self, _through: RecordNumber) -> BoxFuture<'_, Result<(), LogError>> {
        Box::pin(async { Ok(()) })
    }
}

#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Op>),
    Refresh,
    Flush,
    MergeByPolicy,
    MergeTo(usize),
    /// Opens again, with the folder as it is or as it was after an earlier flush.
    Crash {
        old_folder: bool,
    },
    Fault(Fate),
}

#[derive(Debug, Clone)]
enum Op {
    Index {
        id: u8,
        value: u16,
    },
    Large {
        id: u8,
    },
    Create {
        id: u8,
    },
    Delete {
        id: u8,
    },
    External {
        id: u8,
        version: u8,
        gte: bool,
    },
    /// With the right condition or a wrong one.
    When {
        id: u8,
        right: bool,
        delete: bool,
    },
}

fn ops() -> impl Strategy<Value = Op> {
    let id = 0u8..12;
    prop_oneof![
        12 => (id.clone(), any::<u16>()).prop_map(|(id, value)| Op::Index { id, value }),
        1 => id.clone().prop_map(|id| Op::Large { id }),
        4 => id.clone().prop_map(|id| Op::Create { id }),
        6 => id.clone().prop_map(|id| Op::Delete { id }),
        4 => (id.clone(), any::<u8>(), any::<bool>())
            .prop_map(|(id, version, gte)| Op::External { id, version, gte }),
        4 => (id, any::<bool>(), any::<bool>())
            .prop_map(|(id, right, delete)| Op::When { id, right, delete }),
    ]
}

fn steps() -> impl Strategy<Value = Step> {
    let fate = prop_oneof![
        Just(Fate::UnknownLanded),
        Just(Fate::UnknownLandsLate),
        Just(Fate::UnknownLost),
        Just(Fate::Unavailable),
    ];
    prop_oneof![
        8 => prop::collection::vec(ops(), 1..6).prop_map(Step::Write),
        3 => Just(Step::Refresh),
        1 => Just(Step::Flush),
        1 => Just(Step::MergeByPolicy),
        1 => (1usize..3).prop_map(Step::MergeTo),
        1 => any::<bool>().prop_map(|old_folder| Step::Crash { old_folder }),
        1 => fate.prop_map(Step::Fault),
    ]
}

/// What the answers said of an id.
#[derive(Debug, Clone, PartialEq)]
struct Doc {
    /// `None`: deleted.
    source: Option<String>,
    seq_no: u64,
    version: u64,
}

#[derive(Default)]
struct Model {
    docs: BTreeMap<String, Doc>,
    next_seq_no: u64,
}

impl Model {
    fn alive(&self, id: &str) -> Option<&Doc> {
        self.docs.get(id).filter(|doc| doc.source.is_some())
    }

    fn contents(&self) -> Vec<(String, String, u64, u64)> {
        self.docs
            .iter()
            .filter_map(|(id, doc)| {
                Some((id.clone(), doc.source.clone()?, doc.seq_no, doc.version))
            })
            .collect()
    }

    /// The version a write gets, or `None` for a conflict.
    fn version(&self, id: &str, op: &Op) -> Option<u64> {
        let present = self.docs.get(id);
        let next = present.map_or(1, |doc| doc.version + 1);
        match op {
            Op::Create { .. } if self.alive(id).is_some() => None,
            Op::External { version, gte, .. } => {
                let version = u64::from(*version);
                let fits = present
                    .is_none_or(|doc| version > doc.version || *gte && version == doc.version);
                fits.then_some(version)
            }
            Op::When { right, .. } if !right || self.alive(id).is_none() => None,
            _ => Some(next),
        }
    }
}

struct Run {
    place: Place,
    shard: Shard,
    model: Model,
    fields: u64,
    buffer_bytes: usize,
    fault_waits: bool,
    /// A copy of the folder after an earlier flush, and what it covers.
    saved: Option<(tempfile::TempDir, Option<u64>)>,
}

impl Run {
    async fn new(buffer_bytes: usize) -> Self {
        let mut place = Place::new().await;
        place.log = Arc::new(Untrimmed(place.log));
        let shard = Shard::open(Self::config(&place, buffer_bytes))
            .await
            .unwrap();
        Self {
            place,
            shard,
            model: Model::default(),
            fields: 1,
            buffer_bytes,
            fault_waits: false,
            saved: None,
        }
    }

    fn config(place: &Place, buffer_bytes: usize) -> ShardConfig {
        let mut config = place.config();
        config.buffer_bytes = buffer_bytes;
        config
    }

    fn write_of(&self, op: &Op, model: &Model) -> (Write, Option<String>) {
        let id = |id: &u8| format!("id{id:02}");
        let text = |value: u64| {
            let late = if self.fields > 3 {
                r#","body":"later text""#
            } else {
                ""
            };
            format!(
                r#"{{"title":"word{} common","n":{value}{late}}}"#,
                value % 5
            )
        };
        let index = |id: &str, source: String| (index_with(id, &source, self.fields), Some(source));
        match op {
            Op::Index { id: n, value } => index(&id(n), text(u64::from(*value))),
            Op::Large { id: n } => {
                let source = format!(r#"{{"title":"large","pad":"{}"}}"#, "x".repeat(1_000_000));
                index(&id(n), source)
            }
            Op::Create { id: n } => {
                let source = text(model.next_seq_no);
                let mut write = create(&id(n), "{}");
                let whole = index_with(&id(n), &source, self.fields);
                if let (
                    glasswork_engine::Operation::Index {
                        source: to,
                        document,
                        ..
                    },
                    glasswork_engine::Operation::Index {
                        source: from,
                        document: typed,
                        ..
                    },
                ) = (&mut write.operation, whole.operation)
                {
                    (*to, *document) = (from, typed);
                }
                write.mapping_version = self.fields;
                (write, Some(source))
            }
            Op::Delete { id: n } => (delete(&id(n)), None),
            Op::External {
                id: n,
                version,
                gte,
            } => {
                let version = u64::from(*version);
                let (write, source) = index(&id(n), text(version));
                let versioning = if *gte {
                    Versioning::ExternalGte(version)
                } else {
                    Versioning::External(version)
                };
                (versioned(write, versioning), source)
            }
            Op::When {
                id: n,
                right,
                delete: is_delete,
            } => {
                let id = id(n);
                let seq_no = model.alive(&id).map_or(0, |doc| doc.seq_no);
                let seq_no = if *right { seq_no } else { seq_no + 1000 };
                if *is_delete {
                    (when(delete(&id), seq_no, 1), None)
                } else {
                    let (write, source) = index(&id, text(seq_no));
                    (when(write, seq_no, 1), source)
                }
            }
        }
    }

    async fn write(&mut self, ops: &[Op]) {
        // Each is expected to see those before it in the group.
        let mut model = Model {
            docs: self.model.docs.clone(),
            next_seq_no: self.model.next_seq_no,
        };
        let mut writes = Vec::new();
        let mut expected = Vec::new();
        for op in ops {
            let (write, source) = self.write_of(op, &model);
            let id = write.id.to_string();
            let version = model.version(&id, op);
            let existed = model.alive(&id).is_some();
            if let Some(version) = version {
                let doc = Doc {
                    source,
                    seq_no: model.next_seq_no,
                    version,
                };
                model.next_seq_no += 1;
                model.docs.insert(id.clone(), doc.clone());
                expected.push(Some((id, doc, existed)));
            } else {
                expected.push(None);
            }
            writes.push(write);
        }
        if expected.iter().any(Option::is_some) {
            self.fault_waits = false;
        }
        let results = match self.shard.write(writes).await {
            Ok(results) => results,
            Err(EngineError::Unavailable(_)) => return,
            Err(other) => panic!("{other}"),
        };
        for (result, expected) in results.into_iter().zip(expected) {
            match (result, expected) {
                (Err(WriteFailure::VersionConflict { .. }), None) => {}
                (Err(WriteFailure::NotWritten { error, .. }), Some(_)) => {
                    assert!(matches!(error, EngineError::Unavailable(_)), "{error}");
                }
                (Ok(written), Some((id, doc, existed))) => {
                    assert_eq!((written.seq_no, written.version), (doc.seq_no, doc.version));
                    let result = match (&doc.source, existed) {
                        (Some(_), false) => WriteResult::Created,
                        (Some(_), true) => WriteResult::Updated,
                        (None, true) => WriteResult::Deleted,
                        (None, false) => WriteResult::NotFound,
                    };
                    assert_eq!(written.result, result);
                    self.model.next_seq_no = doc.seq_no + 1;
                    self.model.docs.insert(id, doc);
                }
                other => panic!("{other:?}"),
            }
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Write(ops) => self.write(ops).await,
            Step::Refresh => {
                self.shard.refresh().unwrap();
                assert_eq!(contents(&self.shard.view()), self.model.contents());
            }
            Step::Flush => {
                self.shard.flush().await.unwrap();
                let copy = tempfile::tempdir().unwrap();
                copy_folder(&self.place.config().dir, copy.path());
                self.saved = Some((copy, self.shard.stats().flushed_seq_no));
            }
            Step::MergeByPolicy => {
                self.shard.merge_by_policy(Arc::new(NoCheckpoint)).unwrap();
            }
            Step::MergeTo(segments) => {
                self.shard.merge(*segments, Arc::new(NoCheckpoint)).unwrap();
                self.fields = (self.fields + 1).min(5);
            }
            Step::Crash { old_folder } => self.crash(*old_folder).await,
            // One at a time: a record is sent again only so often.
            Step::Fault(fate) if !self.fault_waits => {
                self.place.world.plan("n1", [*fate]);
                self.fault_waits = true;
            }
            Step::Fault(_) => {}
        }
        for n in 0..12 {
            let id = format!("id{n:02}");
            let found = self.shard.get(&id).unwrap().map(|found| Doc {
                source: Some(String::from_utf8(found.source.to_vec()).unwrap()),
                seq_no: found.seq_no,
                version: found.version,
            });
            assert_eq!(found.as_ref(), self.model.alive(&id));
        }
    }

    async fn crash(&mut self, old_folder: bool) {
        let mut flushed = self.shard.stats().flushed_seq_no;
        let dir = self.place.config().dir;
        if old_folder && let Some((copy, seq_no)) = &self.saved {
            fs::remove_dir_all(&dir).unwrap();
            fs::create_dir(&dir).unwrap();
            copy_folder(copy.path(), &dir);
            flushed = *seq_no;
        }
        let config = Self::config(&self.place, self.buffer_bytes);
        self.shard = Shard::open(config).await.unwrap();
        // Deletes are remembered from the log only.
        self.model.docs.retain(|_, doc| {
            doc.source.is_some() || flushed.is_none_or(|seq_no| doc.seq_no > seq_no)
        });
        assert_eq!(contents(&self.shard.view()), self.model.contents());
    }
}

fn copy_folder(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// Each case opens shards on disk: fewer than usual, unless `PROPTEST_CASES` asks for more.
fn config() -> ProptestConfig {
    let cases = std::env::var("PROPTEST_CASES").ok();
    ProptestConfig {
        cases: cases.and_then(|cases| cases.parse().ok()).unwrap_or(24),
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_shard_holds_what_its_answers_said(
        history in prop::collection::vec(steps(), 1..40),
        small_buffer: bool,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(async {
            let mut run = Run::new(if small_buffer { 1 } else { 32 << 20 }).await;
            for step in &history {
                run.step(step).await;
            }
            run.crash(false).await;
        });
    }
}

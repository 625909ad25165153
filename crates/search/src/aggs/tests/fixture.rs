//! A shard of a few segments, and the way from a request to its answer.

use std::sync::Arc;

use bytes::Bytes;
use glasswork_content::{Failure, Limits as JsonLimits, Render, parse};
use glasswork_engine::{Operation, Shard, ShardConfig, Versioning, View, Write};
use glasswork_substrate::{LogName, memory::World};
use glasswork_tasks::{Checkpoint, NoCheckpoint};
use tantivy::{DocSet, TERMINATED};

use crate::{
    analysis::Analysis,
    context::{Context, IndexRef, Limits},
    interrupt::{Halt, Interrupt},
    mapping::{IndexLimits, Mapping, MappingVersions, documents},
    query::{self, Compiled},
};

use super::super::{Account, Aggregations, PartialAggregations, ShardCollector};

/// One index with one shard.
pub(super) struct Fixture {
    view: Arc<View>,
    mapping: Arc<Mapping>,
    _dir: tempfile::TempDir,
    _world: World,
}

impl Fixture {
    /// A shard with `mapping`, one segment for each list of documents.
    pub(super) fn new(mapping: &str, segments: &[Vec<String>]) -> Self {
        let analysis = Analysis::built_in();
        let definition = parse(mapping.as_bytes(), &JsonLimits::default()).unwrap();
        let mapping = Arc::new(Mapping::parse(&definition, &analysis).unwrap());
        let versions = Arc::new(MappingVersions::new(
            1,
            Arc::clone(&mapping),
            IndexLimits::default(),
        ));
        let world = World::new(7);
        let dir = tempfile::tempdir().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let view = runtime.block_on(async {
            let log = world
                .node("n1")
                .logs
                .open(&LogName::new("index", 0).unwrap())
                .await
                .unwrap();
            let shard = Shard::open(ShardConfig::new(dir.path().join("shard"), log, versions))
                .await
                .unwrap();
            let mut id = 0;
            for segment in segments {
                let writes: Vec<Write> = segment
                    .iter()
                    .map(|source| {
                        id += 1;
                        write(&mapping, &id.to_string(), source)
                    })
                    .collect();
                for result in shard.write(writes).await.unwrap() {
                    result.unwrap();
                }
                shard.refresh().unwrap();
            }
            shard.view()
        });
        Fixture {
            view,
            mapping,
            _dir: dir,
            _world: world,
        }
    }

    /// What a search on this shard works with.
    pub(super) fn context(&self, checkpoint: Arc<dyn Checkpoint>) -> Context {
        Context {
            view: Arc::clone(&self.view),
            mapping: Arc::clone(&self.mapping),
            analysis: Arc::clone(self.mapping.analysis()),
            index: IndexRef {
                name: "books".into(),
                uuid: "u".into(),
            },
            shard: 0,
            now_millis: 1_704_880_800_000,
            slice: None,
            limits: Limits::default(),
            interrupt: Interrupt::new(checkpoint),
        }
    }

    /// What this shard finds.
    pub(super) fn find(
        &self,
        query: Option<&str>,
        aggregations: &Aggregations,
        checkpoint: Arc<dyn Checkpoint>,
    ) -> Result<PartialAggregations, Halt> {
        let context = self.context(checkpoint);
        let account = Account::new(&context);
        let mut collector = ShardCollector::new(aggregations, &context, &account)?;
        let query = query.map(|query| query::parse(&json(query)).unwrap());
        for (ordinal, segment) in self.view.segments().iter().enumerate() {
            collector.open(ordinal, segment)?;
            match &query {
                None => collector.collect_all(segment)?,
                Some(query) => {
                    let weight = Compiled::new(&context, Some(query), false)?.plan.weight();
                    let mut matches = weight.scorer(&segment.reader, 1.0).unwrap();
                    let mut docs = Vec::new();
                    let mut doc = matches.doc();
                    while doc != TERMINATED {
                        if segment.is_alive(doc) {
                            docs.push(doc);
                        }
                        doc = matches.advance();
                    }
                    collector.collect(&docs)?;
                }
            }
            collector.close()?;
        }
        collector.finish()
    }

    /// The object of answers to a search of this shard alone.
    pub(super) fn answer(&self, query: Option<&str>, request: &str) -> Result<String, Failure> {
        let aggregations = Aggregations::parse(&json(request))?;
        let found = self
            .find(query, &aggregations, Arc::new(NoCheckpoint))
            .map_err(failure)?;
        answer(&aggregations, vec![found], 65_535)
    }
}

/// The object of answers when these shards found this.
pub(super) fn answer(
    aggregations: &Aggregations,
    shards: Vec<PartialAggregations>,
    max_buckets: u64,
) -> Result<String, Failure> {
    let reduced = aggregations
        .reduce(shards, max_buckets, &NoCheckpoint)
        .map_err(failure)?;
    let mut out = Render::compact();
    out.object();
    aggregations
        .render_answers(&reduced, false, &mut out, &NoCheckpoint)
        .map_err(failure)?;
    out.end_object();
    Ok(String::from_utf8(out.finish()).unwrap())
}

/// A failure, where nothing is stopped.
pub(super) fn failure(halt: Halt) -> Failure {
    match halt {
        Halt::Failed(failure) => failure,
        Halt::TimedOut => panic!("timed out"),
    }
}

/// A tree of JSON.
pub(super) fn json(text: &str) -> glasswork_content::Node {
    parse(text.as_bytes(), &JsonLimits::default()).unwrap()
}

fn write(mapping: &Mapping, id: &str, source: &str) -> Write {
    let parsed = documents::parse(mapping, id, source.as_bytes(), &IndexLimits::default()).unwrap();
    assert!(parsed.additions.is_none(), "{source}");
    Write {
        id: id.into(),
        routing: None,
        operation: Operation::Index {
            source: Bytes::copy_from_slice(source.as_bytes()),
            document: parsed.document,
            create_only: false,
            auto_id: false,
        },
        condition: None,
        versioning: Versioning::Internal,
        mapping_version: 1,
    }
}

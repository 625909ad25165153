//! For tests: an index with one shard over a log in memory, and the way from a request's body to its answer's.

use std::sync::Arc;

use bytes::Bytes;
use glasswork_content::{Failure, Limits as JsonLimits, Render, parse};
use glasswork_engine::{Operation, Shard, ShardConfig, Versioning, View, Write};
use glasswork_substrate::{LogName, memory::World};
use glasswork_tasks::{Checkpoint, NoCheckpoint};

use crate::{
    analysis::Analysis,
    context::{Context, IndexRef, Limits},
    interrupt::Interrupt,
    mapping::{IndexLimits, Mapping, MappingVersions, documents},
    reduce::{self, ResponseOptions, SearchResponse, ShardCounts},
    request::SearchRequest,
    shard,
};

/// The mapping of the books that OpenSearch's answers were recorded with.
pub(crate) const BOOKS_MAPPING: &str = r#"{"properties": {
    "title": {"type": "text", "fields": {"raw": {"type": "keyword"}}}, "authors": {"type": "keyword"},
    "year": {"type": "integer"}, "subjects": {"type": "keyword"}, "rating": {"type": "float"},
    "description": {"type": "text", "analyzer": "english"}, "added": {"type": "date"}}}"#;

/// The twelve books.
pub(crate) const BOOKS: &[&str] = &[
    r#"{"title": "Pride and Prejudice", "authors": ["Jane Austen"], "year": 1813, "subjects": ["Fiction", "Love"], "rating": 4.26, "added": "2024-01-01T10:00:00Z"}"#,
    r#"{"title": "Sense and Sensibility", "authors": ["Jane Austen"], "year": 1811, "subjects": ["Fiction", "Love"], "rating": 4.07, "added": "2024-01-02T10:00:00Z"}"#,
    r#"{"title": "Moby-Dick; or, The Whale", "authors": ["Herman Melville"], "year": 1851, "subjects": ["Fiction", "Sea"], "rating": 3.52, "added": "2024-01-03T10:00:00Z"}"#,
    r#"{"title": "Twenty Thousand Leagues Under the Sea", "authors": ["Jules Verne"], "year": 1870, "subjects": ["Fiction", "Sea", "Science"], "rating": 3.88, "added": "2024-01-04T10:00:00Z"}"#,
    r#"{"title": "Around the World in Eighty Days", "authors": ["Jules Verne"], "year": 1872, "subjects": ["Fiction", "Travel"], "rating": 3.94, "added": "2024-01-05T10:00:00Z"}"#,
    r#"{"title": "Frankenstein", "authors": ["Mary Shelley"], "year": 1818, "subjects": ["Fiction", "Science", "Horror"], "rating": 3.82, "added": "2024-01-06T10:00:00Z"}"#,
    r#"{"title": "Dracula", "authors": ["Bram Stoker"], "year": 1897, "subjects": ["Fiction", "Horror"], "rating": 4.0, "added": "2024-01-07T10:00:00Z"}"#,
    r#"{"title": "The War of the Worlds", "authors": ["H. G. Wells"], "year": 1898, "subjects": ["Fiction", "Science", "War"], "rating": 3.82, "added": "2024-01-08T10:00:00Z"}"#,
    r#"{"title": "The Time Machine", "authors": ["H. G. Wells"], "year": 1895, "subjects": ["Fiction", "Science"], "rating": 3.89, "added": "2024-01-09T10:00:00Z"}"#,
    r#"{"title": "War and Peace", "authors": ["Leo Tolstoy"], "year": 1869, "subjects": ["Fiction", "War"], "rating": 4.12, "added": "2024-01-10T10:00:00Z"}"#,
    r#"{"title": "On the Origin of Species", "authors": ["Charles Darwin"], "year": 1859, "subjects": ["Science"], "rating": 4.02, "added": "2024-01-11T10:00:00Z"}"#,
    r#"{"title": "Good Omens", "authors": ["Terry Pratchett", "Neil Gaiman"], "year": 1990, "subjects": ["Fiction", "Humour"], "rating": 4.25, "added": "2024-01-12T10:00:00Z"}"#,
];

/// An index with one shard.
pub(crate) struct Index {
    view: Arc<View>,
    mapping: Arc<Mapping>,
    _folder: tempfile::TempDir,
    _world: World,
}

impl Index {
    /// The twelve books in segments of `per_segment`.
    pub(crate) fn books(per_segment: usize) -> Self {
        Self::new(BOOKS_MAPPING, BOOKS, per_segment, &[])
    }

    /// Documents with ids from 1 in segments of `per_segment`; those with an id in `deleted` are deleted at the end.
    pub(crate) fn new(
        mapping: &str,
        documents: &[&str],
        per_segment: usize,
        deleted: &[&str],
    ) -> Self {
        let definition = parse(mapping.as_bytes(), &JsonLimits::default()).unwrap();
        let mapping = Arc::new(Mapping::parse(&definition, &Analysis::built_in()).unwrap());
        let versions = Arc::new(MappingVersions::new(
            1,
            Arc::clone(&mapping),
            IndexLimits::default(),
        ));
        let world = World::new(7);
        let folder = tempfile::tempdir().unwrap();
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
            let shard = Shard::open(ShardConfig::new(folder.path().join("shard"), log, versions))
                .await
                .unwrap();
            let mut id = 0;
            for documents in documents.chunks(per_segment.max(1)) {
                let writes = documents
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
            let deletes: Vec<Write> = deleted.iter().map(|id| delete(id)).collect();
            for result in shard.write(deletes).await.unwrap() {
                result.unwrap();
            }
            shard.refresh().unwrap();
            shard.view()
        });
        Self {
            view,
            mapping,
            _folder: folder,
            _world: world,
        }
    }

    /// What a search of this index works with.
    pub(crate) fn context(&self, checkpoint: Arc<dyn Checkpoint>) -> Context {
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

    /// The body of the answer to a search, without `took` and `_shards`.
    pub(crate) fn search(&self, body: &str) -> Result<String, Failure> {
        let request = request(body)?;
        let context = self.context(Arc::new(NoCheckpoint));
        let result = shard::query(&context, &request, None)?;
        let reduced = reduce::reduce(&request, vec![result], 65_535, &NoCheckpoint)?;
        let addresses: Vec<_> = reduced.page.iter().map(|(_, hit)| hit.address).collect();
        let hits = reduced.dress(shard::fetch(&context, &request, &addresses)?);
        let shards = ShardCounts {
            total: 1,
            successful: 1,
            ..ShardCounts::default()
        };
        let response = SearchResponse {
            scroll_id: None,
            pit_id: None,
            scan: Vec::new(),
            took: 0,
            phase_took: None,
            shards,
            reduced,
            hits,
            asked: request.aggregations.clone(),
        };
        let mut out = Render::compact();
        out.object();
        response.render_fields(ResponseOptions::default(), &mut out, &NoCheckpoint)?;
        out.end_object();
        let body = String::from_utf8(out.finish()).unwrap();
        Ok(body.replace(r#""took":0,"#, "").replace(
            r#""_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"#,
            "",
        ))
    }

    /// The ids of the hits, in order.
    pub(crate) fn ids(&self, body: &str) -> Vec<String> {
        self.hits(body).into_iter().map(|(id, _)| id).collect()
    }

    /// Ids and scores of the hits, in order.
    pub(crate) fn hits(&self, body: &str) -> Vec<(String, Option<f32>)> {
        let answer = self
            .search(body)
            .unwrap_or_else(|failure| panic!("{body}: {failure:?}"));
        let answer = parse(answer.as_bytes(), &JsonLimits::default()).unwrap();
        let hits = answer
            .get("hits")
            .and_then(|hits| hits.get("hits"))
            .and_then(|hits| hits.as_array())
            .unwrap();
        hits.iter()
            .map(|hit| {
                let id = hit
                    .get("_id")
                    .and_then(|id| id.as_str())
                    .unwrap()
                    .to_owned();
                (
                    id,
                    hit.get("_score")
                        .and_then(|score| score.as_f64())
                        .map(|score| score as f32),
                )
            })
            .collect()
    }

    /// The total of a search.
    pub(crate) fn total(&self, body: &str) -> f64 {
        let answer = parse(
            self.search(body).unwrap().as_bytes(),
            &JsonLimits::default(),
        )
        .unwrap();
        answer
            .get("hits")
            .and_then(|hits| hits.get("total")?.get("value")?.as_f64())
            .unwrap()
    }
}

/// Parses a body.
pub(crate) fn request(body: &str) -> Result<SearchRequest, Failure> {
    SearchRequest::parse(&parse(body.as_bytes(), &JsonLimits::default())?)
}

fn write(mapping: &Mapping, id: &str, source: &str) -> Write {
    let parsed = documents::parse(mapping, id, source.as_bytes(), &IndexLimits::default()).unwrap();
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

fn delete(id: &str) -> Write {
    Write {
        id: id.into(),
        routing: None,
        operation: Operation::Delete,
        condition: None,
        versioning: Versioning::Internal,
        mapping_version: 1,
    }
}

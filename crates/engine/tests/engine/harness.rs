//! A shard with a small mapping over a log in memory, for the tests of this crate.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use glasswork_content::{Failure, Limits, Value, parse};
use glasswork_engine::{
    Condition, FieldKind, FieldNumber, FieldSpec, FieldValue, Interpreter, Operation, Shard,
    ShardConfig, Tokens, TypedDocument, Versioning, View, Write,
};
use glasswork_substrate::{Log, LogName, memory::World};
use tempfile::TempDir;

/// Fields by name; mapping version `n` has the first `n` of them.
pub(crate) fn all_fields() -> Vec<FieldSpec> {
    let text = FieldKind::Text {
        norms: true,
        positions: true,
    };
    [
        ("title", text),
        ("tag", FieldKind::Keyword),
        ("n", FieldKind::I64),
        ("body", text),
        ("late", FieldKind::F64),
    ]
    .into_iter()
    .map(|(name, kind)| FieldSpec {
        name: name.into(),
        kind,
        indexed: true,
        fast: true,
    })
    .collect()
}

/// Interprets JSON objects by [`all_fields`].
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    pub(crate) interpreted: AtomicU64,
}

pub(crate) fn type_document(source: &[u8], mapping_version: u64) -> Result<TypedDocument, Failure> {
    let node = parse(source, &Limits::default())?;
    let mut document = TypedDocument::new();
    let Value::Object(object) = &node.value else {
        return Ok(document);
    };
    let specs = all_fields();
    for (number, spec) in (0..).zip(specs.iter().take(mapping_version as usize)) {
        let Some(value) = object.get(&spec.name) else {
            continue;
        };
        let value = match (spec.kind, &value.value) {
            (FieldKind::Text { .. }, Value::String(text)) => {
                let mut tokens = Tokens::new();
                for (position, word) in (0..).zip(text.split_whitespace()) {
                    tokens.push(word, position);
                }
                FieldValue::Text(tokens)
            }
            (FieldKind::Keyword, Value::String(text)) => FieldValue::Keyword(text.as_str().into()),
            (FieldKind::I64, Value::Long(number)) => FieldValue::I64(*number),
            (FieldKind::F64, Value::Double(number)) => FieldValue::F64(*number),
            other => return Err(Failure::illegal_argument(format!("{other:?}"))),
        };
        document.push(FieldNumber(number), value);
    }
    Ok(document)
}

impl Interpreter for Mapping {
    fn document(
        &self,
        _id: &str,
        _routing: Option<&str>,
        source: &[u8],
        mapping_version: u64,
    ) -> Result<TypedDocument, Failure> {
        self.interpreted.fetch_add(1, Ordering::Relaxed);
        type_document(source, mapping_version)
    }

    fn fields(&self, mapping_version: u64) -> Result<Arc<[FieldSpec]>, Failure> {
        Ok(all_fields()
            .into_iter()
            .take(mapping_version as usize)
            .collect())
    }
}

/// A place where shards are opened and crash.
pub(crate) struct Place {
    pub(crate) world: World,
    pub(crate) dir: TempDir,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) mapping: Arc<Mapping>,
}

impl Place {
    pub(crate) async fn new() -> Self {
        let world = World::new(7);
        let log = open_log(&world, "n1").await;
        Self {
            world,
            dir: tempfile::tempdir().unwrap(),
            log,
            mapping: Arc::default(),
        }
    }

    pub(crate) fn config(&self) -> ShardConfig {
        ShardConfig::new(
            self.dir.path().join("shard"),
            self.log.clone(),
            self.mapping.clone(),
        )
    }

    pub(crate) async fn open(&self) -> Shard {
        Shard::open(self.config()).await.unwrap()
    }
}

pub(crate) async fn open_log(world: &World, node: &str) -> Arc<dyn Log> {
    let logs = world.node(node).logs;
    logs.open(&LogName::new("index", 0).unwrap()).await.unwrap()
}

pub(crate) fn index_with(id: &str, source: &str, mapping_version: u64) -> Write {
    Write {
        id: id.into(),
        routing: None,
        operation: Operation::Index {
            source: Bytes::copy_from_slice(source.as_bytes()),
            document: type_document(source.as_bytes(), mapping_version).unwrap(),
            create_only: false,
            auto_id: false,
        },
        condition: None,
        versioning: Versioning::Internal,
        mapping_version,
    }
}

pub(crate) fn index(id: &str, source: &str) -> Write {
    index_with(id, source, 3)
}

pub(crate) fn create(id: &str, source: &str) -> Write {
    let mut write = index(id, source);
    if let Operation::Index { create_only, .. } = &mut write.operation {
        *create_only = true;
    }
    write
}

pub(crate) fn delete(id: &str) -> Write {
    Write {
        id: id.into(),
        routing: None,
        operation: Operation::Delete,
        condition: None,
        versioning: Versioning::Internal,
        mapping_version: 0,
    }
}

pub(crate) fn when(mut write: Write, seq_no: u64, primary_term: u64) -> Write {
    write.condition = Some(Condition {
        seq_no,
        primary_term,
    });
    write
}

pub(crate) fn versioned(mut write: Write, versioning: Versioning) -> Write {
    write.versioning = versioning;
    write
}

/// `(id, source, seq_no, version)` of all living documents of a view, sorted by id.
pub(crate) fn contents(view: &View) -> Vec<(String, String, u64, u64)> {
    let mut all = Vec::new();
    for segment in view.segments() {
        for doc in 0..segment.reader.max_doc() {
            if segment.is_alive(doc) {
                let stored = segment.stored(doc).unwrap();
                all.push((
                    stored.id.into_string(),
                    String::from_utf8(stored.source.to_vec()).unwrap(),
                    segment.seq_no(doc),
                    segment.version(doc),
                ));
            }
        }
    }
    all.sort();
    all
}

pub(crate) fn ids(view: &View) -> Vec<String> {
    contents(view).into_iter().map(|(id, ..)| id).collect()
}

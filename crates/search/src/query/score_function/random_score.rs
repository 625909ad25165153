//! `random_score`: a number from 0 to 1 that hangs on a seed and on a value of the document.
//!
//! With a field the number is what OpenSearch gives for the same seed, index name, shard and value (`RandomScoreFunction`);
//! without one it hangs on the place of the document.

use std::sync::Arc;

use glasswork_content::{Failure, Node, Object, Render, Value, number};
use glasswork_engine::Segment;
use glasswork_script::Scalar;
use serde::{Deserialize, Serialize};
use tantivy::{DocId, SegmentReader};

use super::{Evaluate, Function};
use crate::{context::Context, query::clause, scripting::FieldValues};

/// A number from 0 to 1.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RandomScore {
    /// What the numbers hang on; the time when absent.
    pub seed: Option<Seed>,
    /// The field whose values are mixed with the seed.
    pub field: Option<String>,
}

/// A seed as it was given.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Seed {
    /// A number.
    Number(i64),
    /// A text.
    Text(String),
}

impl Seed {
    fn bits(&self) -> i32 {
        match self {
            Self::Number(number) => i32::try_from(*number).unwrap_or_else(|_| long_hash(*number)),
            Self::Text(text) => text_hash(text),
        }
    }
}

impl RandomScore {
    pub(super) const NAME: &'static str = "random_score";

    pub(super) fn parse(body: &Object) -> Result<Self, Failure> {
        let mut function = Self::default();
        for entry in body.entries() {
            let node = &entry.node;
            match (entry.key.as_str(), &node.value) {
                ("seed", Value::Long(number)) => function.seed = Some(Seed::Number(*number)),
                ("seed", Value::String(text)) => function.seed = Some(Seed::Text(text.clone())),
                ("seed", Value::Null) => function.seed = None,
                ("seed", _) => return Err(wrong_seed(node)),
                ("field", Value::String(_)) => function.field = Some(clause::text(node)?),
                (key, _) => {
                    return Err(Failure::parsing(
                        format!("{} query does not support [{key}]", Self::NAME),
                        node.at,
                    ));
                }
            }
        }
        Ok(function)
    }

    pub(super) fn render(&self, out: &mut Render) {
        // OpenSearch prints the hash of a text, not the text
        if let Some(seed) = &self.seed {
            match seed {
                Seed::Number(number) => out.field_long("seed", *number),
                Seed::Text(text) => out.field_str("seed", text),
            }
        }
        if let Some(field) = &self.field {
            out.field_str("field", field);
        }
    }

    pub(super) fn compile(&self, context: &Context) -> Result<Box<dyn Function>, Failure> {
        // A seed without a field hangs on the id, so that it is the same on every copy.
        let source = match (self.field.as_deref(), &self.seed) {
            (None, None) => Source::Place,
            (None, Some(_)) | (Some("_id"), _) => Source::Id,
            (Some("_seq_no"), _) => Source::SeqNo,
            (Some(field), _) => {
                if context.mapping.field(field).is_none() {
                    return Err(Failure::illegal_argument(format!(
                        "Field [{field}] is not mapped on [[{}/{}]] and cannot be used as a source of random numbers.",
                        context.index.name, context.index.uuid
                    )));
                }
                Source::Field(field.to_owned())
            }
        };
        let seed = match &self.seed {
            Some(seed) => seed.bits(),
            None => long_hash(context.now_millis),
        };
        let salt = text_hash(&context.index.name).wrapping_shl(10)
            | i32::from_ne_bytes(context.shard.to_ne_bytes());
        Ok(Box::new(Compiled {
            seed: mixed(seed, salt),
            source,
            context: context.clone(),
        }))
    }
}

fn wrong_seed(node: &Node) -> Failure {
    Failure::parsing(
        format!(
            "random_score seed must be an int, long or string, not '{}'",
            node.token_name()
        ),
        node.at,
    )
}

/// What is mixed with the seed.
#[derive(Clone)]
enum Source {
    Place,
    Id,
    SeqNo,
    Field(String),
}

struct Compiled {
    seed: i32,
    source: Source,
    context: Context,
}

impl Function for Compiled {
    fn open(&self, reader: &SegmentReader) -> Result<Box<dyn Evaluate>, Failure> {
        let Context { view, mapping, .. } = &self.context;
        let segments = view.segments();
        let place = segments
            .iter()
            .position(|segment| segment.reader.segment_id() == reader.segment_id())
            .ok_or_else(|| Failure::illegal_state("a segment lies outside of its view"))?;
        let base = segments[..place]
            .iter()
            .map(|segment| segment.reader.max_doc())
            .sum();
        let values = match &self.source {
            Source::Field(field) => FieldValues::open(view, mapping, reader, field)?,
            _ => None,
        };
        Ok(Box::new(Numbers {
            seed: self.seed,
            source: self.source.clone(),
            segment: Arc::clone(&segments[place]),
            base,
            values: values.unwrap_or(FieldValues::None),
        }))
    }
}

struct Numbers {
    seed: i32,
    source: Source,
    segment: Arc<Segment>,
    base: DocId,
    values: FieldValues,
}

impl Evaluate for Numbers {
    fn number(&mut self, doc: DocId, _score: f32) -> Result<Option<f64>, Failure> {
        let hash = match &self.source {
            Source::Place => mixed((self.base + doc) as i32, self.seed),
            Source::Id => {
                let id = self
                    .segment
                    .id(doc)
                    .map_err(|error| crate::broken(&error))?;
                murmur3(id.as_bytes(), self.seed)
            }
            Source::SeqNo => murmur3(self.segment.seq_no(doc).to_string().as_bytes(), self.seed),
            Source::Field(_) if self.values.count(doc) == 0 => self.seed,
            Source::Field(_) => murmur3(&bytes(&self.values.value(doc, 0)), self.seed),
        };
        // the lower 24 bits make a float from 0 to 1
        Ok(Some(f64::from(
            (hash & 0x00FF_FFFF) as f32 / (1 << 24) as f32,
        )))
    }
}

/// A value as Java tells it.
fn bytes(value: &Scalar) -> Vec<u8> {
    match value {
        Scalar::Bool(truth) => u8::from(*truth).to_string().into_bytes(),
        Scalar::Long(number) | Scalar::Date(number) => number.to_string().into_bytes(),
        Scalar::Double(number) => number::double_text(*number).into_bytes(),
        Scalar::Text(text) => text.as_bytes().to_vec(),
    }
}

/// `Long.hashCode`
fn long_hash(number: i64) -> i32 {
    (number ^ ((number as u64) >> 32) as i64) as i32
}

/// `String.hashCode`
fn text_hash(text: &str) -> i32 {
    text.encode_utf16().fold(0_i32, |hash, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

/// `BitMixer.mix` of HPPC.
fn mixed(key: i32, seed: i32) -> i32 {
    let mut hash = (key ^ seed) as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    (hash ^ (hash >> 16)) as i32
}

/// MurmurHash3, x86, 32 bits (Lucene's `StringHelper.murmurhash3_x86_32`).
fn murmur3(bytes: &[u8], seed: i32) -> i32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let scramble = |word: u32| word.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let mut hash = seed as u32;
    let mut words = bytes.chunks_exact(4);
    for word in &mut words {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        hash = (hash ^ scramble(word))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    let rest = words.remainder();
    if !rest.is_empty() {
        let mut last = [0; 4];
        last[..rest.len()].copy_from_slice(rest);
        hash ^= scramble(u32::from_le_bytes(last));
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    (hash ^ (hash >> 16)) as i32
}

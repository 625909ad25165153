//! `slice`: one of several parts of a scroll or a point in time, `{"id": 0, "max": 4, "field": "_id"}`.
//!
//! Which documents belong to which part is that of OpenSearch (`SliceBuilder`, `TermsSliceQuery`,
//! `DocValuesSliceQuery`), so that parts read from both are the same. First whole shards are given to parts, as far as
//! their numbers allow; only then documents are divided by the hash of their id or of a number.

use glasswork_content::{Failure, Node, Render, Value};
use serde::{Deserialize, Serialize};

/// The field of the parts when none is named.
const ID: &str = "_id";

/// One of several parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// By what documents are divided: `_id` or a field of numbers.
    pub field: String,
    /// Which part, from 0.
    pub id: u32,
    /// How many parts there are.
    pub max: u32,
}

/// What of one shard belongs to a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ShardSlice {
    /// Everything.
    Whole,
    /// Nothing.
    Nothing,
    /// The documents of this part.
    Part(Slice),
}

impl Slice {
    /// Part `id` of `max`, by the hash of `_id`.
    #[must_use]
    pub fn by_id(id: u32, max: u32) -> Self {
        Self {
            field: ID.to_owned(),
            id,
            max,
        }
    }

    /// Whether documents are divided by their id.
    #[must_use]
    pub fn is_by_id(&self) -> bool {
        self.field == ID
    }

    pub(super) fn parse(node: &Node) -> Result<Self, Failure> {
        let Value::Object(object) = &node.value else {
            return Err(Failure::parsing(
                format!("[slice] must be an object, found [{}]", node.token_name()),
                node.at,
            ));
        };
        let (mut field, mut id, mut max) = (ID.to_owned(), None, None);
        for entry in object.entries() {
            let (key, value) = (entry.key.as_str(), &entry.node);
            let failed = |cause| {
                let reason = format!("[slice] failed to parse field [{key}]");
                Failure::content_parse(reason, value.at).caused_by(cause)
            };
            let wrong_type = || {
                let kind = value.token_name();
                let reason = format!("[slice] {key} doesn't support values of type: {kind}");
                Failure::content_parse(reason, value.at)
            };
            match (key, &value.value) {
                ("field", Value::String(name)) => field = name.to_string(),
                ("id" | "max", Value::Object(_) | Value::Array(_) | Value::Bool(_)) => {
                    return Err(wrong_type());
                }
                ("id", _) => {
                    let number = value.to_i32().map_err(failed)?;
                    let number = u32::try_from(number)
                        .map_err(|_| refused("id must be greater than or equal to 0"));
                    id = Some(number.map_err(failed)?);
                }
                ("max", _) => {
                    let number = value.to_i32().map_err(failed)?;
                    let number = u32::try_from(number).ok().filter(|number| *number > 1);
                    let number = number.ok_or_else(|| refused("max must be greater than 1"));
                    max = Some(number.map_err(failed)?);
                }
                ("field", _) => return Err(wrong_type()),
                _ => {
                    return Err(Failure::content_parse(
                        format!("[slice] unknown field [{key}]"),
                        entry.at,
                    ));
                }
            }
            if let (Some(id), Some(max)) = (id, max)
                && id >= max
            {
                return Err(failed(refused("max must be greater than id")));
            }
        }
        let id = id.ok_or_else(|| refused("id must be greater than or equal to 0"))?;
        let max = max.ok_or_else(|| refused("max must be greater than 1"))?;
        Ok(Self { field, id, max })
    }

    pub(super) fn render(&self, out: &mut Render) {
        out.field_object("slice");
        out.field_str("field", &self.field);
        out.field_long("id", i64::from(self.id));
        out.field_long("max", i64::from(self.max));
        out.end_object();
    }

    /// What of the shard at `ordinal` of the `shards` that are searched of its index belongs to this part.
    #[must_use]
    pub fn of_shard(&self, ordinal: u32, shards: u32) -> ShardSlice {
        if shards <= 1 {
            return ShardSlice::Part(self.clone());
        }
        if self.max < shards {
            return if ordinal % self.max == self.id {
                ShardSlice::Whole
            } else {
                ShardSlice::Nothing
            };
        }
        let target = self.id % shards;
        if target != ordinal {
            return ShardSlice::Nothing;
        }
        let parts = self.max / shards + u32::from(self.max % shards > target);
        if parts == 1 {
            return ShardSlice::Whole;
        }
        ShardSlice::Part(Self {
            field: self.field.clone(),
            id: self.id / shards,
            max: parts,
        })
    }
}

fn refused(reason: &str) -> Failure {
    Failure::illegal_argument(reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Slice, String> {
        let node = glasswork_content::parse(text.as_bytes(), &Default::default()).unwrap();
        Slice::parse(&node).map_err(|failure| {
            let cause = failure
                .cause
                .as_ref()
                .map(|cause| cause.reason().to_owned());
            cause.unwrap_or_else(|| failure.reason().to_owned())
        })
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        assert_eq!(parsed(r#"{"id": 1, "max": 3}"#), Ok(Slice::by_id(1, 3)));
        for (text, reason) in [
            (
                r#"{"id": -1, "max": 3}"#,
                "id must be greater than or equal to 0",
            ),
            (r#"{"id": 0, "max": 1}"#, "max must be greater than 1"),
            (r#"{"id": 3, "max": 3}"#, "max must be greater than id"),
            (r#"{"max": 3}"#, "id must be greater than or equal to 0"),
            (r#"{"id": 3}"#, "max must be greater than 1"),
            (
                r#"{"id": 0, "max": 3, "x": 1}"#,
                "[1:21] [slice] unknown field [x]",
            ),
        ] {
            let found = parsed(text).unwrap_err();
            assert!(found.ends_with(reason), "{text}: {found}");
        }
    }

    #[test]
    fn every_part_of_every_shard_belongs_to_one_slice() {
        for shards in 1..8_u32 {
            for max in 2..20_u32 {
                for ordinal in 0..shards {
                    let (mut whole, mut parts, mut of) = (0, Vec::new(), None);
                    for id in 0..max {
                        match Slice::by_id(id, max).of_shard(ordinal, shards) {
                            ShardSlice::Nothing => {}
                            ShardSlice::Whole => whole += 1,
                            ShardSlice::Part(part) => {
                                assert!(of.is_none_or(|of| of == part.max));
                                of = Some(part.max);
                                parts.push(part.id);
                            }
                        }
                    }
                    parts.sort_unstable();
                    let expected: Vec<u32> = (0..of.unwrap_or(0)).collect();
                    assert_eq!(parts, expected, "{max} slices of {shards} shards");
                    assert_eq!(whole, u32::from(of.is_none()));
                }
            }
        }
    }
}

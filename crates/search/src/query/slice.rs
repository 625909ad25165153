//! The documents of a slice: those whose id or number has a hash that falls to it.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_engine::InternalFields;
use tantivy::{
    BitSet,
    columnar::{Column, ColumnType},
    schema::IndexRecordOption,
    u64_to_f64, u64_to_i64,
};

use super::{
    compile::{Compiled, Compiler, Plan},
    leaf::{add_all, computed},
};
use crate::{
    context::Context,
    mapping::Kind,
    request::{ShardSlice, Slice},
};

/// `TermsSliceQuery.SEED`: fixed, so that a slice is the same on every copy of a shard.
const SEED: u32 = 7919;

impl Compiled {
    /// What matches this query and belongs to the context's slice.
    ///
    /// # Errors
    /// A field that is not mapped, or not by numbers.
    pub(crate) fn sliced(self, context: &Context) -> Result<Self, Failure> {
        let part = match &context.slice {
            None | Some(ShardSlice::Whole) => return Ok(self),
            Some(ShardSlice::Nothing) => return Ok(Self { plan: Plan::None }),
            Some(ShardSlice::Part(part)) => part,
        };
        let plan = if part.is_by_id() {
            by_id(context, part)?
        } else {
            by_number(context, part)?
        };
        self.and(context, plan)
    }
}

fn by_id(context: &Context, slice: &Slice) -> Result<Plan, Failure> {
    let slice = slice.clone();
    let field = context
        .view
        .fields()
        .schema()
        .get_field(InternalFields::ID)
        .map_err(|error| crate::broken(&error))?;
    Ok(computed(
        Arc::clone(&context.interrupt),
        1.0,
        move |reader, interrupt| {
            let index = reader.inverted_index(field)?;
            let mut ids = index.terms().stream()?;
            let mut documents = BitSet::with_max_value(reader.max_doc());
            let mut encoded = Vec::new();
            let mut seen = 0_u32;
            while ids.advance() {
                seen += 1;
                if seen.is_multiple_of(1_024) && !interrupt.go_on() {
                    return Ok(None);
                }
                encode_id(ids.key(), &mut encoded);
                let hash = murmur3(&encoded, SEED).cast_signed();
                if !contains(&slice, i64::from(hash)) {
                    continue;
                }
                let mut postings =
                    index.read_postings_from_terminfo(ids.value(), IndexRecordOption::Basic)?;
                if !add_all(&mut postings, &mut documents, interrupt) {
                    return Ok(None);
                }
            }
            Ok(Some(documents))
        },
    ))
}

fn by_number(context: &Context, slice: &Slice) -> Result<Plan, Failure> {
    let name = &slice.field;
    let compiler = Compiler::new(context, false);
    let kind = compiler
        .field_type(name)
        .ok_or_else(|| Failure::illegal_argument(format!("field {name} not found")))?;
    let is_number = !matches!(
        kind.kind(),
        Kind::Text | Kind::Keyword | Kind::Ip | Kind::Binary
    );
    if !is_number || !kind.has_doc_values() {
        return Err(Failure::illegal_argument(format!(
            "cannot load numeric doc values on {name}"
        )));
    }
    let column = compiler
        .leaf(kind)
        .and_then(|_| context.view.field(kind.path()))
        .map(|(_, field, _)| {
            context
                .view
                .fields()
                .schema()
                .get_field_name(field)
                .to_owned()
        });
    let (slice, number) = (slice.clone(), kind.number());
    let known: Vec<(tantivy::index::SegmentId, bool)> = context
        .view
        .segments()
        .iter()
        .map(|segment| {
            let has = number.is_some_and(|number| segment.has_field(number));
            (segment.reader.segment_id(), has)
        })
        .collect();
    Ok(computed(
        Arc::clone(&context.interrupt),
        1.0,
        move |reader, interrupt| {
            let has = known
                .iter()
                .any(|(id, has)| *id == reader.segment_id() && *has);
            let values = match &column {
                Some(name) if has => reader.fast_fields().u64_lenient(name)?,
                _ => None,
            };
            let mut documents = BitSet::with_max_value(reader.max_doc());
            for doc in 0..reader.max_doc() {
                if doc.is_multiple_of(1_024) && !interrupt.go_on() {
                    return Ok(None);
                }
                if number_is_in(&slice, values.as_ref(), doc) {
                    documents.insert(doc);
                }
            }
            Ok(Some(documents))
        },
    ))
}

/// Documents without a value belong to the first slice.
fn number_is_in(slice: &Slice, values: Option<&(Column<u64>, ColumnType)>, doc: u32) -> bool {
    let Some((column, kind)) = values else {
        return slice.id == 0;
    };
    let mut found = false;
    for raw in column.values_for_doc(doc) {
        found = true;
        let value = match kind {
            ColumnType::F64 => u64_to_f64(raw) as i64,
            ColumnType::I64 | ColumnType::DateTime => u64_to_i64(raw),
            _ => raw.cast_signed(),
        };
        if contains(slice, mix(value)) {
            return true;
        }
    }
    !found && slice.id == 0
}

fn contains(slice: &Slice, hash: i64) -> bool {
    hash.rem_euclid(i64::from(slice.max)) == i64::from(slice.id)
}

/// `BitMixer.mix(long)` of HPPC: the golden ratio, and the upper half folded in.
fn mix(value: i64) -> i64 {
    let mixed = value.cast_unsigned().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    i64::from((mixed ^ (mixed >> 32)) as u32 as i32)
}

/// An id as OpenSearch has it in its index (`Uid.encodeId`): digits two a byte, base64 decoded, else as it is, with a mark
/// before it.
fn encode_id(id: &[u8], out: &mut Vec<u8>) {
    const NUMERIC: u8 = 0xfe;
    const UTF8: u8 = 0xff;
    const BASE64_ESCAPE: u8 = 0xfd;
    out.clear();
    if id.iter().all(u8::is_ascii_digit) {
        out.push(NUMERIC);
        out.extend(id.chunks(2).map(|pair| {
            let low = pair.get(1).map_or(0x0f, |digit| digit - b'0');
            ((pair[0] - b'0') << 4) | low
        }));
        return;
    }
    if !is_base64(id) {
        out.push(UTF8);
        out.extend_from_slice(id);
        return;
    }
    let (mut bits, mut held) = (0_u32, 0);
    for letter in id {
        bits = (bits << 6) | sextet(*letter).unwrap_or(0);
        held += 6;
        if held >= 8 {
            held -= 8;
            out.push((bits >> held) as u8);
        }
    }
    if out.first().is_some_and(|first| *first >= BASE64_ESCAPE) {
        out.insert(0, BASE64_ESCAPE);
    }
}

/// Whether an id is URL-safe base64 without padding whose last letter has no bits to spare.
fn is_base64(id: &[u8]) -> bool {
    let spare = match id.len() % 4 {
        1 => return false,
        2 => 0x0f,
        3 => 0x03,
        _ => 0,
    };
    id.iter().all(|letter| sextet(*letter).is_some())
        && id
            .last()
            .and_then(|last| sextet(*last))
            .is_some_and(|last| last & spare == 0)
}

fn sextet(letter: u8) -> Option<u32> {
    Some(u32::from(match letter {
        b'A'..=b'Z' => letter - b'A',
        b'a'..=b'z' => letter - b'a' + 26,
        b'0'..=b'9' => letter - b'0' + 52,
        b'-' => 62,
        b'_' => 63,
        _ => return None,
    }))
}

/// MurmurHash3 x86 32 (Austin Appleby).
fn murmur3(bytes: &[u8], seed: u32) -> u32 {
    const C1: u32 = 0xcc9e_2d51;
    const C2: u32 = 0x1b87_3593;
    let scramble = |block: u32| block.wrapping_mul(C1).rotate_left(15).wrapping_mul(C2);
    let mut hash = seed;
    let mut blocks = bytes.chunks_exact(4);
    for block in &mut blocks {
        let block = u32::from_le_bytes([block[0], block[1], block[2], block[3]]);
        hash = (hash ^ scramble(block))
            .rotate_left(13)
            .wrapping_mul(5)
            .wrapping_add(0xe654_6b64);
    }
    let rest = blocks.remainder();
    if !rest.is_empty() {
        let block = rest
            .iter()
            .rev()
            .fold(0, |block, byte| (block << 8) | u32::from(*byte));
        hash ^= scramble(block);
    }
    hash ^= bytes.len() as u32;
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encoded(id: &str) -> Vec<u8> {
        let mut out = Vec::new();
        encode_id(id.as_bytes(), &mut out);
        out
    }

    #[test]
    fn ids_are_encoded_as_in_the_reference() {
        assert_eq!(encoded("123"), [0xfe, 0x12, 0x3f]);
        assert_eq!(encoded("0"), [0xfe, 0x0f]);
        assert_eq!(encoded("AQID"), [1, 2, 3]);
        assert_eq!(encoded("_w"), [0xfd, 0xff]);
        // No base64: spare bits, a wrong length, other letters.
        assert_eq!(encoded("ab"), [0xff, b'a', b'b']);
        assert_eq!(encoded("abcde"), [&[0xff], &b"abcde"[..]].concat());
        assert_eq!(encoded("a b"), [&[0xff], &b"a b"[..]].concat());
    }

    #[test]
    fn hashes_are_those_of_the_algorithm() {
        // Known values of MurmurHash3_x86_32.
        assert_eq!(murmur3(b"", 0), 0);
        assert_eq!(murmur3(b"", 1), 0x514e_28b7);
        assert_eq!(murmur3(b"aaaa", 0x9747_b28c), 0x5a97_808a);
        assert_eq!(murmur3(b"aaa", 0x9747_b28c), 0x283e_0130);
        assert_eq!(murmur3(b"Hello, world!", 0x9747_b28c), 0x2488_4cba);
    }
}

//! `keyword` and `text`.

use super::{Scalar, query_text};
use crate::mapping::field_type::FieldType;
use crate::mapping::values::{Matches, RangeBound};
use glasswork_content::{Failure, Kind, Node};
use glasswork_engine::FieldValue;
use std::ops::Bound;

/// The longest term that an index takes, in bytes (`IndexWriter.MAX_TERM_LENGTH`).
pub(crate) const LONGEST_TERM: usize = 32_766;

pub(super) fn read(field: &FieldType, value: &Scalar<'_>) -> Result<Option<FieldValue>, Failure> {
    let text = value.text();
    if let Some(limit) = field.ignore_above() {
        // Bytes are never fewer than UTF-16 units, so the count is seldom needed.
        if text.len() > limit && text.chars().map(char::len_utf16).sum::<usize>() > limit {
            return Ok(None);
        }
    }
    let term = normalized(field, text);
    if term.len() > LONGEST_TERM {
        return Err(immense_term(field.path(), &term));
    }
    Ok(Some(FieldValue::Keyword(term)))
}

fn normalized(field: &FieldType, text: &str) -> Box<str> {
    match field.normalizer() {
        Some(normalizer) => normalizer.normalize(text).into(),
        None => text.into(),
    }
}

/// Lucene's refusal of a term over the limit.
pub(crate) fn immense_term(field: &str, term: &str) -> Failure {
    let prefix: Vec<String> = term
        .bytes()
        .take(30)
        .map(|byte| (byte as i8).to_string())
        .collect();
    let cause = format!(
        "bytes can be at most {LONGEST_TERM} in length; got {}",
        term.len()
    );
    let reason = format!(
        "Document contains at least one immense term in field=\"{field}\" (whose UTF8 encoding is longer than the max length {LONGEST_TERM}), \
         all of which were skipped.  Please correct the analyzer to not produce such terms.  The prefix of the first immense term is: \
         '[{}]...', original message: {cause}",
        prefix.join(", ")
    );
    Failure::illegal_argument(reason).caused_by(Failure::new(Kind::MaxBytesLengthExceeded, cause))
}

pub(super) fn term(field: &FieldType, value: &Node) -> Result<Matches, Failure> {
    let text = query_text(value)?;
    Ok(Matches::Value(FieldValue::Keyword(normalized(
        field, &text,
    ))))
}

pub(super) fn range(
    field: &FieldType,
    lower: Option<RangeBound<'_>>,
    upper: Option<RangeBound<'_>>,
) -> Result<Matches, Failure> {
    let bound = |bound: Option<RangeBound<'_>>| -> Result<Bound<FieldValue>, Failure> {
        let Some(bound) = bound else {
            return Ok(Bound::Unbounded);
        };
        let term = FieldValue::Keyword(normalized(field, &query_text(bound.value)?));
        Ok(if bound.inclusive {
            Bound::Included(term)
        } else {
            Bound::Excluded(term)
        })
    };
    Ok(Matches::Range(bound(lower)?, bound(upper)?))
}

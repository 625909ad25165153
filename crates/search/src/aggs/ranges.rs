//! What `range` and `date_range` share: ranges as they are asked for, collected and shown.

use std::sync::Arc;

use glasswork_content::{Failure, Node, Render, number};
use glasswork_engine::Segment;
use serde::{Deserialize, Serialize};

use crate::{interrupt::Halt, query::Literal};

use super::{
    Aggregation,
    collector::{Block, Collector, Scope},
    definition::Show,
    fields::Field,
    numbers::Numbers,
    partial::{Partial, malformed},
    slot_collector::SlotCollector,
    slots::Span,
};

/// A range as the request gives it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    key: Option<String>,
    from: Option<Literal>,
    to: Option<Literal>,
}

impl Asked {
    /// Reads `"ranges": [{"key", "from", "to"}, …]`.
    ///
    /// # Errors
    /// 400 in OpenSearch's words.
    pub(crate) fn parse_all(field: &Field<'_>) -> Result<Vec<Self>, Failure> {
        field
            .array()?
            .iter()
            .map(|element| Self::parse(field, element))
            .collect()
    }

    fn parse(field: &Field<'_>, element: &Node) -> Result<Self, Failure> {
        let object = element.as_object().ok_or_else(|| field.wrong_type())?;
        let mut range = Asked {
            key: None,
            from: None,
            to: None,
        };
        for entry in object.entries() {
            let literal = Literal::of(&entry.node).ok_or_else(|| field.wrong_type())?;
            let bound = (literal != Literal::Null).then_some(literal);
            match entry.key.as_str() {
                "key" => range.key = bound.map(|key| key.to_string()),
                "from" => range.from = bound,
                "to" => range.to = bound,
                unknown => {
                    let reason = format!("[range] unknown field [{unknown}]");
                    return Err(field.failed(Failure::content_parse(reason, entry.at)));
                }
            }
        }
        Ok(range)
    }

    /// Writes it as OpenSearch prints a parsed one.
    pub(crate) fn render(&self, out: &mut Render) {
        out.object();
        if let Some(key) = &self.key {
            out.field_str("key", key);
        }
        for (key, bound) in [("from", &self.from), ("to", &self.to)] {
            match bound {
                None => {}
                Some(Literal::Long(whole)) => out.field_double(key, *whole as f64),
                Some(bound) => {
                    out.key(key);
                    bound.render(out);
                }
            }
        }
        out.end_object();
    }
}

/// The ranges with their ends as numbers, in the order in which they are shown.
///
/// # Errors
/// What `read` says of an end.
pub(crate) fn resolve(
    ranges: &[Asked],
    read: &dyn Fn(&Literal) -> Result<f64, Failure>,
) -> Result<Vec<Span>, Failure> {
    let mut spans = Vec::with_capacity(ranges.len());
    for range in ranges {
        spans.push(Span {
            key: range.key.clone(),
            from: range
                .from
                .as_ref()
                .map(read)
                .transpose()?
                .unwrap_or(f64::NEG_INFINITY),
            to: range
                .to
                .as_ref()
                .map(read)
                .transpose()?
                .unwrap_or(f64::INFINITY),
        });
    }
    spans.sort_by(|a, b| a.from.total_cmp(&b.from).then(a.to.total_cmp(&b.to)));
    Ok(spans)
}

/// Counts each document once in every range that one of its values lies in.
pub(crate) struct RangeCollector<'s> {
    numbers: Numbers,
    spans: Vec<Span>,
    slots: SlotCollector<'s>,
    scope: Scope<'s>,
}

impl<'s> RangeCollector<'s> {
    /// Nothing counted.
    pub(crate) fn new(
        numbers: Numbers,
        spans: Vec<Span>,
        at: &'s Aggregation,
        scope: Scope<'s>,
    ) -> Result<Self, Halt> {
        let below = at.below().collectors(scope, false)?;
        let slots = SlotCollector::new(spans.len() as u32, below, scope);
        Ok(RangeCollector {
            numbers,
            spans,
            slots,
            scope,
        })
    }
}

impl Collector for RangeCollector<'_> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.numbers.open(segment)?;
        self.slots.open(ordinal, segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        self.slots.room_for(block.buckets)?;
        let (positions, values) = self.numbers.doubles(block.docs);
        let mut begin = 0;
        while begin < values.len() {
            let position = positions[begin];
            let mut end = begin + 1;
            while end < values.len() && positions[end] == position {
                end += 1;
            }
            self.scope.ledger.step(self.spans.len() * (end - begin))?;
            for (slot, span) in (0..).zip(&self.spans) {
                if values[begin..end]
                    .iter()
                    .any(|value| span.from <= *value && *value < span.to)
                {
                    self.slots.count(
                        block.docs[position as usize],
                        block.buckets[position as usize],
                        slot,
                    )?;
                }
            }
            begin = end;
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), Halt> {
        self.slots.close()
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        self.slots.finish(
            owners,
            self.numbers.values().spelling.clone(),
            self.spans.clone(),
        )
    }
}

/// Writes `"buckets"` of one owner.
///
/// # Errors
/// The ledger's stop.
pub(crate) fn show(
    partial: &Partial,
    owner: usize,
    keyed: bool,
    at: &Aggregation,
    show: &mut Show<'_>,
) -> Result<(), Halt> {
    let Partial::Slots(slots) = partial else {
        return Err(malformed("range").into());
    };
    let format = show.format(&slots.spelling);
    let text = |bound: f64| {
        if bound.is_infinite() {
            return "*".to_owned();
        }
        format
            .double_text(bound)
            .unwrap_or_else(|| number::double_text(bound))
    };
    show.out.key("buckets");
    if keyed {
        show.out.object()
    } else {
        show.out.array()
    }
    for (slot, span) in slots.spans.iter().enumerate() {
        show.step()?;
        let bucket = owner * slots.width as usize + slot;
        let key = span
            .key
            .clone()
            .unwrap_or_else(|| format!("{}-{}", text(span.from), text(span.to)));
        if keyed {
            show.out.key(&key);
            show.out.object();
        } else {
            show.out.object();
            show.out.field_str("key", &key);
        }
        for (name, bound) in [("from", span.from), ("to", span.to)] {
            if bound.is_finite() {
                show.out.field_double(name, bound);
                if let Some(text) = format.double_text(bound) {
                    show.out.field_str(&format!("{name}_as_string"), &text);
                }
            }
        }
        show.out
            .field_unsigned("doc_count", slots.counts.get(bucket).copied().unwrap_or(0));
        at.below().show(&slots.children, bucket, show)?;
        show.out.end_object();
    }
    if keyed {
        show.out.end_object()
    } else {
        show.out.end_array()
    }
    Ok(())
}

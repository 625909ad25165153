//! `terms`: a bucket for each value.

use glasswork_content::{Failure, Kind as FailureKind, Node, Render};
use serde::{Deserialize, Serialize};

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    Aggregation,
    choice::Choice,
    collector::{Collector, Scope},
    definition::{Definition, Parse, Show},
    fields::{Field, fields},
    ip_keys::IpKeys,
    keyed::{Keyed, UNKNOWN_ERROR},
    keys::Keys,
    number_keys::NumberKeys,
    order::Orders,
    partial::{Partial, malformed},
    reduction::Reduction,
    source::{Source, Takes, is_numeric},
    term_collector::TermCollector,
    text_keys::TextKeys,
};

/// A bucket for each value, the most frequent first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Terms {
    source: Source,
    size: u32,
    shard_size: Option<u32>,
    /// Buckets of fewer documents are left out of the answer.
    pub(super) min_doc_count: u64,
    /// Buckets of fewer documents are left out of a shard's findings.
    pub(super) shard_min_doc_count: u64,
    show_error: bool,
    /// The order of buckets.
    pub(super) order: Orders,
    include: Option<Choice>,
    exclude: Option<Choice>,
    execution_hint: Option<String>,
    collect_mode: Option<String>,
}

const KEYS: &[&str] = &[
    "field",
    "missing",
    "value_type",
    "format",
    "size",
    "shard_size",
    "min_doc_count",
    "shard_min_doc_count",
    "show_term_doc_count_error",
    "order",
    "include",
    "exclude",
    "execution_hint",
    "collect_mode",
];

impl Parse for Terms {
    const NAME: &'static str = "terms";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let mut terms = Terms {
            source: Source::default(),
            size: 10,
            shard_size: None,
            min_doc_count: 1,
            shard_min_doc_count: 0,
            show_error: false,
            order: Orders::by_count(),
            include: None,
            exclude: None,
            execution_hint: None,
            collect_mode: None,
        };
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "size" => terms.size = positive(&field, "[size] must be greater than 0.", called)?,
                "shard_size" => {
                    terms.shard_size = Some(positive(
                        &field,
                        "[shardSize] must be greater than  0.",
                        called,
                    )?);
                }
                "min_doc_count" => terms.min_doc_count = count(&field, "minDocCount", called)?,
                "shard_min_doc_count" => {
                    terms.shard_min_doc_count = count(&field, "shardMinDocCount", called)?
                }
                "show_term_doc_count_error" => terms.show_error = field.flag()?,
                "order" => terms.order = Orders::parse(&field)?,
                "include" => terms.include = Some(Choice::parse(&field)?),
                "exclude" => terms.exclude = Some(Choice::parse(&field)?),
                "execution_hint" => terms.execution_hint = Some(field.text()?),
                "collect_mode" => {
                    let mode = field.text()?;
                    if mode != "breadth_first" && mode != "depth_first" {
                        let reason = format!("no [collect_mode] found for value [{mode}]");
                        return Err(field.failed(Failure::parse(reason)));
                    }
                    terms.collect_mode = Some(mode);
                }
                _ if terms.source.take(&field, Takes::Format)? => {}
                _ => return Err(field.unknown(KEYS)),
            }
        }
        terms.source.require("field, script")?;
        if let Some(hint) = &terms.execution_hint
            && hint != "map"
            && hint != "global_ordinals"
        {
            return Err(Failure::illegal_argument(format!(
                "unknown `execution_hint`: [{hint}], expected any of [map, global_ordinals]"
            )));
        }
        Ok(terms)
    }
}

impl Definition for Terms {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        out.field_unsigned("size", u64::from(self.size));
        if let Some(size) = self.shard_size {
            out.field_unsigned("shard_size", u64::from(size));
        }
        out.field_unsigned("min_doc_count", self.min_doc_count);
        out.field_unsigned("shard_min_doc_count", self.shard_min_doc_count);
        out.field_bool("show_term_doc_count_error", self.show_error);
        if let Some(hint) = &self.execution_hint {
            out.field_str("execution_hint", hint);
        }
        out.key("order");
        self.order.render(out);
        if let Some(mode) = &self.collect_mode {
            out.field_str("collect_mode", mode);
        }
        for (key, choice) in [("include", &self.include), ("exclude", &self.exclude)] {
            if let Some(choice) = choice {
                out.key(key);
                choice.render(out);
            }
        }
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        let values = self.source.resolve(scope.context, Kind::Keyword)?;
        self.order.children(at.below())?;
        let below = at.below().collectors(scope, false)?;
        let choices = (self.include.as_ref(), self.exclude.as_ref());
        Ok(match values.kind {
            Kind::Ip => {
                let keys = IpKeys::new(values, choices, at.name(), scope.context)?;
                Box::new(TermCollector::new(keys, self, at, below, scope))
            }
            kind if is_numeric(kind) => {
                let keys = NumberKeys::new(values, choices, at.name(), scope.context)?;
                Box::new(TermCollector::new(keys, self, at, below, scope))
            }
            _ => Box::new(TermCollector::new(
                TextKeys::new(values, choices, scope)?,
                self,
                at,
                below,
                scope,
            )),
        })
    }

    fn finalize(
        &self,
        partial: Partial,
        at: &Aggregation,
        reduction: &Reduction<'_>,
    ) -> Result<Partial, Halt> {
        let Partial::Keyed(found) = partial else {
            return Err(malformed("terms").into());
        };
        let ledger = reduction.ledger;
        let values = self
            .order
            .values(at.below(), found.counts.len(), ledger, &|child| {
                found.children.get(child)
            })?;
        let mut picks: Vec<u32> = Vec::new();
        let mut ends = Vec::with_capacity(found.ends.len());
        let mut others = found.others.clone();
        for owner in 0..found.ends.len() as u32 {
            let (begin, end) = found.range(owner);
            let mut candidates = Vec::with_capacity(end - begin);
            let mut documents = 0;
            for bucket in begin..end {
                ledger.step(1)?;
                if found.counts[bucket] >= self.min_doc_count {
                    candidates.push(bucket as u32);
                    documents += found.counts[bucket];
                }
            }
            let counts = |bucket: u32| found.counts[bucket as usize];
            let best = self
                .order
                .best(candidates, self.size as usize, &counts, &values, ledger)?;
            reduction.make(best.len() as u64)?;
            others[owner as usize] +=
                documents - best.iter().map(|bucket| counts(*bucket)).sum::<u64>();
            picks.extend_from_slice(&best);
            ends.push(picks.len() as u32);
        }
        let mut keys = found.keys.empty_like();
        for pick in &picks {
            ledger.step(1)?;
            keys.push_from(&found.keys, *pick as usize);
        }
        let mut arranged = reduction.arrange(&found, &picks, keys, ends, at)?;
        arranged.others = others;
        Ok(Partial::Keyed(arranged))
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        let Partial::Keyed(found) = partial else {
            return Err(malformed("terms").into());
        };
        show.step()?;
        let error = found.errors.get(owner).copied().unwrap_or(0);
        let shown = match error {
            UNKNOWN_ERROR => -1,
            _ if found.sources <= 1 => 0,
            known => known,
        };
        show.out.field_long("doc_count_error_upper_bound", shown);
        show.out.field_unsigned(
            "sum_other_doc_count",
            found.others.get(owner).copied().unwrap_or(0),
        );
        show.out.field_array("buckets");
        let format = show.format(&found.spelling);
        let (begin, end) = found.range(owner as u32);
        for bucket in begin..end {
            show.step()?;
            show.out.object();
            show_key(found, bucket, &format, show);
            show.out.field_unsigned("doc_count", found.counts[bucket]);
            if self.show_error {
                let exempt = found.exempt.get(bucket).copied().unwrap_or(0);
                let error = if error == UNKNOWN_ERROR || exempt == UNKNOWN_ERROR {
                    -1
                } else {
                    error - exempt
                };
                show.out.field_long("doc_count_error_upper_bound", error);
            }
            at.below().show(&found.children, bucket, show)?;
            show.out.end_object();
        }
        show.out.end_array();
        Ok(())
    }

    fn typed_name(&self, partial: &Partial) -> &'static str {
        match partial {
            Partial::Keyed(Keyed { keys, .. }) => match keys {
                Keys::None => "umterms",
                Keys::Text(_) | Keys::Address(_) => "sterms",
                Keys::Long(_) => "lterms",
                Keys::Unsigned(_) => "ulterms",
                Keys::Double(_) => "dterms",
            },
            _ => "umterms",
        }
    }

    fn has_buckets(&self) -> bool {
        true
    }
}

impl Terms {
    /// How many buckets of an owner a shard tells.
    pub(super) fn shard_size(&self) -> usize {
        let suggested = if self.order.is_by_key() {
            u64::from(self.size)
        } else {
            // BucketUtils.suggestShardSideQueueSize
            u64::from(self.size) + u64::from(self.size) / 2 + 10
        };
        let size = self
            .shard_size
            .map_or(suggested, u64::from)
            .max(u64::from(self.size));
        usize::try_from(size.min(i32::MAX as u64)).unwrap_or(usize::MAX)
    }

    /// Whether documents do not decide whether a value has a bucket.
    pub(super) fn wants_empty(&self) -> bool {
        self.min_doc_count == 0
    }
}

fn show_key(
    found: &Keyed,
    bucket: usize,
    format: &crate::mapping::ValueFormat,
    show: &mut Show<'_>,
) {
    match &found.keys {
        Keys::None => {}
        Keys::Text(texts) => show.out.field_str("key", texts.get(bucket)),
        Keys::Address(bits) => show
            .out
            .field_str("key", &super::spelling::ip_text(bits[bucket])),
        Keys::Long(numbers) => {
            show.out.field_long("key", numbers[bucket]);
            if let Some(text) = format.long_text(numbers[bucket]) {
                show.out.field_str("key_as_string", &text);
            }
        }
        Keys::Unsigned(numbers) => show.out.field_unsigned("key", numbers[bucket]),
        Keys::Double(numbers) => {
            show.out.field_double("key", numbers[bucket]);
            if let Some(text) = format.double_text(numbers[bucket]) {
                show.out.field_str("key_as_string", &text);
            }
        }
    }
}

fn positive(field: &Field<'_>, must: &str, called: &str) -> Result<u32, Failure> {
    let number = field.int()?;
    u32::try_from(number)
        .ok()
        .filter(|number| *number > 0)
        .ok_or_else(|| {
            field.failed(Failure::new(
                FailureKind::IllegalArgument,
                format!("{must} Found [{number}] in [{called}]"),
            ))
        })
}

/// A number of documents.
///
/// # Errors
/// 400 below 0.
pub(super) fn count(field: &Field<'_>, what: &str, called: &str) -> Result<u64, Failure> {
    let number = field.long()?;
    u64::try_from(number).map_err(|_| {
        field.failed(Failure::illegal_argument(format!(
            "[{what}] must be greater than or equal to 0. Found [{number}] in [{called}]"
        )))
    })
}

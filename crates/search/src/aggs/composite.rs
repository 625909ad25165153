//! `composite`: a bucket for each combination of values, page by page.

use std::cmp::Ordering;

use glasswork_content::{Failure, Kind, Node, Render};
use serde::{Deserialize, Serialize};

use crate::{interrupt::Halt, query::Literal};

use super::{
    Aggregation,
    collector::{Collector, Scope},
    composite_collector::CompositeCollector,
    composite_key::{Value, decode},
    composite_source::{CompositeSource, Reader},
    definition::{Definition, Parse, Show},
    fields::fields,
    keys::Keys,
    ledger::Ledger,
    partial::{Partial, malformed},
    reduction::Reduction,
    sorting,
};

/// A page of buckets, one for each combination of the values of its sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Composite {
    size: u32,
    /// Where the values of keys come from.
    pub(super) sources: Vec<CompositeSource>,
    /// The key behind which the page begins, by source.
    after: Option<Vec<(String, Literal)>>,
}

/// Values that keys of one request have.
const MAX_SOURCES: usize = 32;

impl Parse for Composite {
    const NAME: &'static str = "composite";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let mut composite = Composite {
            size: 10,
            sources: Vec::new(),
            after: None,
        };
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "size" => {
                    let size = field.int()?;
                    composite.size = u32::try_from(size)
                        .ok()
                        .filter(|size| *size > 0)
                        .ok_or_else(|| {
                            let reason = format!(
                                "[size] must be greater than 0. Found [{size}] in [{called}]"
                            );
                            field.failed(Failure::illegal_argument(reason))
                        })?;
                }
                "sources" => {
                    let parsed = field
                        .elements()
                        .iter()
                        .map(|element| CompositeSource::parse(&field, element));
                    composite.sources = parsed.collect::<Result<_, _>>()?;
                }
                "after" => {
                    let mut after = Vec::new();
                    for (name, node) in field.object()?.iter() {
                        after.push((
                            name.to_owned(),
                            Literal::of(node).ok_or_else(|| field.wrong_type())?,
                        ));
                    }
                    composite.after = Some(after);
                }
                _ => return Err(field.unknown(&["size", "sources", "after"])),
            }
        }
        let sources = &composite.sources;
        if sources.is_empty() {
            return Err(Failure::illegal_argument(
                "Composite [sources] cannot be null or empty",
            ));
        }
        if sources.len() > MAX_SOURCES {
            return Err(Failure::illegal_argument(format!(
                "Composite [sources] cannot be more than [{MAX_SOURCES}]"
            )));
        }
        for (place, source) in sources.iter().enumerate() {
            if sources[..place]
                .iter()
                .any(|other| other.name == source.name)
            {
                let reason = format!(
                    "Composite source names must be unique, found duplicates: [{}]",
                    source.name
                );
                return Err(Failure::illegal_argument(reason));
            }
        }
        Ok(composite)
    }
}

impl Definition for Composite {
    fn render(&self, out: &mut Render) {
        out.field_unsigned("size", u64::from(self.size));
        out.field_array("sources");
        for source in &self.sources {
            source.render(out);
        }
        out.end_array();
        if let Some(after) = &self.after {
            out.field_object("after");
            for (name, value) in after {
                out.key(name);
                value.render(out);
            }
            out.end_object();
        }
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        if !scope.top {
            let reason = "[composite] aggregation cannot be used below another aggregation";
            return Err(Failure::new(Kind::IllegalArgument, reason).into());
        }
        let readers = self
            .sources
            .iter()
            .map(|source| source.reader(scope))
            .collect::<Result<Vec<_>, _>>()?;
        let after = self
            .after
            .as_ref()
            .map(|after| self.after(after, &readers, scope))
            .transpose()?;
        let below = at.below().collectors(scope, false)?;
        Ok(Box::new(CompositeCollector::new(
            self, readers, after, below, scope,
        )))
    }

    fn finalize(
        &self,
        partial: Partial,
        at: &Aggregation,
        reduction: &Reduction<'_>,
    ) -> Result<Partial, Halt> {
        let Partial::Keyed(found) = partial else {
            return Err(malformed("composite").into());
        };
        let decoded = match &found.keys {
            Keys::Text(texts) => (0..texts.len())
                .map(|bucket| decode(texts.get(bucket)))
                .collect(),
            _ => Vec::new(),
        };
        let page = self.page(&decoded, None, reduction.ledger)?;
        reduction.make(page.len() as u64)?;
        let mut keys = found.keys.empty_like();
        page.iter()
            .for_each(|bucket| keys.push_from(&found.keys, *bucket as usize));
        let end = page.len() as u32;
        let mut arranged = reduction.arrange(&found, &page, keys, vec![end], at)?;
        arranged.ends = vec![end; found.ends.len()];
        Ok(Partial::Keyed(arranged))
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        let (Partial::Keyed(found), 0) = (partial, owner) else {
            return Err(malformed("composite").into());
        };
        let (begin, end) = found.range(0);
        let key = |bucket: usize| match &found.keys {
            Keys::Text(texts) => decode(texts.get(bucket)),
            _ => Vec::new(),
        };
        if end > begin {
            show.out.key("after_key");
            self.show_key(&key(end - 1), show.out);
        }
        show.out.field_array("buckets");
        for bucket in begin..end {
            show.step()?;
            show.out.object();
            show.out.key("key");
            self.show_key(&key(bucket), show.out);
            show.out.field_unsigned("doc_count", found.counts[bucket]);
            at.below().show(&found.children, bucket, show)?;
            show.out.end_object();
        }
        show.out.end_array();
        Ok(())
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn has_buckets(&self) -> bool {
        true
    }
}

impl Composite {
    fn show_key(&self, values: &[Value], out: &mut Render) {
        out.object();
        for (source, value) in self.sources.iter().zip(values) {
            out.key(&source.name);
            source.show(value, out);
        }
        out.end_object();
    }

    fn compare(&self, a: &[Value], b: &[Value]) -> Ordering {
        let values = self.sources.iter().zip(a.iter().zip(b));
        values
            .map(|(source, (a, b))| source.compare(a, b))
            .find(|order| *order != Ordering::Equal)
            .unwrap_or(Ordering::Equal)
    }

    /// The places of the first keys behind `after`, in order.
    pub(super) fn page(
        &self,
        keys: &[Vec<Value>],
        after: Option<&[Value]>,
        ledger: &Ledger<'_>,
    ) -> Result<Vec<u32>, Halt> {
        let mut behind = Vec::new();
        for (place, key) in (0..).zip(keys) {
            ledger.step(1)?;
            if after.is_none_or(|after| self.compare(key, after) == Ordering::Greater) {
                behind.push(place);
            }
        }
        Ok(sorting::smallest(
            behind,
            self.size as usize,
            ledger,
            &mut |a: &u32, b| self.compare(&keys[*a as usize], &keys[*b as usize]),
        )?)
    }

    fn after(
        &self,
        after: &[(String, Literal)],
        readers: &[Reader],
        scope: Scope<'_>,
    ) -> Result<Vec<Value>, Failure> {
        if after.len() != self.sources.len() {
            return Err(Failure::illegal_argument(format!(
                "[after] has {} value(s) but [sources] has {}",
                after.len(),
                self.sources.len()
            )));
        }
        let mut values = Vec::with_capacity(after.len());
        for (source, reader) in self.sources.iter().zip(readers) {
            let found = after.iter().find(|(name, _)| *name == source.name);
            let (_, literal) = found.ok_or_else(|| {
                Failure::illegal_argument(format!("Missing value for [after.{}]", source.name))
            })?;
            values.push(source.after(literal, reader, scope)?);
        }
        Ok(values)
    }
}

//! `composite`: a bucket for each combination of values, page by page.

use std::{cmp::Ordering, sync::Arc};

use glasswork_content::{Failure, Kind, Node, Render};
use glasswork_engine::Segment;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use crate::{interrupt::Halt, query::Literal};

use super::{
    Aggregation,
    collector::{Below, Block, Collector, Scope},
    composite_key::{Value, decode, encode},
    composite_source::{CompositeSource, Reader},
    definition::{Definition, Parse, Show},
    fields::fields,
    keyed::Keyed,
    keys::{Keys, Texts},
    ledger::{Ledger, Reserved},
    partial::{Partial, malformed},
    reduction::Reduction,
    sorting,
};

/// A page of buckets, one for each combination of the values of its sources.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Composite {
    size: u32,
    sources: Vec<CompositeSource>,
    /// The key behind which the page begins, by source.
    after: Option<Vec<(String, Literal)>>,
}

/// Stands for a missing value among codes.
const MISSING: u64 = u64::MAX;
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
        Ok(Box::new(CompositeCollector {
            composite: self,
            readers,
            after,
            numbers: HashMap::new(),
            counts: Vec::new(),
            below: at.below().collectors(scope, false)?,
            reserved: Reserved::default(),
            scope,
        }))
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
    fn page(
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

struct CompositeCollector<'s> {
    composite: &'s Composite,
    readers: Vec<Reader>,
    after: Option<Vec<Value>>,
    /// Buckets by the codes of their values.
    numbers: HashMap<Box<[u64]>, u32>,
    counts: Vec<u64>,
    below: Below<'s>,
    reserved: Reserved,
    scope: Scope<'s>,
}

impl Collector for CompositeCollector<'_> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.readers
            .iter_mut()
            .try_for_each(|reader| reader.open(ordinal, segment))?;
        self.below.open(ordinal, segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        let columns: Vec<(Vec<u32>, Vec<u64>)> = self
            .readers
            .iter_mut()
            .map(|reader| {
                let (positions, codes) = reader.read(block.docs);
                (positions.to_vec(), codes.to_vec())
            })
            .collect();
        let mut begins = vec![0; columns.len()];
        let mut choices: Vec<&[u64]> = Vec::with_capacity(columns.len());
        for (position, doc) in (0_u32..).zip(block.docs) {
            choices.clear();
            for (place, (positions, codes)) in columns.iter().enumerate() {
                let begin = begins[place];
                let mut end = begin;
                while end < positions.len() && positions[end] == position {
                    end += 1;
                }
                begins[place] = end;
                let missing = begin == end && self.composite.sources[place].keeps_missing();
                choices.push(if missing {
                    &[MISSING]
                } else {
                    &codes[begin..end]
                });
            }
            if choices.iter().all(|codes| !codes.is_empty()) {
                self.count(*doc, &choices)?;
            }
        }
        let entry = self.readers.len() * 8 + size_of::<(Box<[u64]>, u32)>() + 32;
        Ok(self.reserved.grow_to(
            (self.numbers.capacity() * entry + self.counts.capacity() * 8) as u64,
            self.scope.ledger,
        )?)
    }

    fn close(&mut self) -> Result<(), Halt> {
        self.below.close()
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        let ledger = self.scope.ledger;
        let mut keys: Vec<Vec<Value>> =
            vec![Vec::with_capacity(self.readers.len()); self.counts.len()];
        ledger.charge(
            self.counts.len() as u64 * (24 + self.readers.len() as u64 * size_of::<Value>() as u64),
        )?;
        for (place, reader) in self.readers.iter().enumerate() {
            let mut codes: Vec<u64> = self
                .numbers
                .keys()
                .map(|tuple| tuple[place])
                .filter(|code| *code != MISSING)
                .collect();
            sorting::sort(&mut codes, ledger, &mut Ord::cmp)?;
            codes.dedup();
            let values = reader.values(&codes, self.scope)?;
            for (tuple, bucket) in &self.numbers {
                ledger.step(1)?;
                let found = codes
                    .binary_search(&tuple[place])
                    .ok()
                    .map(|known| values[known].clone());
                keys[*bucket as usize].push(found.unwrap_or(Value::Missing));
            }
        }
        let page = self.composite.page(&keys, self.after.as_deref(), ledger)?;
        let mut told: Vec<(String, u32)> = Vec::with_capacity(page.len());
        for bucket in page {
            ledger.step(1)?;
            told.push((encode(&keys[bucket as usize]), bucket));
        }
        // By key, as findings merge.
        told.sort_unstable();
        let mut texts = Texts::default();
        told.iter().for_each(|(key, _)| texts.push(key));
        let chosen: Vec<u32> = told.iter().map(|(_, bucket)| *bucket).collect();
        let found = Keyed {
            ends: vec![chosen.len() as u32; owners.len()],
            keys: Keys::Text(texts),
            counts: chosen
                .iter()
                .map(|bucket| self.counts[*bucket as usize])
                .collect(),
            others: vec![0; owners.len()],
            errors: vec![0; owners.len()],
            exempt: vec![0; chosen.len()],
            sources: 1,
            children: self.below.finish(&chosen)?,
            ..Keyed::default()
        };
        ledger.charge(found.bytes())?;
        Ok(Partial::Keyed(found))
    }
}

impl CompositeCollector<'_> {
    /// Counts a document in the bucket of every combination of its values.
    fn count(&mut self, doc: u32, choices: &[&[u64]]) -> Result<(), Halt> {
        let mut places = vec![0; choices.len()];
        let mut tuple: Vec<u64> = choices.iter().map(|codes| codes[0]).collect();
        loop {
            self.scope.ledger.step(1)?;
            let bucket = match self.numbers.get(tuple.as_slice()) {
                Some(bucket) => *bucket,
                None => {
                    let bucket = self.counts.len() as u32;
                    self.numbers
                        .insert(tuple.clone().into_boxed_slice(), bucket);
                    self.counts.push(0);
                    if bucket.is_multiple_of(1_024) {
                        self.scope.ledger.charge(1_024)?;
                    }
                    bucket
                }
            };
            self.counts[bucket as usize] += 1;
            self.below.push(doc, bucket)?;
            // The next combination: the last value turns fastest.
            let mut turning = choices.len();
            loop {
                let Some(next) = turning.checked_sub(1) else {
                    return Ok(());
                };
                turning = next;
                places[turning] += 1;
                if places[turning] < choices[turning].len() {
                    break;
                }
                places[turning] = 0;
                tuple[turning] = choices[turning][0];
            }
            tuple[turning] = choices[turning][places[turning]];
        }
    }
}

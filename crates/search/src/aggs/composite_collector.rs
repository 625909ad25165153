//! Collecting the combinations of values of a `composite` aggregation.

use std::sync::Arc;

use glasswork_engine::Segment;
use hashbrown::HashMap;

use crate::interrupt::Halt;

use super::{
    collector::{Below, Block, Collector, Scope},
    composite::Composite,
    composite_key::{Value, encode},
    composite_source::Reader,
    keyed::Keyed,
    keys::{Keys, Texts},
    ledger::Reserved,
    partial::Partial,
    sorting,
};

/// Stands for a missing value among codes.
const MISSING: u64 = u64::MAX;

/// Collects a bucket for each combination of values.
pub(crate) struct CompositeCollector<'s> {
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

impl<'s> CompositeCollector<'s> {
    /// Nothing collected.
    pub(crate) fn new(
        composite: &'s Composite,
        readers: Vec<Reader>,
        after: Option<Vec<Value>>,
        below: Below<'s>,
        scope: Scope<'s>,
    ) -> Self {
        CompositeCollector {
            composite,
            readers,
            after,
            numbers: HashMap::new(),
            counts: Vec::new(),
            below,
            reserved: Reserved::default(),
            scope,
        }
    }

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

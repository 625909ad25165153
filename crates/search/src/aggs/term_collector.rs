//! Collecting a bucket for each value, and choosing which of them a shard tells.

use std::{hash::Hash, sync::Arc};

use glasswork_engine::Segment;
use tantivy::DocId;

use crate::interrupt::Halt;

use super::{
    Aggregation,
    buckets::{Buckets, Grouped, Numbered},
    choice::Choice,
    collector::{Below, Block, Collector, Scope},
    keyed::{Keyed, UNKNOWN_ERROR},
    keys::Keys,
    ledger::{Ledger, Reserved},
    partial::Partial,
    spelling::Spelling,
    terms::Terms,
};

/// A numbering of few enough terms keeps its counts in a plain array.
const DENSE_TERMS: u64 = 1 << 20;
/// With aggregations below, each number of the array is one of their owners.
const DENSE_OWNERS: u64 = 1 << 14;

/// `include` and `exclude`.
pub(crate) type Choices<'c> = (Option<&'c Choice>, Option<&'c Choice>);

/// Where the keys of documents come from.
pub(crate) trait KeySource {
    /// What buckets are told apart by; its order is that of the keys shown.
    type Key: Copy + Ord + Hash;

    /// Turns to a segment.
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt>;

    /// Reads the distinct keys of each document: places in the block, and keys.
    fn read(&mut self, docs: &[DocId]) -> (&[u32], &[Self::Key]);

    /// Every key that a document of the shard has.
    ///
    /// # Errors
    /// The ledger's stop.
    fn all(&mut self, ledger: &Ledger<'_>) -> Result<Vec<Self::Key>, Halt>;

    /// The keys as they are told.
    ///
    /// # Errors
    /// The ledger's stop.
    fn shown(&self, keys: &[Self::Key], ledger: &Ledger<'_>) -> Result<Keys, Halt>;

    /// How keys are spelled.
    fn spelling(&self) -> Spelling;

    /// How many keys there can be when they are numbers from 0 without gaps.
    fn dense(&self) -> Option<u64> {
        None
    }

    /// A key of a dense source as its number.
    fn place(_key: Self::Key) -> usize {
        0
    }

    /// The key of a number of a dense source.
    fn key(_place: usize) -> Option<Self::Key> {
        None
    }

    /// The keys of the open segment's documents and how many have each, when that is known without reading documents.
    ///
    /// # Errors
    /// The ledger's stop.
    fn counted(
        &mut self,
        _segment: &Segment,
        _ledger: &Ledger<'_>,
        _take: &mut dyn FnMut(Self::Key, u64),
    ) -> Result<bool, Halt> {
        Ok(false)
    }
}

/// Collects the buckets of a `terms` aggregation.
pub(crate) struct TermCollector<'s, S: KeySource> {
    source: S,
    terms: &'s Terms,
    at: &'s Aggregation,
    below: Below<'s>,
    buckets: Buckets<S::Key>,
    /// For the root with few terms: documents by key, in place of `buckets`.
    dense: Option<Vec<u64>>,
    reserved: Reserved,
    scope: Scope<'s>,
}

impl<'s, S: KeySource> TermCollector<'s, S> {
    /// Nothing collected.
    pub(crate) fn new(
        source: S,
        terms: &'s Terms,
        at: &'s Aggregation,
        below: Below<'s>,
        scope: Scope<'s>,
    ) -> Self {
        let most = if below.is_empty() {
            DENSE_TERMS
        } else {
            DENSE_OWNERS
        };
        let dense = source
            .dense()
            .filter(|size| scope.root && *size <= most)
            .map(|size| vec![0; size as usize]);
        TermCollector {
            source,
            terms,
            at,
            below,
            buckets: Buckets::default(),
            dense,
            reserved: Reserved::default(),
            scope,
        }
    }

    /// The buckets of `owners` by key, and where each owner's end.
    fn grouped(&mut self, owners: &[u32]) -> Result<Grouped<S::Key>, Halt> {
        let ledger = self.scope.ledger;
        let Some(dense) = &self.dense else {
            if self.terms.wants_empty() {
                for key in self.source.all(ledger)? {
                    for owner in owners {
                        ledger.step(1)?;
                        self.buckets.number(*owner, key);
                    }
                    self.buckets.charge(ledger)?;
                }
            }
            return Ok(self.buckets.grouped(owners, ledger)?);
        };
        let mut grouped = Vec::new();
        for (place, count) in dense.iter().enumerate() {
            ledger.step(1)?;
            if (*count > 0 || self.terms.wants_empty())
                && let Some(key) = S::key(place)
            {
                grouped.push(Numbered::root(key, place as u32));
            }
        }
        let ends = vec![grouped.len() as u32; owners.len()];
        Ok((grouped, ends))
    }
}

impl<S: KeySource> Collector for TermCollector<'_, S> {
    fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        self.source.open(ordinal, segment)?;
        self.below.open(ordinal, segment)
    }

    fn collect(&mut self, block: Block<'_>) -> Result<(), Halt> {
        let (positions, keys) = self.source.read(block.docs);
        self.scope.ledger.step(keys.len())?;
        if let Some(dense) = &mut self.dense {
            if self.below.is_empty() {
                for key in keys {
                    dense[S::place(*key)] += 1;
                }
            } else {
                for (position, key) in positions.iter().zip(keys) {
                    let place = S::place(*key);
                    dense[place] += 1;
                    self.below
                        .push(block.docs[*position as usize], place as u32)?;
                }
            }
            return Ok(self
                .reserved
                .grow_to(dense.len() as u64 * 8, self.scope.ledger)?);
        }
        for (position, key) in positions.iter().zip(keys) {
            let position = *position as usize;
            let bucket = self.buckets.count(block.buckets[position], *key);
            self.below.push(block.docs[position], bucket)?;
        }
        Ok(self.buckets.charge(self.scope.ledger)?)
    }

    fn close(&mut self) -> Result<(), Halt> {
        self.below.close()
    }

    fn collect_all(&mut self, segment: &Segment) -> Result<bool, Halt> {
        if !self.below.is_empty() || segment.alive.is_some() {
            return Ok(false);
        }
        let (dense, buckets) = (&mut self.dense, &mut self.buckets);
        self.source
            .counted(segment, self.scope.ledger, &mut |key, count| match dense {
                Some(dense) => dense[S::place(key)] += count,
                None => {
                    let bucket = buckets.number(0, key);
                    buckets.add(bucket, count);
                }
            })
    }

    fn finish(&mut self, owners: &[u32]) -> Result<Partial, Halt> {
        let ledger = self.scope.ledger;
        let (grouped, ends) = self.grouped(owners)?;
        let counts = self.dense.as_deref().unwrap_or(self.buckets.counts());
        let documents = |place: u32| counts[grouped[place as usize].bucket as usize];

        // Metrics that decide the order are asked of all buckets, everything else only of those that are told.
        let deciding = self.terms.order.children(self.at.below())?;
        let mut asked: Vec<(usize, Partial)> = Vec::new();
        if !deciding.is_empty() {
            let all: Vec<u32> = grouped.iter().map(|numbered| numbered.bucket).collect();
            for child in deciding {
                if asked.iter().all(|(known, _)| *known != child) {
                    asked.push((child, self.below.finish_one(child, &all)?));
                }
            }
        }
        let partial = |child| {
            asked
                .iter()
                .find(|(known, _)| *known == child)
                .map(|(_, partial)| partial)
        };
        let values = self
            .terms
            .order
            .values(self.at.below(), grouped.len(), ledger, &partial)?;

        let mut found = Keyed {
            sources: 1,
            spelling: self.source.spelling(),
            ..Keyed::default()
        };
        let mut told: Vec<u32> = Vec::new();
        let mut begin = 0;
        for end in ends {
            let mut candidates = Vec::with_capacity((end - begin) as usize);
            let mut total = 0;
            for place in begin..end {
                ledger.step(1)?;
                total += documents(place);
                if documents(place) >= self.terms.shard_min_doc_count {
                    candidates.push(place);
                }
            }
            let mut best = self.terms.order.best(
                candidates,
                self.terms.shard_size(),
                &documents,
                &values,
                ledger,
            )?;
            let cut = best.len() >= self.terms.shard_size();
            let error = match best.iter().map(|place| documents(*place)).min() {
                Some(fewest) if cut && self.terms.order.is_by_count_descending() => fewest as i64,
                Some(_) if cut && !self.terms.order.is_by_key() => UNKNOWN_ERROR,
                _ => 0,
            };
            super::sorting::sort(&mut best, ledger, &mut Ord::cmp)?;
            for place in &best {
                ledger.step(1)?;
                found.counts.push(documents(*place));
                found.exempt.push(error);
                total -= documents(*place);
            }
            told.extend_from_slice(&best);
            found.others.push(total);
            found.errors.push(error);
            found.ends.push(told.len() as u32);
            begin = end;
        }
        let keys: Vec<S::Key> = told
            .iter()
            .map(|place| grouped[*place as usize].key)
            .collect();
        found.keys = self.source.shown(&keys, ledger)?;
        let chosen: Vec<u32> = told
            .iter()
            .map(|place| grouped[*place as usize].bucket)
            .collect();
        for child in 0..self.at.below().len() {
            let partial = match asked.iter().find(|(known, _)| *known == child) {
                Some((_, partial)) => partial.select(&told, ledger)?,
                None => self.below.finish_one(child, &chosen)?,
            };
            found.children.push(partial);
        }
        ledger.charge(found.bytes())?;
        Ok(Partial::Keyed(found))
    }
}

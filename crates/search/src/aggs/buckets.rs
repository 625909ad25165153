//! Numbering buckets by the bucket above and a key.

use std::hash::Hash;

use glasswork_tasks::Stop;
use hashbrown::HashMap;

use super::{
    ledger::{Ledger, Reserved},
    sorting,
};

/// The buckets of one aggregation on a shard, numbered from 0 as they are met.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    numbers: HashMap<(u32, K), u32>,
    owners: Vec<u32>,
    keys: Vec<K>,
    counts: Vec<u64>,
    last: Option<(u32, K, u32)>,
    reserved: Reserved,
}

/// Buckets by owner and key, and where those of each owner end.
pub(crate) type Grouped<K> = (Vec<Numbered<K>>, Vec<u32>);

/// A bucket with its key.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Numbered<K> {
    owner: u32,
    /// What it is named by.
    pub(crate) key: K,
    /// Its number.
    pub(crate) bucket: u32,
}

impl<K> Numbered<K> {
    /// A bucket under the only owner.
    pub(crate) fn root(key: K, bucket: u32) -> Self {
        Numbered {
            owner: 0,
            key,
            bucket,
        }
    }
}

impl<K> Default for Buckets<K> {
    fn default() -> Self {
        Buckets {
            numbers: HashMap::new(),
            owners: Vec::new(),
            keys: Vec::new(),
            counts: Vec::new(),
            last: None,
            reserved: Reserved::default(),
        }
    }
}

impl<K: Copy + Ord + Hash> Buckets<K> {
    /// Counts one document in the bucket of `key` under `owner`; gives the bucket's number.
    #[inline]
    pub(crate) fn count(&mut self, owner: u32, key: K) -> u32 {
        let bucket = self.number(owner, key);
        self.counts[bucket as usize] += 1;
        bucket
    }

    /// The number of a bucket, which is made with no document when it is new.
    #[inline]
    pub(crate) fn number(&mut self, owner: u32, key: K) -> u32 {
        if let Some((last_owner, last_key, bucket)) = self.last
            && last_owner == owner
            && last_key == key
        {
            return bucket;
        }
        let next = self.counts.len() as u32;
        let bucket = *self.numbers.entry((owner, key)).or_insert(next);
        if bucket == next {
            self.owners.push(owner);
            self.keys.push(key);
            self.counts.push(0);
        }
        self.last = Some((owner, key, bucket));
        bucket
    }

    /// Adds `count` documents to a bucket.
    pub(crate) fn add(&mut self, bucket: u32, count: u64) {
        self.counts[bucket as usize] += count;
    }

    /// Documents in each bucket, by number.
    pub(crate) fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// The key of each bucket, by number.
    pub(crate) fn keys(&self) -> &[K] {
        &self.keys
    }

    /// Reserves the memory of what it has become.
    ///
    /// # Errors
    /// When that is too much.
    pub(crate) fn charge(&mut self, ledger: &Ledger<'_>) -> Result<(), Stop> {
        let entry = size_of::<((u32, K), u32)>() + 1;
        let row = size_of::<K>() + 12;
        let bytes = self.numbers.capacity() * 8 / 7 * entry + self.counts.capacity() * row;
        self.reserved.grow_to(bytes as u64, ledger)
    }

    /// The buckets of these owners, those of one owner by key, and where each owner's end.
    ///
    /// # Errors
    /// The ledger's stop.
    pub(crate) fn grouped(&self, owners: &[u32], ledger: &Ledger<'_>) -> Result<Grouped<K>, Stop> {
        let known = self
            .owners
            .iter()
            .max()
            .map_or(0, |owner| *owner as usize + 1);
        ledger.charge(
            (owners.len() * 4 + known * 4 + self.keys.len() * 2 * size_of::<Numbered<K>>()) as u64,
        )?;
        // Where an owner stands in the answer; owners that were not asked for are left out.
        let mut places = vec![u32::MAX; known];
        for (place, owner) in (0..).zip(owners) {
            ledger.step(1)?;
            if let Some(slot) = places.get_mut(*owner as usize) {
                *slot = place;
            }
        }
        let mut numbered = Vec::with_capacity(self.keys.len());
        for (bucket, (owner, key)) in (0..).zip(self.owners.iter().zip(&self.keys)) {
            ledger.step(1)?;
            let owner = places[*owner as usize];
            if owner != u32::MAX {
                numbered.push(Numbered {
                    owner,
                    key: *key,
                    bucket,
                });
            }
        }
        sorting::sort(&mut numbered, ledger, &mut |a, b| {
            (a.owner, a.key).cmp(&(b.owner, b.key))
        })?;
        let mut ends = Vec::with_capacity(owners.len());
        let mut end = 0;
        for place in 0..owners.len() as u32 {
            while end < numbered.len() && numbered[end].owner == place {
                ledger.step(1)?;
                end += 1;
            }
            ends.push(end as u32);
        }
        Ok((numbered, ends))
    }
}

//! Which documents of a segment are alive: a copy-on-write set, so that views keep what they saw.

use std::sync::Arc;

use tantivy::{
    BitSet, DocId,
    directory::OwnedBytes,
    fastfield::{AliveBitSet, write_alive_bitset},
};

/// The documents of a segment that are not deleted. `None` inside means all of them. Clones are snapshots.
#[derive(Clone, Debug)]
pub(crate) struct Alive {
    max_doc: u32,
    set: Option<Arc<BitSet>>,
}

impl Alive {
    pub(crate) fn all(max_doc: u32) -> Self {
        Self { max_doc, set: None }
    }

    /// All but the given ones.
    pub(crate) fn without(max_doc: u32, dead: &[DocId]) -> Self {
        let mut alive = Self::all(max_doc);
        for &doc in dead {
            alive.remove(doc);
        }
        alive
    }

    /// Reads what [`Alive::to_bytes`] wrote. `None` when the bytes are not of a set of `max_doc` documents.
    pub(crate) fn from_bytes(max_doc: u32, bytes: &[u8]) -> Option<Self> {
        let words = bytes.as_chunks::<8>();
        if words.0.len() != max_doc.div_ceil(64) as usize || !words.1.is_empty() {
            return None;
        }
        let mut alive = Self::all(max_doc);
        for (word, base) in words.0.iter().zip((0u32..).step_by(64)) {
            let word = u64::from_le_bytes(*word);
            for bit in 0..64.min(max_doc - base) {
                if word & (1 << bit) == 0 {
                    alive.remove(base + bit);
                }
            }
        }
        Some(alive)
    }

    /// 64 documents a word, little endian, lowest document in the lowest bit.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        (0..self.max_doc.div_ceil(64))
            .flat_map(|word| self.word(word).to_le_bytes())
            .collect()
    }

    pub(crate) fn contains(&self, doc: DocId) -> bool {
        self.set.as_ref().is_none_or(|set| set.contains(doc))
    }

    /// Takes a document out; says whether it was in.
    pub(crate) fn remove(&mut self, doc: DocId) -> bool {
        if doc >= self.max_doc || !self.contains(doc) {
            return false;
        }
        let set = self
            .set
            .get_or_insert_with(|| Arc::new(BitSet::with_max_value_and_full(self.max_doc)));
        Arc::make_mut(set).remove(doc);
        true
    }

    pub(crate) fn len(&self) -> u32 {
        match &self.set {
            Some(set) => u32::try_from(set.len()).unwrap_or(u32::MAX),
            None => self.max_doc,
        }
    }

    pub(crate) fn deleted(&self) -> u32 {
        self.max_doc - self.len()
    }

    /// The documents of this snapshot that are dead in `now`, each as its rank among those alive in the snapshot: its
    /// number in a segment that was merged from the snapshot.
    pub(crate) fn died_until(&self, now: &Self) -> impl Iterator<Item = u32> {
        let words = if self.is_same(now) {
            0
        } else {
            self.max_doc.div_ceil(64)
        };
        let mut base = 0;
        (0..words).flat_map(move |word| {
            let before = self.word(word);
            let died = before & !now.word(word);
            let start = base;
            base += before.count_ones();
            (0..64)
                .filter(move |bit| died & (1 << bit) != 0)
                .map(move |bit| start + (before & ((1 << bit) - 1)).count_ones())
        })
    }

    fn word(&self, word: u32) -> u64 {
        match &self.set {
            Some(set) => u64::from_le_bytes(set.tinyset(word).into_bytes()),
            None if (word + 1) * 64 <= self.max_doc => u64::MAX,
            None => (1 << (self.max_doc % 64)) - 1,
        }
    }

    /// Whether nothing was taken out since `other` was cloned from this.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.set, &other.set) {
            (None, None) => true,
            (Some(one), Some(other)) => Arc::ptr_eq(one, other),
            _ => false,
        }
    }

    /// Tantivy's form; `None` when all are alive.
    pub(crate) fn to_tantivy(&self) -> Option<AliveBitSet> {
        let set = self.set.as_ref()?;
        let mut bytes = Vec::with_capacity(self.max_doc as usize / 8 + 16);
        write_alive_bitset(set, &mut bytes).expect("writing to memory does not fail");
        Some(AliveBitSet::open(OwnedBytes::new(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_snapshot_keeps_what_it_saw() {
        let mut alive = Alive::all(100);
        assert!(alive.to_tantivy().is_none());
        assert!(alive.remove(7));
        let snapshot = alive.clone();
        assert!(snapshot.is_same(&alive));
        assert!(alive.remove(8) && !alive.remove(8) && !alive.remove(100));
        assert!(!snapshot.is_same(&alive));
        assert!(snapshot.contains(8) && !alive.contains(8));
        assert_eq!((snapshot.len(), alive.len(), alive.deleted()), (99, 98, 2));
        assert_eq!(alive.to_tantivy().unwrap().num_alive_docs(), 98);
    }

    proptest! {
        #[test]
        fn what_died_is_told_by_its_rank(max_doc in 1u32..300, before in prop::collection::vec(0u32..300, 0..50), after in prop::collection::vec(0u32..300, 0..50)) {
            let snapshot = Alive::without(max_doc, &before);
            let mut now = snapshot.clone();
            for &doc in &after { now.remove(doc); }
            let survivors: Vec<u32> = (0..max_doc).filter(|&doc| snapshot.contains(doc)).collect();
            let expected: Vec<u32> = (0..).zip(&survivors).filter(|(_, doc)| !now.contains(**doc)).map(|(rank, _)| rank).collect();
            prop_assert_eq!(snapshot.died_until(&now).collect::<Vec<_>>(), expected);
        }

        #[test]
        fn bytes_read_back_as_the_same_set(max_doc in 1u32..300, dead in prop::collection::vec(0u32..300, 0..50)) {
            let alive = Alive::without(max_doc, &dead);
            let read = Alive::from_bytes(max_doc, &alive.to_bytes()).unwrap();
            for doc in 0..max_doc {
                prop_assert_eq!(alive.contains(doc), read.contains(doc));
                prop_assert_eq!(alive.contains(doc), !dead.contains(&doc));
            }
            prop_assert_eq!(alive.len(), read.len());
            prop_assert_eq!(alive.died_until(&read).count(), 0);
            prop_assert!(Alive::from_bytes(max_doc + 64, &alive.to_bytes()).is_none());
        }
    }
}

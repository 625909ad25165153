//! Counting distinct values: exact hashes for few, a HyperLogLog sketch for many; one row for each owning bucket.
//!
//! Below about the precision threshold the answer is exact but for collisions of 64-bit hashes; above, registers give
//! an estimate (Flajolet et al., 2007, with the estimator of Ertl, "New cardinality estimation algorithms for
//! HyperLogLog sketches", 2017, which needs no bias tables).

use serde::{Deserialize, Serialize};

/// The hashes and registers of many owners.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Distinct {
    precision: u8,
    /// For each owner, where its hashes end.
    ends: Vec<u64>,
    /// Distinct, sorted for each owner.
    hashes: Vec<u64>,
    /// Owners with too many hashes, in order: 2^precision registers each.
    sketches: Vec<(u32, Vec<u8>)>,
}

impl Distinct {
    /// No owner.
    pub(crate) fn new(precision: u8) -> Self {
        Distinct {
            precision: precision.clamp(4, 18),
            ..Distinct::default()
        }
    }

    /// Adds an owner with these hashes, in any order, doubles allowed.
    pub(crate) fn push(&mut self, hashes: &mut Vec<u64>) {
        hashes.sort_unstable();
        hashes.dedup();
        self.push_sorted(hashes);
    }

    /// Adds an owner that is the union of an owner here and one there; either may be missing.
    pub(crate) fn push_union(&mut self, sides: [Option<(&Distinct, usize)>; 2]) {
        let sketches = sides.map(|side| side.and_then(|(rows, owner)| rows.sketch(owner)));
        let hashes = sides.map(|side| side.map_or(&[][..], |(rows, owner)| rows.hashes(owner)));
        if sketches.iter().any(Option::is_some) {
            let mut registers = vec![0; 1 << self.precision];
            for sketch in sketches.into_iter().flatten() {
                for (register, other) in registers.iter_mut().zip(sketch) {
                    *register = (*register).max(*other);
                }
            }
            for hash in hashes.into_iter().flatten() {
                note(&mut registers, self.precision, *hash);
            }
            self.push_registers(registers);
        } else if hashes[1].is_empty() {
            self.push_sorted(hashes[0]);
        } else {
            let mut union = Vec::with_capacity(hashes[0].len() + hashes[1].len());
            union.extend_from_slice(hashes[0]);
            union.extend_from_slice(hashes[1]);
            self.push(&mut union);
        }
    }

    /// How many distinct values `owner` has seen.
    pub(crate) fn count(&self, owner: usize) -> u64 {
        match self.sketch(owner) {
            Some(registers) => estimate(registers),
            None => self.hashes(owner).len() as u64,
        }
    }

    /// Rows.
    pub(crate) fn owners(&self) -> usize {
        self.ends.len()
    }

    /// The number of bits that choose a register.
    pub(crate) fn precision(&self) -> u8 {
        self.precision
    }

    /// Bytes it holds.
    pub(crate) fn bytes(&self) -> u64 {
        let registers: usize = self
            .sketches
            .iter()
            .map(|(_, registers)| registers.capacity() + 32)
            .sum();
        ((self.ends.capacity() + self.hashes.capacity()) * 8 + registers) as u64
    }

    /// Units of work that reading row `owner` takes.
    pub(crate) fn weight(&self, owner: usize) -> usize {
        match self.sketch(owner) {
            Some(registers) => registers.len() / 16,
            None => self.hashes(owner).len() + 1,
        }
    }

    /// Whether rows lie where they should: true for everything that was built here.
    pub(crate) fn is_sound(&self) -> bool {
        (4..=18).contains(&self.precision)
            && self.ends.is_sorted()
            && self.ends.last().copied().unwrap_or(0) == self.hashes.len() as u64
            && self
                .sketches
                .iter()
                .all(|(_, registers)| registers.len() == 1 << self.precision)
            && self.sketches.is_sorted_by(|a, b| a.0 < b.0)
    }

    fn hashes(&self, owner: usize) -> &[u64] {
        let begin = if owner == 0 {
            0
        } else {
            self.ends[owner - 1] as usize
        };
        &self.hashes[begin..self.ends[owner] as usize]
    }

    fn sketch(&self, owner: usize) -> Option<&[u8]> {
        let place = self
            .sketches
            .binary_search_by_key(&(owner as u32), |(owner, _)| *owner)
            .ok()?;
        Some(&self.sketches[place].1)
    }

    fn push_sorted(&mut self, hashes: &[u64]) {
        if hashes.len() > exact_limit(self.precision) {
            let mut registers = vec![0; 1 << self.precision];
            for hash in hashes {
                note(&mut registers, self.precision, *hash);
            }
            self.push_registers(registers);
        } else {
            self.hashes.extend_from_slice(hashes);
            self.ends.push(self.hashes.len() as u64);
        }
    }

    /// Adds an owner that has turned to registers already, 2^precision of them.
    pub(crate) fn push_registers(&mut self, registers: Vec<u8>) {
        self.sketches.push((self.ends.len() as u32, registers));
        self.ends.push(self.hashes.len() as u64);
    }
}

/// Bits that choose a register, for a count up to which answers should be close to exact
/// (`HyperLogLogPlusPlus.precisionFromThreshold`).
pub(crate) fn precision_of(threshold: u64) -> u8 {
    let entries = threshold.min(1 << 40).div_ceil(3) * 4 * 4;
    let bits = 64 - entries.max(1).leading_zeros();
    bits.clamp(4, 18) as u8
}

/// Hashes that one owner keeps before it turns to registers.
pub(crate) fn exact_limit(precision: u8) -> usize {
    ((1_usize << precision) / 4 * 3 / 4).max(8)
}

/// Hash of a number's bits (the finalizer of SplitMix64). The same on every node and in every version.
#[inline]
pub(crate) fn hash_number(bits: u64) -> u64 {
    let mut hash = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

/// Hash of bytes: eight at a time folded by a 128-bit product. The same on every node and in every version.
pub(crate) fn hash_bytes(bytes: &[u8]) -> u64 {
    let mut hash = 0x243f_6a88_85a3_08d3_u64 ^ bytes.len() as u64;
    for chunk in bytes.chunks(8) {
        let mut word = [0; 8];
        word[..chunk.len()].copy_from_slice(chunk);
        let product =
            u128::from(hash ^ u64::from_le_bytes(word)) * u128::from(0x9e37_79b9_7f4a_7c15_u64);
        hash = (product as u64) ^ ((product >> 64) as u64) ^ 0x1319_8a2e_0370_7344;
    }
    hash_number(hash)
}

/// Takes a hash into registers.
pub(crate) fn note(registers: &mut [u8], precision: u8, hash: u64) {
    let register = (hash >> (64 - precision)) as usize;
    let rank = ((hash << precision) | (1 << (precision - 1))).leading_zeros() as u8 + 1;
    registers[register] = registers[register].max(rank);
}

fn estimate(registers: &[u8]) -> u64 {
    let size = registers.len() as f64;
    let bits = 64 - registers.len().trailing_zeros() as usize;
    let mut histogram = [0_u32; 66];
    for register in registers {
        histogram[usize::from(*register).min(bits + 1)] += 1;
    }
    let mut sum = size * tau(1.0 - f64::from(histogram[bits + 1]) / size);
    for rank in (1..=bits).rev() {
        sum = 0.5 * (sum + f64::from(histogram[rank]));
    }
    sum += size * sigma(f64::from(histogram[0]) / size);
    (size * size / (2.0 * std::f64::consts::LN_2) / sum).round() as u64
}

fn sigma(x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut x, mut y, mut z) = (x, 1.0, x);
    for _ in 0..64 {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            break;
        }
    }
    z
}

fn tau(x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut x, mut y, mut z) = (x, 1.0, 1.0 - x);
    for _ in 0..64 {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            break;
        }
    }
    z / 3.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: impl IntoIterator<Item = u64>, precision: u8) -> Distinct {
        let mut rows = Distinct::new(precision);
        rows.push(&mut values.into_iter().map(hash_number).collect());
        rows
    }

    #[test]
    fn thresholds_give_the_precisions_of_the_real_server() {
        assert_eq!(precision_of(3_000), 14);
        assert_eq!(precision_of(100), 10);
        assert_eq!(precision_of(0), 4);
        assert_eq!(precision_of(40_000), 18);
    }

    #[test]
    fn few_are_counted_exactly_and_many_within_two_percent() {
        assert_eq!(of((0..3_000).chain(0..3_000), 14).count(0), 3_000);
        for many in [5_000, 50_000, 500_000] {
            let found = of(0..many, 14).count(0) as f64;
            assert!((found / many as f64 - 1.0).abs() < 0.02, "{many}: {found}");
        }
    }

    #[test]
    fn hashes_of_near_bytes_are_far() {
        let hashes: std::collections::BTreeSet<u64> = (0..10_000)
            .map(|n| hash_bytes(format!("key-{n}").as_bytes()))
            .collect();
        assert_eq!(hashes.len(), 10_000);
        assert_ne!(hash_bytes(b""), hash_bytes(b"\0"));
    }

    proptest! {
        #[test]
        fn a_union_counts_as_if_seen_by_one(values in prop::collection::vec(0_u64..400, 0..600), cut in 0_usize..600, precision in 4_u8..12) {
            let cut = cut.min(values.len());
            let left = of(values[..cut].iter().copied(), precision);
            let right = of(values[cut..].iter().copied(), precision);
            let mut union = Distinct::new(precision);
            union.push_union([Some((&left, 0)), Some((&right, 0))]);
            prop_assert!(union.is_sound());
            prop_assert_eq!(union.count(0), of(values, precision).count(0));
        }
    }
}

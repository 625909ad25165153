//! Sums, ends and counts of numbers, kept in columns: one row for each owning bucket.

use serde::{Deserialize, Serialize};

use super::spelling::Spelling;

/// A sum with the error that floating point addition left behind (Kahan; OpenSearch's `CompensatedSum`).
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    value: f64,
    delta: f64,
}

impl Sum {
    /// Adds a number.
    #[inline]
    pub(crate) fn add(&mut self, value: f64) {
        self.add_with(value, 0.0);
    }

    /// Adds another sum.
    pub(crate) fn merge(&mut self, other: Sum) {
        self.add_with(other.value, other.delta);
    }

    /// The sum.
    pub(crate) fn value(self) -> f64 {
        self.value
    }

    #[inline]
    fn add_with(&mut self, value: f64, delta: f64) {
        if !value.is_finite() {
            self.value += value;
        }
        if self.value.is_finite() {
            let corrected = value + (self.delta + delta);
            let updated = self.value + corrected;
            self.delta = corrected - (updated - self.value);
            self.value = updated;
        }
    }
}

/// Which columns a metric needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Columns {
    /// Number of values.
    pub(crate) count: bool,
    /// Smallest value.
    pub(crate) min: bool,
    /// Largest value.
    pub(crate) max: bool,
    /// Sum of values.
    pub(crate) sum: bool,
    /// Sum of squared values.
    pub(crate) squares: bool,
}

/// The rows of a metric. A column that is not needed is empty.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Metrics {
    owners: u32,
    counts: Vec<u64>,
    mins: Vec<f64>,
    maxs: Vec<f64>,
    sums: Vec<Sum>,
    squares: Vec<Sum>,
    /// How results are spelled beside their number.
    pub(crate) spelling: Spelling,
}

/// One row, read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Row {
    /// Number of values.
    pub(crate) count: u64,
    /// Smallest value, +∞ of none.
    pub(crate) min: f64,
    /// Largest value, −∞ of none.
    pub(crate) max: f64,
    /// Sum of values.
    pub(crate) sum: f64,
    /// Sum of squared values.
    pub(crate) squares: f64,
}

impl Row {
    /// Arithmetic mean; NaN of none.
    pub(crate) fn avg(&self) -> f64 {
        self.sum / self.count as f64
    }
}

impl Metrics {
    /// No row.
    pub(crate) fn new(spelling: Spelling) -> Self {
        Metrics {
            spelling,
            ..Metrics::default()
        }
    }

    /// Makes room for `owners` rows.
    pub(crate) fn grow(&mut self, owners: usize, columns: Columns) {
        if owners <= self.owners as usize {
            return;
        }
        self.owners = owners as u32;
        if columns.count {
            self.counts.resize(owners, 0);
        }
        if columns.min {
            self.mins.resize(owners, f64::INFINITY);
        }
        if columns.max {
            self.maxs.resize(owners, f64::NEG_INFINITY);
        }
        if columns.sum {
            self.sums.resize(owners, Sum::default());
        }
        if columns.squares {
            self.squares.resize(owners, Sum::default());
        }
    }

    /// Takes `value` into the row of `owner`, which has room.
    #[inline]
    pub(crate) fn add(&mut self, owner: u32, value: f64) {
        let owner = owner as usize;
        if let Some(count) = self.counts.get_mut(owner) {
            *count += 1;
        }
        if let Some(min) = self.mins.get_mut(owner) {
            *min = java_min(*min, value);
        }
        if let Some(max) = self.maxs.get_mut(owner) {
            *max = java_max(*max, value);
        }
        if let Some(sum) = self.sums.get_mut(owner) {
            sum.add(value);
        }
        if let Some(squares) = self.squares.get_mut(owner) {
            squares.add(value * value);
        }
    }

    /// Adds `count` to the number of values of `owner`.
    #[inline]
    pub(crate) fn add_count(&mut self, owner: u32, count: u64) {
        if let Some(total) = self.counts.get_mut(owner as usize) {
            *total += count;
        }
    }

    /// Takes row `from` of `other` into row `owner`.
    pub(crate) fn absorb(&mut self, owner: usize, other: &Metrics, from: usize) {
        if let (Some(a), Some(b)) = (self.counts.get_mut(owner), other.counts.get(from)) {
            *a += b;
        }
        if let (Some(a), Some(b)) = (self.mins.get_mut(owner), other.mins.get(from)) {
            *a = java_min(*a, *b);
        }
        if let (Some(a), Some(b)) = (self.maxs.get_mut(owner), other.maxs.get(from)) {
            *a = java_max(*a, *b);
        }
        if let (Some(a), Some(b)) = (self.sums.get_mut(owner), other.sums.get(from)) {
            a.merge(*b);
        }
        if let (Some(a), Some(b)) = (self.squares.get_mut(owner), other.squares.get(from)) {
            a.merge(*b);
        }
    }

    /// The row of `owner`; an empty one when it is not there.
    pub(crate) fn row(&self, owner: usize) -> Row {
        Row {
            count: self.counts.get(owner).copied().unwrap_or(0),
            min: self.mins.get(owner).copied().unwrap_or(f64::INFINITY),
            max: self.maxs.get(owner).copied().unwrap_or(f64::NEG_INFINITY),
            sum: self.sums.get(owner).copied().unwrap_or_default().value(),
            squares: self.squares.get(owner).copied().unwrap_or_default().value(),
        }
    }

    /// Rows.
    pub(crate) fn owners(&self) -> usize {
        self.owners as usize
    }

    /// The columns that are kept; also those of rows that came from elsewhere.
    pub(crate) fn columns(&self) -> Columns {
        Columns {
            count: !self.counts.is_empty(),
            min: !self.mins.is_empty(),
            max: !self.maxs.is_empty(),
            sum: !self.sums.is_empty(),
            squares: !self.squares.is_empty(),
        }
    }

    /// Whether each column is empty or has a value for each row.
    pub(crate) fn is_sound(&self) -> bool {
        let owners = self.owners as usize;
        [
            self.counts.len(),
            self.mins.len(),
            self.maxs.len(),
            self.sums.len(),
            self.squares.len(),
        ]
        .into_iter()
        .all(|rows| rows == 0 || rows == owners)
    }

    /// Bytes it holds.
    pub(crate) fn bytes(&self) -> u64 {
        let doubles = self.counts.capacity() + self.mins.capacity() + self.maxs.capacity();
        let sums = self.sums.capacity() + self.squares.capacity();
        (doubles * 8 + sums * size_of::<Sum>()) as u64
    }
}

/// `Math.min`: NaN wins.
fn java_min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.min(b)
    }
}

/// `Math.max`: NaN wins.
fn java_max(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compensated_sum_does_not_lose_small_numbers() {
        let mut sum = Sum::default();
        (0..10_000_000).for_each(|_| sum.add(0.1));
        assert!((sum.value() - 1_000_000.0).abs() < 1e-9, "{}", sum.value());
    }

    #[test]
    fn infinity_stays_and_is_not_a_number() {
        let mut sum = Sum::default();
        [1.0, f64::INFINITY, 2.0]
            .into_iter()
            .for_each(|value| sum.add(value));
        assert_eq!(sum.value(), f64::INFINITY);
    }
}

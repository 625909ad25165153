//! Percentiles of a stream in bounded memory: the merging t-digest (Dunning, "The t-digest: efficient estimates of
//! distributions", 2021), with the interpolation of its `MergingDigest`, which OpenSearch answers with.

use serde::{Deserialize, Serialize};

/// Weighted means, sorted, few enough for the compression asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct TDigest {
    compression: f64,
    min: f64,
    max: f64,
    means: Vec<f64>,
    weights: Vec<f64>,
    buffer: Vec<f64>,
}

impl TDigest {
    /// A digest of nothing. A higher compression keeps more means: finer and larger.
    pub(crate) fn new(compression: f64) -> Self {
        TDigest {
            compression: compression.clamp(10.0, 10_000.0),
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            means: Vec::new(),
            weights: Vec::new(),
            buffer: Vec::new(),
        }
    }

    /// Takes one value in. NaN is left out.
    pub(crate) fn add(&mut self, value: f64) {
        if value.is_nan() {
            return;
        }
        self.min = self.min.min(value);
        self.max = self.max.max(value);
        self.buffer.push(value);
        if self.buffer.len() >= self.room() {
            self.compress();
        }
    }

    /// Takes all of `other` in.
    pub(crate) fn merge(&mut self, other: &TDigest) {
        self.compress();
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        let points = other
            .means
            .iter()
            .copied()
            .zip(other.weights.iter().copied())
            .chain(other.buffer.iter().map(|value| (*value, 1.0)));
        self.absorb(points.collect());
    }

    /// Moves buffered values into the means. Reading needs it done before.
    pub(crate) fn compress(&mut self) {
        if !self.buffer.is_empty() {
            let points = self.buffer.drain(..).map(|value| (value, 1.0)).collect();
            self.absorb(points);
        }
    }

    /// Bytes it holds.
    pub(crate) fn bytes(&self) -> u64 {
        (size_of::<Self>()
            + (self.means.capacity() * 2 + self.buffer.capacity()) * size_of::<f64>())
            as u64
    }

    /// Whether means and weights fit together: true for every digest that was built here.
    pub(crate) fn is_sound(&self) -> bool {
        self.means.len() == self.weights.len() && (10.0..=10_000.0).contains(&self.compression)
    }

    /// Whether no value came in.
    pub(crate) fn is_empty(&self) -> bool {
        self.means.is_empty() && self.buffer.is_empty()
    }

    fn room(&self) -> usize {
        (self.compression * 5.0) as usize
    }

    fn absorb(&mut self, mut points: Vec<(f64, f64)>) {
        points.extend(self.means.drain(..).zip(self.weights.drain(..)));
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let total: f64 = points.iter().map(|point| point.1).sum();
        let mut so_far = 0.0;
        let mut limit = self.limit(0.0);
        for (mean, weight) in points {
            let fits = self.means.last().is_some() && (so_far + weight) / total <= limit;
            match (fits, self.means.last_mut(), self.weights.last_mut()) {
                (true, Some(last_mean), Some(last_weight)) => {
                    *last_weight += weight;
                    *last_mean += (mean - *last_mean) * weight / *last_weight;
                }
                _ => {
                    limit = self.limit(so_far / total);
                    self.means.push(mean);
                    self.weights.push(weight);
                }
            }
            so_far += weight;
        }
    }

    /// The quantile at which a mean that begins at quantile `q` has to end (scale function k2 would be finer; k1 is
    /// what small digests are tested with).
    fn limit(&self, q: f64) -> f64 {
        let k = self.compression / (2.0 * std::f64::consts::PI)
            * (2.0 * q - 1.0).clamp(-1.0, 1.0).asin()
            + 1.0;
        let angle = k * 2.0 * std::f64::consts::PI / self.compression;
        if angle >= std::f64::consts::FRAC_PI_2 {
            1.0
        } else {
            (angle.sin() + 1.0) / 2.0
        }
    }

    /// The value below which the part `q` (0..=1) of all lies; NaN when there is none.
    pub(crate) fn quantile(&self, q: f64) -> f64 {
        let (means, weights) = (&self.means, &self.weights);
        let Some(last) = means.len().checked_sub(1) else {
            return f64::NAN;
        };
        if last == 0 {
            return means[0];
        }
        let total: f64 = weights.iter().sum();
        let index = q * total;
        if index < 1.0 {
            return self.min;
        }
        if weights[0] > 1.0 && index < weights[0] / 2.0 {
            return self.min + (index - 1.0) / (weights[0] / 2.0 - 1.0) * (means[0] - self.min);
        }
        if index > total - 1.0 {
            return self.max;
        }
        if weights[last] > 1.0 && total - index <= weights[last] / 2.0 {
            return self.max
                - (total - index - 1.0) / (weights[last] / 2.0 - 1.0) * (self.max - means[last]);
        }
        let mut so_far = weights[0] / 2.0;
        for i in 0..last {
            let step = (weights[i] + weights[i + 1]) / 2.0;
            if so_far + step > index {
                let mut left = 0.0;
                if weights[i] == 1.0 {
                    if index - so_far < 0.5 {
                        return means[i];
                    }
                    left = 0.5;
                }
                let mut right = 0.0;
                if weights[i + 1] == 1.0 {
                    if so_far + step - index <= 0.5 {
                        return means[i + 1];
                    }
                    right = 0.5;
                }
                return weighted(
                    means[i],
                    so_far + step - index - right,
                    means[i + 1],
                    index - so_far - left,
                );
            }
            so_far += step;
        }
        let upper = index - total - weights[last] / 2.0;
        weighted(means[last], upper, self.max, weights[last] / 2.0 - upper)
    }

    /// The median of how far values lie from their median, by the means they are kept as; NaN when there is none.
    pub(crate) fn median_absolute_deviation(&self) -> f64 {
        let median = self.quantile(0.5);
        let mut deviations = TDigest::new(self.compression);
        let of_mean = |(mean, weight): (&f64, &f64)| ((mean - median).abs(), *weight);
        let points: Vec<(f64, f64)> = self.means.iter().zip(&self.weights).map(of_mean).collect();
        for (deviation, _) in &points {
            deviations.min = deviations.min.min(*deviation);
            deviations.max = deviations.max.max(*deviation);
        }
        deviations.absorb(points);
        deviations.quantile(0.5)
    }

    /// The part (0..=1) of all values that lies below `value`; NaN when there is none.
    pub(crate) fn rank(&self, value: f64) -> f64 {
        let (means, weights) = (&self.means, &self.weights);
        let Some(last) = means.len().checked_sub(1) else {
            return f64::NAN;
        };
        if value < self.min {
            return 0.0;
        }
        if value > self.max {
            return 1.0;
        }
        let total: f64 = weights.iter().sum();
        if last == 0 {
            let width = self.max - self.min;
            return if width > 0.0 {
                (value - self.min) / width
            } else {
                0.5
            };
        }
        if value < means[0] {
            if means[0] - self.min > 0.0 {
                if value == self.min {
                    return 0.5 / total;
                }
                return (1.0
                    + (value - self.min) / (means[0] - self.min) * (weights[0] / 2.0 - 1.0))
                    / total;
            }
            return 0.0;
        }
        if value > means[last] {
            if self.max - means[last] > 0.0 {
                if value == self.max {
                    return 1.0 - 0.5 / total;
                }
                let tail = (1.0
                    + (self.max - value) / (self.max - means[last]) * (weights[last] / 2.0 - 1.0))
                    / total;
                return 1.0 - tail;
            }
            return 1.0;
        }
        let mut so_far = 0.0;
        let mut i = 0;
        while i < last {
            if means[i] == value {
                let mut equal = 0.0;
                while i <= last && means[i] == value {
                    equal += weights[i];
                    i += 1;
                }
                return (so_far + equal / 2.0) / total;
            }
            if means[i] <= value && value < means[i + 1] {
                let gap = means[i + 1] - means[i];
                if gap <= 0.0 {
                    return (so_far + (weights[i] + weights[i + 1]) / 2.0) / total;
                }
                let left = if weights[i] == 1.0 { 0.5 } else { 0.0 };
                let right = if weights[i + 1] == 1.0 { 0.5 } else { 0.0 };
                if left > 0.0 && right > 0.0 {
                    return (so_far + 1.0) / total;
                }
                let step = (weights[i] + weights[i + 1]) / 2.0 - left - right;
                let base = so_far + weights[i] / 2.0 + left;
                return (base + step * (value - means[i]) / gap) / total;
            }
            so_far += weights[i];
            i += 1;
        }
        1.0 - 0.5 / total
    }
}

fn weighted(low: f64, low_weight: f64, high: f64, high_weight: f64) -> f64 {
    let (low, low_weight, high, high_weight) = if low <= high {
        (low, low_weight, high, high_weight)
    } else {
        (high, high_weight, low, low_weight)
    };
    let mean = (low * low_weight + high * high_weight) / (low_weight + high_weight);
    mean.clamp(low, high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> TDigest {
        let mut digest = TDigest::new(100.0);
        values.into_iter().for_each(|value| digest.add(value));
        digest.compress();
        digest
    }

    #[test]
    fn twelve_years_give_the_recorded_percentiles() {
        let years = [
            1813, 1811, 1851, 1870, 1872, 1818, 1897, 1898, 1895, 1869, 1859, 1990,
        ];
        let digest = of(years.map(f64::from));
        let asked = [1.0, 5.0, 25.0, 50.0, 75.0, 95.0, 99.0]
            .map(|percent: f64| digest.quantile(percent / 100.0));
        assert_eq!(
            asked,
            [1811.0, 1811.0, 1851.0, 1870.0, 1897.0, 1990.0, 1990.0]
        );
        assert_eq!(digest.rank(1850.0) * 100.0, 25.0);
    }

    #[test]
    fn many_values_stay_small_and_close() {
        let digest = of((0..200_000).map(|n| f64::from((n * 7_919) % 200_000)));
        assert!(digest.means.len() < 200, "{}", digest.means.len());
        for percent in [1.0, 10.0, 50.0, 90.0, 99.0] {
            let found = digest.quantile(percent / 100.0);
            assert!(
                (found - percent * 2_000.0).abs() < 2_000.0,
                "{percent}: {found}"
            );
        }
    }

    proptest! {
        #[test]
        fn merging_parts_keeps_ends_and_order(values in prop::collection::vec(-1e6..1e6_f64, 1..800), cut in 0usize..800) {
            let cut = cut.min(values.len());
            let mut left = of(values[..cut].iter().copied());
            left.merge(&of(values[cut..].iter().copied()));
            left.compress();
            let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
            prop_assert_eq!(left.quantile(0.0), smallest);
            prop_assert!(left.quantile(0.3) <= left.quantile(0.7));
        }
    }
}

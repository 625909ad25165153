//! How figures went over the last lists, as small curves.

use std::collections::VecDeque;

/// Lists that are remembered.
const REMEMBERED: usize = 120;
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// A figure over the last lists; `None` where it was not known.
#[derive(Debug, Default)]
pub(in crate::top) struct Trend(VecDeque<Option<u64>>);

impl Trend {
    pub(super) fn push(&mut self, figure: Option<u64>) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        self.0.push_back(figure);
    }

    /// The newest; `None` where it is not known.
    pub(in crate::top) fn last(&self) -> Option<u64> {
        self.0.back().copied().flatten()
    }

    /// A curve of at most `width` characters, from 0 to the greatest in it; what was not known is a blank.
    pub(in crate::top) fn curve(&self, width: usize) -> String {
        let shown = || self.0.iter().skip(self.0.len().saturating_sub(width));
        let most = shown().flatten().max().copied().unwrap_or(0).max(1);
        let height = |figure: u64| {
            let place = u128::from(figure) * (HEIGHTS.len() as u128 - 1);
            HEIGHTS[usize::try_from(place.div_ceil(u128::from(most))).unwrap_or(0)]
        };
        shown().map(|figure| figure.map_or(' ', height)).collect()
    }
}

/// The curves of the header.
#[derive(Debug, Default)]
pub(in crate::top) struct Trends {
    pub(in crate::top) tasks: Trend,
    /// In percent of a core.
    pub(in crate::top) cpu: Trend,
    /// In bytes.
    pub(in crate::top) memory: Trend,
    /// In bytes a second.
    pub(in crate::top) io: Trend,
    /// Tasks that were told to stop, in a minute.
    pub(in crate::top) stops: Trend,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_curve_goes_from_nothing_to_the_most() {
        let mut trend = Trend::default();
        assert_eq!((trend.curve(5), trend.last()), (String::new(), None));
        for figure in [Some(0), Some(1), None, Some(50), Some(100)] {
            trend.push(figure);
        }
        assert_eq!(trend.curve(10), "▁▂ ▅█");
        assert_eq!((trend.curve(2), trend.last()), ("▅█".to_owned(), Some(100)));
        for _ in 0..1_000 {
            trend.push(Some(u64::MAX));
        }
        assert_eq!(trend.curve(3), "███");
        assert_eq!(trend.0.len(), REMEMBERED);
    }
}

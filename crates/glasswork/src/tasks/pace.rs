//! How fast a task is and how long it will still take, from what it had done at each look.

use std::time::Duration;

/// A look counts for the rate about this long.
const MEMORY: Duration = Duration::from_secs(10);

/// The rate of a task, smoothed.
#[derive(Debug, Default)]
pub(super) struct Pace {
    last: Option<(Duration, u64)>,
    rate: Option<f64>,
}

impl Pace {
    /// Takes in that at `age` of the task `done` units were done. The first look gives the average so far.
    pub(super) fn look(&mut self, age: Duration, done: u64) {
        let (since, before) = self.last.unwrap_or_default();
        let Some(passed) = age.checked_sub(since).filter(|passed| !passed.is_zero()) else {
            // A clock that jumps back, or two looks at one instant: nothing is learned.
            return;
        };
        #[expect(clippy::cast_precision_loss, reason = "a rate needs no 53 bits")]
        let now = done.saturating_sub(before) as f64 / passed.as_secs_f64();
        let weight = 1.0 - (-passed.as_secs_f64() / MEMORY.as_secs_f64()).exp();
        self.rate = Some(match self.rate {
            Some(rate) => rate + (now - rate) * weight,
            None => now,
        });
        self.last = Some((age, done));
    }

    /// Units a second, where it is known.
    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// How long the rest will take at this rate; `None` where that can't be said.
    pub(super) fn left(&self, done: u64, total: Option<u64>) -> Option<Duration> {
        let rest = total?.saturating_sub(done);
        if rest == 0 {
            return Some(Duration::ZERO);
        }
        let rate = self.rate.filter(|rate| *rate > 1e-6)?;
        #[expect(clippy::cast_precision_loss, reason = "an estimate needs no 53 bits")]
        Duration::try_from_secs_f64(rest as f64 / rate).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_look_gives_the_average_and_later_ones_pull_it() {
        let mut pace = Pace::default();
        assert_eq!((pace.rate(), pace.left(0, Some(60))), (None, None));
        pace.look(seconds(10), 50);
        assert_eq!(
            (pace.rate(), pace.left(50, Some(100))),
            (Some(5.0), Some(seconds(10)))
        );
        pace.look(seconds(20), 50);
        let slower = pace.rate().expect("it is known");
        assert!(slower > 1.0 && slower < 4.0, "{slower}");
        assert_eq!(pace.left(100, Some(100)), Some(Duration::ZERO));
        assert_eq!(pace.left(50, None), None);
    }

    #[test]
    fn a_clock_that_jumps_and_counts_that_fall_do_no_harm() {
        let mut pace = Pace::default();
        pace.look(seconds(10), 50);
        pace.look(seconds(5), 60);
        pace.look(seconds(10), 70);
        assert_eq!(pace.rate(), Some(5.0));
        pace.look(seconds(11), 0);
        assert!(pace.rate().is_some_and(|rate| (0.0..5.0).contains(&rate)));
        pace.look(seconds(1 << 40), 0);
        assert_eq!(pace.left(0, Some(u64::MAX)), None);
    }
}

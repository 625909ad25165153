//! Previews of cancels: which tasks of a node were shown under which token.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;

/// How long a token is good.
pub const PREVIEW_LASTS: Duration = Duration::from_secs(30);
/// Previews and tasks of previews that are kept at most; the oldest go first.
const MOST_PREVIEWS: usize = 1000;
const MOST_TASKS: usize = 1 << 20;

/// What was shown and has not expired.
#[derive(Default)]
pub struct Previews(Mutex<Held>);

#[derive(Default)]
struct Held {
    previews: VecDeque<Preview>,
    tasks: usize,
}

struct Preview {
    token: Arc<str>,
    until: Instant,
    numbers: HashSet<u64>,
}

impl Previews {
    /// `numbers` were shown under `token`, which may have shown others before.
    pub fn shown(&self, token: &Arc<str>, numbers: impl IntoIterator<Item = u64>) {
        let numbers: HashSet<u64> = numbers.into_iter().collect();
        let mut held = self.0.lock();
        held.tasks += numbers.len();
        match held.previews.iter_mut().find(|held| held.token == *token) {
            Some(preview) => {
                let before = preview.numbers.len() + numbers.len();
                preview.numbers.extend(numbers);
                let twice = before - preview.numbers.len();
                held.tasks -= twice;
            }
            None => held.previews.push_back(Preview {
                token: Arc::clone(token),
                until: Instant::now() + PREVIEW_LASTS,
                numbers,
            }),
        }
        held.forget(Instant::now());
    }

    /// The tasks that were shown under `token`; none when there is no such token (any more).
    #[must_use]
    pub fn under(&self, token: &str) -> Option<HashSet<u64>> {
        let mut held = self.0.lock();
        held.forget(Instant::now());
        let preview = held.previews.iter().find(|held| *held.token == *token)?;
        Some(preview.numbers.clone())
    }
}

impl Held {
    fn forget(&mut self, now: Instant) {
        while let Some(oldest) = self.previews.front()
            && (oldest.until <= now
                || self.previews.len() > MOST_PREVIEWS
                || self.tasks > MOST_TASKS)
        {
            self.tasks -= oldest.numbers.len();
            self.previews.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_shows_what_it_stands_for_and_the_oldest_go_first() {
        let previews = Previews::default();
        let token: Arc<str> = "t".into();
        previews.shown(&token, [1, 2]);
        previews.shown(&token, [2, 3]);
        assert_eq!(previews.under("t"), Some(HashSet::from([1, 2, 3])));
        assert_eq!(previews.0.lock().tasks, 3);
        assert_eq!(previews.under("other"), None);
        for number in 0..MOST_PREVIEWS {
            previews.shown(&number.to_string().into(), [7]);
        }
        assert_eq!(previews.under("t"), None);
        assert_eq!(previews.0.lock().tasks, MOST_PREVIEWS);
        previews.0.lock().forget(Instant::now() + PREVIEW_LASTS);
        assert_eq!(previews.0.lock().tasks, 0);
    }
}

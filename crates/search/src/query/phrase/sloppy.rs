//! Sloppy matches, counted as Lucene's `SloppyPhraseMatcher` does: each by one over its distance plus one.
//!
//! Every word walks through its positions; the one that lags behind goes on, and the smallest distance between the first
//! and the last on the way is a match when the slop allows it. Words of the phrase that are the same term may not stand
//! on the same position.

use super::positions::Word;

/// Where one word stands: position in the document minus its place in the phrase.
#[derive(Clone, Copy)]
struct Walker {
    word: usize,
    next: usize,
    position: i64,
}

/// The walkers of a phrase, reused from document to document.
pub(super) struct Sloppy {
    slop: i64,
    repeats: bool,
    walkers: Vec<Walker>,
    /// Walkers by position, the least first; ties by place in the phrase.
    queue: Vec<usize>,
    end: i64,
}

impl Sloppy {
    pub(super) fn new(words: &[Word], slop: u32) -> Self {
        let repeats = words
            .iter()
            .enumerate()
            .any(|(place, word)| word.group != place);
        Self {
            slop: i64::from(slop),
            repeats,
            walkers: Vec::new(),
            queue: Vec::new(),
            end: i64::MIN,
        }
    }

    /// The sum over all matches in the document whose positions are loaded.
    pub(super) fn frequency(&mut self, words: &[Word]) -> f32 {
        if !self.start(words) {
            return 0.0;
        }
        let mut frequency = 0.0;
        while let Some(distance) = self.next_match(words) {
            frequency += 1.0 / (1.0 + distance as f32);
        }
        frequency
    }

    fn start(&mut self, words: &[Word]) -> bool {
        self.walkers.clear();
        self.queue.clear();
        self.end = i64::MIN;
        for place in 0..words.len() {
            self.walkers.push(Walker {
                word: place,
                next: 0,
                position: 0,
            });
            if !self.step(place, words) {
                return false;
            }
        }
        if self.repeats {
            for place in 0..words.len() {
                while self
                    .collision(place, words)
                    .is_some_and(|other| other < place)
                {
                    if !self.step(place, words) {
                        return false;
                    }
                }
            }
        }
        self.end = self
            .walkers
            .iter()
            .map(|walker| walker.position)
            .max()
            .unwrap_or(i64::MIN);
        self.queue.extend(0..words.len());
        self.sort();
        true
    }

    /// Moves a walker to its next position; false when there is none.
    fn step(&mut self, place: usize, words: &[Word]) -> bool {
        let walker = &mut self.walkers[place];
        let word = &words[walker.word];
        let Some(position) = word.positions().get(walker.next) else {
            return false;
        };
        walker.next += 1;
        walker.position = i64::from(*position) - i64::from(word.offset);
        self.end = self.end.max(walker.position);
        true
    }

    fn sort(&mut self) {
        let walkers = &self.walkers;
        self.queue
            .sort_by_key(|place| (walkers[*place].position, *place));
    }

    /// Another walker of the same term on the same position of the document.
    fn collision(&self, place: usize, words: &[Word]) -> Option<usize> {
        let stand = |walker: &Walker| walker.position + i64::from(words[walker.word].offset);
        let (group, here) = (words[place].group, stand(&self.walkers[place]));
        (0..self.walkers.len()).find(|other| {
            *other != place && words[*other].group == group && stand(&self.walkers[*other]) == here
        })
    }

    /// Moves colliding walkers on until none collide; false when one has no position left.
    fn separate(&mut self, mut place: usize, words: &[Word]) -> bool {
        while let Some(other) = self.collision(place, words) {
            let key = |place: usize| (self.walkers[place].position, place);
            place = if key(other) < key(place) {
                other
            } else {
                place
            };
            if !self.step(place, words) {
                return false;
            }
        }
        self.sort();
        true
    }

    /// The distance of the next match that the slop allows.
    fn next_match(&mut self, words: &[Word]) -> Option<i64> {
        if self.queue.is_empty() {
            return None;
        }
        loop {
            let place = self.queue[0];
            let mut distance = self.end - self.walkers[place].position;
            let limit = self
                .queue
                .get(1)
                .map_or(i64::MAX, |next| self.walkers[*next].position);
            loop {
                let moved =
                    self.step(place, words) && (!self.repeats || self.separate(place, words));
                if !moved {
                    self.queue.clear();
                    return (distance <= self.slop).then_some(distance);
                }
                if self.walkers[place].position > limit {
                    break;
                }
                distance = distance.min(self.end - self.walkers[place].position);
            }
            self.sort();
            if distance <= self.slop {
                return Some(distance);
            }
        }
    }
}

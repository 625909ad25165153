//! From two lists, one after the other: what tasks used in between, and how it goes on the whole.

use super::State;
use crate::{top::listing::Listing, view::Shown};
use std::{collections::HashMap, sync::Arc, time::Duration};

/// Lists that are nearer to each other tell no rates: a task's clock is read at a checkpoint, not at the list.
const NEAR: Duration = Duration::from_millis(500);

/// What was known of a task before.
struct Before {
    used: (Option<u64>, Option<u64>),
    share: Option<u32>,
    io: Option<u64>,
    cancelled: bool,
}

impl State {
    /// Writes into a new list what its tasks used since the one before.
    pub(super) fn rate(&mut self, list: &mut Listing) {
        let elapsed = list.at.saturating_duration_since(self.list.at);
        let near = elapsed < NEAR;
        let mut stopped: u64 = 0;
        if self.listed {
            let mut before = self.before();
            for task in &mut list.tasks {
                let Some(known) = before.remove(&task.key()) else {
                    stopped += u64::from(task.cancelled());
                    continue;
                };
                stopped += u64::from(task.cancelled() && !known.cancelled);
                if near {
                    (task.share, task.io) = (known.share, known.io);
                    continue;
                }
                let (cpu, moved) = task.used();
                let grown = |now: Option<u64>, before: Option<u64>| now?.checked_sub(before?);
                let share = grown(cpu, known.used.0).map(|nanos| u128::from(nanos) * 100);
                let share = share.map(|nanos| nanos / elapsed.as_nanos().max(1));
                task.share = share.and_then(|share| u32::try_from(share).ok());
                let io = grown(moved, known.used.1).map(|bytes| u128::from(bytes) * 1_000);
                let io = io.map(|bytes| bytes / elapsed.as_millis().max(1));
                task.io = io.and_then(|bytes| u64::try_from(bytes).ok());
            }
        }
        if self.listed && near {
            return;
        }
        let trends = &mut self.trends;
        let tasks = &list.tasks;
        trends.tasks.push(Some(tasks.len() as u64 + list.more));
        trends.cpu.push(sum(tasks.iter().map(Shown::cpu_share)));
        trends.memory.push(sum(tasks.iter().map(Shown::memory)));
        trends.io.push(sum(tasks.iter().map(Shown::io_rate)));
        let millis = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let in_a_minute = stopped.saturating_mul(60_000) / millis.max(1);
        trends.stops.push(self.listed.then_some(in_a_minute));
    }

    fn before(&self) -> HashMap<(Arc<str>, i64), Before> {
        let known = self.list.tasks.iter().map(|task| {
            let before = Before {
                used: task.used(),
                share: task.share,
                io: task.io,
                cancelled: task.cancelled(),
            };
            (task.key(), before)
        });
        known.collect()
    }
}

/// The sum of those that are known; `None` where none is.
fn sum(figures: impl Iterator<Item = Option<u64>>) -> Option<u64> {
    figures.flatten().reduce(u64::saturating_add)
}

//! Counts searches that still run long after they were cancelled (`task_cancellation.*`).

use crate::{Node, durable};
use glasswork_tasks::{Filter, Task};
use hashbrown::HashSet;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{sync::Weak, time::Duration};

/// Searches that outlived their cancel by `task_cancellation.duration_millis`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Late {
    /// Now.
    pub current: u64,
    /// Since the node started.
    pub total: u64,
}

/// What [`Late`] is of searches, and of their parts on shards.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateSearches {
    /// Searches and pages of scrolls, as they coordinate.
    pub searches: Late,
    /// Their parts on shards.
    pub shards: Late,
}

/// Counts them.
#[derive(Debug, Default)]
pub(crate) struct LateCounts(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    figures: LateSearches,
    /// Numbers of the tasks that were late at the last look: each counts once in all.
    known: HashSet<u64>,
}

impl LateCounts {
    /// What the last look saw.
    #[cfg(test)]
    pub(crate) fn seen(&self) -> LateSearches {
        self.0.lock().figures
    }

    /// Looks at what was cancelled `task_cancellation.duration_millis` ago or earlier and still runs; nothing is, while
    /// `task_cancellation.enabled` is not set. Under the lock throughout: a look that began earlier would forget what a
    /// later one has counted.
    pub(crate) fn look(&self, node: &Node) -> LateSearches {
        let mut state = self.0.lock();
        state.figures.searches.current = 0;
        state.figures.shards.current = 0;
        let mut late = HashSet::new();
        if node.flag_setting("task_cancellation.enabled") {
            let duration = node.whole_setting("task_cancellation.duration_millis");
            let before = durable::now_millis().saturating_sub(duration);
            for task in node.registry().list(&cancelled()).tasks {
                let outlived = task.cancellation().is_some_and(|it| it.at_millis <= before);
                if !outlived {
                    continue;
                }
                let State { figures, known } = &mut *state;
                let figures = match kind(&task) {
                    None => continue,
                    Some(Kind::Search) => &mut figures.searches,
                    Some(Kind::ShardPart) => &mut figures.shards,
                };
                figures.current += 1;
                figures.total += u64::from(!known.contains(&task.number()));
                late.insert(task.number());
            }
        }
        state.known = late;
        state.figures
    }
}

fn cancelled() -> Filter {
    Filter {
        cancelled: Some(true),
        ..Filter::default()
    }
}

enum Kind {
    Search,
    ShardPart,
}

/// What it is of a search. A `_msearch` is none itself: its items are.
fn kind(task: &Task) -> Option<Kind> {
    match &**task.action_name() {
        "indices:data/read/search" | "indices:data/read/scroll" => Some(Kind::Search),
        name => name
            .starts_with("indices:data/read/search[")
            .then_some(Kind::ShardPart),
    }
}

/// Looks every `task_cancellation.interval_millis`, so that those are counted in all that nobody asks about in time.
pub(crate) async fn watch(node: Weak<Node>) {
    loop {
        let Some(millis) = node
            .upgrade()
            .map(|node| node.whole_setting("task_cancellation.interval_millis"))
        else {
            return;
        };
        tokio::time::sleep(Duration::from_millis(millis.max(1).unsigned_abs())).await;
        let Some(node) = node.upgrade() else { return };
        node.late_searches();
    }
}

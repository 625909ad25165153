//! From a list to the lines of the table: filter, order, tree, fold; and where the cursor is in them.

use super::{Known, State};
use crate::{
    filter::Subject,
    tasks,
    top::listing::{Brief, Listing},
    view::{Forest, Paint, Row, Shown, State as Doing},
};
use glasswork_client::{TaskAnswer, TaskId};
use std::collections::HashSet;

/// A line of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::top) struct Line {
    /// The task's place in the list.
    pub(in crate::top) place: usize,
    /// The branches of the tree before it.
    pub(in crate::top) branch: String,
    /// Whether there are tasks below it, shown or folded.
    pub(in crate::top) below: bool,
}

/// How many tasks match, folded ones included, by what they do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::top) struct Counts {
    pub(in crate::top) all: u64,
    pub(in crate::top) read: u64,
    pub(in crate::top) write: u64,
    pub(in crate::top) waiting: u64,
    pub(in crate::top) cancelled: u64,
    pub(in crate::top) overdue: u64,
}

impl Counts {
    fn add(&mut self, task: &Brief) {
        self.all += 1;
        if task.action().starts_with("indices:data/read/") {
            self.read += 1;
        } else if task.action().starts_with("indices:data/write/") {
            self.write += 1;
        }
        match task.state() {
            Doing::Waiting => self.waiting += 1,
            Doing::Cancelled => self.cancelled += 1,
            Doing::Overdue => self.overdue += 1,
            Doing::Running => {}
        }
    }
}

impl State {
    /// Shows a new list; the cursor stays on its task.
    pub(super) fn take_list(&mut self, mut list: Listing) {
        self.rate(&mut list);
        let selected = self.selected().map(|known| known.id());
        let detailed = std::mem::take(&mut list.detailed);
        self.list = list;
        self.listed = true;
        self.detailed = !detailed.is_empty() || self.list.tasks.is_empty();
        if detailed.is_empty() {
            self.forget_ended();
        } else {
            let by_id = detailed.into_iter().map(|task| (task.id(), task));
            self.details = by_id.collect();
        }
        if !self.tagged.is_empty() || !self.folded.is_empty() {
            let there: HashSet<TaskId> = self.list.tasks.iter().map(Shown::id).collect();
            self.tagged.retain(|id| there.contains(id));
            self.folded.retain(|id| there.contains(id));
        }
        self.arrange(selected);
    }

    /// Details go with their task.
    fn forget_ended(&mut self) {
        if self.details.is_empty() {
            return;
        }
        let numbers: HashSet<i64> = self.details.keys().map(|id| id.number).collect();
        let there = self.list.tasks.iter();
        let there = there.filter(|task| numbers.contains(&task.number()));
        let there: HashSet<TaskId> = there.map(Shown::id).collect();
        self.details.retain(|id, _| there.contains(id));
    }

    /// Makes the lines anew, after anything that decides on them has changed.
    pub(super) fn rearrange(&mut self) {
        let selected = self.selected().map(|known| known.id());
        self.arrange(selected);
    }

    fn arrange(&mut self, selected: Option<TaskId>) {
        let list = &self.list;
        let filter = &self.filter;
        let preset = self.preset;
        let fits = |task: &Brief| {
            let node_name = list.node_name(task.node());
            filter.matches(Subject { task, node_name })
        };
        let matches = |task: &Brief| preset.holds(task.state()) && fits(task);
        self.lines = if self.tree {
            Forest::chosen(&list.tasks, &list.nodes, self.sort, matches)
                .places(&self.folded)
                .into_iter()
                .map(|(place, branch, below)| Line {
                    place,
                    branch,
                    below,
                })
                .collect()
        } else {
            self.flat(matches)
        };
        let mut counts = Counts::default();
        list.tasks
            .iter()
            .filter(|task| fits(task))
            .for_each(|task| counts.add(task));
        self.counts = counts;
        let on_screen = self.cursor.saturating_sub(self.scroll);
        let found = selected.as_ref().and_then(|id| {
            let same = |line: &Line| self.list.tasks[line.place].is(id);
            self.lines.iter().position(same)
        });
        match found {
            Some(place) if self.held || self.follow => {
                self.cursor = place;
                if self.follow {
                    // The followed task stays on its line of the screen.
                    self.scroll = place.saturating_sub(on_screen);
                }
            }
            None if self.follow && selected.is_some() => {
                self.follow = false;
                self.message = "the task that was followed is not there any more".to_owned();
            }
            _ => {}
        }
        self.show_cursor();
        self.fill_pane();
    }

    fn flat(&self, matches: impl Fn(&Brief) -> bool) -> Vec<Line> {
        let tasks = &self.list.tasks;
        let row = |place: usize| {
            let task = &tasks[place];
            Row::of(task, self.list.node_name(task.node()))
        };
        let mut places: Vec<usize> = (0..tasks.len())
            .filter(|place| matches(&tasks[*place]))
            .collect();
        places.sort_by(|left, right| self.sort.compare(&row(*left), &row(*right)));
        let line = |place| Line {
            place,
            branch: String::new(),
            below: false,
        };
        places.into_iter().map(line).collect()
    }

    /// Moves the cursor, and the table with it.
    pub(super) fn move_to(&mut self, line: usize) {
        self.cursor = line;
        self.held = true;
        self.pane_scroll = 0;
        self.show_cursor();
        self.fill_pane();
    }

    /// Keeps the cursor on a line, and its line on the screen.
    pub(super) fn show_cursor(&mut self) {
        let height = self.table_height().max(1);
        self.cursor = self.cursor.min(self.lines.len().saturating_sub(1));
        let last = self.lines.len().saturating_sub(height);
        self.scroll = self
            .scroll
            .min(self.cursor)
            .max((self.cursor + 1).saturating_sub(height))
            .min(last.max((self.cursor + 1).saturating_sub(height)));
    }

    /// Folds or unfolds what is below the cursor. Folding what has nothing below folds its parent.
    pub(super) fn fold(&mut self, fold: bool) {
        let Some(line) = self.lines.get(self.cursor) else {
            return;
        };
        let task = &self.list.tasks[line.place];
        let id = task.id();
        if !fold {
            self.folded.remove(&id);
        } else if line.below && !self.folded.contains(&id) {
            self.folded.insert(id);
        } else if let Some(parent) = task.parent() {
            let above = self.lines[..self.cursor]
                .iter()
                .rposition(|line| self.list.tasks[line.place].id() == parent);
            if let Some(above) = above {
                self.folded.insert(parent);
                self.move_to(above);
            }
        }
        self.rearrange();
    }

    /// Folds everything, or unfolds everything where something is folded.
    pub(super) fn fold_all(&mut self) {
        if self.folded.is_empty() {
            let ids = self.lines.iter().filter(|line| line.below);
            self.folded = ids.map(|line| self.list.tasks[line.place].id()).collect();
        } else {
            self.folded.clear();
        }
        self.rearrange();
    }

    /// Whether what is below a line is folded.
    pub(in crate::top) fn is_folded(&self, line: &Line) -> bool {
        line.below
            && !self.folded.is_empty()
            && self.folded.contains(&self.list.tasks[line.place].id())
    }

    /// Tags the task under the cursor and everything below it.
    pub(super) fn tag_with_children(&mut self) {
        let Some(id) = self.selected().map(|known| known.id()) else {
            return;
        };
        let below = Forest::of(&self.list.tasks, &self.list.nodes, self.sort).rows_below(&id);
        let ids = below.into_iter().flatten().map(|row| row.task.id());
        self.tagged.extend(ids);
    }

    /// Moves the cursor to the next line that has the text that was searched for.
    pub(super) fn find(&mut self, forwards: bool, here_too: bool) {
        let lines = self.lines.len();
        if self.needle.is_empty() || lines == 0 {
            return;
        }
        let needle = self.needle.to_lowercase();
        let has = |text: &str| text.to_lowercase().contains(&needle);
        let fits = |place: usize| {
            let task = self.known(&self.lines[place]);
            has(&task.id().to_string())
                || has(task.action())
                || task.description().is_some_and(has)
                || task.opaque_id().is_some_and(has)
        };
        let first = usize::from(!here_too);
        let found = (first..lines + first)
            .map(|step| match forwards {
                true => (self.cursor + step) % lines,
                false => (self.cursor + lines - step % lines) % lines,
            })
            .find(|place| fits(*place));
        match found {
            Some(place) => self.move_to(place),
            None => self.message = "nothing has that text".to_owned(),
        }
    }

    /// Writes the detail pane anew, where it is open.
    pub(super) fn fill_pane(&mut self) {
        if self.pane.is_none() {
            return;
        }
        let lines = match self.selected() {
            None => Vec::new(),
            Some(Known {
                brief,
                detail: None,
            }) => {
                let age = crate::view::age(brief.running_time());
                let line = format!("{} {}, {age}", brief.id(), brief.action());
                vec![line, "asking the server for more of it…".to_owned()]
            }
            Some(Known {
                brief,
                detail: Some(task),
            }) => {
                let mut task = task.clone();
                // The list is newer.
                let nanos = brief.running_time().as_nanos();
                task.running_time_in_nanos = i64::try_from(nanos).unwrap_or(i64::MAX);
                task.cancelled |= brief.cancelled();
                let facts = tasks::facts(&task, &self.list.tasks, &self.list.nodes);
                let answer = TaskAnswer {
                    completed: false,
                    task,
                    response: None,
                    error: None,
                    other: serde_json::Map::new(),
                };
                let why = facts.into_iter().map(|fact| format!("• {}", fact.text));
                let pane = tasks::pane(&answer, Paint::OFF);
                why.chain(pane.lines().map(str::to_owned)).collect()
            }
        };
        self.pane = Some(lines);
    }
}

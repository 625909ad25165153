//! What `glasswork top` knows and what is to be seen of it. Nothing here asks a server or writes to a terminal.

mod confirm;
mod keys;
mod known;
mod preset;
mod rates;
mod rows;
#[cfg(test)]
pub(super) mod tests;
mod trend;

pub(super) use confirm::{Cancelling, Confirm, Preview, Previewed, told};
pub(super) use known::Known;
pub(super) use preset::Preset;
pub(super) use rows::{Counts, Line};
pub(super) use trend::{Trend, Trends};

use super::{connection::Wanted, listing::Listing};
use crate::{
    arguments::top::{Theme, TopArguments},
    filter::Filter,
    view::{Shown, Sort},
};
use glasswork_client::{EndedTask, ListOptions, NodeFailure, Rate, Server, Task, TaskId, excerpt};
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    time::Duration,
};

/// Lines below the table: what there is to say, and the keys.
const BELOW: usize = 2;
/// With fewer lines the curves are left out.
const CURVES_FROM: usize = 16;
/// A list is not asked for more often.
const SHORTEST: Duration = Duration::from_secs(1);
/// Details of so many tasks are kept, where lists have none.
const MAX_DETAILS: usize = 1_000;

/// Everything the screen is drawn from.
pub(super) struct State {
    /// The server's address and, once it told, what it is.
    pub(super) url: String,
    pub(super) server: Option<Server>,
    pub(super) user: Option<String>,
    /// What was listed last.
    pub(super) list: Listing,
    /// Whether anything was listed yet.
    pub(super) listed: bool,
    /// The details of tasks, as far as they were told.
    details: HashMap<TaskId, Task>,
    /// Whether the list itself told details.
    pub(super) detailed: bool,
    /// The lines of the table, folded and filtered.
    pub(super) lines: Vec<Line>,
    pub(super) counts: Counts,
    pub(super) trends: Trends,
    filter: Filter,
    pub(super) filter_text: String,
    /// Filters by name, from the configuration, and which of them is taken.
    saved: BTreeMap<String, String>,
    pub(super) saved_name: Option<String>,
    pub(super) preset: Preset,
    needle: String,
    pub(super) sort: Sort,
    pub(super) tree: bool,
    folded: HashSet<TaskId>,
    pub(super) tagged: HashSet<TaskId>,
    pub(super) cursor: usize,
    pub(super) scroll: usize,
    /// Whether the cursor stays on its task; until it was moved it stays on the first line.
    held: bool,
    pub(super) follow: bool,
    pub(super) paused: bool,
    pub(super) unlocked: bool,
    /// The lines of the detail pane, when it is open.
    pub(super) pane: Option<Vec<String>>,
    pub(super) pane_scroll: usize,
    pub(super) mode: Mode,
    /// What the last key or act came to.
    pub(super) message: String,
    /// Why there is no new list.
    pub(super) trouble: Option<String>,
    pub(super) took: Duration,
    pub(super) pace: Duration,
    every: Duration,
    /// Lists that were asked for out of turn.
    asked: u64,
    pub(super) history: Vec<EndedTask>,
    pub(super) history_scroll: usize,
    pub(super) theme: Theme,
    pub(super) columns: usize,
    height: usize,
}

/// What keys mean at the moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Mode {
    Table,
    Help,
    History,
    /// Something is being typed.
    Typing(Prompt, String),
    Confirm(Box<Confirm>),
}

/// What is being typed.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Prompt {
    Find,
    Filter,
    /// A name for the filter in use.
    Save,
    Rate(TaskId),
    /// Why the tasks are cancelled.
    Reason(Box<Confirm>),
}

/// What the rest of the program is to do for a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    Quit,
    Redraw,
    /// Ask what cancelling these would end.
    Preview(Vec<TaskId>),
    Cancel(Cancelling),
    Rethrottle(TaskId, Rate),
    Pause(TaskId),
    Resume(TaskId),
    History,
    /// Keep a filter under a name.
    SaveFilter(String, String),
}

/// What came from the server.
#[derive(Debug)]
pub(super) enum Update {
    Server(Server),
    Listed {
        list: Listing,
        took: Duration,
        pace: Duration,
    },
    /// There is no new list; this is why, in a line.
    Failed(String),
    Details(Vec<Task>),
    Preview(Vec<TaskId>, Result<Previewed, String>),
    /// What came of an act, in a line.
    Said(String),
    History(Result<Vec<EndedTask>, String>),
    /// The filter of this name is kept.
    Saved(String, String),
}

impl State {
    /// Nothing is known yet but what the user asked for.
    pub(super) fn new(
        arguments: &TopArguments,
        url: String,
        user: Option<String>,
        saved: BTreeMap<String, String>,
        theme: Theme,
    ) -> Self {
        Self {
            url,
            server: None,
            user,
            list: Listing::default(),
            listed: false,
            details: HashMap::new(),
            detailed: false,
            lines: Vec::new(),
            counts: Counts::default(),
            trends: Trends::default(),
            // It was checked when the command line was read.
            filter: Filter::parse(&arguments.filter).unwrap_or_default(),
            filter_text: arguments.filter.clone(),
            saved,
            saved_name: None,
            preset: Preset::All,
            needle: String::new(),
            sort: arguments.sort,
            tree: true,
            folded: HashSet::new(),
            tagged: HashSet::new(),
            cursor: 0,
            scroll: 0,
            held: false,
            follow: false,
            paused: false,
            unlocked: arguments.write,
            pane: None,
            pane_scroll: 0,
            mode: Mode::Table,
            message: String::new(),
            trouble: None,
            took: Duration::ZERO,
            pace: arguments.every.max(SHORTEST),
            every: arguments.every.max(SHORTEST),
            asked: 0,
            history: Vec::new(),
            history_scroll: 0,
            theme,
            columns: 80,
            height: 24,
        }
    }

    /// The terminal has this size now.
    pub(super) fn resize(&mut self, columns: u16, height: u16) {
        (self.columns, self.height) = (columns.into(), height.into());
        self.show_cursor();
    }

    /// Takes in what the server told, and tells what is left to be done for it elsewhere.
    pub(super) fn update(&mut self, update: Update) -> Option<Effect> {
        match update {
            Update::Server(server) => self.server = Some(server),
            Update::Listed { list, took, pace } => {
                (self.took, self.pace, self.trouble) = (took, pace, None);
                self.tell_failures(&list.node_failures);
                // What was asked for before the screen was paused may still come.
                if !self.paused || !self.listed {
                    self.take_list(list);
                }
            }
            Update::Failed(line) => self.trouble = Some(line),
            Update::Details(tasks) => {
                if self.details.len() + tasks.len() > MAX_DETAILS {
                    self.details.clear();
                }
                for task in tasks {
                    self.details.insert(task.id(), task);
                }
                self.fill_pane();
            }
            Update::Preview(ids, told) => return self.previewed(&ids, told),
            Update::Said(line) => {
                self.message = line;
                self.asked += 1;
            }
            Update::History(Ok(ended)) => {
                self.history = ended;
                self.history_scroll = 0;
                self.mode = Mode::History;
            }
            Update::History(Err(line)) => self.message = line,
            Update::Saved(name, text) => {
                self.message = format!("the filter is kept as {name}; v takes it");
                self.saved_name = (text == self.filter_text).then(|| name.clone());
                self.saved.insert(name, text);
            }
        }
        None
    }

    fn tell_failures(&mut self, failures: &[NodeFailure]) {
        if let Some(failure) = failures.first() {
            let node = failure.node_id.as_deref().unwrap_or("unknown");
            let text = format!("node {node} did not answer: {}", failure.cause().1);
            self.trouble = Some(excerpt(&text, 300));
        }
    }

    /// What is to be asked of the server from now on.
    pub(super) fn wanted(&self) -> Wanted {
        let mut visible: Vec<TaskId> = self
            .lines
            .iter()
            .skip(self.scroll)
            .take(self.table_height())
            .map(|line| self.list.tasks[line.place].id())
            .collect();
        // The one whose details are read comes first.
        let selected = self.selected().map(|known| known.id());
        visible.sort_by_key(|id| Some(id) != selected.as_ref());
        Wanted {
            options: self.filter.narrow(ListOptions::new()),
            every: self.every,
            paused: self.paused && self.listed,
            visible,
            asked: self.asked,
        }
    }

    /// Whether the server said that it is Glasswork.
    pub(super) fn is_glasswork(&self) -> bool {
        let server = self.server.as_ref();
        server.is_some_and(|server| server.glasswork.is_some())
    }

    /// Whether it is known which tasks wait.
    pub(super) fn knows_waits(&self) -> bool {
        self.detailed || self.is_glasswork()
    }

    /// Whether the curves have room.
    pub(super) fn has_curves(&self) -> bool {
        self.height >= CURVES_FROM
    }

    /// Lines above the table's rows: the server, the counts, the curves, the filter, the titles.
    pub(super) fn above(&self) -> usize {
        4 + usize::from(self.has_curves())
    }

    /// Lines of the table without its titles.
    pub(super) fn table_height(&self) -> usize {
        self.height
            .saturating_sub(self.above() + BELOW + self.pane_height())
    }

    /// Lines of the detail pane with its frame.
    pub(super) fn pane_height(&self) -> usize {
        match self.pane {
            Some(_) => (self.height / 2).saturating_sub(2).max(3),
            None => 0,
        }
    }

    /// The task under the cursor, as far as it is known.
    pub(super) fn selected(&self) -> Option<Known<'_>> {
        self.lines.get(self.cursor).map(|line| self.known(line))
    }

    /// A line's task with what is known more of it.
    pub(super) fn known(&self, line: &Line) -> Known<'_> {
        let brief = &self.list.tasks[line.place];
        let detail = match self.details.is_empty() {
            true => None,
            false => self.details.get(&brief.id()),
        };
        Known { brief, detail }
    }
}

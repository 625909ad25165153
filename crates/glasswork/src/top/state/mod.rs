//! What `glasswork top` knows and what is to be seen of it. Nothing here asks a server or writes to a terminal.

mod confirm;
mod keys;
mod rows;
#[cfg(test)]
pub(super) mod tests;

pub(super) use confirm::{Confirm, Preview, told};
pub(super) use rows::{Counts, Line};

use super::connection::Wanted;
use crate::{
    arguments::top::{Theme, TopArguments},
    filter::Filter,
    view::Sort,
};
use glasswork_client::{
    CancelPreview, EndedTask, ListOptions, Rate, Server, Task, TaskId, TaskList, excerpt,
};
use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

/// Lines above the table's rows: the server, the counts, the filter, the titles.
pub(super) const ABOVE: usize = 4;
/// Lines below them: what there is to say, and the keys.
const BELOW: usize = 2;
/// A list is not asked for more often.
const SHORTEST: Duration = Duration::from_secs(1);
/// Details of so many tasks are kept, where lists have none.
const MAX_DETAILS: usize = 1_000;

/// Everything the screen is drawn from.
pub(super) struct State {
    /// The server's address and, once it told, what it is.
    pub(super) url: String,
    pub(super) server: Option<Server>,
    own_id: Option<String>,
    /// What was listed last, without what `top` itself asks.
    pub(super) list: TaskList,
    /// Whether anything was listed yet.
    pub(super) listed: bool,
    /// What is known more of tasks whose list has no details.
    details: HashMap<TaskId, Task>,
    /// The lines of the table, folded and filtered.
    pub(super) lines: Vec<Line>,
    pub(super) counts: Counts,
    filter: Filter,
    pub(super) filter_text: String,
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
    Confirm(Confirm),
}

/// What is being typed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Prompt {
    Find,
    Filter,
    Rate(TaskId),
}

/// What the rest of the program is to do for a key.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Effect {
    Quit,
    Redraw,
    /// Ask what cancelling these would end.
    Preview(Vec<TaskId>),
    Cancel(Vec<TaskId>),
    Rethrottle(TaskId, Rate),
    Pause(TaskId),
    Resume(TaskId),
    History,
}

/// What came from the server.
#[derive(Debug)]
pub(super) enum Update {
    Server(Server),
    Listed {
        list: TaskList,
        took: Duration,
        pace: Duration,
    },
    /// There is no new list; this is why, in a line.
    Failed(String),
    Details(Vec<Task>),
    Preview(Vec<TaskId>, Result<CancelPreview, String>),
    /// What came of an act, in a line.
    Said(String),
    History(Result<Vec<EndedTask>, String>),
}

impl State {
    /// Nothing is known yet but what the user asked for.
    pub(super) fn new(
        arguments: &TopArguments,
        url: String,
        own_id: Option<String>,
        theme: Theme,
    ) -> Self {
        Self {
            url,
            server: None,
            own_id,
            list: TaskList::default(),
            listed: false,
            details: HashMap::new(),
            lines: Vec::new(),
            counts: Counts::default(),
            // It was checked when the command line was read.
            filter: Filter::parse(&arguments.filter).unwrap_or_default(),
            filter_text: arguments.filter.clone(),
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

    /// Takes in what the server told.
    pub(super) fn update(&mut self, update: Update) {
        match update {
            Update::Server(server) => self.server = Some(server),
            Update::Listed { list, took, pace } => {
                (self.took, self.pace, self.trouble) = (took, pace, None);
                self.message_of_failures(&list);
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
            Update::Preview(ids, told) => {
                if let Mode::Confirm(confirm) = &mut self.mode {
                    confirm.previewed(&ids, told);
                }
            }
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
        }
    }

    fn message_of_failures(&mut self, list: &TaskList) {
        if let Some(failure) = list.node_failures.first() {
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
        visible.sort_by_key(|id| Some(id) != self.selected().map(Task::id).as_ref());
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

    /// Lines of the table without its titles.
    pub(super) fn table_height(&self) -> usize {
        self.height
            .saturating_sub(ABOVE + BELOW + self.pane_height())
    }

    /// Lines of the detail pane with its frame.
    pub(super) fn pane_height(&self) -> usize {
        match self.pane {
            Some(_) => (self.height / 2).saturating_sub(2).max(3),
            None => 0,
        }
    }

    /// The task under the cursor, as far as it is known.
    pub(super) fn selected(&self) -> Option<&Task> {
        self.lines.get(self.cursor).map(|line| self.known(line))
    }

    /// A line's task with what is known more of it.
    pub(super) fn known(&self, line: &Line) -> &Task {
        let listed = &self.list.tasks[line.place];
        if self.details.is_empty() || listed.description.is_some() {
            return listed;
        }
        self.details.get(&listed.id()).unwrap_or(listed)
    }
}

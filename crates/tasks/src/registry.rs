//! The registry: where tasks are born, found, cancelled and waited for.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    Action, ActionSpec, BlockError, Branch, CancelError, CancelLatency, Cancels, Clock,
    DeclareError, EndedTask, Filter, Guard, HistoryFilter, List, Memory, Meter, NoMeter, NodeId,
    Outcome, Peers, Reason, Snapshot, Start, StartError, Subscription, SystemClock, Task, TaskId,
    Unlimited, Usage, View, Wanted,
    action::Actions,
    ban::Bans,
    birth, cancel,
    event::Events,
    history::History,
    lane::{Lane, Owners},
    list,
    matching::Matcher,
    numbers::Numbers,
    shared::{Anchor, Shared, Wall},
};

/// What a registry is built from.
#[derive(Clone)]
pub struct Config {
    /// The node whose tasks it holds.
    pub node: NodeId,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Measures what threads use.
    pub meter: Arc<dyn Meter>,
    /// Grants memory.
    pub memory: Arc<dyn Memory>,
    /// Carries bans to other nodes.
    pub peers: Option<Arc<dyn Peers>>,
    /// Bytes of memory that ended tasks may take.
    pub history_bytes: usize,
    /// How long an ended task is remembered.
    pub history_age: Duration,
    /// Events held for watchers.
    pub events: usize,
    /// Threads that start tasks without meeting; more share.
    pub lanes: usize,
}

impl Config {
    /// A registry of `node` with the system's clock, without meter, limit on memory or peers; 64 MiB and one hour of
    /// history.
    pub fn new(node: impl Into<NodeId>) -> Self {
        let threads = std::thread::available_parallelism().map_or(4, std::num::NonZeroUsize::get);
        Self {
            node: node.into(),
            clock: Arc::new(SystemClock::default()),
            meter: Arc::new(NoMeter),
            memory: Arc::new(Unlimited),
            peers: None,
            history_bytes: 64 << 20,
            history_age: Duration::from_secs(3600),
            events: 4096,
            lanes: (threads * 2).next_power_of_two().clamp(8, 64),
        }
    }
}

/// All live tasks of a node. Cheap to clone; all clones are the same registry.
///
/// ```
/// use std::time::Duration;
/// use glasswork_tasks::{ActionSpec, Config, Filter, Registry, Start};
///
/// let registry = Registry::new(Config::new("node-1"));
/// registry.hand_in_numbers(1..1_000_000)?;
/// let import = registry.declare(ActionSpec::cancellable("books:import", Duration::from_millis(100)))?;
///
/// let guard = registry.start(Start::new(import).description("import of books.ndjson"))?;
/// assert_eq!(registry.list(&Filter::default()).tasks[0].id().to_string(), "node-1:1");
///
/// registry.cancel(1, "by user request")?;
/// assert!(guard.task().is_cancelled());
///
/// drop(guard);
/// assert!(registry.list(&Filter::default()).tasks.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Registry {
    anchors: Arc<Anchors>,
}

/// What all clones hold.
struct Anchors(Box<[Arc<Anchor>]>);

impl Drop for Anchors {
    /// Pages know their registry and it knows its pages: with the last clone it forgets them. Tasks that still run end well.
    fn drop(&mut self) {
        self.0[0].shared.lanes.iter().for_each(Lane::forget);
    }
}

/// How many tasks of an action there were and are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActionCounts {
    /// Started since the registry is.
    pub started: u64,
    /// Ended, by outcome, in the order of [`Outcome::ALL`].
    pub ended: [u64; Outcome::ALL.len()],
}

impl ActionCounts {
    /// Tasks that live.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.started.saturating_sub(self.ended.iter().sum())
    }
}

impl Registry {
    /// A registry without tasks, actions or numbers.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let lanes = config.lanes.max(1);
        let shared = Arc::new(Shared {
            node: config.node,
            clock: config.clock,
            meter: config.meter,
            memory: config.memory,
            peers: config.peers,
            actions: Actions::new(),
            numbers: Numbers::new(),
            bans: Bans::default(),
            measuring: AtomicBool::new(true),
            lanes: (0..lanes).map(|_| Lane::new()).collect(),
            owners: Owners::new(lanes),
            history: History::new(config.history_bytes, config.history_age),
            events: Events::new(config.events),
            wall: Wall::default(),
        });
        let anchors = (0..lanes)
            .map(|lane| {
                Arc::new(Anchor {
                    shared: Arc::clone(&shared),
                    lane,
                })
            })
            .collect();
        Self {
            anchors: Arc::new(Anchors(anchors)),
        }
    }

    fn shared(&self) -> &Arc<Shared> {
        &self.anchors.0[0].shared
    }

    /// The node whose tasks it holds.
    #[must_use]
    pub fn node(&self) -> &NodeId {
        &self.shared().node
    }

    /// Makes an action known. Declaring it again in the same way gives the same action.
    ///
    /// # Errors
    /// It is known with other properties, or there are too many actions.
    pub fn declare(&self, spec: ActionSpec) -> Result<Action, DeclareError> {
        self.shared().actions.declare(spec)
    }

    /// The action of this name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<Action> {
        self.shared().actions.find(name)
    }

    /// All declared actions, in the order in which they were declared.
    #[must_use]
    pub fn actions(&self) -> Vec<Action> {
        self.shared().actions.all()
    }

    /// What was declared of `action`.
    #[must_use]
    pub fn spec(&self, action: Action) -> &ActionSpec {
        &self.shared().actions.get(action).spec
    }

    /// Hands in a durably reserved block of numbers.
    ///
    /// # Errors
    /// The block would repeat numbers, or holds ones that can't be used.
    pub fn hand_in_numbers(&self, block: Range<u64>) -> Result<(), BlockError> {
        self.shared().numbers.hand_in(block)
    }

    /// Ready when the next block of numbers should be handed in.
    #[must_use]
    pub fn numbers_wanted(&self) -> Wanted<'_> {
        Wanted {
            numbers: &self.shared().numbers,
        }
    }

    /// Switches measuring of executions on or off.
    pub fn set_measuring(&self, on: bool) {
        self.shared().measuring.store(on, Ordering::Relaxed);
    }

    /// Begins a task.
    ///
    /// # Errors
    /// Its parent was cancelled or has ended, or no number is left.
    pub fn start(&self, start: Start) -> Result<Guard, StartError> {
        let lane = self.shared().owners.mine();
        birth::start(&self.anchors.0[lane], start)
    }

    /// The live task of this number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<Task> {
        self.shared().get(number).map(Task::of)
    }

    /// How many tasks live.
    #[must_use]
    pub fn live(&self) -> u64 {
        self.actions()
            .into_iter()
            .map(|action| self.counts(action).live())
            .sum()
    }

    /// How many tasks of `action` there were and are.
    #[must_use]
    pub fn counts(&self, action: Action) -> ActionCounts {
        let (started, ended) = self.shared().counted(action);
        ActionCounts { started, ended }
    }

    /// What the tasks of `action` that have ended used, over all their executions.
    #[must_use]
    pub fn used(&self, action: Action) -> Usage {
        let declared = self.shared().actions.get(action);
        Usage {
            cpu_nanos: declared.cpu_nanos.load(Ordering::Relaxed),
            memory_bytes: declared.memory_bytes.load(Ordering::Relaxed),
        }
    }

    /// Cancel-to-end times of `action`.
    #[must_use]
    pub fn cancel_latency(&self, action: Action) -> CancelLatency {
        self.shared().actions.get(action).cancel_latency.read()
    }

    /// The tasks that fit `filter`. Costs a walk over the hot fields and the tasks that fit; starting and ending tasks goes
    /// on meanwhile.
    #[must_use]
    pub fn list(&self, filter: &Filter) -> List {
        list::list(self.shared(), filter)
    }

    /// Snapshots of `tasks`; with [`View::extended`] their trees are summed up in one pass.
    #[must_use]
    pub fn snapshots(&self, tasks: &[Task], view: &View) -> Vec<Snapshot> {
        let mut trees = if view.extended {
            list::trees(self.shared(), tasks)
        } else {
            Default::default()
        };
        let mut tree = |task: &Task| trees.remove(&task.number()).unwrap_or_default();
        tasks
            .iter()
            .map(|task| task.snapshot_with(view, tree(task)))
            .collect()
    }

    /// What runs here at or below each of `parents`, which may be tasks of other nodes; those with nothing here are left out.
    #[must_use]
    pub fn below_these(&self, parents: &HashSet<TaskId>) -> HashMap<TaskId, Branch> {
        list::below_these(self.shared(), parents)
    }

    /// Whether `task` is one that fits `filter` (order and paging aside).
    #[must_use]
    pub fn fits(&self, task: &Task, filter: &Filter) -> bool {
        let shared = self.shared();
        let matcher = Matcher::new(filter, &shared.actions, &shared.node, shared.clock.nanos());
        matcher.fits_alone(task.body())
    }

    /// Cancels the task `number` and everything cancellable below it.
    ///
    /// # Errors
    /// There is no such task, or it can't be cancelled.
    pub fn cancel(&self, number: u64, reason: impl Into<Reason>) -> Result<Cancels, CancelError> {
        let id = || TaskId::new(self.node().clone(), number);
        let body = self
            .shared()
            .get(number)
            .ok_or_else(|| CancelError::NotFound(id()))?;
        if !body.cancellable() {
            return Err(CancelError::NotCancellable(id()));
        }
        Ok(cancel::cancel_all(
            self.shared(),
            vec![body],
            &reason.into(),
        ))
    }

    /// Cancels all cancellable tasks that fit, except internal ones.
    pub fn cancel_matching(&self, filter: &Filter, reason: impl Into<Reason>) -> Cancels {
        let filter = Filter {
            internal: false,
            ..filter.clone()
        };
        let tasks = self
            .list(&filter)
            .tasks
            .into_iter()
            .filter(Task::is_cancellable);
        let bodies = tasks.map(|task| Arc::clone(task.body())).collect();
        cancel::cancel_all(self.shared(), bodies, &reason.into())
    }

    /// The cancellable tasks here below these, which a cancel of these would end too.
    #[must_use]
    pub fn cancellable_below(&self, tasks: &[Task]) -> Vec<Task> {
        cancel::below(self.shared(), tasks)
    }

    /// Cancels these tasks and everything cancellable below them; those that can't be cancelled are left out.
    pub fn cancel_these(&self, tasks: &[Task], reason: impl Into<Reason>) -> Cancels {
        let bodies = tasks.iter().map(|task| Arc::clone(task.body())).collect();
        cancel::cancel_cancellable(self.shared(), bodies, &reason.into())
    }

    /// Cancels every cancellable task, internal ones too: for the end of the process.
    pub fn cancel_everything(&self, reason: impl Into<Reason>) -> Cancels {
        let all = Filter {
            cancellable: Some(true),
            internal: true,
            ..Filter::default()
        };
        let tasks = self.list(&all).tasks.into_iter();
        let bodies = tasks.map(|task| Arc::clone(task.body())).collect();
        cancel::cancel_all(self.shared(), bodies, &reason.into())
    }

    /// Another node cancelled `parent`: refuses children of it from now on, then cancels those that are here.
    pub fn ban(&self, parent: TaskId, reason: impl Into<Arc<str>>) -> Cancels {
        let reason = reason.into();
        self.shared().bans.set(parent.clone(), Arc::clone(&reason));
        let children = self.shared().children_of_remote(&parent);
        cancel::cancel_cancellable(self.shared(), children, &Reason::new(reason))
    }

    /// `parent` and its children are gone. Tells whether it was banned.
    pub fn unban(&self, parent: &TaskId) -> bool {
        self.shared().bans.remove(parent)
    }

    /// Bans that other nodes have set here.
    #[must_use]
    pub fn bans(&self) -> Vec<(TaskId, Arc<str>)> {
        self.shared().bans.all()
    }

    /// The live children here of a task on another node.
    #[must_use]
    pub fn children_of_remote(&self, parent: &TaskId) -> Vec<Task> {
        self.shared()
            .children_of_remote(parent)
            .into_iter()
            .map(Task::of)
            .collect()
    }

    /// The connection to `node` is lost: its bans go, and what it started here is cancelled.
    pub fn node_lost(&self, node: &NodeId, reason: impl Into<Reason>) -> Cancels {
        self.shared().bans.remove_node(node);
        let children = self.shared().children_of_node(node);
        cancel::cancel_cancellable(self.shared(), children, &reason.into())
    }

    /// Hears of all tasks from now on.
    #[must_use]
    pub fn subscribe(&self) -> Subscription {
        Subscription::new(Arc::clone(self.shared()), None)
    }

    /// Hears of all tasks from behind an earlier event on, as far as those are still held.
    #[must_use]
    pub fn subscribe_after(&self, sequence: u64) -> Subscription {
        Subscription::new(Arc::clone(self.shared()), Some(sequence))
    }

    /// Tasks that have ended, newest first.
    #[must_use]
    pub fn history(&self, filter: &HistoryFilter) -> Vec<EndedTask> {
        self.shared().flush_history();
        self.shared().history.find(self.shared(), filter)
    }

    /// Bounds what is remembered of ended tasks.
    pub fn set_history_limits(&self, max_bytes: usize, max_age: Duration) {
        self.shared().history.set_limits(max_bytes, max_age);
        self.shared().flush_history();
    }

    /// Bytes that the history takes.
    #[must_use]
    pub fn history_bytes(&self) -> usize {
        self.shared().flush_history();
        self.shared().history.bytes()
    }
}

//! The registry: where tasks are born, found, cancelled and waited for.

use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64},
    },
};

use parking_lot::Mutex;

use crate::{
    Action, ActionSpec, CancelError, CancelLatency, Cancels, Clock, Cursor, DeclareError, Filter,
    Guard, Key, Memory, Meter, NoMeter, NodeId, Peers, Reason, Snapshot, Start, StartError,
    SystemClock, Task, TaskId, Tree, Unlimited, View,
    account::Account,
    action::Actions,
    ban::Bans,
    body::{Body, Extra, Parent},
    cancel,
    filter::KeyValue,
    life::{Life, Purpose},
    numbers::{BlockError, Numbers, Wanted},
    shared::Shared,
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
}

impl Config {
    /// A registry of `node` with the system's clock, without meter, limit on memory or peers.
    pub fn new(node: impl Into<NodeId>) -> Self {
        Self {
            node: node.into(),
            clock: Arc::new(SystemClock::default()),
            meter: Arc::new(NoMeter),
            memory: Arc::new(Unlimited),
            peers: None,
        }
    }
}

/// All live tasks of a node. Cheap to clone; all clones are the same registry.
#[derive(Clone)]
pub struct Registry {
    shared: Arc<Shared>,
}

/// A list of tasks, in the order that was asked for.
pub struct List {
    /// The tasks that fit.
    pub tasks: Vec<Task>,
    /// Where to go on, when more follow.
    pub next: Option<Cursor>,
}

impl Registry {
    /// A registry without tasks, actions or numbers.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let shared = Shared {
            node: config.node,
            clock: config.clock,
            meter: config.meter,
            memory: config.memory,
            peers: config.peers,
            actions: Actions::new(),
            numbers: Numbers::new(),
            bans: Bans::default(),
            measuring: AtomicBool::new(true),
            live: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The node whose tasks it holds.
    #[must_use]
    pub fn node(&self) -> &NodeId {
        &self.shared.node
    }

    /// Makes an action known. Declaring it again in the same way gives the same action.
    ///
    /// # Errors
    /// It is known with other properties, or there are too many actions.
    pub fn declare(&self, spec: ActionSpec) -> Result<Action, DeclareError> {
        self.shared.actions.declare(spec)
    }

    /// The action of this name.
    #[must_use]
    pub fn action(&self, name: &str) -> Option<Action> {
        self.shared.actions.find(name)
    }

    /// What was declared of `action`.
    #[must_use]
    pub fn spec(&self, action: Action) -> &ActionSpec {
        &self.shared.actions.get(action).spec
    }

    /// Hands in a durably reserved block of numbers.
    ///
    /// # Errors
    /// The block would repeat numbers, or holds ones that can't be used.
    pub fn hand_in_numbers(&self, block: Range<u64>) -> Result<(), BlockError> {
        self.shared.numbers.hand_in(block)
    }

    /// Ready when the next block of numbers should be handed in.
    #[must_use]
    pub fn numbers_wanted(&self) -> Wanted<'_> {
        Wanted {
            numbers: &self.shared.numbers,
        }
    }

    /// Switches measuring of executions on or off.
    pub fn set_measuring(&self, on: bool) {
        self.shared
            .measuring
            .store(on, std::sync::atomic::Ordering::Relaxed);
    }

    /// Begins a task.
    ///
    /// # Errors
    /// Its parent was cancelled or has ended, or no number is left.
    pub fn start(&self, start: Start) -> Result<Guard, StartError> {
        let shared = &self.shared;
        let cancellable =
            start.purpose == Purpose::Working && shared.actions.get(start.action).spec.cancellable;
        if let Parent::Remote(id) = &start.parent
            && cancellable
            && let Some(reason) = shared.bans.reason(id)
        {
            return Err(StartError::CancelledBeforeStart(reason));
        }
        if let Some(parent) = start.local_parent()
            && parent.life.attach(start.purpose).is_err()
        {
            return Err(StartError::ParentCancelled(parent.ban_reason()));
        }
        let body = match self.build(start) {
            Ok(body) => Arc::new(body),
            Err((error, parent)) => {
                if let Parent::Local(parent) = parent {
                    crate::body::release(parent);
                }
                return Err(error);
            }
        };
        shared.insert(&body);
        let banned = match &body.parent {
            Parent::Local(parent) if cancellable => {
                parent.life.banned_meanwhile().then(|| parent.ban_reason())
            }
            Parent::Remote(id) if cancellable => shared.bans.reason(id),
            _ => None,
        };
        if let Some(reason) = banned {
            shared.withdraw(&body);
            if let Parent::Local(parent) = &body.parent {
                crate::body::release(Arc::clone(parent));
            }
            return Err(StartError::CancelledBeforeStart(reason));
        }
        Ok(Guard::new(Task::of(body)))
    }

    fn build(&self, start: Start) -> Result<Body, (StartError, Parent)> {
        let shared = &self.shared;
        let number = match start.number {
            Some(number) => number,
            None => match shared.numbers.take() {
                Ok(number) => number,
                Err(error) => return Err((error.into(), start.parent)),
            },
        };
        let now = shared.clock.nanos();
        let parent = start.local_parent().cloned();
        let own = start.deadline.map_or(u64::MAX, |remaining| {
            now.saturating_add(u64::try_from(remaining.as_nanos()).unwrap_or(u64::MAX))
        });
        let extra = std::sync::OnceLock::new();
        if let Some(status) = start.status {
            let built = Box::<Extra>::default();
            built.rare.lock().status = Some(status);
            // A fresh cell is empty.
            let _ = extra.set(built);
        }
        Ok(Body {
            shared: Arc::clone(shared),
            number,
            start_nanos: now,
            start_millis: shared.clock.wall_millis(),
            deadline: parent
                .as_ref()
                .map_or(own, |parent| own.min(parent.deadline)),
            headers: start.headers.or_else(|| parent.as_ref()?.headers.clone()),
            who: start
                .who
                .map(Arc::new)
                .or_else(|| parent.as_ref()?.who.clone()),
            parent: start.parent,
            description: start.description,
            life: Life::new(),
            ended_nanos: AtomicU64::new(0),
            extra,
            ticks: 0.into(),
            action: start.action,
            origin: start.origin,
            purpose: start.purpose,
            internal: start.internal,
            durable: start.durable,
        })
    }

    /// The live task of this number.
    #[must_use]
    pub fn get(&self, number: u64) -> Option<Task> {
        self.shared.live.lock().get(&number).cloned().map(Task::of)
    }

    /// How many tasks live.
    #[must_use]
    pub fn live(&self) -> usize {
        self.shared.live.lock().len()
    }

    /// The tasks that fit `filter`.
    #[must_use]
    pub fn list(&self, filter: &Filter) -> List {
        let now = self.shared.clock.nanos();
        let mut found: Vec<(KeyValue, Arc<Body>)> = self
            .shared
            .find(|body| fits(body, filter, now))
            .into_iter()
            .map(|body| (key_of(&body, filter.sort.by), body))
            .collect();
        found.sort_by(|a, b| (&a.0, a.1.number).cmp(&(&b.0, b.1.number)));
        if filter.sort.descending {
            found.reverse();
        }
        if let Some(after) = &filter.after {
            found.retain(|(key, body)| {
                let order = (key, body.number).cmp(&(&after.key, after.number));
                if filter.sort.descending {
                    order.is_lt()
                } else {
                    order.is_gt()
                }
            });
        }
        let size = filter.size.unwrap_or(usize::MAX);
        let next = (found.len() > size && size > 0).then(|| Cursor {
            key: found[size - 1].0.clone(),
            number: found[size - 1].1.number,
        });
        found.truncate(size);
        List {
            tasks: found.into_iter().map(|(_, body)| Task::of(body)).collect(),
            next,
        }
    }

    /// Snapshots of `tasks`; with [`View::extended`] their trees are summed up in one pass.
    #[must_use]
    pub fn snapshots(&self, tasks: &[Task], view: &View) -> Vec<Snapshot> {
        let mut trees: HashMap<u64, Tree> = HashMap::new();
        if view.extended {
            trees.extend(tasks.iter().map(|task| (task.number(), Tree::default())));
            for body in self.shared.find(|_| true) {
                add_to_trees(&body, &mut trees);
            }
        }
        let tree = |task: &Task| trees.get(&task.number()).copied().unwrap_or_default();
        tasks
            .iter()
            .map(|task| task.snapshot_with(view, tree(task)))
            .collect()
    }

    /// Cancels the task `number` and everything cancellable below it.
    ///
    /// # Errors
    /// There is no such task, or it can't be cancelled.
    pub fn cancel(&self, number: u64, reason: impl Into<Reason>) -> Result<Cancels, CancelError> {
        let id = || TaskId::new(self.shared.node.clone(), number);
        let task = self
            .get(number)
            .ok_or_else(|| CancelError::NotFound(id()))?;
        if !task.is_cancellable() {
            return Err(CancelError::NotCancellable(id()));
        }
        Ok(cancel::cancel_all(
            &self.shared,
            vec![Arc::clone(task.body())],
            &reason.into(),
        ))
    }

    /// Cancels all cancellable tasks that fit, except internal ones.
    pub fn cancel_matching(&self, filter: &Filter, reason: impl Into<Reason>) -> Cancels {
        let filter = Filter {
            internal: false,
            ..filter.clone()
        };
        let bodies = self
            .list(&filter)
            .tasks
            .into_iter()
            .filter(Task::is_cancellable);
        cancel::cancel_all(
            &self.shared,
            bodies.map(|task| Arc::clone(task.body())).collect(),
            &reason.into(),
        )
    }

    /// Whether `task` is one that fits `filter` (order and paging aside).
    #[must_use]
    pub fn fits(&self, task: &Task, filter: &Filter) -> bool {
        fits(task.body(), filter, self.shared.clock.nanos())
    }

    /// Another node cancelled `parent`: refuses children of it from now on, then cancels those that are here.
    pub fn ban(&self, parent: TaskId, reason: impl Into<Arc<str>>) -> Cancels {
        let reason = reason.into();
        self.shared.bans.set(parent.clone(), Arc::clone(&reason));
        cancel::cancel_children_of_remote(&self.shared, &parent, &Reason::new(reason))
    }

    /// `parent` and its children are gone. Tells whether it was banned.
    pub fn unban(&self, parent: &TaskId) -> bool {
        self.shared.bans.remove(parent)
    }

    /// Bans that other nodes have set here.
    #[must_use]
    pub fn bans(&self) -> Vec<(TaskId, Arc<str>)> {
        self.shared.bans.all()
    }

    /// The live children here of a task on another node.
    #[must_use]
    pub fn children_of_remote(&self, parent: &TaskId) -> Vec<Task> {
        let fits = |body: &Body| matches!(&body.parent, Parent::Remote(id) if **id == *parent);
        self.shared.find(fits).into_iter().map(Task::of).collect()
    }

    /// The connection to `node` is lost: its bans go, and what it started here is cancelled.
    pub fn node_lost(&self, node: &NodeId, reason: impl Into<Reason>) -> Cancels {
        self.shared.bans.remove_node(node);
        let orphans = self.shared.find(|body| {
            body.cancellable() && matches!(&body.parent, Parent::Remote(id) if id.node == *node)
        });
        cancel::cancel_all(&self.shared, orphans, &reason.into())
    }

    /// Cancel-to-end times of `action`.
    #[must_use]
    pub fn cancel_latency(&self, action: Action) -> CancelLatency {
        self.shared.actions.get(action).cancel_latency.read()
    }
}

fn fits(body: &Body, filter: &Filter, now: u64) -> bool {
    let spec = &body.declared().spec;
    let asked = |question: Option<bool>, answer: &dyn Fn() -> bool| {
        question.is_none_or(|wanted| wanted == answer())
    };
    (filter.internal || !body.internal)
        && (filter.actions.is_empty()
            || filter
                .actions
                .iter()
                .any(|pattern| pattern.matches(&spec.name)))
        && filter
            .parent
            .as_ref()
            .is_none_or(|id| body.parent_id().as_ref() == Some(id))
        && asked(filter.cancelled, &|| body.life.word().cancelled())
        && asked(filter.cancellable, &|| body.cancellable())
        && filter
            .min_running
            .is_none_or(|least| u128::from(body.running_nanos(now)) >= least.as_nanos())
        && filter.opaque_id.as_ref().is_none_or(|pattern| {
            body.headers
                .as_ref()
                .and_then(|headers| headers.opaque_id())
                .is_some_and(|id| pattern.matches(id))
        })
        && filter
            .user
            .as_ref()
            .is_none_or(|user| body.who.as_ref().and_then(|who| who.user.as_ref()) == Some(user))
        && asked(filter.overdue, &|| body.overdue(now))
        && filter
            .root
            .as_ref()
            .is_none_or(|root| body.root_id() == *root || is_below(body, root))
}

/// Whether `ancestor`, which may be any task, is above `body` (or `body` itself) as far as this node knows.
fn is_below(body: &Body, ancestor: &TaskId) -> bool {
    let mut body = body;
    loop {
        if body.number == ancestor.number && body.shared.node == ancestor.node {
            return true;
        }
        match &body.parent {
            Parent::Local(parent) => body = parent,
            Parent::Remote(id) => return **id == *ancestor,
            Parent::None => return false,
        }
    }
}

fn key_of(body: &Body, key: Key) -> KeyValue {
    let account =
        |read: fn(&Account) -> u64| body.extra.get().map_or(0, |extra| read(&extra.account));
    KeyValue::Number(match key {
        Key::Id => body.number,
        // The later it started, the shorter it runs.
        Key::RunningTime => u64::MAX - body.start_nanos,
        Key::Cpu => account(|account| account.resources().total.cpu_nanos),
        Key::Memory => account(|account| account.traffic().live_bytes),
        Key::Action => return KeyValue::Name(Arc::clone(&body.declared().spec.name)),
    })
}

/// Adds what `body` uses to the sums of it and of all above it that are asked for.
fn add_to_trees(body: &Body, trees: &mut HashMap<u64, Tree>) {
    let (cpu, live) = body.extra.get().map_or((0, 0), |extra| {
        let own = extra.account.resources().total.cpu_nanos;
        (
            own + extra.account.below_cpu(),
            extra.account.traffic().live_bytes,
        )
    });
    let mut above = Some(body);
    while let Some(body) = above {
        if let Some(tree) = trees.get_mut(&body.number) {
            tree.tasks += 1;
            tree.cpu_nanos += cpu;
            tree.live_bytes += live;
        }
        above = match &body.parent {
            Parent::Local(parent) => Some(parent),
            Parent::None | Parent::Remote(_) => None,
        };
    }
}

//! Lists: which tasks fit a filter, in which order, cut where.

use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use crate::{
    Branch, Cursor, Filter, Key, Task, TaskId, Tree,
    account::Account,
    body::{Body, Parent},
    filter::KeyValue,
    lane::Direction,
    matching::Matcher,
    shared::Shared,
};

/// A list of tasks, in the order that was asked for.
pub struct List {
    /// The tasks that fit.
    pub tasks: Vec<Task>,
    /// The place of each in the order, when a size was asked for; else empty.
    pub cursors: Vec<Cursor>,
    /// Where to go on, when more follow.
    pub next: Option<Cursor>,
}

impl List {
    fn new(tasks: Vec<Task>, cursors: Vec<Cursor>, more: bool) -> Self {
        let next = cursors.last().filter(|_| more).cloned();
        Self {
            tasks,
            cursors,
            next,
        }
    }
}

pub(crate) fn list(shared: &Shared, filter: &Filter) -> List {
    let matcher = Matcher::new(filter, &shared.actions, &shared.node, shared.clock.nanos());
    if matcher.fits_none() {
        return List::new(Vec::new(), Vec::new(), false);
    }
    match (filter.sort.by, filter.sort.descending) {
        (Key::Id, false) => by_number(shared, filter, &matcher, Direction::Up),
        (Key::Id, true) => by_number(shared, filter, &matcher, Direction::Down),
        (Key::RunningTime | Key::Cpu | Key::Memory | Key::Action, _) => {
            by_key(shared, filter, &matcher)
        }
    }
}

/// Each lane has the order of numbers already, and gives no more than fit on the page.
fn by_number(
    shared: &Shared,
    filter: &Filter,
    matcher: &Matcher<'_>,
    direction: Direction,
) -> List {
    let size = filter.size.unwrap_or(usize::MAX);
    let after = filter.after.as_ref().map(|cursor| cursor.number);
    let mut found: Vec<Arc<Body>> = Vec::new();
    for lane in &shared.lanes {
        let enough = found.len().saturating_add(size).saturating_add(1);
        lane.walk(direction, after, matcher.marks(), |hot| {
            if matcher.may_fit(hot)
                && let Some(body) = hot.body().filter(|body| matcher.fits(body))
            {
                found.push(body);
            }
            if found.len() < enough {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
    }
    match direction {
        Direction::Up => found.sort_unstable_by_key(|body| body.number),
        Direction::Down => found.sort_unstable_by_key(|body| std::cmp::Reverse(body.number)),
    }
    let more = found.len() > size;
    found.truncate(size);
    let cursors = match filter.size {
        Some(_) => found
            .iter()
            .map(|body| Cursor::behind(body.number))
            .collect(),
        None => Vec::new(),
    };
    List::new(found.into_iter().map(Task::of).collect(), cursors, more)
}

/// Any other order: all that fit are looked at, the best are kept.
fn by_key(shared: &Shared, filter: &Filter, matcher: &Matcher<'_>) -> List {
    let descending = filter.sort.descending;
    let size = filter.size.unwrap_or(usize::MAX);
    let mut best: BinaryHeap<Ranked> = BinaryHeap::new();
    for lane in &shared.lanes {
        lane.walk(Direction::Up, None, matcher.marks(), |hot| {
            if matcher.may_fit(hot)
                && let Some(body) = hot.body().filter(|body| matcher.fits(body))
            {
                let ranked = Ranked {
                    key: key_of(&body, filter.sort.by),
                    body,
                    descending,
                };
                if filter
                    .after
                    .as_ref()
                    .is_none_or(|after| ranked.order(&after.key, after.number) == Ordering::Greater)
                {
                    best.push(ranked);
                    if best.len() > size.saturating_add(1) {
                        best.pop();
                    }
                }
            }
            ControlFlow::Continue(())
        });
    }
    let mut found = best.into_sorted_vec();
    let more = found.len() > size;
    found.truncate(size);
    let cursors = match filter.size {
        Some(_) => found.iter().map(Ranked::cursor).collect(),
        None => Vec::new(),
    };
    let tasks = found
        .into_iter()
        .map(|ranked| Task::of(ranked.body))
        .collect();
    List::new(tasks, cursors, more)
}

/// A task with its place in the order.
struct Ranked {
    key: KeyValue,
    body: Arc<Body>,
    descending: bool,
}

impl Ranked {
    fn cursor(&self) -> Cursor {
        Cursor {
            key: self.key.clone(),
            number: self.body.number,
        }
    }

    /// Where this lies as seen from a key and a number: greater = further back in the list.
    fn order(&self, key: &KeyValue, number: u64) -> Ordering {
        let order = (&self.key, self.body.number).cmp(&(key, number));
        if self.descending {
            order.reverse()
        } else {
            order
        }
    }
}

impl Ord for Ranked {
    fn cmp(&self, other: &Self) -> Ordering {
        self.order(&other.key, other.body.number)
    }
}

impl PartialOrd for Ranked {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ranked {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Ranked {}

fn key_of(body: &Body, key: Key) -> KeyValue {
    let account =
        |read: fn(&Account) -> u64| body.extra.get().map_or(0, |extra| read(&extra.account));
    KeyValue::Number(match key {
        Key::Id => body.number,
        // The later it began, the shorter it runs; by the wall clock, which nodes share.
        Key::RunningTime => u64::MAX - body.start_millis.max(0).cast_unsigned(),
        Key::Cpu => account(|account| account.resources().total.cpu_nanos),
        Key::Memory => account(|account| account.traffic().live_bytes),
        Key::Action => return KeyValue::Name(Arc::clone(&body.declared().spec.name)),
    })
}

/// Each of `tasks` with all below it, in one pass over the registry.
pub(crate) fn trees(shared: &Shared, tasks: &[Task]) -> HashMap<u64, Branch> {
    let mut trees: HashMap<u64, Branch> = tasks
        .iter()
        .map(|task| (task.number(), Branch::default()))
        .collect();
    shared.each(|body| {
        let own = own_branch(body);
        let mut above = Some(body);
        while let Some(body) = above {
            if let Some(tree) = trees.get_mut(&body.number) {
                tree.add(&own);
            }
            above = match &body.parent {
                Parent::Local(parent) => Some(parent),
                Parent::None | Parent::Remote(_) => None,
            };
        }
    });
    trees
}

/// What is here at or below each of these tasks, which may be tasks of other nodes, in one pass over the registry. What is below
/// several of them counts for the lowest of them alone.
pub(crate) fn below_these(shared: &Shared, parents: &HashSet<TaskId>) -> HashMap<TaskId, Branch> {
    let own = |id: &&TaskId| id.node == shared.node;
    let numbers: HashSet<u64> = parents.iter().filter(own).map(|id| id.number).collect();
    let mut branches: HashMap<TaskId, Branch> = HashMap::new();
    shared.each(|body| {
        let mut above = body;
        let parent = loop {
            if numbers.contains(&above.number) {
                break Some(above.id());
            }
            match &above.parent {
                Parent::Local(parent) => above = parent,
                Parent::Remote(parent) => {
                    break parents.contains(&**parent).then(|| (**parent).clone());
                }
                Parent::None => break None,
            }
        };
        if let Some(parent) = parent {
            let branch = branches.entry(parent).or_default();
            branch.add(&own_branch(body));
        }
    });
    branches
}

/// Other nodes that the tasks of a branch have children on, at most.
const MOST_ELSEWHERE: usize = 1000;

impl Branch {
    /// Whether its tasks may have children on more nodes than it tells.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.elsewhere.len() >= MOST_ELSEWHERE
    }

    fn add(&mut self, other: &Self) {
        self.tree = self.tree.plus(other.tree);
        let room = MOST_ELSEWHERE.saturating_sub(self.elsewhere.len());
        self.elsewhere
            .extend(other.elsewhere.iter().take(room).cloned());
    }
}

/// One task as a branch of its own.
fn own_branch(body: &Body) -> Branch {
    let mut branch = Branch {
        tree: Tree {
            tasks: 1,
            ..Tree::default()
        },
        elsewhere: Vec::new(),
    };
    if let Some(extra) = body.extra.get() {
        let own = extra.account.resources().total.cpu_nanos;
        branch.tree.cpu_nanos = own + extra.account.below_cpu();
        branch.tree.live_bytes = extra.account.traffic().live_bytes;
        let rare = extra.rare.lock();
        let remote = rare.remote.iter();
        branch
            .elsewhere
            .extend(remote.map(|(node, _)| (body.id(), node.clone())));
    }
    branch
}

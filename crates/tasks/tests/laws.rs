//! Laws that hold whatever is done in whatever order, by one thread or several.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use glasswork_tasks::{
    Action, ActionSpec, Checkpoint, Config, Filter, Guard, Heard, ManualClock, News, NodeId,
    Registry, RemoteChild, Start, StartError, TaskId,
};
use proptest::prelude::*;

const BOUND: Duration = Duration::from_millis(100);

fn registry(events: usize) -> (Registry, ManualClock, [Action; 2]) {
    let clock = ManualClock::default();
    let config = Config {
        clock: Arc::new(clock.clone()),
        events,
        ..Config::new("n1")
    };
    let registry = Registry::new(config);
    registry.hand_in_numbers(1..1 << 40).unwrap();
    let read = registry
        .declare(ActionSpec::cancellable("read", BOUND))
        .unwrap();
    let write = registry
        .declare(ActionSpec::uncancellable("write", BOUND, "writes end"))
        .unwrap();
    (registry, clock, [read, write])
}

/// One step of a random history. Numbers choose among what there is, wrapping around.
#[derive(Debug, Clone)]
enum Step {
    Root {
        write: bool,
        internal: bool,
    },
    Child {
        of: usize,
        write: bool,
        closing: bool,
    },
    FarParent {
        of: u64,
        write: bool,
    },
    FarChild {
        of: usize,
    },
    FarChildEnds {
        which: usize,
    },
    End {
        which: usize,
    },
    Cancel {
        which: usize,
    },
    Ban {
        parent: u64,
    },
    Unban {
        parent: u64,
    },
    Tick,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let one = 0..1_000_usize;
    let step = prop_oneof![
        3 => (any::<bool>(), prop::bool::weighted(0.1)).prop_map(|(write, internal)| Step::Root { write, internal }),
        6 => (one.clone(), prop::bool::weighted(0.2), prop::bool::weighted(0.2))
            .prop_map(|(of, write, closing)| Step::Child { of, write, closing }),
        2 => (0..3_u64, prop::bool::weighted(0.3)).prop_map(|(of, write)| Step::FarParent { of, write }),
        2 => one.clone().prop_map(|of| Step::FarChild { of }),
        2 => one.clone().prop_map(|which| Step::FarChildEnds { which }),
        5 => one.clone().prop_map(|which| Step::End { which }),
        2 => one.prop_map(|which| Step::Cancel { which }),
        1 => (0..3_u64).prop_map(|parent| Step::Ban { parent }),
        1 => (0..3_u64).prop_map(|parent| Step::Unban { parent }),
        1 => Just(Step::Tick),
    ];
    prop::collection::vec(step, 1..120)
}

fn far(number: u64) -> TaskId {
    TaskId::new(NodeId::from("n2"), number)
}

/// What a task should be like.
#[derive(Default, Clone)]
struct Model {
    parent: Option<u64>,
    far_parent: Option<u64>,
    cancellable: bool,
    cancelled: bool,
    banned: bool,
    guard: bool,
    far_children: u32,
    internal: bool,
}

#[derive(Default)]
struct Models {
    tasks: HashMap<u64, Model>,
    bans: Vec<u64>,
}

impl Models {
    fn alive(&self, number: u64) -> bool {
        let task = &self.tasks[&number];
        task.guard
            || task.far_children > 0
            || self
                .tasks
                .iter()
                .any(|(&child, model)| model.parent == Some(number) && self.alive(child))
    }

    fn cancel_below(&mut self, number: u64) {
        self.tasks.get_mut(&number).unwrap().banned = true;
        let children: Vec<u64> = self
            .tasks
            .iter()
            .filter(|(_, model)| model.parent == Some(number))
            .map(|(&n, _)| n)
            .collect();
        for child in children {
            if self.tasks[&child].cancellable && self.alive(child) {
                self.tasks.get_mut(&child).unwrap().cancelled = true;
                self.cancel_below(child);
            }
        }
    }

    fn alive_numbers(&self) -> Vec<u64> {
        let mut numbers: Vec<u64> = self
            .tasks
            .keys()
            .copied()
            .filter(|&number| self.alive(number))
            .collect();
        numbers.sort_unstable();
        numbers
    }
}

struct Run {
    registry: Registry,
    clock: ManualClock,
    actions: [Action; 2],
    guards: Vec<Guard>,
    far_children: Vec<(u64, RemoteChild)>,
    models: Models,
}

impl Run {
    fn add(&mut self, started: Result<Guard, StartError>, allowed: bool, model: Model) {
        assert_eq!(started.is_ok(), allowed, "{:?}", started.err());
        if let Ok(guard) = started {
            let known = self.models.tasks.insert(
                guard.task().number(),
                Model {
                    guard: true,
                    ..model
                },
            );
            assert!(known.is_none(), "a number was given out twice");
            self.guards.push(guard);
        }
    }

    fn step(&mut self, step: &Step) {
        let action = |write: bool| self.actions[usize::from(write)];
        match *step {
            Step::Root { write, internal } => {
                let start = Start::new(action(write));
                let start = if internal { start.internal() } else { start };
                let started = self.registry.start(start);
                self.add(
                    started,
                    true,
                    Model {
                        cancellable: !write,
                        internal,
                        ..Model::default()
                    },
                );
            }
            Step::Child { of, write, closing } if !self.guards.is_empty() => {
                let parent = self.guards[of % self.guards.len()].task().clone();
                let start = Start::new(action(write)).child_of(&parent);
                let started = self
                    .registry
                    .start(if closing { start.closing() } else { start });
                let above = self.models.tasks[&parent.number()].clone();
                let model = Model {
                    parent: Some(parent.number()),
                    cancellable: !write && !closing,
                    internal: above.internal,
                    ..Model::default()
                };
                self.add(started, closing || !above.banned, model);
            }
            Step::FarParent { of, write } => {
                let started = self
                    .registry
                    .start(Start::new(action(write)).remote_child_of(far(of), None));
                let allowed = write || !self.models.bans.contains(&of);
                self.add(
                    started,
                    allowed,
                    Model {
                        far_parent: Some(of),
                        cancellable: !write,
                        ..Model::default()
                    },
                );
            }
            Step::FarChild { of } if !self.guards.is_empty() => {
                let parent = self.guards[of % self.guards.len()].task().clone();
                let child = parent.remote_child("n3".into());
                let model = self.models.tasks.get_mut(&parent.number()).unwrap();
                assert_eq!(child.is_ok(), !model.banned);
                if let Ok(child) = child {
                    model.far_children += 1;
                    self.far_children.push((parent.number(), child));
                }
            }
            Step::FarChildEnds { which } if !self.far_children.is_empty() => {
                let (number, child) = self
                    .far_children
                    .swap_remove(which % self.far_children.len());
                self.models.tasks.get_mut(&number).unwrap().far_children -= 1;
                drop(child);
            }
            Step::End { which } if !self.guards.is_empty() => {
                let guard = self.guards.swap_remove(which % self.guards.len());
                let number = guard.task().number();
                self.models.tasks.get_mut(&number).unwrap().guard = false;
                if self.models.alive(number) {
                    self.models.cancel_below(number);
                }
                if which % 2 == 0 {
                    guard.succeed()
                } else {
                    drop(guard)
                }
            }
            Step::Cancel { which } if !self.guards.is_empty() => {
                let number = self.guards[which % self.guards.len()].task().number();
                let cancelled = self.registry.cancel(number, "x");
                let model = self.models.tasks.get_mut(&number).unwrap();
                assert_eq!(cancelled.is_ok(), model.cancellable);
                if model.cancellable {
                    model.cancelled = true;
                    self.models.cancel_below(number);
                }
            }
            Step::Ban { parent } => {
                self.registry.ban(far(parent), "x");
                self.models.bans.push(parent);
                let children: Vec<u64> = self
                    .models
                    .tasks
                    .iter()
                    .filter(|(_, model)| model.far_parent == Some(parent))
                    .map(|(&n, _)| n)
                    .collect();
                for child in children {
                    if self.models.tasks[&child].cancellable && self.models.alive(child) {
                        self.models.tasks.get_mut(&child).unwrap().cancelled = true;
                        self.models.cancel_below(child);
                    }
                }
            }
            Step::Unban { parent } => {
                self.registry.unban(&far(parent));
                self.models.bans.retain(|&banned| banned != parent);
            }
            Step::Tick => self.clock.advance(Duration::from_millis(60)),
            Step::Child { .. }
            | Step::FarChild { .. }
            | Step::FarChildEnds { .. }
            | Step::End { .. }
            | Step::Cancel { .. } => {}
        }
        self.check();
    }

    fn check(&self) {
        let all = self
            .registry
            .list(&Filter {
                internal: true,
                ..Filter::default()
            })
            .tasks;
        let numbers: Vec<u64> = all.iter().map(|task| task.number()).collect();
        assert_eq!(numbers, self.models.alive_numbers());
        assert_eq!(self.registry.live(), numbers.len() as u64);
        for task in &all {
            let model = &self.models.tasks[&task.number()];
            assert_eq!(task.is_cancelled(), model.cancelled, "{}", task.id());
            assert_eq!(task.checkpoint().is_err(), model.cancelled);
        }
        let visible = all
            .iter()
            .filter(|task| !self.models.tasks[&task.number()].internal)
            .count();
        assert_eq!(self.registry.list(&Filter::default()).tasks.len(), visible);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn the_registry_is_what_a_simple_model_says(steps in steps()) {
        let (registry, clock, actions) = registry(100_000);
        let mut watcher = registry.subscribe();
        let mut run = Run { registry, clock, actions, guards: Vec::new(), far_children: Vec::new(), models: Models::default() };
        steps.iter().for_each(|step| run.step(step));
        run.far_children.clear();
        run.guards.clear();
        prop_assert_eq!(run.registry.live(), 0, "counts return to zero");
        let left = run.registry.list(&Filter { internal: true, ..Filter::default() }).tasks.len();
        prop_assert_eq!(left, 0);
        let mut ends: HashMap<u64, (u32, u32)> = HashMap::new();
        while let Some(heard) = watcher.try_next() {
            let Heard::Event(event) = heard else { panic!("nothing may be missed") };
            let (starts, ended) = ends.entry(event.task.number()).or_default();
            match event.news {
                News::Started => *starts += 1,
                News::Ended(_) => *ended += 1,
                News::Progress | News::CancelRequested => {}
            }
        }
        prop_assert_eq!(ends.len(), run.models.tasks.len());
        prop_assert!(ends.values().all(|&counts| counts == (1, 1)), "every task starts once and ends once");
    }
}

#[test]
fn under_threads_that_start_end_list_and_cancel_no_task_is_lost_or_left() {
    let (registry, _, [read, write]) = registry(16);
    let stop = AtomicBool::new(false);
    let started = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for seed in 0..4_u64 {
            let (registry, started) = (&registry, &started);
            scope.spawn(move || {
                for turn in 0..1_500_u64 {
                    let Ok(root) = registry.start(Start::new(read)) else {
                        panic!("roots start always")
                    };
                    started.fetch_add(1, Ordering::Relaxed);
                    let mut children = Vec::new();
                    for child in 0..(turn + seed) % 5 {
                        let action = if child % 3 == 2 { write } else { read };
                        let Ok(guard) = registry.start(Start::new(action).child_of(root.task()))
                        else {
                            break;
                        };
                        started.fetch_add(1, Ordering::Relaxed);
                        children.push(guard);
                    }
                    let task = root.task().clone();
                    if turn % 3 == 0 {
                        drop(root);
                        for guard in children
                            .iter()
                            .filter(|guard| guard.task().is_cancellable())
                        {
                            assert!(
                                guard.task().is_cancelled(),
                                "no child outlives its parent uncancelled"
                            );
                        }
                        drop(children);
                    } else {
                        let cancelled = task.is_cancelled();
                        for guard in children
                            .iter()
                            .filter(|guard| guard.task().is_cancellable() && cancelled)
                        {
                            // The canceller marks the parent first and comes to the children then.
                            while !guard.task().is_cancelled() {
                                std::thread::yield_now();
                            }
                        }
                        drop(children);
                        root.succeed();
                    }
                    assert!(task.is_ended());
                    assert!(
                        registry.get(task.number()).is_none(),
                        "an ended task is not found"
                    );
                }
            });
        }
        let (registry, stop) = (&registry, &stop);
        let observer = scope.spawn(move || {
            let mut seen = 0_u64;
            while !stop.load(Ordering::Relaxed) {
                let tasks = registry.list(&Filter::default()).tasks;
                let mut numbers: Vec<u64> = tasks.iter().map(|task| task.number()).collect();
                assert!(numbers.is_sorted());
                numbers.dedup();
                assert_eq!(numbers.len(), tasks.len(), "no task is listed twice");
                if let Some(task) = tasks.get(usize::try_from(seen % 7).unwrap()) {
                    // It may just have ended.
                    let _ = registry.cancel(task.number(), "race");
                }
                seen += 1;
            }
        });
        while registry
            .history(&glasswork_tasks::HistoryFilter {
                size: 1,
                ..Default::default()
            })
            .is_empty()
        {
            std::thread::yield_now();
        }
        // Workers are joined by the scope; the observer stops when all roots are through.
        while registry.counts(read).started < 4 * 1_500 || registry.live() > 0 {
            std::thread::yield_now();
        }
        stop.store(true, Ordering::Relaxed);
        observer.join().unwrap();
    });
    assert_eq!(registry.live(), 0);
    assert!(
        registry
            .list(&Filter {
                internal: true,
                ..Filter::default()
            })
            .tasks
            .is_empty()
    );
    let counts = [registry.counts(read), registry.counts(write)];
    assert_eq!(
        counts.iter().map(|count| count.started).sum::<u64>(),
        started.load(Ordering::Relaxed)
    );
}

//! What a registry promises, one task or tree at a time.

#![allow(clippy::unwrap_used, reason = "a test fails by it")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
    time::Duration,
};

use glasswork_tasks::{
    Action, ActionSpec, CancelError, Checkpoint, Clock, Config, Describe, Filter, Form, Guard,
    Headers, Heard, HistoryFilter, ManualClock, Memory, Meter, News, NodeId, On, Origin, Outcome,
    Pattern, Peers, Reason, Registry, RemoteBan, Start, StartError, Status, Stop, TaskId, View,
};

const BOUND: Duration = Duration::from_millis(100);

struct World {
    registry: Registry,
    clock: ManualClock,
    search: Action,
    bulk: Action,
}

fn world() -> World {
    world_with(|_| {})
}

fn world_with(change: impl FnOnce(&mut Config)) -> World {
    let clock = ManualClock::default();
    clock.advance(Duration::from_secs(1));
    let mut config = Config::new("n1");
    config.clock = Arc::new(clock.clone());
    change(&mut config);
    let registry = Registry::new(config);
    registry.hand_in_numbers(1..1_000_000).unwrap();
    let search = registry
        .declare(ActionSpec::cancellable("indices:data/read/search", BOUND).measured())
        .unwrap();
    let bulk = registry
        .declare(ActionSpec::uncancellable(
            "indices:data/write/bulk",
            BOUND,
            "writes end",
        ))
        .unwrap();
    World {
        registry,
        clock,
        search,
        bulk,
    }
}

impl World {
    fn start(&self, action: Action) -> Guard {
        self.registry.start(Start::new(action)).unwrap()
    }

    fn child(&self, action: Action, parent: &Guard) -> Result<Guard, StartError> {
        self.registry
            .start(Start::new(action).child_of(parent.task()))
    }

    fn numbers(&self, filter: &Filter) -> Vec<u64> {
        self.registry
            .list(filter)
            .tasks
            .iter()
            .map(|task| task.number())
            .collect()
    }

    fn all(&self) -> Vec<u64> {
        self.numbers(&Filter {
            internal: true,
            ..Filter::default()
        })
    }
}

fn elsewhere(number: u64) -> TaskId {
    TaskId::new(NodeId::from("n2"), number)
}

#[test]
fn a_task_is_listed_from_start_to_end() {
    let world = world();
    let guard = world.start(world.search);
    assert_eq!(world.all(), [1]);
    world.clock.advance(Duration::from_millis(5));
    let snapshot = guard.task().snapshot(&View::PLAIN);
    assert_eq!(
        (snapshot.start_millis, snapshot.running_nanos),
        (1000, 5_000_000)
    );
    assert_eq!(
        (snapshot.origin, snapshot.cancellable, snapshot.parent),
        (Origin::Transport, true, None)
    );
    let task = guard.task().clone();
    guard.succeed();
    assert!(world.all().is_empty());
    assert!(world.registry.get(1).is_none());
    world.clock.advance(Duration::from_secs(9));
    assert_eq!(
        task.snapshot(&View::PLAIN).running_nanos,
        5_000_000,
        "an ended task grows no older"
    );
}

#[test]
fn a_panic_ends_the_task() {
    let world = world();
    let result = catch_unwind(AssertUnwindSafe(|| {
        let _guard = world.start(world.search);
        panic!("boom");
    }));
    assert!(result.is_err());
    assert!(world.all().is_empty());
    let ended = world.registry.history(&HistoryFilter {
        size: 10,
        ..HistoryFilter::default()
    });
    assert_eq!(ended[0].outcome, Outcome::Failed);
    assert_eq!(&*ended[0].error.as_ref().unwrap().kind, "panic");
}

#[test]
fn a_child_takes_headers_user_and_deadline_from_its_parent() {
    let world = world();
    let start = Start::new(world.search)
        .headers(Arc::new(Headers::new([("X-Opaque-Id", "a")])))
        .user("ann")
        .connection("127.0.0.1:5")
        .deadline(Duration::from_secs(5));
    let parent = world.registry.start(start).unwrap();
    let child = world
        .registry
        .start(
            Start::new(world.bulk)
                .child_of(parent.task())
                .deadline(Duration::from_secs(60)),
        )
        .unwrap();
    assert_eq!(child.task().headers().opaque_id(), Some("a"));
    assert_eq!(child.task().user().as_deref(), Some("ann"));
    assert_eq!(child.task().remaining(), Some(Duration::from_secs(5)));
    assert_eq!(child.task().parent(), Some(parent.task().id()));
    assert_eq!(child.task().root(), parent.task().id());
}

#[test]
fn cancelling_a_parent_stops_every_descendant() {
    let world = world();
    let root = world.start(world.search);
    let child = world.child(world.search, &root).unwrap();
    let grandchild = world.child(world.search, &child).unwrap();
    let write = world.child(world.bulk, &root).unwrap();
    let other = world.start(world.search);
    let cancels = world.registry.cancel(1, "by user request").unwrap();
    assert_eq!(cancels.tasks.len(), 1);
    for stopped in [&root, &child, &grandchild] {
        assert_eq!(
            stopped.task().checkpoint(),
            Err(Stop::Cancelled("by user request".into()))
        );
    }
    assert!(!write.task().is_cancelled(), "a write runs to its end");
    assert!(!other.task().is_cancelled());
}

#[test]
fn the_first_reason_and_time_of_a_cancel_stay() {
    let world = world();
    let guard = world.start(world.search);
    assert!(
        world
            .registry
            .cancel(1, Reason::new("first").by("ann"))
            .unwrap()
            .tasks[0]
            .first
    );
    world.clock.advance(Duration::from_secs(1));
    assert!(!world.registry.cancel(1, "second").unwrap().tasks[0].first);
    let cancellation = guard.task().cancellation().unwrap();
    assert_eq!(
        (&*cancellation.reason.text, cancellation.at_millis),
        ("first", 1000)
    );
    assert_eq!(cancellation.reason.by.as_deref(), Some("ann"));
}

#[test]
fn what_cannot_be_cancelled_says_so() {
    let world = world();
    let _write = world.start(world.bulk);
    assert_eq!(
        world.registry.cancel(1, "x").err().unwrap().to_string(),
        "task [n1:1] doesn't support cancellation"
    );
    assert_eq!(
        world.registry.cancel(99, "x").err().unwrap(),
        CancelError::NotFound(TaskId::new("n1".into(), 99))
    );
}

#[test]
fn a_child_of_a_cancelled_parent_is_refused_and_never_listed() {
    let world = world();
    let parent = world.start(world.search);
    world.registry.cancel(1, "by user request").unwrap();
    for action in [world.search, world.bulk] {
        let refused = world.child(action, &parent).err().unwrap();
        assert_eq!(
            refused.to_string(),
            "The parent task was cancelled, shouldn't start any child tasks, by user request"
        );
    }
    assert_eq!(world.all(), [1]);
    let closing = world
        .registry
        .start(Start::new(world.search).child_of(parent.task()).closing())
        .unwrap();
    assert!(!closing.task().is_cancellable());
    assert_eq!(closing.task().remaining(), Some(Duration::from_secs(30)));
}

#[test]
fn a_ban_from_another_node_cancels_its_children_and_refuses_further_ones() {
    let world = world();
    let start = |action| {
        world
            .registry
            .start(Start::new(action).remote_child_of(elsewhere(7), None))
    };
    let child = start(world.search).unwrap();
    let stranger = world
        .registry
        .start(Start::new(world.search).remote_child_of(elsewhere(8), None))
        .unwrap();
    let cancels = world.registry.ban(elsewhere(7), "by user request");
    assert_eq!(cancels.tasks.len(), 1);
    assert!(child.task().is_cancelled() && !stranger.task().is_cancelled());
    let refused = start(world.search).err().unwrap();
    assert_eq!(
        refused.to_string(),
        "Task cancelled before it started: by user request"
    );
    assert!(
        start(world.bulk).is_ok(),
        "what can't be cancelled is not refused by a ban"
    );
    assert!(world.registry.unban(&elsewhere(7)));
    assert!(start(world.search).is_ok());
    assert!(world.registry.bans().is_empty());
}

#[test]
fn a_lost_node_takes_its_bans_and_children_with_it() {
    let world = world();
    let child = world
        .registry
        .start(Start::new(world.search).remote_child_of(elsewhere(7), None))
        .unwrap();
    world.registry.ban(elsewhere(9), "gone");
    world
        .registry
        .node_lost(&NodeId::from("n2"), "channel was closed");
    assert_eq!(
        &*child.task().cancellation().unwrap().reason.text,
        "channel was closed"
    );
    assert!(world.registry.bans().is_empty());
}

#[test]
fn a_cancel_tells_which_nodes_have_children() {
    let world = world();
    let root = world.start(world.search);
    let child = world.child(world.search, &root).unwrap();
    let first = root.task().remote_child("n2".into()).unwrap();
    let second = root.task().remote_child("n2".into()).unwrap();
    let third = child.task().remote_child("n3".into()).unwrap();
    drop(second);
    let mut remote = world.registry.cancel(1, "r").unwrap().remote;
    remote.sort_by_key(|ban| ban.parent.number);
    let bans: Vec<_> = remote
        .iter()
        .map(|ban| (ban.parent.number, ban.node.as_str()))
        .collect();
    assert_eq!(bans, [(1, "n2"), (2, "n3")]);
    assert!(matches!(
        root.task().remote_child("n2".into()),
        Err(StartError::ParentCancelled(_))
    ));
    drop((first, third));
}

#[derive(Default)]
struct Recorder(Mutex<Vec<String>>);

impl Peers for Recorder {
    fn ban(&self, bans: Vec<RemoteBan>) {
        self.0.lock().unwrap().extend(
            bans.iter()
                .map(|ban| format!("ban {} on {}", ban.parent, ban.node)),
        );
    }

    fn unban(&self, parent: TaskId, nodes: Vec<NodeId>) {
        self.0
            .lock()
            .unwrap()
            .extend(nodes.iter().map(|node| format!("unban {parent} on {node}")));
    }
}

#[test]
fn a_task_that_ends_before_its_children_bans_and_cancels_them() {
    let recorder = Arc::new(Recorder::default());
    let world = world_with(|config| config.peers = Some(Arc::clone(&recorder) as Arc<dyn Peers>));
    let root = world.start(world.search);
    let child = world.child(world.search, &root).unwrap();
    let write = world.child(world.bulk, &root).unwrap();
    let far = root.task().remote_child("n2".into()).unwrap();
    let task = root.task().clone();
    drop(root);
    assert!(child.task().is_cancelled());
    assert_eq!(
        world.all(),
        [1, 2, 3],
        "the entry stays while children are left"
    );
    drop(child);
    drop(far);
    assert!(!task.is_ended());
    drop(write);
    assert!(task.is_ended());
    assert!(world.all().is_empty());
    assert_eq!(
        *recorder.0.lock().unwrap(),
        ["ban n1:1 on n2", "unban n1:1 on n2"]
    );
}

#[test]
fn a_parent_that_has_ended_accepts_no_child() {
    let world = world();
    let parent = world.start(world.search);
    let task = parent.task().clone();
    drop(parent);
    let late = world
        .registry
        .start(Start::new(world.search).child_of(&task));
    assert!(matches!(late, Err(StartError::ParentCancelled(_))));
    let closing = world
        .registry
        .start(Start::new(world.search).child_of(&task).closing());
    assert!(matches!(closing, Err(StartError::ParentCancelled(_))));
}

#[test]
fn without_numbers_nothing_starts_and_nothing_leaks() {
    let registry = Registry::new(Config::new("n1"));
    let action = registry
        .declare(ActionSpec::cancellable("a", BOUND))
        .unwrap();
    assert!(matches!(
        registry.start(Start::new(action)),
        Err(StartError::NumbersExhausted(_))
    ));
    registry.hand_in_numbers(1..2).unwrap();
    let parent = registry.start(Start::new(action)).unwrap();
    assert!(
        registry
            .start(Start::new(action).child_of(parent.task()))
            .is_err()
    );
    assert_eq!(parent.task().children(), 0);
    assert_eq!(registry.live(), 1);
}

#[test]
fn a_task_goes_on_under_its_number_after_a_restart() {
    let registry = Registry::new(Config::new("n1"));
    let action = registry
        .declare(ActionSpec::cancellable("a", BOUND))
        .unwrap();
    registry
        .hand_in_numbers((1 << 20) + 1..(2 << 20) + 1)
        .unwrap();
    let fresh = registry.start(Start::new(action)).unwrap();
    let resumed = registry.start(Start::new(action).resumed(77)).unwrap();
    assert_eq!(resumed.task().number(), 77);
    let listed: Vec<_> = registry
        .list(&Filter::default())
        .tasks
        .iter()
        .map(|task| task.number())
        .collect();
    assert_eq!(listed, [77, (1 << 20) + 1]);
    assert!(registry.start(Start::new(action).resumed(77)).is_err());
    assert!(
        registry
            .start(Start::new(action).resumed((1 << 20) + 5))
            .is_err()
    );
    drop((fresh, resumed));
    assert_eq!(registry.live(), 0);
    assert!(registry.start(Start::new(action).resumed(77)).is_ok());
}

#[test]
fn filters_combine() {
    let world = world();
    let headers = |id: &str| Arc::new(Headers::new([("X-Opaque-Id", id)]));
    let one = world
        .registry
        .start(
            Start::new(world.search)
                .headers(headers("dash-1"))
                .user("ann"),
        )
        .unwrap();
    world.clock.advance(Duration::from_secs(2));
    let two = world
        .registry
        .start(Start::new(world.bulk).child_of(one.task()))
        .unwrap();
    let three = world
        .registry
        .start(
            Start::new(world.search)
                .headers(headers("dash-2"))
                .user("bob"),
        )
        .unwrap();
    let four = world
        .registry
        .start(Start::new(world.search).child_of(two.task()))
        .unwrap();
    let far = world
        .registry
        .start(Start::new(world.search).remote_child_of(elsewhere(1), Some(elsewhere(0))))
        .unwrap();
    let inner = world
        .registry
        .start(Start::new(world.search).internal())
        .unwrap();
    world.registry.cancel(three.task().number(), "x").unwrap();
    let check = |filter: Filter, wanted: &[u64]| {
        assert_eq!(world.numbers(&filter), wanted, "{filter:?}");
        for task in world
            .registry
            .list(&Filter {
                internal: true,
                ..Filter::default()
            })
            .tasks
        {
            let fits = wanted.contains(&task.number());
            assert_eq!(
                world.registry.fits(&task, &filter),
                fits,
                "{} under {filter:?}",
                task.id()
            );
        }
    };
    let default = Filter::default;
    check(default(), &[1, 2, 3, 4, 5]);
    check(
        Filter {
            internal: true,
            ..default()
        },
        &[1, 2, 3, 4, 5, 6],
    );
    check(
        Filter {
            actions: vec![Pattern::new("x*"), Pattern::new("*bulk")],
            ..default()
        },
        &[2],
    );
    check(
        Filter {
            cancelled: Some(true),
            ..default()
        },
        &[3],
    );
    check(
        Filter {
            cancelled: Some(false),
            cancellable: Some(true),
            ..default()
        },
        &[1, 4, 5],
    );
    check(
        Filter {
            cancellable: Some(false),
            ..default()
        },
        &[2],
    );
    check(
        Filter {
            opaque_id: Some(Pattern::new("dash-1")),
            ..default()
        },
        &[1, 2, 4],
    );
    check(
        Filter {
            opaque_id: Some(Pattern::new("dash-*")),
            ..default()
        },
        &[1, 2, 3, 4],
    );
    check(
        Filter {
            user: Some("bob".into()),
            ..default()
        },
        &[3],
    );
    check(
        Filter {
            min_running: Some(Duration::from_secs(2)),
            ..default()
        },
        &[1],
    );
    check(
        Filter {
            root: Some(one.task().id()),
            ..default()
        },
        &[1, 2, 4],
    );
    check(
        Filter {
            root: Some(two.task().id()),
            ..default()
        },
        &[2, 4],
    );
    check(
        Filter {
            root: Some(elsewhere(0)),
            ..default()
        },
        &[5],
    );
    check(
        Filter {
            root: Some(elsewhere(1)),
            ..default()
        },
        &[5],
    );
    drop((four, far, inner));
    assert_eq!(
        world.numbers(&Filter {
            parent: Some(one.task().id()),
            ..default()
        }),
        [2]
    );
    assert_eq!(
        world.numbers(&Filter {
            parent: Some(elsewhere(1)),
            ..default()
        }),
        [0_u64; 0]
    );
}

#[test]
fn the_parent_filter_tells_nodes_apart() {
    let world = world();
    let one = world.start(world.search);
    let near = world.child(world.search, &one).unwrap();
    let far = world
        .registry
        .start(Start::new(world.search).remote_child_of(elsewhere(1), None))
        .unwrap();
    let by_parent = |id| {
        world.numbers(&Filter {
            parent: Some(id),
            ..Filter::default()
        })
    };
    assert_eq!(by_parent(one.task().id()), [near.task().number()]);
    assert_eq!(by_parent(elsewhere(1)), [far.task().number()]);
}

#[test]
fn pages_show_each_task_once_while_others_come_and_go() {
    let world = world();
    let mut guards: Vec<_> = (0..300).map(|_| Some(world.start(world.search))).collect();
    for sort in [
        "id",
        "id:desc",
        "running_time",
        "running_time:desc",
        "action",
        "action:desc",
        "cpu",
        "memory:desc",
    ] {
        let mut seen = Vec::new();
        let mut after = None;
        for guard in &mut guards {
            let filter = Filter {
                size: Some(70),
                sort: sort.parse().unwrap(),
                after: after.take(),
                ..Filter::default()
            };
            let list = world.registry.list(&filter);
            seen.extend(list.tasks.iter().map(|task| task.number()));
            *guard = None;
            let Some(next) = list.next else { break };
            after = Some(next.to_string().parse().unwrap());
        }
        let mut lasting: Vec<_> = seen.iter().copied().filter(|&number| number > 10).collect();
        lasting.sort_unstable();
        assert_eq!(lasting, (11..=300).collect::<Vec<_>>(), "{sort}");
    }
}

#[test]
fn cancel_by_filter_spares_internal_work() {
    let world = world();
    let inner = world
        .registry
        .start(Start::new(world.search).internal())
        .unwrap();
    let guard = world.start(world.search);
    let write = world.start(world.bulk);
    let cancels = world.registry.cancel_matching(
        &Filter {
            internal: true,
            ..Filter::default()
        },
        "all",
    );
    assert_eq!(cancels.tasks.len(), 1);
    assert!(
        guard.task().is_cancelled() && !inner.task().is_cancelled() && !write.task().is_cancelled()
    );
    world
        .registry
        .cancel(inner.task().number(), "this one")
        .unwrap();
    assert!(inner.task().is_cancelled());
}

#[test]
fn the_end_of_the_process_spares_nothing_that_can_be_cancelled() {
    let world = world();
    let inner = world
        .registry
        .start(Start::new(world.search).internal())
        .unwrap();
    let guard = world.start(world.search);
    let write = world.start(world.bulk);
    assert_eq!(
        world
            .registry
            .cancel_everything("node is closing")
            .tasks
            .len(),
        2
    );
    assert!(inner.task().is_cancelled() && guard.task().is_cancelled());
    assert!(!write.task().is_cancelled());
}

#[test]
fn a_task_that_outlives_its_bound_is_overdue_and_counted() {
    let world = world();
    let guard = world.start(world.search);
    world.registry.cancel(1, "x").unwrap();
    let overdue = Filter {
        overdue: Some(true),
        ..Filter::default()
    };
    world.clock.advance(BOUND);
    assert!(world.numbers(&overdue).is_empty());
    world.clock.advance(Duration::from_millis(1));
    assert_eq!(world.numbers(&overdue), [1]);
    drop(guard);
    let quick = world.start(world.search);
    world.registry.cancel(2, "x").unwrap();
    world.clock.advance(Duration::from_millis(3));
    quick.succeed();
    let latency = world.registry.cancel_latency(world.search);
    assert_eq!(
        (latency.count(), latency.overdue, latency.sum),
        (2, 1, Duration::from_millis(104))
    );
}

#[test]
fn a_deadline_stops_a_loop() {
    let world = world();
    let guard = world
        .registry
        .start(Start::new(world.search).deadline(Duration::from_secs(1)))
        .unwrap();
    let run = || (0..64).try_for_each(|_| guard.task().checkpoint());
    assert_eq!(run(), Ok(()));
    world.clock.advance(Duration::from_secs(2));
    assert_eq!(run(), Err(Stop::TimedOut));
    assert_eq!(guard.task().remaining(), Some(Duration::ZERO));
}

/// A thread that uses one millisecond and 1,000 bytes a look.
#[derive(Default)]
struct Busy(std::sync::atomic::AtomicU64);

impl Meter for Busy {
    fn cpu_nanos(&self) -> u64 {
        self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed) * 1_000_000
    }

    fn allocated_bytes(&self) -> u64 {
        self.0.load(std::sync::atomic::Ordering::Relaxed) * 1_000
    }
}

#[test]
fn the_account_counts_executions_and_rolls_up_the_tree() {
    let world = world_with(|config| config.meter = Arc::new(Busy::default()));
    let root = world.start(world.search);
    let child = world.child(world.search, &root).unwrap();
    let first = child.task().execution();
    (0..32).for_each(|_| child.task().checkpoint().unwrap());
    let running = child.task().resources();
    assert_eq!(
        (
            running.total.cpu_nanos,
            running.thread_executions,
            running.active_threads
        ),
        (2_000_000, 1, 1)
    );
    drop(first);
    drop(child.task().execution());
    let resources = child.task().resources();
    assert_eq!(
        (resources.total.cpu_nanos, resources.total.memory_bytes),
        (4_000_000, 4_000)
    );
    assert_eq!(
        (
            resources.min.cpu_nanos,
            resources.average.cpu_nanos,
            resources.max.cpu_nanos
        ),
        (1_000_000, 2_000_000, 3_000_000)
    );
    assert_eq!(
        (resources.thread_executions, resources.active_threads),
        (2, 0)
    );
    let tree = |world: &World| {
        let snapshots = world.registry.snapshots(
            &[root.task().clone()],
            &View {
                extended: true,
                ..View::DETAILED
            },
        );
        snapshots[0].extended.clone().unwrap().tree
    };
    assert_eq!((tree(&world).tasks, tree(&world).cpu_nanos), (2, 4_000_000));
    child.succeed();
    assert_eq!(
        (tree(&world).tasks, tree(&world).cpu_nanos),
        (1, 4_000_000),
        "what ended below still counts"
    );
    world.registry.set_measuring(false);
    assert_eq!(root.task().resources().thread_executions, 0);
}

/// Grants 100 bytes.
#[derive(Default)]
struct Small(Mutex<u64>);

impl Memory for Small {
    fn reserve(&self, bytes: u64) -> Result<(), Stop> {
        let mut used = self.0.lock().unwrap();
        if *used + bytes > 100 {
            return Err(Stop::Memory {
                label: "<tasks>".into(),
                wanted: *used + bytes,
                limit: 100,
            });
        }
        *used += bytes;
        Ok(())
    }

    fn give_back(&self, bytes: u64) {
        *self.0.lock().unwrap() -= bytes;
    }
}

#[test]
fn memory_that_a_task_forgets_is_given_back_at_its_end() {
    let memory = Arc::new(Small::default());
    let world = world_with(|config| config.memory = Arc::clone(&memory) as Arc<dyn Memory>);
    let guard = world.start(world.search);
    guard.task().charge(60).unwrap();
    assert!(matches!(
        guard.task().charge(60),
        Err(Stop::Memory { wanted: 120, .. })
    ));
    guard.task().charge(30).unwrap();
    guard.task().release(50);
    assert_eq!(*memory.0.lock().unwrap(), 40);
    let traffic = guard
        .task()
        .snapshot(&View {
            extended: true,
            ..View::PLAIN
        })
        .extended
        .unwrap()
        .traffic;
    assert_eq!((traffic.live_bytes, traffic.peak_bytes), (40, 90));
    drop(guard);
    assert_eq!(*memory.0.lock().unwrap(), 0);
}

#[test]
fn description_and_status_are_asked_only_when_looked_at() {
    struct Telling(Mutex<u32>);
    impl Describe for Telling {
        fn describe(&self, out: &mut dyn std::fmt::Write) -> std::fmt::Result {
            *self.0.lock().unwrap() += 1;
            out.write_str("indices[books]")
        }
    }
    impl Status for Telling {
        fn render(&self, form: Form) -> Vec<u8> {
            format!("{form:?}").into_bytes()
        }
    }
    let world = world();
    let telling = Arc::new(Telling(Mutex::new(0)));
    let start = Start::new(world.search)
        .shared_description(Arc::clone(&telling) as Arc<dyn Describe>)
        .status(Arc::clone(&telling) as Arc<dyn Status>);
    let guard = world.registry.start(start).unwrap();
    assert_eq!(guard.task().snapshot(&View::PLAIN).description, None);
    assert_eq!(*telling.0.lock().unwrap(), 0);
    let snapshot = guard.task().snapshot(&View {
        form: Form::Human,
        ..View::DETAILED
    });
    assert_eq!(snapshot.description.unwrap().text, "indices[books]");
    assert_eq!(snapshot.status.as_deref(), Some(b"Human".as_slice()));
    guard.succeed();
    assert_eq!(
        *telling.0.lock().unwrap(),
        1,
        "a short success leaves no description"
    );
}

#[test]
fn a_list_says_what_a_task_waits_for() {
    let world = world();
    let guard = world.start(world.search);
    let wait = guard.task().waiting(On::Pool("search"));
    world.clock.advance(Duration::from_secs(39));
    let look = || {
        guard
            .task()
            .snapshot(&View {
                extended: true,
                ..View::PLAIN
            })
            .extended
            .unwrap()
    };
    assert_eq!(look().wait, Some(("pool:search".to_owned(), 39_000)));
    drop(wait);
    assert_eq!(look().wait, None);
    guard.task().enter("aggregation terms(author)");
    guard.task().count_in("docs");
    guard.task().expect(4096);
    guard.task().advance(2600);
    world.clock.advance(Duration::from_millis(3));
    assert_eq!(
        look().checkpoint,
        Some(("aggregation terms(author)".to_owned(), 3))
    );
    assert_eq!(look().progress.unwrap().permille, Some(634));
}

#[test]
fn history_remembers_how_tasks_ended() {
    let world = world();
    world
        .registry
        .start(Start::new(world.search).description("quick"))
        .unwrap()
        .succeed();
    let slow = world
        .registry
        .start(
            Start::new(world.search)
                .description("x".repeat(5000))
                .user("ann"),
        )
        .unwrap();
    world.clock.advance(Duration::from_millis(10));
    slow.succeed();
    world
        .registry
        .start(Start::new(world.bulk).description("bad"))
        .unwrap()
        .fail("parse_exception", "no");
    let cancelled = world.start(world.search);
    world
        .registry
        .cancel(cancelled.task().number(), "by user request")
        .unwrap();
    cancelled.fail("task_cancelled_exception", "by user request");
    drop(world.start(world.search));
    let ask = |filter: HistoryFilter| {
        world.registry.history(&HistoryFilter {
            size: 100,
            ..filter
        })
    };
    let all = ask(HistoryFilter::default());
    let outcomes: Vec<_> = all
        .iter()
        .map(|ended| (ended.task.id.number, ended.outcome.as_str()))
        .collect();
    assert_eq!(
        outcomes,
        [
            (5, "lost"),
            (4, "cancelled"),
            (3, "failed"),
            (2, "succeeded"),
            (1, "succeeded")
        ]
    );
    assert_eq!(all[4].task.description, None);
    let description = all[3].task.description.as_ref().unwrap();
    assert_eq!((description.text.len(), description.length), (1024, 5000));
    assert_eq!(&*all[2].error.as_ref().unwrap().kind, "parse_exception");
    assert_eq!(all[1].cancel_reason.as_deref(), Some("by user request"));
    assert_eq!(
        ask(HistoryFilter {
            outcomes: vec![Outcome::Failed],
            ..HistoryFilter::default()
        })
        .len(),
        1
    );
    assert_eq!(
        ask(HistoryFilter {
            user: Some("ann".into()),
            ..HistoryFilter::default()
        })[0]
            .task
            .id
            .number,
        2
    );
    let last = all[1].clone();
    let after = Some((last.ended_millis, last.task.id.number));
    assert_eq!(
        ask(HistoryFilter {
            after,
            ..HistoryFilter::default()
        })
        .len(),
        3
    );
    assert_eq!(world.registry.counts(world.search).ended, [2, 0, 1, 1]);
}

#[test]
fn history_is_bounded_by_bytes_and_by_age() {
    let world = world_with(|config| config.history_bytes = 10_000);
    for _ in 0..1_000 {
        world.start(world.search).succeed();
    }
    assert!(world.registry.history_bytes() <= 10_000);
    let ask = || {
        world.registry.history(&HistoryFilter {
            size: 1_000,
            ..HistoryFilter::default()
        })
    };
    assert!(ask().len() > 20);
    assert_eq!(ask()[0].task.id.number, 1_000, "the oldest go first");
    world.clock.advance(Duration::from_secs(3_601));
    assert!(ask().is_empty());
}

#[test]
fn watchers_hear_everything_or_how_much_they_missed() {
    let world = world_with(|config| config.events = 4);
    let mut watcher = world.registry.subscribe();
    let guard = world.start(world.search);
    world.registry.cancel(1, "x").unwrap();
    guard.succeed();
    let mut heard = Vec::new();
    let mut last = 0;
    while let Some(Heard::Event(event)) = watcher.try_next() {
        heard.push(event.news);
        last = event.sequence;
    }
    assert_eq!(
        heard,
        [
            News::Started,
            News::CancelRequested,
            News::Ended(Outcome::Cancelled)
        ]
    );
    (0..5).for_each(|_| world.start(world.search).succeed());
    assert!(matches!(watcher.try_next(), Some(Heard::Missed(6))));
    let mut resumed = world.registry.subscribe_after(last);
    assert!(matches!(resumed.try_next(), Some(Heard::Missed(6))));
    assert!(matches!(resumed.try_next(), Some(Heard::Event(_))));
    drop((watcher, resumed));
    world.start(world.search).succeed();
    let mut late = world.registry.subscribe_after(last + 10);
    assert!(
        matches!(late.try_next(), Some(Heard::Missed(_))),
        "a gap without watchers is told"
    );
    assert!(late.try_next().is_none());
}

#[test]
fn the_clock_of_a_registry_is_its_hosts() {
    let world = world();
    let guard = world.start(world.search);
    assert_eq!(
        guard.task().snapshot(&View::PLAIN).start_millis,
        world.clock.wall_millis()
    );
}

#[test]
fn a_registry_that_is_dropped_leaves_no_memory_behind() {
    let memory = Arc::new(Small::default());
    let world = world_with(|config| config.memory = Arc::clone(&memory) as Arc<dyn Memory>);
    let guard = world.start(world.search);
    let task = guard.task().clone();
    world.start(world.search).succeed();
    drop(world);
    assert!(!task.is_ended());
    guard.succeed();
    assert!(task.is_ended(), "what still ran ends as it would have");
    drop(task);
    assert_eq!(Arc::strong_count(&memory), 1);
}

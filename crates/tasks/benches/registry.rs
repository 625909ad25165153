//! What being a task costs: `cargo bench -p glasswork-tasks`. Prints the minimum of ten batches of each figure.

#![allow(missing_docs, reason = "a program, not a library")]
#![allow(
    unsafe_code,
    reason = "counting allocations needs a GlobalAlloc, which forwards to the system's"
)]

use std::{
    alloc::{GlobalAlloc, Layout, System},
    hint::black_box,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use glasswork_tasks::{
    Action, ActionSpec, Config, END, Filter, Guard, Headers, Pattern, Registry, Start,
};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static COUNTED: std::sync::atomic::AtomicBool = std::sync::atomic::AtomicBool::new(false);

// SAFETY: every call is passed on unchanged to the system's allocator; counting touches no memory of it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if COUNTED.load(Ordering::Relaxed) {
            let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
            PEAK.fetch_max(live, Ordering::Relaxed);
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        if COUNTED.load(Ordering::Relaxed) {
            LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        }
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const BATCHES: usize = 10;
const ROUNDS: u32 = 10_000;
const MILLION: usize = 1_000_000;

fn main() {
    let one = min_of_batches(|| start_and_end(1));
    row(
        "register + unregister, one thread",
        "≤ 300 ns",
        format!("{one:.0} ns"),
        Some(one <= 300.0),
    );
    let two = min_of_batches(|| start_and_end(2));
    let more = 2.0 * one / two;
    row(
        "throughput on two threads",
        "≥ 1.7×",
        format!("{more:.2}× ({two:.0} ns each)"),
        Some(more >= 1.7),
    );
    let child = min_of_batches(children);
    row(
        "register + unregister a child of a task",
        "",
        format!("{child:.0} ns"),
        None,
    );
    memory_and_lists();
}

/// A line `what | to reach | measured | met`.
fn row(what: &str, reach: &str, measured: String, met: Option<bool>) {
    let met = met.map_or("", |met| if met { "yes" } else { "no" });
    println!("{what} | {reach} | {measured} | {met}");
}

fn min_of_batches(mut batch: impl FnMut() -> f64) -> f64 {
    (0..BATCHES).map(|_| batch()).fold(f64::INFINITY, f64::min)
}

fn registry() -> (Registry, Action, Action) {
    let registry = Registry::new(Config::new("oTUltX4IQMOUUVeiohTt8A"));
    registry.hand_in_numbers(1..END).expect("one block for all");
    let bound = Duration::from_millis(100);
    let search = ActionSpec::cancellable("indices:data/read/search", bound);
    let bulk =
        ActionSpec::uncancellable("indices:data/write/bulk", bound, "writes run to their end");
    let search = registry.declare(search).expect("declared once");
    let bulk = registry.declare(bulk).expect("declared once");
    (registry, search, bulk)
}

/// Nanoseconds a task on each of `threads` threads.
fn start_and_end(threads: usize) -> f64 {
    let (registry, search, _) = registry();
    let barrier = Barrier::new(threads);
    let times = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    let headers = Arc::new(Headers::new([("X-Opaque-Id", "111111")]));
                    barrier.wait();
                    let began = Instant::now();
                    for _ in 0..ROUNDS {
                        let guard =
                            registry.start(Start::new(search).headers(Arc::clone(&headers)));
                        black_box(guard.expect("numbers are there")).succeed();
                    }
                    began.elapsed()
                })
            })
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().expect("no panic"))
            .collect::<Vec<_>>()
    });
    let longest = times.into_iter().max().expect("at least one thread");
    longest.as_nanos() as f64 / f64::from(ROUNDS)
}

fn children() -> f64 {
    let (registry, search, _) = registry();
    let parent = registry
        .start(Start::new(search))
        .expect("numbers are there");
    let began = Instant::now();
    for _ in 0..ROUNDS {
        let guard = registry.start(Start::new(search).child_of(parent.task()));
        black_box(guard.expect("numbers are there")).succeed();
    }
    began.elapsed().as_nanos() as f64 / f64::from(ROUNDS)
}

fn memory_and_lists() {
    let (registry, search, bulk) = registry();
    let headers = Arc::new(Headers::new([("X-Opaque-Id", "111111")]));
    let mut guards: Vec<Guard> = Vec::with_capacity(MILLION);
    COUNTED.store(true, Ordering::Relaxed);
    for number in 0..MILLION {
        let action = if number % 100 == 99 { bulk } else { search };
        guards.push(
            registry
                .start(Start::new(action).headers(Arc::clone(&headers)))
                .expect("numbers are there"),
        );
    }
    let each = LIVE.load(Ordering::Relaxed) as f64 / MILLION as f64;
    row(
        "memory a live task without description",
        "≤ 256 bytes",
        format!("{each:.0} bytes"),
        Some(each <= 256.0),
    );

    let measure = |filter: &Filter| {
        let mut extra = 0;
        let time = min_of_batches(|| {
            LIVE.store(0, Ordering::Relaxed);
            PEAK.store(0, Ordering::Relaxed);
            let began = Instant::now();
            let list = registry.list(filter);
            let time = began.elapsed();
            extra = PEAK.load(Ordering::Relaxed);
            black_box(list.tasks.len());
            time.as_secs_f64() * 1e3
        });
        (time, extra, format!("{time:.2} ms, {} KiB", extra / 1024))
    };
    let page = |text: &str, filter: Filter| {
        let (time, extra, measured) = measure(&filter);
        row(
            &format!("first page of 1,000 at 1,000,000 live tasks: {text}"),
            "≤ 10 ms, ≤ 1 MiB more memory",
            measured,
            Some(time <= 10.0 && extra <= 1 << 20),
        );
    };
    let sized = |actions: &[&str]| Filter {
        actions: actions
            .iter()
            .map(|pattern| Pattern::new(*pattern))
            .collect(),
        size: Some(1000),
        ..Filter::default()
    };
    page("1 in 100 fits", sized(&["*write*"]));
    page("none fits", sized(&["cluster:*"]));
    page(
        "all fit, youngest first",
        Filter {
            sort: "id:desc".parse().expect("a sort"),
            ..sized(&[])
        },
    );
    page(
        "cancelled ones (none)",
        Filter {
            cancelled: Some(true),
            ..sized(&[])
        },
    );
    page(
        "another X-Opaque-Id",
        Filter {
            opaque_id: Some(Pattern::new("222222")),
            ..sized(&[])
        },
    );
    let by_cpu = Filter {
        sort: "cpu:desc".parse().expect("a sort"),
        ..sized(&["*write*"])
    };
    row(
        "first page of 1,000 at 1,000,000 live tasks: 1 in 100 fits, most CPU first",
        "",
        measure(&by_cpu).2,
        None,
    );
    COUNTED.store(false, Ordering::Relaxed);
}

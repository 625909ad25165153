//! What a task used: time on the CPU, memory, bytes read and written. Measured at checkpoints and around executions.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::{body::Body, clock::Meter};

/// CPU time and memory of something.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Nanoseconds of CPU time.
    pub cpu_nanos: u64,
    /// Bytes allocated (not what is still in use).
    pub memory_bytes: u64,
}

impl Usage {
    fn plus(self, other: Self) -> Self {
        Self {
            cpu_nanos: self.cpu_nanos.saturating_add(other.cpu_nanos),
            memory_bytes: self.memory_bytes.saturating_add(other.memory_bytes),
        }
    }

    fn with(self, other: Self, choose: fn(u64, u64) -> u64) -> Self {
        Self {
            cpu_nanos: choose(self.cpu_nanos, other.cpu_nanos),
            memory_bytes: choose(self.memory_bytes, other.memory_bytes),
        }
    }
}

/// What a task used, over its *executions*: the stretches for which a thread worked on it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Over all executions.
    pub total: Usage,
    /// Mean of an execution.
    pub average: Usage,
    /// Least of an execution, each figure for itself.
    pub min: Usage,
    /// Most of an execution, each figure for itself.
    pub max: Usage,
    /// Executions so far, running ones included.
    pub thread_executions: u64,
    /// Executions that have not ended.
    pub active_threads: u64,
}

/// Bytes of a task beside its executions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// Reserved now.
    pub live_bytes: u64,
    /// Most that was reserved at once.
    pub peak_bytes: u64,
    /// Read from storage.
    pub read_bytes: u64,
    /// Written to storage.
    pub written_bytes: u64,
}

/// The book of one task.
#[derive(Default)]
pub(crate) struct Account {
    ledger: Mutex<Ledger>,
    live: AtomicU64,
    peak: AtomicU64,
    read: AtomicU64,
    written: AtomicU64,
    /// CPU time of descendants that have ended.
    below_cpu: AtomicU64,
}

#[derive(Default)]
struct Ledger {
    running: Vec<Running>,
    ended: u64,
    total: Usage,
    min: Option<Usage>,
    max: Usage,
    next_key: u64,
}

struct Running {
    key: u64,
    thread: usize,
    mark: Usage,
    used: Usage,
}

impl Running {
    fn catch_up(&mut self, now: Usage) {
        self.used.cpu_nanos += now.cpu_nanos.saturating_sub(self.mark.cpu_nanos);
        self.used.memory_bytes += now.memory_bytes.saturating_sub(self.mark.memory_bytes);
        self.mark = now;
    }
}

impl Ledger {
    fn add(&mut self, used: Usage) {
        self.ended += 1;
        self.total = self.total.plus(used);
        self.min = Some(self.min.map_or(used, |min| min.with(used, u64::min)));
        self.max = self.max.with(used, u64::max);
    }
}

impl Account {
    fn begin(&self, meter: &dyn Meter) -> u64 {
        let mark = reading(meter);
        let mut ledger = self.ledger.lock();
        let key = ledger.next_key;
        ledger.next_key += 1;
        ledger.running.push(Running {
            key,
            thread: this_thread(),
            mark,
            used: Usage::default(),
        });
        key
    }

    fn end(&self, key: u64, meter: &dyn Meter) {
        let now = reading(meter);
        let mut ledger = self.ledger.lock();
        if let Some(place) = ledger.running.iter().position(|running| running.key == key) {
            let mut running = ledger.running.swap_remove(place);
            running.catch_up(now);
            ledger.add(running.used);
        }
    }

    /// Charges what this thread used since the last look.
    pub(crate) fn catch_up(&self, meter: &dyn Meter) {
        let now = reading(meter);
        let thread = this_thread();
        // Executions may be nested on one thread: the innermost, which began last, is the one that works.
        if let Some(running) = self
            .ledger
            .lock()
            .running
            .iter_mut()
            .rev()
            .find(|running| running.thread == thread)
        {
            running.catch_up(now);
        }
    }

    pub(crate) fn reserved(&self, bytes: u64) {
        let live = self.live.fetch_add(bytes, Ordering::Relaxed) + bytes;
        self.peak.fetch_max(live, Ordering::Relaxed);
    }

    /// Takes up to `bytes` off what is reserved and tells how many.
    pub(crate) fn released(&self, bytes: u64) -> u64 {
        let before = self
            .live
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |live| {
                Some(live.saturating_sub(bytes))
            });
        before.map_or(0, |live| live.min(bytes))
    }

    pub(crate) fn read(&self, bytes: u64) {
        self.read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn wrote(&self, bytes: u64) {
        self.written.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn add_below(&self, cpu_nanos: u64) {
        self.below_cpu.fetch_add(cpu_nanos, Ordering::Relaxed);
    }

    pub(crate) fn below_cpu(&self) -> u64 {
        self.below_cpu.load(Ordering::Relaxed)
    }

    pub(crate) fn traffic(&self) -> Traffic {
        Traffic {
            live_bytes: self.live.load(Ordering::Relaxed),
            peak_bytes: self.peak.load(Ordering::Relaxed),
            read_bytes: self.read.load(Ordering::Relaxed),
            written_bytes: self.written.load(Ordering::Relaxed),
        }
    }

    pub(crate) fn resources(&self) -> Resources {
        let ledger = self.ledger.lock();
        let mut sums = Ledger {
            total: ledger.total,
            min: ledger.min,
            max: ledger.max,
            ended: ledger.ended,
            ..Ledger::default()
        };
        ledger
            .running
            .iter()
            .for_each(|running| sums.add(running.used));
        let executions = sums.ended;
        Resources {
            total: sums.total,
            average: Usage {
                cpu_nanos: sums.total.cpu_nanos.checked_div(executions).unwrap_or(0),
                memory_bytes: sums.total.memory_bytes.checked_div(executions).unwrap_or(0),
            },
            min: sums.min.unwrap_or_default(),
            max: sums.max,
            thread_executions: executions,
            active_threads: ledger.running.len() as u64,
        }
    }
}

fn reading(meter: &dyn Meter) -> Usage {
    Usage {
        cpu_nanos: meter.cpu_nanos(),
        memory_bytes: meter.allocated_bytes(),
    }
}

/// Tells threads apart by where they keep their own copy of a byte.
pub(crate) fn this_thread() -> usize {
    thread_local!(static MARK: u8 = const { 0 });
    MARK.with(|mark| std::ptr::from_ref(mark).addr())
}

/// This thread works on the task as long as this lives; what it uses is the task's.
#[must_use = "the execution ends when this is dropped"]
pub struct Execution {
    pub(crate) body: Arc<Body>,
    key: u64,
    /// The account is kept by thread: an execution may not move to another.
    _here: std::marker::PhantomData<*const ()>,
}

impl Execution {
    pub(crate) fn begin(body: Arc<Body>) -> Self {
        let key = body.extra().account.begin(body.meter());
        Self {
            body,
            key,
            _here: std::marker::PhantomData,
        }
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        self.body.extra().account.end(self.key, self.body.meter());
    }
}

//! Threads for work on the CPU: a pool a kind of work, each with a bounded queue. A full queue refuses (429); it never
//! grows. Waiting stays on the I/O runtime.

use crate::of_stop;
use glasswork_content::failure::{Failure, Kind};
use glasswork_tasks::{Checkpoint, On, Task};
use parking_lot::{Condvar, Mutex};
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Instant,
};
use tokio::{runtime::Handle, sync::oneshot};

/// The pools of a node.
#[derive(Debug)]
pub struct Pools {
    /// Searches.
    pub search: Pool,
    /// Parsing and analysing documents.
    pub write: Pool,
    /// What the index needs soon: refreshes, flushes, segments.
    pub management: Pool,
    /// What takes long and can wait: merges, one at a time on small machines.
    pub force_merge: Pool,
}

/// Size of a pool.
#[derive(Debug, Clone, Copy)]
pub struct PoolConfig {
    /// Its name, as OpenSearch calls it.
    pub name: &'static str,
    /// Threads.
    pub threads: usize,
    /// Jobs that may wait.
    pub queue: usize,
}

impl Pools {
    /// Pools for a machine with this many processors, sized as OpenSearch sizes its own.
    pub fn new(processors: usize) -> Self {
        let search = PoolConfig {
            name: "search",
            threads: processors * 3 / 2 + 1,
            queue: 1000,
        };
        let write = PoolConfig {
            name: "write",
            threads: processors,
            queue: 10_000,
        };
        let management = PoolConfig {
            name: "management",
            threads: processors.clamp(1, 5),
            queue: 10_000,
        };
        let force_merge = PoolConfig {
            name: "force_merge",
            threads: (processors / 8).max(1),
            queue: 10_000,
        };
        Self {
            search: Pool::new(search),
            write: Pool::new(write),
            management: Pool::new(management),
            force_merge: Pool::new(force_merge),
        }
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// A pool. Its threads start with the first job that finds none idle and end with the pool.
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    config: PoolConfig,
    state: Mutex<State>,
    work: Condvar,
    rejected: AtomicU64,
    completed: AtomicU64,
    waited_nanos: AtomicU64,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    threads: usize,
    idle: usize,
    closed: bool,
}

impl std::fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.shared.config.fmt(formatter)
    }
}

/// What a pool is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStats {
    /// Threads that exist.
    pub threads: usize,
    /// Jobs that run.
    pub active: usize,
    /// Jobs that wait.
    pub queued: usize,
    /// Jobs that were refused so far.
    pub rejected: u64,
    /// Jobs that ended so far.
    pub completed: u64,
    /// How long jobs waited for their turn so far, in nanoseconds together.
    pub waited_nanos: u64,
}

impl Pool {
    fn new(config: PoolConfig) -> Self {
        let shared = Shared {
            config,
            state: Mutex::default(),
            work: Condvar::new(),
            rejected: AtomicU64::new(0),
            completed: AtomicU64::new(0),
            waited_nanos: AtomicU64::new(0),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// How it is sized.
    pub fn config(&self) -> PoolConfig {
        self.shared.config
    }

    /// What it is doing.
    pub fn stats(&self) -> PoolStats {
        let state = self.shared.state.lock();
        PoolStats {
            threads: state.threads,
            active: state.threads - state.idle,
            queued: state.jobs.len(),
            rejected: self.shared.rejected.load(Ordering::Relaxed),
            completed: self.shared.completed.load(Ordering::Relaxed),
            waited_nanos: self.shared.waited_nanos.load(Ordering::Relaxed),
        }
    }

    /// Runs `work` on a thread of the pool, charged to `task`, and waits for it. Work whose task was cancelled while it
    /// was queued does not begin.
    ///
    /// # Errors
    /// `rejected_execution_exception` when the queue is full, `task_cancelled_exception` when the task was cancelled
    /// before, what `work` itself answers, and `illegal_state_exception` when it panics.
    pub async fn run<T: Send + 'static>(
        &self,
        task: &Task,
        work: impl FnOnce(&Task) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (answer, answered) = oneshot::channel();
        let worker = task.clone();
        let waiting = task.waiting(On::Pool(self.shared.config.name));
        let (shared, queued) = (Arc::clone(&self.shared), Instant::now());
        let job = Box::new(move || {
            drop(waiting);
            let waited = u64::try_from(queued.elapsed().as_nanos()).unwrap_or(u64::MAX);
            shared.waited_nanos.fetch_add(waited, Ordering::Relaxed);
            let outcome = match worker.checkpoint() {
                Ok(()) => {
                    let execution = worker.execution();
                    let outcome = catch_unwind(AssertUnwindSafe(|| work(&worker)));
                    drop(execution);
                    outcome.unwrap_or_else(|panic| Err(panicked(&*panic)))
                }
                Err(stop) => Err(of_stop(&stop)),
            };
            // The waiter is gone when its task was given up; the work was still accounted.
            drop(answer.send(outcome));
        });
        self.submit(job)?;
        answered
            .await
            .unwrap_or_else(|_| Err(Failure::new(Kind::NodeClosed, "node closed")))
    }

    fn submit(&self, job: Job) -> Result<(), Failure> {
        let mut state = self.shared.state.lock();
        let PoolConfig {
            name,
            threads,
            queue,
        } = self.shared.config;
        if state.closed {
            return Err(Failure::new(Kind::NodeClosed, "node closed"));
        }
        if state.jobs.len() >= queue {
            self.shared.rejected.fetch_add(1, Ordering::Relaxed);
            let reason = format!(
                "rejected execution: the queue of pool [{name}] is full, {queue} wait already"
            );
            return Err(Failure::rejected(reason));
        }
        state.jobs.push_back(job);
        if state.idle < state.jobs.len() && state.threads < threads {
            state.threads += 1;
            state.idle += 1;
            let shared = Arc::clone(&self.shared);
            let runtime = Handle::try_current().ok();
            let started = thread::Builder::new()
                .name(format!("glasswork-{name}"))
                .spawn(move || {
                    // What the work waits for (a log far away) may need the runtime's clock and sockets.
                    let _entered = runtime.as_ref().map(Handle::enter);
                    shared.work();
                });
            if let Err(error) = started {
                state.threads -= 1;
                state.idle -= 1;
                if state.threads == 0 {
                    state.jobs.pop_back();
                    return Err(Failure::rejected(format!(
                        "no thread for pool [{name}]: {error}"
                    )));
                }
            }
        }
        drop(state);
        self.shared.work.notify_one();
        Ok(())
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.state.lock().closed = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    fn work(&self) {
        let mut state = self.state.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                state.idle -= 1;
                drop(state);
                job();
                self.completed.fetch_add(1, Ordering::Relaxed);
                state = self.state.lock();
                state.idle += 1;
            } else if state.closed {
                return;
            } else {
                self.work.wait(&mut state);
            }
        }
    }
}

/// The failure of an operation that panicked: a defect of ours, told as such.
pub(crate) fn panicked(panic: &(dyn std::any::Any + Send)) -> Failure {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Failure::illegal_state(format!(
        "the operation failed within the node: {}",
        text.unwrap_or("no message")
    ))
}

//! The one thread that writes and syncs the logs of a node: whatever waits becomes one round, and one sync a log makes
//! it durable. A lone append begins its round at once.

use std::{
    collections::VecDeque,
    io,
    sync::{Arc, mpsc},
    thread,
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{disk::Claim, log::Shared, writer::Written};
use crate::{Appended, LogError, RecordNumber};

/// The most appends of a round, so that the first ones don't wait for ever.
const ROUND_APPENDS: usize = 1024;

/// The most record bytes of a round.
const ROUND_BYTES: usize = 64 * 1024 * 1024;

/// Work for the committing thread.
pub(super) enum Job {
    Append(Append),
    Delete {
        log: Arc<Shared>,
        done: oneshot::Sender<Result<(), LogError>>,
    },
}

/// An append that waits.
pub(super) struct Append {
    pub(super) log: Arc<Shared>,
    pub(super) expected: RecordNumber,
    pub(super) record: Bytes,
    pub(super) answer: oneshot::Sender<Appended>,
}

/// The committing thread has ended.
#[derive(Debug, thiserror::Error)]
#[error("the logs are closed")]
pub(super) struct Stopped;

/// The way to the committing thread, which has ended when the last of these is dropped.
#[derive(Clone)]
pub(super) struct Committer {
    thread: Arc<Thread>,
}

struct Thread {
    /// None only while it is dropped.
    jobs: Option<mpsc::Sender<Job>>,
    handle: Option<thread::JoinHandle<()>>,
    /// Given up after the thread has ended.
    _claim: Arc<Claim>,
}

impl Committer {
    /// Starts the thread.
    pub(super) fn start(claim: Arc<Claim>) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel();
        let handle = thread::Builder::new()
            .name("log-commit".to_owned())
            .spawn(move || run(&waiting))?;
        Ok(Self {
            thread: Arc::new(Thread {
                jobs: Some(jobs),
                handle: Some(handle),
                _claim: claim,
            }),
        })
    }

    pub(super) fn send(&self, job: Job) -> Result<(), Stopped> {
        self.thread
            .jobs
            .as_ref()
            .ok_or(Stopped)?
            .send(job)
            .map_err(|_| Stopped)
    }
}

impl Drop for Thread {
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(handle) = self.handle.take() {
            // A panic of the thread was told to those who waited for it.
            let _ = handle.join();
        }
    }
}

fn run(waiting: &mpsc::Receiver<Job>) {
    let mut put_off = VecDeque::new();
    loop {
        let first = match put_off.pop_front() {
            Some(append) => Job::Append(append),
            None => match waiting.recv() {
                Ok(job) => job,
                Err(mpsc::RecvError) => return,
            },
        };
        let mut round = Round::default();
        round.take(first);
        for _ in 0..put_off.len() {
            round.take(Job::Append(put_off.pop_front().expect("counted")));
        }
        while round.has_room() {
            match waiting.try_recv() {
                Ok(job) => round.take(job),
                Err(_) => break,
            }
        }
        put_off = round.finish();
    }
}

/// What is made durable together.
#[derive(Default)]
struct Round {
    written: Vec<(Arc<Shared>, Written, oneshot::Sender<Appended>)>,
    /// Appends to logs that have one in this round already: only one frame of a log may be torn by a crash.
    put_off: VecDeque<Append>,
    bytes: usize,
}

impl Round {
    fn has_room(&self) -> bool {
        self.written.len() + self.put_off.len() < ROUND_APPENDS && self.bytes < ROUND_BYTES
    }

    fn take(&mut self, job: Job) {
        match job {
            Job::Append(append) if self.holds(&append.log) => self.put_off.push_back(append),
            Job::Append(append) => self.write(append),
            // Whoever asked may have given up, here and below: nobody needs to know then.
            Job::Delete { log, done } => drop(done.send(log.delete())),
        }
    }

    fn holds(&self, log: &Arc<Shared>) -> bool {
        self.written
            .iter()
            .any(|(held, _, _)| Arc::ptr_eq(held, log))
    }

    fn write(&mut self, append: Append) {
        self.bytes += append.record.len();
        match append.log.write(append.expected, &append.record) {
            Ok(written) => self.written.push((append.log, written, append.answer)),
            Err(refused) => drop(append.answer.send(refused)),
        }
    }

    /// Syncs and answers; gives back what waits for the next round.
    fn finish(self) -> VecDeque<Append> {
        for (log, written, answer) in self.written {
            drop(answer.send(log.settle(written)));
        }
        self.put_off
    }
}

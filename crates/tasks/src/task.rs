//! The handle to a task: what running code asks and tells, and what observers read.

use std::{
    borrow::Cow,
    future::Future,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use crate::{
    Action, Branch, Cancellation, Checkpoint, Describe, Description, Extended, Form, Headers,
    NodeId, On, Origin, Reason, Resources, Snapshot, Status, Stop, TaskId, View,
    account::Execution,
    body::Body,
    life::Word,
    wait::{Wait, Waiting},
    watch::Watch,
};

/// A task. Handles stay valid after its end; they keep nothing alive that others see.
#[derive(Clone)]
pub struct Task(Arc<Body>);

/// Who set a deadline cancels the task with the reason when it passes; a loop that nobody cancelled stops this much later.
const BACKSTOP_NANOS: u64 = 250_000_000;

/// Between two looks at clock and meter lie so many checkpoints.
const CHECKPOINTS_PER_LOOK: u32 = 16;

impl Task {
    pub(crate) fn of(body: Arc<Body>) -> Self {
        Self(body)
    }

    pub(crate) fn body(&self) -> &Arc<Body> {
        &self.0
    }

    /// Its id.
    #[must_use]
    pub fn id(&self) -> TaskId {
        self.0.id()
    }

    /// Its number on this node.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.0.number
    }

    /// The action it performs.
    #[must_use]
    pub fn action(&self) -> Action {
        self.0.action
    }

    /// Name of its action.
    #[must_use]
    pub fn action_name(&self) -> &Arc<str> {
        &self.0.declared().spec.name
    }

    /// How it came to be.
    #[must_use]
    pub fn origin(&self) -> Origin {
        self.0.origin
    }

    /// Headers of its request.
    #[must_use]
    pub fn headers(&self) -> Arc<Headers> {
        self.0.headers.clone().unwrap_or_default()
    }

    /// The user who asked for it.
    #[must_use]
    pub fn user(&self) -> Option<Arc<str>> {
        self.0.who.as_ref()?.user.clone()
    }

    /// When it began, in milliseconds since 1970.
    #[must_use]
    pub fn start_millis(&self) -> i64 {
        self.0.start_millis
    }

    /// The task one level up.
    #[must_use]
    pub fn parent(&self) -> Option<TaskId> {
        self.0.parent_id()
    }

    /// The task at the top of its tree, which may be on another node.
    #[must_use]
    pub fn root(&self) -> TaskId {
        self.0.root_id()
    }

    /// Whether it is background work.
    #[must_use]
    pub fn is_internal(&self) -> bool {
        self.0.internal
    }

    /// Whether it can be cancelled.
    #[must_use]
    pub fn is_cancellable(&self) -> bool {
        self.0.cancellable()
    }

    /// Whether it was cancelled: one relaxed load.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.life.is_cancelled()
    }

    /// Why and when it was cancelled.
    #[must_use]
    pub fn cancellation(&self) -> Option<Cancellation> {
        self.0.cancellation()
    }

    /// Whether its entry is gone.
    #[must_use]
    pub fn is_ended(&self) -> bool {
        self.0.life.word().ended()
    }

    /// Time until its deadline: `None` without one, zero when that has passed.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        (self.0.deadline != u64::MAX).then(|| {
            Duration::from_nanos(
                self.0
                    .deadline
                    .saturating_sub(self.0.shared().clock.nanos()),
            )
        })
    }

    /// Ready when it is cancelled; never, if it never is.
    pub fn cancelled(&self) -> impl Future<Output = Reason> + Send + use<> {
        let task = self.clone();
        async move {
            Watch::new(&task, Word::cancelled).await;
            let cancellation = task
                .cancellation()
                .expect("the reason stands before the mark");
            cancellation.reason
        }
    }

    /// Ready when its entry is gone: it and everything below it has ended.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + use<> {
        Watch::new(self, Word::ended)
    }

    /// Ready when it has no children, here or elsewhere.
    pub fn childless(&self) -> impl Future<Output = ()> + Send + use<> {
        Watch::new(self, Word::childless)
    }

    /// It waits as long as the answer lives.
    pub fn waiting(&self, on: On) -> Waiting {
        let since_nanos = self.0.shared().clock.nanos();
        let mut rare = self.0.extra().rare.lock();
        let key = rare.key();
        rare.waits.push(Wait {
            key,
            on,
            since_nanos,
        });
        drop(rare);
        Waiting {
            body: Arc::clone(&self.0),
            key,
        }
    }

    /// This thread works on it as long as the answer lives.
    pub fn execution(&self) -> Execution {
        Execution::begin(Arc::clone(&self.0))
    }

    /// Sets what is counted as progress, e.g. `docs`.
    pub fn count_in(&self, unit: &'static str) {
        let extra = self.0.extra();
        extra.rare.lock().unit = Some(unit);
        extra.progress.begin(self.0.shared().clock.nanos());
    }

    /// `units` more are done.
    pub fn advance(&self, units: u64) {
        self.0.extra().progress.add(units);
        self.0.shared().progressed(&self.0);
    }

    /// `done` units are done in all; less than before changes nothing.
    pub fn reach(&self, done: u64) {
        self.0.extra().progress.reach(done);
        self.0.shared().progressed(&self.0);
    }

    /// There are `total` units in all.
    pub fn expect(&self, total: u64) {
        self.0.extra().progress.expect(total);
    }

    /// Sets what it tells about its state when asked.
    pub fn set_status(&self, status: Arc<dyn Status>) {
        self.0.extra().rare.lock().status = Some(status);
    }

    /// Names the place that its next checkpoints are at, e.g. `aggregation terms(author)`.
    pub fn enter(&self, place: impl Into<Cow<'static, str>>) {
        let now = self.0.shared().clock.nanos();
        let mut rare = self.0.extra().rare.lock();
        rare.phase = Some(place.into());
        rare.checked_nanos = now;
    }

    /// `bytes` were read from storage for it.
    pub fn read_bytes(&self, bytes: u64) {
        self.0.extra().account.read(bytes);
    }

    /// `bytes` were written to storage for it.
    pub fn wrote_bytes(&self, bytes: u64) {
        self.0.extra().account.wrote(bytes);
    }

    /// Live children on other nodes, by node.
    #[must_use]
    pub fn remote_children(&self) -> Vec<(NodeId, u32)> {
        self.0
            .extra
            .get()
            .map(|extra| extra.rare.lock().remote.clone())
            .unwrap_or_default()
    }

    /// Live children, on this node and others.
    #[must_use]
    pub fn children(&self) -> u64 {
        let word = self.0.life.word();
        word.holds() - u64::from(!word.guard_gone()).min(word.holds())
    }

    /// It as it is now, or as it was at its end.
    #[must_use]
    pub fn snapshot(&self, view: &View) -> Snapshot {
        self.snapshot_with(view, Branch::default())
    }

    pub(crate) fn snapshot_with(&self, view: &View, tree: Branch) -> Snapshot {
        let body = &*self.0;
        let now = body.shared().clock.nanos();
        let describe =
            |source: &Arc<dyn Describe>| Description::of(&**source, view.max_description);
        Snapshot {
            id: body.id(),
            origin: body.origin,
            action: Arc::clone(&body.declared().spec.name),
            status: if view.detailed {
                self.rendered_status(view.form)
            } else {
                None
            },
            description: if view.detailed {
                body.description.as_ref().map(describe)
            } else {
                None
            },
            start_millis: body.start_millis,
            running_nanos: body.running_nanos(now),
            cancellable: body.cancellable(),
            cancelled_millis: body
                .cancellation()
                .map(|cancellation| cancellation.at_millis),
            parent: body.parent_id(),
            headers: self.headers(),
            resources: view.detailed.then(|| self.resources()),
            extended: view.extended.then(|| Box::new(self.extended(now, tree))),
        }
    }

    fn rendered_status(&self, form: Form) -> Option<Vec<u8>> {
        let status = self.0.extra.get()?.rare.lock().status.clone()?;
        Some(status.render(form))
    }

    /// What it used so far; zeros when its action isn't measured or measuring is off.
    #[must_use]
    pub fn resources(&self) -> Resources {
        if !self.0.declared().spec.measured || !self.0.shared().measuring() {
            return Resources::default();
        }
        self.0
            .extra
            .get()
            .map(|extra| extra.account.resources())
            .unwrap_or_default()
    }

    fn extended(&self, now: u64, branch: Branch) -> Extended {
        let body = &*self.0;
        let millis_since = |then: u64| now.saturating_sub(then) / 1_000_000;
        let who = body.who.as_deref();
        let bound = body.declared().spec.bound;
        let mut extended = Extended {
            user: who.and_then(|who| who.user.clone()),
            connection: who.and_then(|who| who.connection.clone()),
            cancel_bound_millis: u64::try_from(bound.as_millis()).unwrap_or(u64::MAX),
            overdue: body.overdue(now),
            deadline_millis: (body.deadline != u64::MAX).then(|| {
                (body.deadline.cast_signed()).saturating_sub(now.cast_signed()) / 1_000_000
            }),
            durable: body.durable,
            tree: branch.tree,
            elsewhere: branch.elsewhere,
            ..Extended::default()
        };
        let Some(extra) = body.extra.get() else {
            return extended;
        };
        extended.cpu_nanos = extra.account.resources().total.cpu_nanos;
        extended.traffic = extra.account.traffic();
        let rare = extra.rare.lock();
        extended.wait = rare
            .waits
            .first()
            .map(|wait| (wait.on.to_string(), millis_since(wait.since_nanos)));
        extended.progress = rare.unit.map(|unit| extra.progress.read(unit, now));
        extended.checkpoint = (rare.checked_nanos > 0).then(|| {
            (
                rare.phase.as_deref().unwrap_or_default().to_owned(),
                millis_since(rare.checked_nanos),
            )
        });
        if let Some(cancellation) = &rare.cancellation {
            let end = match body.ended_nanos.load(Ordering::Acquire) {
                0 => now,
                ended => ended,
            };
            extended.cancel_latency_millis =
                Some(end.saturating_sub(cancellation.at_nanos) / 1_000_000);
            extended.cancel_reason = Some(Arc::clone(&cancellation.reason.text));
            extended.cancelled_by.clone_from(&cancellation.reason.by);
        }
        extended
    }

    /// The slow part of a checkpoint: looks at clock and meter.
    #[cold]
    fn look(&self) -> Result<(), Stop> {
        let body = &*self.0;
        let now = body.shared().clock.nanos();
        let extra = body.extra();
        if body.shared().measuring() {
            extra.account.catch_up(body.meter());
        }
        extra.rare.lock().checked_nanos = now;
        if now >= body.deadline.saturating_add(BACKSTOP_NANOS) {
            Err(Stop::TimedOut)
        } else {
            Ok(())
        }
    }

    #[cold]
    fn stop(&self) -> Stop {
        Stop::Cancelled(self.0.ban_reason())
    }
}

impl Checkpoint for Task {
    fn checkpoint(&self) -> Result<(), Stop> {
        if self.is_cancelled() {
            return Err(self.stop());
        }
        // Several threads may count at once and lose a count: a look comes a little later then.
        let tick = self.0.ticks.load(Ordering::Relaxed).wrapping_add(1);
        self.0.ticks.store(tick, Ordering::Relaxed);
        if tick.is_multiple_of(CHECKPOINTS_PER_LOOK) {
            self.look()
        } else {
            Ok(())
        }
    }

    fn charge(&self, bytes: u64) -> Result<(), Stop> {
        self.0.shared().memory.reserve(bytes)?;
        self.0.extra().account.reserved(bytes);
        Ok(())
    }

    fn release(&self, bytes: u64) {
        let released = self.0.extra().account.released(bytes);
        self.0.shared().memory.give_back(released);
    }
}

//! The work: one operation that is not divided, or one by-query slice. A page, a wait, a batch of writes, and so on.

use futures_util::future::join;
use glasswork_content::{Failure, Kind};
use glasswork_tasks::{Reason, Task};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    apply::Applier,
    request::{ByQueryRequest, Work},
    response::{ByQueryResponse, SearchFailure},
    resume::{Place, Saved, lost_in_the_crash, not_yet_written},
    source::{Document, Held, Page, Source, is_context_missing, reached},
    state::{WorkerState, canceled},
    throttle::Woken,
    write::{Written, is_uncertain, write},
};
use crate::{
    Node,
    actions::{
        documents::{BulkItemFailure, WriteItem},
        indices::{Refresh, RefreshRequest},
    },
    metadata::{ExpressionOptions, IndexExpression},
};

mod pausing;

/// How the work ended, beside its counts.
#[derive(Debug, Default)]
struct End {
    timed_out: bool,
    write_failures: Vec<BulkItemFailure>,
    search_failures: Vec<SearchFailure>,
}

/// What goes on: the next page and how many writes came before it, or the end.
enum Step {
    Next(Page, usize),
    End(End),
}

struct Worker {
    node: Arc<Node>,
    task: Task,
    request: ByQueryRequest,
    state: Arc<WorkerState>,
    applier: Applier,
    /// Where it saves how far it is; `None` when it is waited for, or its source can't go on behind a document.
    place: Option<Place>,
    /// What is saved; its bounds are what is left of the source.
    saved: Saved,
    /// What was written before a crash is not known of the first batch.
    unsettled: bool,
    /// A source that can't go on behind a document begins again: all that was written before comes once more.
    begins_again: bool,
    begun: Instant,
}

/// Does the work.
///
/// # Errors
/// A search that fails as a whole, a script that fails, and what keeps writes from being tried at all. That documents could not
/// be written, or shards not searched, is an answer with failures.
pub(super) async fn work(
    node: Arc<Node>,
    task: Task,
    request: ByQueryRequest,
    state: Arc<WorkerState>,
) -> Result<ByQueryResponse, Failure> {
    let part = request.slice_id().unwrap_or(0);
    let place = Place::of(&node, &task, part);
    let saved = match &place {
        Some(place) => place.load().await?,
        None => None,
    };
    if let Some(Saved {
        ended: Some(ended), ..
    }) = saved
    {
        if let Ok(ended) = &ended {
            state.count(|figures| *figures = ended.status.figures);
        }
        return ended;
    }
    // A source that is sorted can't go on behind a document.
    let saved = match saved {
        Some(saved) if saved.bounds.is_empty() => {
            may_begin_again(&request.work)?;
            None
        }
        saved => saved,
    };
    let unsettled = saved.is_some();
    if let Some(saved) = &saved {
        state.count(|figures| *figures = saved.figures);
        state
            .throttle
            .restore(saved.requests_per_second, saved.throttled);
    }
    let saved = saved.unwrap_or_default();
    let asked = place.as_ref().map(Place::asked).unwrap_or_default();
    if let Some(rate) = asked.requests_per_second {
        state.throttle.restore(rate, saved.throttled);
    }
    // The cancel of the whole operation is the task's from its beginning.
    if let (Some(cancelled), true) = (asked.cancelled, task.parent().is_some()) {
        node.cancel(&task, Reason::from(cancelled));
    }
    // A by-query slice has another number after a restart, its operation has not.
    let operation = task.parent().unwrap_or_else(|| task.id());
    let seed = place.as_ref().map(|_| operation.to_string());
    let applier = Applier::new(&request, seed)?;
    task.count_in("docs");
    let mut source = Source::new(&node, &task, &request, &state, saved.bounds.clone());
    let again = place.as_ref().is_some_and(|place| place.run().is_resumed());
    let mut worker = Worker {
        begins_again: again && request.remote.is_some(),
        node,
        task,
        request,
        state,
        applier,
        place,
        saved,
        unsettled,
        begun: Instant::now(),
    };
    let outcome = worker.pages(&mut source).await;
    source.close().await;
    let answer = outcome.map(|end| worker.answer(end));
    worker.ended(&answer).await;
    answer
}

impl Worker {
    async fn pages(&mut self, source: &mut Source) -> Result<End, Failure> {
        let Some(mut page) = self.open(source).await? else {
            return Ok(End::default());
        };
        let mut last_batch = 0;
        loop {
            if self.task.is_cancelled() {
                return Ok(End::default());
            }
            if page.timed_out || !page.failures.is_empty() {
                self.refresh().await?;
                return Ok(End {
                    timed_out: page.timed_out,
                    search_failures: page.failures,
                    ..End::default()
                });
            }
            if self.is_paused() {
                match self.pause(source, page).await? {
                    None => return Ok(End::default()),
                    Some(again) => page = again,
                }
                // The source is open anew: a wait is over that what it kept open was not kept for.
                last_batch = 0;
                continue;
            }
            self.throttle(last_batch).await;
            if self.task.is_cancelled() {
                return Ok(End::default());
            }
            if self.is_paused() {
                // The wait is over; it is not done again when the operation goes on.
                last_batch = 0;
                continue;
            }
            if page.documents.is_empty() {
                self.refresh().await?;
                return Ok(End::default());
            }
            match self.batch(source, page.documents).await? {
                Step::Next(next, written) => (page, last_batch) = (next, written),
                Step::End(end) => return Ok(end),
            }
        }
    }

    /// Opens the source; gives its first page, or nothing when the task was cancelled before.
    async fn open(&mut self, source: &mut Source) -> Result<Option<Page>, Failure> {
        if self.unsettled && !self.show_own_writes().await? {
            return Ok(None);
        }
        let Some(page) = self.unless_cancelled(source.first().await)? else {
            return Ok(None);
        };
        self.saved.bounds = source.bounds().to_vec();
        if let Some(place) = self.place.as_ref().filter(|_| !self.can_close()) {
            place.run().never_pauses();
        }
        if !page.failures.is_empty() || page.timed_out {
            return Ok(Some(page));
        }
        if self.unsettled {
            self.count_lost(&page);
        } else if self.saved.matched == 0 {
            self.saved.matched = page.total;
            let most = self.request.options.max_docs.map_or(u64::MAX, u64::from);
            let total = page.total.min(most);
            self.state.count(|figures| figures.total = total);
        }
        let figures = self.state.figures();
        self.task.expect(figures.total);
        self.task.reach(figures.reached());
        // From now on a restart looks at the same documents. Without that it would take its own writes for others'.
        self.try_save().await?;
        Ok(Some(page))
    }

    /// Has the shards of the source show what was written before a crash and not recorded: those of other nodes did not crash,
    /// and would give it once more as it was. False when the task was cancelled before.
    async fn show_own_writes(&self) -> Result<bool, Failure> {
        if matches!(self.request.work, Work::Reindex(_)) {
            return Ok(true);
        }
        let target = self.request.search.indices.clone();
        let shown = self
            .node
            .child::<Refresh>(&self.task, RefreshRequest { target })
            .await;
        Ok(self.unless_cancelled(shown)?.is_some())
    }

    /// Counts what was written before a crash and is no longer found.
    fn count_lost(&mut self, page: &Page) {
        let size = self.request.search.source.size();
        let lost = lost_in_the_crash(&self.saved, page.total, size);
        if lost == 0 {
            return;
        }
        // Where they were is not known: all that is looked at is refreshed at the end.
        if let Ok(sources) = self.node.metadata().resolve(&self.request.search.indices) {
            let names = sources.iter().map(|source| source.name.to_string());
            self.saved.written_to.extend(names);
        }
        match self.request.work {
            // The destination tells.
            Work::Reindex(_) => return,
            Work::Update => self.state.count(|figures| figures.updated += lost),
            Work::Delete => self.state.count(|figures| figures.deleted += lost),
        }
        self.state.count(|figures| figures.batches += 1);
    }

    /// Writes one page and gets the next one, at the same time where nothing limits the pace.
    async fn batch(
        &mut self,
        source: &mut Source,
        mut documents: Vec<Document>,
    ) -> Result<Step, Failure> {
        self.state.count(|figures| figures.batches += 1);
        let left = self.left();
        documents.truncate(usize::try_from(left).unwrap_or(usize::MAX));
        let reached = reached(&documents);
        let _held = Held::new(&self.task, &documents)?;
        let applied = self.applier.batch(&self.node, &self.task, documents).await;
        let Some(batch) = self.unless_cancelled(applied)? else {
            return Ok(Step::End(End::default()));
        };
        self.state.count(|figures| figures.noops += batch.noops);
        let Some(items) = self.settle(batch.items).await? else {
            return Ok(Step::End(End::default()));
        };
        let writes = items.len();
        let is_last = writes as u64 >= left;
        let mut next = None;
        if writes > 0 {
            let writing = write(
                &self.node,
                &self.task,
                &self.state,
                &self.request.options,
                items,
            );
            let outcome = if self.state.throttle.rate().is_infinite() && !is_last {
                let (outcome, page) = join(writing, source.next(Duration::ZERO)).await;
                next = Some(page);
                outcome
            } else {
                writing.await
            };
            let Some(Written { failures, indices }) = self.unless_cancelled(outcome)? else {
                return Ok(Step::End(End::default()));
            };
            self.saved.written_to.extend(indices);
            self.advance(&reached);
            if self.task.is_cancelled() {
                // As upstream, a cancel is no failure. But what may have been written or not is told.
                let unknown = failures.into_iter().filter(is_uncertain);
                return Ok(Step::End(End {
                    write_failures: unknown.collect(),
                    ..End::default()
                }));
            }
            if !failures.is_empty() || self.left() == 0 {
                self.refresh().await?;
                return Ok(Step::End(End {
                    write_failures: failures,
                    ..End::default()
                }));
            }
        } else {
            self.advance(&reached);
            // All that was wanted was written before.
            if self.left() == 0 {
                self.refresh().await?;
                return Ok(Step::End(End::default()));
            }
        }
        self.save().await;
        let next = match next {
            Some(next) => next,
            None => {
                let more = self.state.throttle.wait_after(writes);
                source.next(more).await
            }
        };
        let next = match next {
            // Nobody read on for longer than it is kept, or a page of it was lost: what is left is found anew. Each time a batch
            // was done with before, so that this ends.
            Err(failure) if !self.saved.bounds.is_empty() && is_context_missing(&failure) => {
                tracing::debug!(task = %self.task.id(), %failure, "the source is opened anew");
                source.close().await;
                source.rewind(self.saved.bounds.clone());
                match source.first().await {
                    Err(again) if again.kind != Kind::TaskCancelled => Err(failure),
                    page => page,
                }
            }
            next => next,
        };
        Ok(match self.unless_cancelled(next)? {
            Some(page) => Step::Next(page, writes),
            None => Step::End(End::default()),
        })
    }

    /// Leaves out of the first batch after a restart what was written before, and of every batch of a source that begins
    /// again; nothing when the task was cancelled meanwhile.
    async fn settle(&mut self, items: Vec<WriteItem>) -> Result<Option<Vec<WriteItem>>, Failure> {
        let unsettled = std::mem::take(&mut self.unsettled) || self.begins_again;
        if !unsettled || !matches!(self.request.work, Work::Reindex(_)) {
            return Ok(Some(items));
        }
        let mut counted = self.state.figures();
        let found = (&mut counted, &mut self.saved.written_to);
        let left = not_yet_written(&self.node, &self.task, items, found).await;
        let left = self.unless_cancelled(left)?;
        if left.is_some() {
            self.state.count(|figures| *figures = counted);
        }
        Ok(left)
    }

    /// Waits as the pace asks for. Another pace that comes meanwhile is saved too.
    async fn throttle(&mut self, last_batch: usize) {
        let state = Arc::clone(&self.state);
        state.throttle.begin(last_batch);
        loop {
            let woken = tokio::select! {
                biased;
                woken = state.throttle.wait(&self.task) => woken,
                // Whoever pauses it does not wait for the rest of the wait.
                () = self.told_to_pause() => {
                    state.throttle.begin(0);
                    return;
                }
            };
            if woken == Woken::Over {
                return;
            }
            self.save().await;
        }
    }

    /// Refreshes what was written to, when that was asked for.
    async fn refresh(&self) -> Result<(), Failure> {
        let names: Vec<String> = self.saved.written_to.iter().cloned().collect();
        if !self.request.options.refresh || names.is_empty() || self.task.is_cancelled() {
            return Ok(());
        }
        let target = IndexExpression {
            names,
            options: ExpressionOptions::OPEN,
        };
        let refreshed = self
            .node
            .child::<Refresh>(&self.task, RefreshRequest { target })
            .await;
        self.unless_cancelled(refreshed).map(drop)
    }

    /// What a child answered; nothing when the task was cancelled before the child began, which is no failure. One that was
    /// cancelled while it ran has failed.
    fn unless_cancelled<T>(&self, outcome: Result<T, Failure>) -> Result<Option<T>, Failure> {
        match outcome {
            Ok(answer) => Ok(Some(answer)),
            Err(failure) if failure.kind == Kind::TaskCancelled && self.task.is_cancelled() => {
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// How many documents may be written yet. A search that ends early finds as many again when it is opened again: it is held
    /// to what it found at first.
    fn left(&self) -> u64 {
        let figures = self.state.figures();
        let most = self.request.options.max_docs.map_or(u64::MAX, u64::from);
        let left = most.saturating_sub(figures.written());
        match self.request.search.source.terminate_after {
            0 => left,
            _ => left.min(self.saved.matched.saturating_sub(figures.reached())),
        }
    }

    /// The documents up to these are done with.
    fn advance(&mut self, reached: &[Option<u64>]) {
        for (bounds, seq_no) in self.saved.bounds.iter_mut().zip(reached) {
            if let Some(seq_no) = seq_no {
                bounds.from = bounds.from.max(seq_no.saturating_add(1));
            }
        }
        self.task.reach(self.state.figures().reached());
    }

    /// Saves how far it is. A failure is logged: the operation goes on, and a restart begins a little earlier.
    async fn save(&mut self) {
        if let Err(failure) = self.try_save().await {
            tracing::warn!(task = %self.task.id(), %failure, "how far an operation is was not saved");
        }
    }

    async fn try_save(&mut self) -> Result<(), Failure> {
        let Some(place) = &self.place else {
            return Ok(());
        };
        self.saved.figures = self.state.figures();
        self.saved.requests_per_second = self.state.throttle.rate();
        self.saved.throttled = self.state.throttle.waited();
        let saved = Saved {
            took: self.took(),
            ..self.saved.clone()
        };
        place.save(&saved).await
    }

    /// Keeps how a by-query slice ended until all of its operation have.
    async fn ended(&mut self, answer: &Result<ByQueryResponse, Failure>) {
        if self.task.parent().is_none() || self.node.started_runs().are_closed() {
            return;
        }
        self.saved.ended = Some(answer.clone());
        self.save().await;
    }

    fn took(&self) -> Duration {
        self.saved.took + self.begun.elapsed()
    }

    fn answer(&self, end: End) -> ByQueryResponse {
        ByQueryResponse {
            took_millis: u64::try_from(self.took().as_millis()).unwrap_or(u64::MAX),
            timed_out: end.timed_out,
            status: self.state.status(canceled(&self.task)),
            write_failures: end.write_failures,
            search_failures: end.search_failures,
        }
    }
}

/// Whether an operation whose source is sorted may begin again after a restart: copying documents once more changes nothing.
///
/// # Errors
/// `task_lost_exception`: its own documents may have been changed, and are not told from the others.
fn may_begin_again(work: &Work) -> Result<(), Failure> {
    match work {
        Work::Reindex(_) => Ok(()),
        Work::Update | Work::Delete => Err(Failure::new(
            Kind::TaskLost,
            "an operation over sorted documents can't go on after a restart of its node",
        )),
    }
}

//! What happens to tasks, as it happens: server-sent events, made as the client reads them. A client that reads too slowly
//! misses some and is told how many.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Bytes;
use futures_timer::Delay;
use glasswork_content::failure::Failure;

use super::{
    body::BrokenOff,
    serving::{Serving, Waits},
};
use crate::{
    Filter, Guard, Heard, News, Reason, Registry, Subscription, TaskId,
    wire::{TaskEvent, sse},
};

/// Events of one piece.
const BATCH: usize = 256;
/// A comment is sent when nothing else was for so long: whoever is in between keeps the connection.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// A watch that is open.
pub(super) struct Watching {
    registry: Registry,
    epoch: u64,
    news: Subscription,
    filter: Filter,
    /// The one task that is watched.
    one: Option<TaskId>,
    extended: bool,
    heartbeat: Delay,
    longest: Delay,
    cancelled: Pin<Box<dyn Future<Output = Reason> + Send>>,
    /// Its own internal task; gone when all is told.
    guard: Option<Guard>,
    /// What is to be sent first.
    piece: Vec<u8>,
    over: bool,
}

impl Watching {
    /// Hears what happens from now on, or from behind the event numbered `after`.
    ///
    /// # Errors
    /// 404 when the one task does not run; 429 when too many watch.
    pub(super) fn begin(
        serving: &Arc<Serving>,
        filter: Filter,
        one: Option<TaskId>,
        extended: bool,
        after: Option<u64>,
    ) -> Result<Self, Failure> {
        let registry = serving.registry.clone();
        let guard = serving.wait(Waits::Watch)?;
        let mut piece = sse::BEGIN.to_vec();
        let known = after.and_then(|after| after.checked_sub(serving.epoch));
        // Before the task is looked for: what happens to it from now on is heard.
        let mut news = match known {
            Some(known) => registry.subscribe_after(known),
            None => registry.subscribe(),
        };
        let is_foreign = match known {
            Some(known) => news.through() < known,
            None => after.is_some(),
        };
        if is_foreign {
            // Of an earlier process: how many there were since is not known.
            news = registry.subscribe();
            sse::missed(&mut piece, serving.epoch + news.through(), None);
        }
        let watching = Self {
            epoch: serving.epoch,
            news,
            filter,
            one,
            extended,
            heartbeat: Delay::new(HEARTBEAT),
            longest: Delay::new(serving.limits.longest),
            cancelled: Box::pin(guard.task().cancelled()),
            guard: Some(guard),
            piece,
            over: false,
            registry,
        };
        match &watching.one {
            Some(id) if !watching.is_there() => Err(Failure::resource_not_found(format!(
                "task [{id}] isn't running"
            ))),
            _ => Ok(watching),
        }
    }

    /// The next piece; nothing when it is over.
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BrokenOff>>> {
        if self.guard.is_none() {
            return Poll::Ready(None);
        }
        let is_cancelled = self.cancelled.as_mut().poll(context).is_ready();
        if is_cancelled || Pin::new(&mut self.longest).poll(context).is_ready() {
            self.over = true;
        }
        if !self.over && self.piece.is_empty() {
            ready!(self.collect(context));
        }
        if self.over
            && self.piece.is_empty()
            && let Some(guard) = self.guard.take()
        {
            guard.succeed();
            return Poll::Ready(None);
        }
        self.heartbeat.reset(HEARTBEAT);
        Poll::Ready(Some(Ok(std::mem::take(&mut self.piece).into())))
    }

    /// Waits until there is something to tell.
    fn collect(&mut self, context: &mut Context<'_>) -> Poll<()> {
        for _ in 0..BATCH {
            match self.news.poll(context) {
                Poll::Ready(heard) => self.write(&heard),
                Poll::Pending if self.piece.is_empty() => {
                    ready!(Pin::new(&mut self.heartbeat).poll(context));
                    self.piece.extend_from_slice(sse::HEARTBEAT);
                    // Its end may have been among what was missed.
                    self.over = !self.is_there();
                    return Poll::Ready(());
                }
                Poll::Pending => return Poll::Ready(()),
            }
            if self.over {
                return Poll::Ready(());
            }
        }
        if self.piece.is_empty() {
            // Nothing of a whole batch was wanted: others have their turn.
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(())
    }

    fn write(&mut self, heard: &Heard) {
        match heard {
            Heard::Missed(count) => {
                let through = self.epoch + self.news.through();
                sse::missed(&mut self.piece, through, Some(*count));
                self.over = !self.is_there();
            }
            Heard::Event(event) => {
                let told = TaskEvent::of(event);
                let wanted = match &self.one {
                    Some(id) => told.task.id == *id,
                    None => told.fits(&self.filter),
                };
                if !wanted {
                    return;
                }
                let sequence = self.epoch + event.sequence;
                // Its snapshot has no status, which alone could not be written.
                let written = sse::event(&mut self.piece, sequence, &told, self.extended);
                debug_assert!(written.is_ok(), "{written:?}");
                self.over = self.one.is_some() && matches!(told.news, News::Ended(_));
            }
        }
    }

    /// Whether the one task that is watched still runs; yes when all are watched.
    fn is_there(&self) -> bool {
        self.one.as_ref().is_none_or(|id| {
            id.node == *self.registry.node() && self.registry.get(id.number).is_some()
        })
    }
}

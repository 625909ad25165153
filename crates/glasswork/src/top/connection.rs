//! The server's side of `glasswork top`, on a thread of its own: lists politely, asks for details of what is visible, acts.
//! Keys never wait for it.

mod acts;

use super::{
    Event,
    listing::{Detailed, FEW, Lean, Listing, detail},
    state::{Effect, Update},
};
use acts::act;
use glasswork_client::{Client, Error, ListOptions, Task, TaskId};
use std::{
    collections::HashSet,
    io,
    sync::mpsc::SyncSender,
    thread,
    time::{Duration, Instant},
};
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
    sync::{mpsc, watch},
    task::JoinSet,
    time,
};

/// A list that takes longer is work for the server, too: it is asked for less often.
const SLOW: Duration = Duration::from_millis(200);
/// The same for an answer of more bytes.
const LARGE: usize = 5 << 20;
/// A slow or large list is asked for at most this part of the time.
const SHARE: u32 = 10;
/// A large list is asked for at most this often, however fast it is.
const LARGE_PACE: Duration = Duration::from_secs(5);
/// However long it goes wrong, or a server wants to be left alone (`Retry-After`), after so long it is asked again.
const LONGEST: Duration = Duration::from_secs(60);
/// Tasks whose details are asked for between two lists, at most; and at a time.
const DETAILS: usize = 100;
const AT_ONCE: usize = 4;
/// Ended tasks that are shown.
const HISTORY: usize = 500;
/// Acts that wait for being sent.
const WAITING: usize = 64;

/// What is to be asked again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) options: ListOptions,
    pub(super) every: Duration,
    pub(super) paused: bool,
    /// Tasks whose details are wanted, where the list has none.
    pub(super) visible: Vec<TaskId>,
    /// Whenever this changes the next list is asked for at once.
    pub(super) asked: u64,
}

/// The running thread, as the keys see it.
pub(super) struct Connection {
    wanted: watch::Sender<Wanted>,
    acts: mpsc::Sender<Effect>,
}

/// Tells that the thread has ended, however it did.
struct Farewell(SyncSender<Event>);

impl Drop for Farewell {
    fn drop(&mut self) {
        // Nobody listens when the program itself ends.
        let _ = self.0.send(Event::Ended);
    }
}

impl Connection {
    /// Starts to ask; answers and signals come as events.
    ///
    /// # Errors
    /// When the system gives no thread, no runtime or no signals.
    pub(super) fn start(
        client: Client,
        wanted: Wanted,
        events: SyncSender<Event>,
    ) -> io::Result<Self> {
        let (wanted, now_wanted) = watch::channel(wanted);
        let (acts, acted) = mpsc::channel(WAITING);
        let runtime = Builder::new_current_thread().enable_all().build()?;
        thread::Builder::new()
            .name("connection".to_owned())
            .spawn(move || {
                let _farewell = Farewell(events.clone());
                runtime.block_on(async {
                    tokio::select! {
                        () = poll(&client, now_wanted, &events) => {}
                        () = act(&client, acted, &events) => {}
                        result = signals() => {
                            if result.is_ok() {
                                tell(&events, Event::Terminated);
                            }
                        }
                    }
                });
                // A look-up of a name that hangs must not keep it.
                runtime.shutdown_background();
            })?;
        Ok(Self { wanted, acts })
    }

    /// From now on this is asked.
    pub(super) fn want(&self, wanted: Wanted) {
        self.wanted.send_if_modified(|now| {
            let changed = *now != wanted;
            *now = wanted;
            changed
        });
    }

    /// Has this done; what comes of it comes as an event. `false` when too much waits already.
    pub(super) fn act(&self, effect: Effect) -> bool {
        self.acts.try_send(effect).is_ok()
    }
}

async fn signals() -> io::Result<()> {
    let mut terminated = signal(SignalKind::terminate())?;
    let mut interrupted = signal(SignalKind::interrupt())?;
    let mut hung_up = signal(SignalKind::hangup())?;
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
        _ = hung_up.recv() => {}
    }
    Ok(())
}

/// The one that listens reads without ever waiting for this thread, so that this wait is short.
fn tell(events: &SyncSender<Event>, event: Event) {
    // Nobody listens when the program itself ends.
    let _ = events.send(event);
}

/// Lists again and again until nobody wants it any more.
async fn poll(client: &Client, mut wanted: watch::Receiver<Wanted>, events: &SyncSender<Event>) {
    let mut detailed = false;
    let mut failures = 0;
    let mut named = false;
    loop {
        let now = wanted.borrow_and_update().clone();
        if now.paused {
            if wanted.changed().await.is_err() {
                return;
            }
            continue;
        }
        let began = Instant::now();
        let answered = list(client, &now.options, detailed).await;
        let took = began.elapsed();
        let mut details_missing = false;
        let pause = match answered {
            Ok((list, bytes)) => {
                failures = 0;
                let pace = pace(now.every, took, bytes);
                let few = list.tasks.len() <= FEW;
                details_missing = !detailed && !few;
                // A first short list is followed by one with details.
                let again = few && !detailed && pace == now.every;
                detailed = few;
                tell(events, Event::Update(Update::Listed { list, took, pace }));
                if again { Duration::ZERO } else { pace }
            }
            Err(error) => {
                failures += 1;
                let pause = after_failure(now.every, failures, &error);
                let line = format!("{error}; asked again in {}s", pause.as_secs());
                tell(events, Event::Update(Update::Failed(line)));
                pause
            }
        };
        if !named && failures == 0 {
            // Known already: the list found out what the server can.
            if let Ok(server) = client.server().await {
                named = true;
                tell(events, Event::Update(Update::Server(server.clone())));
            }
        }
        let until = time::Instant::now() + pause;
        let mut known = HashSet::new();
        loop {
            if details_missing {
                let visible = wanted.borrow_and_update().visible.clone();
                details(client, visible, &mut known, until, events).await;
            }
            tokio::select! {
                () = time::sleep_until(until) => break,
                changed = wanted.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let wanted = wanted.borrow_and_update();
                    if wanted.asked != now.asked || wanted.paused {
                        break;
                    }
                }
            }
        }
    }
}

/// A list, and how many bytes it was told in.
async fn list(
    client: &Client,
    options: &ListOptions,
    detailed: bool,
) -> Result<(Listing, usize), Error> {
    let own_id = client.opaque_id();
    let options = options.clone().extended();
    let (rows, detailed, told) = if detailed {
        let options = options.detailed();
        let (all, told) = client.list_into(&options, || Detailed::of(own_id)).await?;
        (all.rows, all.detailed, told)
    } else {
        let (all, told) = client.list_into(&options, || Lean::of(own_id)).await?;
        (all.rows, Vec::new(), told)
    };
    let list = Listing {
        tasks: rows.tasks,
        detailed,
        own: rows.own,
        more: rows.more,
        nodes: told.nodes,
        node_failures: told.node_failures,
        at: Instant::now(),
    };
    Ok((list, told.answer_in_bytes))
}

/// How long to leave the server alone after a list.
fn pace(every: Duration, took: Duration, bytes: usize) -> Duration {
    let mut pace = every;
    if took > SLOW || bytes > LARGE {
        pace = pace.max(took * SHARE);
    }
    if bytes > LARGE {
        pace = pace.max(LARGE_PACE);
    }
    pace.min(LONGEST)
}

fn after_failure(every: Duration, failures: u32, error: &Error) -> Duration {
    let asked = error.refusal().and_then(|refusal| refusal.retry_after);
    let longer = every * 2_u32.pow(failures.saturating_sub(1).min(4));
    longer.max(asked.unwrap_or_default()).min(LONGEST)
}

/// Asks for the details of tasks that are not known yet, a few at a time, while there is time.
async fn details(
    client: &Client,
    visible: Vec<TaskId>,
    known: &mut HashSet<TaskId>,
    until: time::Instant,
    events: &SyncSender<Event>,
) {
    let mut left = visible.into_iter().filter(|id| known.insert(id.clone()));
    let mut left = left.by_ref().take(DETAILS).collect::<Vec<_>>().into_iter();
    let mut asked: JoinSet<Option<Task>> = JoinSet::new();
    let mut found = Vec::new();
    loop {
        while asked.len() < AT_ONCE && time::Instant::now() < until {
            let Some(id) = left.next() else { break };
            let client = client.clone();
            asked.spawn(async move {
                // One that has ended meanwhile is not in the next list.
                let answer = client.get(&id).await.ok()?;
                (!answer.completed).then(|| detail(answer.task))
            });
        }
        match asked.join_next().await {
            Some(Ok(Some(task))) => found.push(task),
            Some(_) => {}
            None => break,
        }
    }
    if !found.is_empty() {
        tell(events, Event::Update(Update::Details(found)));
    }
}

#[cfg(test)]
mod tests;

//! The server's side of `glasswork top`, on a thread of its own: lists politely, asks for details of what is visible, acts.
//! Keys never wait for it.

use super::{
    Event,
    listing::{Detailed, FEW, Lean, Listing, detail},
    state::{Cancelling, Effect, Previewed, Update},
};
use glasswork_client::{
    CancelOptions, Client, Error, HistoryOptions, ListOptions, NodeFailure, Task, TaskId, TaskList,
    excerpt,
};
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

/// Does what is asked for, each on its own.
async fn act(client: &Client, mut acts: mpsc::Receiver<Effect>, events: &SyncSender<Event>) {
    while let Some(effect) = acts.recv().await {
        let (client, events) = (client.clone(), events.clone());
        tokio::spawn(async move {
            if let Some(update) = done(&client, effect).await {
                tell(&events, Event::Update(update));
            }
        });
    }
}

async fn done(client: &Client, effect: Effect) -> Option<Update> {
    let update = match effect {
        // What needs no server is done elsewhere.
        Effect::Quit | Effect::Redraw | Effect::SaveFilter(..) => return None,
        Effect::Preview(ids) => {
            let told = preview(client, &ids).await;
            Update::Preview(ids, told.map_err(|error| error.to_string()))
        }
        Effect::Cancel(cancelling) => Update::Said(cancel(client, cancelling).await),
        Effect::Rethrottle(id, rate) => {
            let done = format!("has a rate of {rate} now");
            Update::Said(said(&id, client.rethrottle(&id, rate).await, &done))
        }
        Effect::Pause(id) => Update::Said(said(&id, client.pause(&id).await, "is paused")),
        Effect::Resume(id) => Update::Said(said(&id, client.resume(&id).await, "goes on")),
        Effect::History => {
            let ended = client.history(&HistoryOptions::new().size(HISTORY)).await;
            Update::History(ended.map_err(|error| error.to_string()))
        }
    };
    Some(update)
}

/// What cancelling all of these would end, together. One that can't be told is an error.
async fn preview(client: &Client, ids: &[TaskId]) -> Result<Previewed, Error> {
    let mut all = Previewed::default();
    for id in ids {
        let one = client.preview_cancel(id).await?;
        all.tokens.push(one.token);
        let total = &mut all.total;
        total.tasks += one.tasks;
        total.cpu_time_in_nanos = total
            .cpu_time_in_nanos
            .saturating_add(one.cpu_time_in_nanos);
        total.users.extend(one.users);
        total.which.extend(one.which.into_iter().map(detail));
    }
    all.total.users.sort();
    all.total.users.dedup();
    Ok(all)
}

async fn cancel(client: &Client, cancelling: Cancelling) -> String {
    let number = cancelling.tasks.len();
    let mut left = cancelling.tasks.into_iter();
    let mut asked: JoinSet<(bool, String)> = JoinSet::new();
    let (mut told, mut last, mut failed) = (0, String::new(), None);
    loop {
        while asked.len() < AT_ONCE {
            let Some((id, token)) = left.next() else {
                break;
            };
            let client = client.clone();
            let mut options = CancelOptions::task(id.clone());
            if let Some(token) = token {
                options = options.token(token);
            }
            if let Some(reason) = &cancelling.reason {
                options = options.reason(reason);
            }
            asked.spawn(async move {
                let answer = client.cancel(&options).await;
                let well = answer.as_ref().is_ok_and(TaskList::is_complete);
                (well, said(&id, answer, "was told to stop"))
            });
        }
        match asked.join_next().await {
            Some(Ok((true, line))) => (told, last) = (told + 1, line),
            Some(Ok((false, line))) => failed = Some(line),
            Some(Err(error)) => failed = Some(error.to_string()),
            None => break,
        }
    }
    match (number, failed) {
        (1, failed) => failed.unwrap_or(last),
        (_, None) => format!("{told} tasks were told to stop"),
        (_, Some(line)) => format!("{told} of {number} tasks were told to stop; {line}"),
    }
}

/// What became of one task, in a line.
fn said(id: &TaskId, answer: Result<TaskList, Error>, done: &str) -> String {
    let line = match answer {
        Err(error) => return error.to_string(),
        Ok(list) if list.is_complete() => format!("{id} {done}"),
        Ok(list)
            if !list.node_failures.is_empty()
                && list.node_failures.iter().all(NodeFailure::is_not_found) =>
        {
            format!("{id} had ended before")
        }
        Ok(list) => {
            let node = list.node_failures.first().map(|failure| failure.cause().1);
            let task = list.task_failures.first();
            let task = task.and_then(|failure| failure.reason["reason"].as_str());
            format!(
                "{id}: {}",
                node.or(task).unwrap_or("the server does not say why not")
            )
        }
    };
    excerpt(&line, 300)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::Shown;
    use glasswork_client::fake::{Asked, FakeServer, Reply};
    use serde_json::json;
    use std::sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, sync_channel},
    };

    /// What comes of asking this server every ten milliseconds.
    fn ask(server: &FakeServer, timeout: Duration) -> (Connection, Receiver<Event>) {
        let client = Client::builder(server.url()).answer_timeout(timeout);
        let client = client.opaque_id("own").build().expect("a client");
        let wanted = Wanted {
            options: ListOptions::new(),
            every: Duration::from_millis(10),
            paused: false,
            visible: Vec::new(),
            asked: 0,
        };
        let (events, happened) = sync_channel(64);
        let connection = Connection::start(client, wanted, events).expect("a thread");
        (connection, happened)
    }

    fn next(happened: &Receiver<Event>) -> Update {
        match happened.recv_timeout(Duration::from_secs(60)) {
            Ok(Event::Update(update)) => update,
            _ => panic!("the connection has ended"),
        }
    }

    fn listed(happened: &Receiver<Event>) -> Listing {
        loop {
            match next(happened) {
                Update::Listed { list, .. } => return list,
                Update::Failed(line) => panic!("{line}"),
                _ => {}
            }
        }
    }

    fn is_root(asked: &Asked) -> Option<Reply> {
        (asked.path == "/").then(|| Reply::json(r#"{"version":{"number":"3.8.0"}}"#))
    }

    #[test]
    fn whatever_a_server_answers_is_one_line_and_it_is_asked_again() {
        let error = |status| Reply::error(status, "x_exception", "not\u{1b}[2J\nnow");
        let cases = [
            (Reply::html("<html>\u{1b}[31m<h1>nginx</h1>"), "no JSON"),
            (Reply::status(401).body("Unauthorized"), "answered 401"),
            (error(403), "answered 403"),
            (error(429).header("retry-after", "1"), "come again in 1 s"),
            (error(500), "answered 500"),
            (Reply::html("").with_status(502), "answered 502"),
            (error(503), "answered 503"),
            (Reply::status(504), "answered 504"),
            (Reply::json("{\"nodes\":{\"n\":{\"tas"), "it ends early"),
            (Reply::json("{\"nodes\":{}}").cut_after(4), "ended before"),
            (
                Reply::json("{\"nodes\":{}}").hang_after(4),
                "did not answer",
            ),
            (Reply::json("{\"nodes\":[]}"), "invalid type"),
            (
                Reply::json("").header("content-encoding", "br"),
                "not asked for",
            ),
        ];
        for (bad, said) in cases {
            let lists = AtomicUsize::new(0);
            let reply = bad.clone();
            let server = FakeServer::start(move |asked| {
                // What breaks off on a kept connection is asked once more by the client itself.
                let bad = || match lists.fetch_add(1, Ordering::Relaxed) {
                    0 | 1 => reply.clone(),
                    _ => Reply::json(r#"{"nodes":{}}"#),
                };
                is_root(asked).unwrap_or_else(bad)
            });
            // Long enough for what is answered, on a busy machine, too.
            let (connection, happened) = ask(&server, Duration::from_secs(2));
            match next(&happened) {
                Update::Failed(line) => {
                    assert!(
                        line.contains(said) && line.contains("asked again"),
                        "{line}"
                    );
                    assert!(!line.chars().any(char::is_control), "{line:?}");
                }
                update => panic!("{said}: {update:?}"),
            }
            while !matches!(next(&happened), Update::Listed { .. }) {}
            drop(connection);
        }
    }

    #[test]
    fn a_certificate_of_nobody_is_said_and_asked_again() {
        let server = FakeServer::start_tls(|_| Reply::json(r#"{"nodes":{}}"#));
        let (_connection, happened) = ask(&server, Duration::from_secs(30));
        for _ in 0..2 {
            match next(&happened) {
                Update::Failed(line) => assert!(line.contains("nobody who is trusted"), "{line}"),
                update => panic!("{update:?}"),
            }
        }
    }

    #[test]
    fn a_hundred_thousand_odd_tasks_are_rows_and_a_description_of_ten_megabytes_is_cut() {
        let mut body = String::from(r#"{"nodes":{"n":{"name":"node-1","tasks":{"#);
        for number in 0..100_000 {
            body.push_str(&format!(r#""n:{number}":{{"node":"n","id":{number},"action":"a","headers":{{"X-Opaque-Id":"o"}}}},"#));
        }
        body.push_str(r#""n:-5":{"node":"n/?#\u001b[1m","id":-5,"action":"\u0000","headers":{"X-Opaque-Id":"own"}},"#);
        body.push_str(r#""n:-6":{"node":"n/?#\u001b[1m","id":-6,"action":"\u0000","parent_task_id":"::","running_time_in_nanos":-9}}}}}"#);
        let detail = json!({"completed": false, "task": {"node": "n", "id": 7, "action": "a", "description": "é".repeat(5 << 20)}});
        let detail = detail.to_string();
        let server = FakeServer::start(move |asked| {
            let answer = || match asked.path.as_str() {
                "/_tasks" => Reply::json(body.clone()),
                _ => Reply::json(detail.clone()),
            };
            is_root(asked).unwrap_or_else(answer)
        });
        let (connection, happened) = ask(&server, Duration::from_secs(60));
        let list = listed(&happened);
        assert_eq!((list.tasks.len(), list.own, list.more), (100_001, 1, 0));
        let odd = list.tasks.last().expect("a task");
        assert_eq!(
            (odd.node(), odd.number(), odd.running_time()),
            ("n/?#\u{1b}[1m", -6, Duration::ZERO)
        );
        let again = Wanted {
            options: ListOptions::new(),
            every: Duration::from_millis(10),
            paused: false,
            visible: vec!["n:7".parse().expect("an id")],
            asked: 1,
        };
        connection.want(again);
        let details = loop {
            if let Update::Details(tasks) = next(&happened) {
                break tasks;
            }
        };
        let described = details[0].description.as_ref().expect("it is told");
        assert!(described.len() < 20 << 10);
    }

    #[test]
    fn slow_and_large_lists_are_asked_for_less_often() {
        let every = Duration::from_secs(2);
        let millis = Duration::from_millis;
        assert_eq!(pace(every, millis(150), 1000), every);
        assert_eq!(pace(every, millis(250), 1000), millis(2500));
        assert_eq!(pace(every, millis(100), LARGE + 1), LARGE_PACE);
        assert_eq!(pace(every, millis(900), LARGE + 1), millis(9000));
        assert_eq!(pace(every, Duration::from_secs(30), 0), LONGEST);
    }

    #[test]
    fn a_server_that_fails_is_asked_more_and_more_seldom() {
        let error = Error::TimedOut {
            url: "http://h:1".to_owned(),
            after: Duration::from_secs(1),
        };
        let every = Duration::from_secs(2);
        let after = |failures| after_failure(every, failures, &error).as_secs();
        assert_eq!((after(1), after(2), after(3), after(50)), (2, 4, 8, 32));
    }
}

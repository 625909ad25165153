//! What keys ask of the server: cancels, rates, pauses, the history. Each is answered by a line or by what it tells.

use super::{AT_ONCE, HISTORY, tell};
use crate::top::{
    Event,
    listing::detail,
    state::{Cancelling, Effect, Previewed, Update},
};
use glasswork_client::{
    CancelOptions, Client, Error, HistoryOptions, NodeFailure, TaskId, TaskList, excerpt,
};
use std::sync::mpsc::SyncSender;
use tokio::{sync::mpsc, task::JoinSet};

/// Does what is asked for, each on its own.
pub(super) async fn act(
    client: &Client,
    mut acts: mpsc::Receiver<Effect>,
    events: &SyncSender<Event>,
) {
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

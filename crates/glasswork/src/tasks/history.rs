//! `glasswork tasks history`: what has ended, and how (Glasswork).

use super::{Session, TasksError, out};
use crate::{
    arguments::tasks::HistoryArguments,
    exit::Code,
    filter::{Filter, Subject},
    view::{UNKNOWN, age, count},
};
use glasswork_client::{EndedTask, HistoryOptions, ListOptions, excerpt};
use glasswork_content::text::iso_millis;
use serde_json::json;

/// The server gives at most so many at once.
const LARGEST: usize = 10_000;

pub(super) async fn run(
    session: &Session,
    arguments: &HistoryArguments,
) -> Result<Code, TasksError> {
    let filter = Filter::all(&arguments.filters);
    let mut options = HistoryOptions::new()
        .outcomes(arguments.status.iter().map(|outcome| outcome.name()))
        .chosen(filter.narrow(ListOptions::new()))
        // What the server can't choose by is chosen here, from as many as it gives.
        .size(match arguments.filters.is_empty() {
            true => arguments.limit.clamp(1, LARGEST),
            false => LARGEST,
        });
    if let Some(since) = arguments.since {
        options = options.ended_within(since);
    }
    let mut ended = session.client.history(&options).await?;
    let given = ended.len();
    let nodes = match filter.names_nodes() {
        true => session.client.nodes().await?,
        false => Vec::new(),
    };
    let own = session.client.opaque_id();
    ended.retain(|ended| {
        let node = nodes.iter().find(|node| node.id == ended.task.node);
        let subject = Subject {
            task: &ended.task,
            node_name: node.map(|node| node.name.as_str()),
        };
        let is_own = own.is_some() && ended.task.opaque_id() == own;
        !is_own && filter.matches(subject)
    });
    let matching = ended.len();
    ended.truncate(arguments.limit);
    if arguments.json {
        out::json(&json!({ "tasks": ended }))?;
        return Ok(Code::Success);
    }
    if ended.is_empty() {
        out::text("no task that ended matches\n")?;
        return Ok(Code::Success);
    }
    out::text(&table(&ended, out::width()))?;
    if matching > ended.len() || given >= LARGEST {
        let shown = count(ended.len() as u64);
        out::text(&format!(
            "… {shown} are shown, those that ended last; --limit and --since choose others\n"
        ))?;
    }
    Ok(Code::Success)
}

/// A line each, those that ended last first.
fn table(ended: &[EndedTask], width: Option<usize>) -> String {
    let mut text = line(["ENDED", "OUTCOME", "TOOK", "USER", "TASK"], width);
    for task in ended {
        let at = iso_millis(task.ended_in_millis);
        // `2026-11-24T12:41:07Z`, without fractions.
        let at = match at.split_once('.') {
            Some((seconds, _)) => format!("{seconds}Z"),
            None => at,
        };
        let outcome = excerpt(&task.outcome, 10);
        let took = age(task.task.running_time());
        let user = excerpt(task.user.as_deref().unwrap_or(UNKNOWN), 10);
        text.push_str(&line([&at, &outcome, &took, &user, &what(task)], width));
    }
    text
}

fn line([at, outcome, took, user, what]: [&str; 5], width: Option<usize>) -> String {
    let before = format!("{at:20}  {outcome:10}  {took:>6}  {user:10}  ");
    let room = width.map_or(400, |width| width.saturating_sub(before.chars().count()));
    format!("{before}{}", excerpt(what, room.max(20)))
        .trim_end()
        .to_owned()
        + "\n"
}

/// The task and what it did, or why it failed.
fn what(ended: &EndedTask) -> String {
    let task = &ended.task;
    let mut what = format!("{} {}", task.id(), task.action);
    if let Some(opaque) = task.opaque_id() {
        what.push_str(&format!(" {opaque}"));
    }
    let error = ended.error.as_ref();
    if let Some(reason) = error.and_then(|error| error["reason"].as_str()) {
        what.push_str(&format!(": {reason}"));
    } else if let Some(description) = &task.description {
        what.push_str(&format!(" {description}"));
    }
    what
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_ended_task_is_a_safe_line() {
        let told = json!([
            {"task": {"node": "n", "id": 9, "action": "indices:data/read/search", "running_time_in_nanos": 5_000_000, "headers": {"X-Opaque-Id": "dash-77"}},
             "outcome": "failed", "user": "ads", "ended_in_millis": 1_795_508_826_104_i64, "error": {"type": "t", "reason": "no such index [x\u{1b}]"}},
            {"task": {"node": "n", "id": 8, "action": "a", "description": "d".repeat(500)}, "outcome": "succeeded", "ended_in_millis": i64::MIN}]);
        let ended: Vec<EndedTask> = serde_json::from_value(told).expect("ended tasks");
        insta::assert_snapshot!(table(&ended, Some(100)));
        assert!(table(&ended, Some(5)).lines().count() == 3);
    }
}

//! Why a task is still there, from what a server tells of it and of the tasks below it. Says only what follows from that.

use crate::view::{Shown, age, count, per_second};
use glasswork_client::{Extended, Task, excerpt};
use serde::Serialize;
use std::{collections::HashSet, time::Duration};

/// One fact that explains something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Fact {
    /// What kind: `cancel`, `wait`, `throttle`, `children`, `slices`, `phase`, `cpu`, `checkpoint`, `progress`, `unknown`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
}

/// The tasks below a task, and which of them a user should look at.
pub(super) struct Below<'a> {
    /// All of them.
    pub(super) tasks: Vec<&'a dyn Shown>,
}

/// The facts, the most telling first. `now_in_millis` is this machine's clock.
pub(super) fn explain(task: &Task, below: &Below<'_>, now_in_millis: i64) -> Vec<Fact> {
    let mut facts = Facts(Vec::new());
    cancel(task, now_in_millis, &mut facts);
    if let Some(extended) = &task.glasswork {
        extension(extended, &mut facts);
    }
    by_query(task, &mut facts);
    phase(task, &mut facts);
    children(below, &mut facts);
    threads(task, below, &mut facts);
    if facts.0.is_empty() {
        facts.add(
            "unknown",
            "it runs, and this server tells nothing of what it does: neither a status nor resources nor tasks below it".to_owned(),
        );
    }
    facts.0
}

struct Facts(Vec<Fact>);

impl Facts {
    fn add(&mut self, kind: &'static str, text: String) {
        self.0.push(Fact { kind, text });
    }
}

fn cancel(task: &Task, now_in_millis: i64, facts: &mut Facts) {
    if !task.cancelled {
        return;
    }
    let ago = task
        .cancellation_time_millis
        .and_then(|at| u64::try_from(now_in_millis.saturating_sub(at)).ok());
    let ago = ago
        .map(|millis| format!(" {} ago", age(Duration::from_millis(millis))))
        .unwrap_or_default();
    let cancel = task
        .glasswork
        .as_ref()
        .and_then(|extended| extended.cancel.as_ref());
    let by = cancel
        .and_then(|cancel| cancel.requested_by.as_ref())
        .map(|by| format!(" by {}", excerpt(by, 100)));
    let why = cancel
        .and_then(|cancel| cancel.reason.as_ref())
        .map(|why| format!(" ({})", excerpt(why, 300)));
    let told = format!(
        "it was told to stop{ago}{}{}",
        by.unwrap_or_default(),
        why.unwrap_or_default()
    );
    let text = match cancel {
        Some(cancel) if cancel.overdue => {
            let bound = cancel
                .bound_in_millis
                .map(|millis| format!(" within {}", age(Duration::from_millis(millis))));
            format!(
                "{told} and should have stopped{}: it is overdue",
                bound.unwrap_or_default()
            )
        }
        _ => format!("{told} and stops at the next point at which it looks; until then it goes on"),
    };
    facts.add("cancel", text);
}

fn extension(extended: &Extended, facts: &mut Facts) {
    let ago = |millis: u64| age(Duration::from_millis(millis));
    if let Some(wait) = &extended.wait {
        facts.add(
            "wait",
            format!(
                "it waits for {}, since {}",
                excerpt(&wait.on, 100),
                ago(wait.since_in_millis)
            ),
        );
    }
    if let Some(checkpoint) = &extended.checkpoint {
        let at = excerpt(&checkpoint.at, 100);
        facts.add(
            "checkpoint",
            format!(
                "it passed its last safe point {} ago: {at}",
                ago(checkpoint.age_in_millis)
            ),
        );
    }
    if let Some(progress) = &extended.progress {
        let of = progress
            .total
            .map(|total| format!(" of {}", count(total)))
            .unwrap_or_default();
        facts.add(
            "progress",
            format!(
                "it has done {}{of} {}",
                count(progress.done),
                excerpt(&progress.unit, 40)
            ),
        );
    }
}

fn by_query(task: &Task, facts: &mut Facts) {
    let Some(status) = task.by_query_status() else {
        return;
    };
    if !status.slices.is_empty() {
        let running = status.slices.iter().filter(|slice| slice.is_none()).count();
        let text = format!(
            "it waits for {running} of its {} slices",
            status.slices.len()
        );
        facts.add("slices", text);
    }
    if let Ok(left @ 1..) = u64::try_from(status.throttled_until_millis) {
        let text = format!(
            "it sleeps for another {} to keep to {} documents a second; `glasswork tasks rethrottle` changes that",
            age(Duration::from_millis(left)),
            status.requests_per_second
        );
        facts.add("throttle", text);
    }
    let slept = Duration::from_millis(u64::try_from(status.throttled_millis).unwrap_or(0));
    if slept > task.running_time() / 2 {
        facts.add(
            "throttle",
            format!(
                "it slept for {} of its {}",
                age(slept),
                age(task.running_time())
            ),
        );
    }
    if !status.slices.is_empty() {
        // How far it is, its slices know.
        return;
    }
    let progress = status.progress();
    match progress.total {
        None => facts.add("progress", "its search has not answered yet".to_owned()),
        Some(total) => {
            let seconds = task.running_time().as_secs_f64();
            #[expect(clippy::cast_precision_loss, reason = "a rate needs no 53 bits")]
            let rate = if seconds > 0.0 {
                progress.done as f64 / seconds
            } else {
                0.0
            };
            let text = format!(
                "it has done {} of {} documents, {} on the whole",
                count(progress.done),
                count(total),
                per_second(rate)
            );
            facts.add("progress", text);
        }
    }
    if status.retries.bulk.saturating_add(status.retries.search) > 0 {
        let text = format!(
            "{} writes and {} reads were refused and tried again: the nodes are busy",
            status.retries.bulk, status.retries.search
        );
        facts.add("wait", text);
    }
}

/// Writes tell at which stage they are.
fn phase(task: &Task, facts: &mut Facts) {
    let Some(phase) = task
        .status
        .as_ref()
        .and_then(|status| status["phase"].as_str())
    else {
        return;
    };
    let means = match phase {
        "starting" | "routing" => "it looks for the shard it is for",
        "waiting_on_primary" => "it waits for the primary shard to do it",
        "rerouted" => "it was sent on to the node that has the shard",
        "waiting_for_retry" => {
            "the shard was not ready; it waits for a change of the cluster to try again"
        }
        "primary" => "the primary shard is at it, or waits for its replicas",
        "replica" => "a replica is at it",
        _ => "",
    };
    let colon = if means.is_empty() { "" } else { ": " };
    facts.add(
        "phase",
        format!("it is in the phase `{}`{colon}{means}", excerpt(phase, 60)),
    );
}

/// Which task below holds it up: the oldest that has none below it.
fn children(below: &Below<'_>, facts: &mut Facts) {
    if below.tasks.is_empty() {
        return;
    }
    let parents: HashSet<&str> = below
        .tasks
        .iter()
        .filter_map(|task| task.parent_text())
        .collect();
    let leaves = below
        .tasks
        .iter()
        .filter(|task| !parents.contains(task.id().to_string().as_str()));
    let Some(oldest) = leaves.max_by_key(|task| task.running_time()) else {
        return;
    };
    let number = below.tasks.len();
    let tasks = if number == 1 {
        "1 task".to_owned()
    } else {
        format!("{} tasks", count(number as u64))
    };
    let mut text = format!(
        "it waits for {tasks} below it; the oldest at work is {} {}, since {}",
        excerpt(&oldest.id().to_string(), 100),
        excerpt(oldest.action(), 100),
        age(oldest.running_time())
    );
    if let Some(description) = oldest
        .description()
        .filter(|description| !description.is_empty())
    {
        text.push_str(&format!(": {}", excerpt(description, 120)));
    }
    facts.add("children", text);
}

fn threads(task: &Task, below: &Below<'_>, facts: &mut Facts) {
    let Some(cpu) = task.cpu_time() else { return };
    let Some(stats) = &task.resource_stats else {
        return;
    };
    let share = cpu.as_nanos() * 100 / task.running_time().as_nanos().max(1);
    let used = format!(
        "it used {} of CPU in {}, {share} % of a core",
        age(cpu),
        age(task.running_time())
    );
    match stats.thread_info.active_threads {
        0 if below.tasks.is_empty() => facts.add(
            "cpu",
            format!("{used}; no thread is at it now: it waits or is queued"),
        ),
        0 => facts.add("cpu", format!("{used}; no thread is at it now")),
        1 => facts.add("cpu", format!("{used}; a thread is at it")),
        threads => facts.add("cpu", format!("{used}; {threads} threads are at it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn task(more: Value) -> Task {
        let mut told = json!({"node": "n", "id": 1, "action": "a", "running_time_in_nanos": 60_000_000_000_u64});
        told.as_object_mut()
            .expect("an object")
            .extend(more.as_object().expect("an object").clone());
        serde_json::from_value(told).expect("a task")
    }

    fn why(task: &Task, below: Vec<&Task>) -> Vec<(&'static str, String)> {
        let tasks = below.into_iter().map(|task| task as &dyn Shown).collect();
        let facts = explain(task, &Below { tasks }, 100_000);
        facts
            .into_iter()
            .map(|fact| (fact.kind, fact.text))
            .collect()
    }

    #[test]
    fn the_largest_numbers_are_only_large() {
        let most = u64::MAX;
        let task = task(
            json!({"id": i64::MIN, "start_time_in_millis": i64::MAX, "running_time_in_nanos": i64::MAX, "cancelled": true, "cancellation_time_millis": i64::MIN,
            "status": {"total": most, "created": most, "updated": most, "batches": most, "version_conflicts": most, "retries": {"bulk": most, "search": most},
                "throttled_millis": i64::MAX, "throttled_until_millis": i64::MAX, "requests_per_second": 1e300},
            "resource_stats": {"total": {"cpu_time_in_nanos": most, "memory_in_bytes": most}, "thread_info": {"thread_executions": most, "active_threads": most}},
            "glasswork": {"wait": {"on": "x", "since_in_millis": most}, "progress": {"done": most, "total": most}, "cancel": {"bound_in_millis": most, "overdue": true}}}),
        );
        assert!(why(&task, vec![&task]).len() > 5);
        let row = crate::view::Row::of(&task, None);
        for column in crate::view::Column::usual(true) {
            assert!(!column.cell(&row, 40).is_empty());
        }
    }

    #[test]
    fn each_kind_of_reason_is_said_in_words() {
        let reindex = task(
            json!({"status": {"total": 100, "created": 30, "batches": 3, "version_conflicts": 0, "requests_per_second": 0.5,
            "throttled_millis": 50_000, "throttled_until_millis": 1_500}}),
        );
        let stuck = task(
            json!({"cancelled": true, "cancellation_time_millis": 40_000,
            "resource_stats": {"total": {"cpu_time_in_nanos": 57_000_000_000_u64}, "thread_info": {"thread_executions": 1, "active_threads": 1}}}),
        );
        let write = task(json!({"status": {"phase": "waiting_on_primary"}}));
        let glasswork = task(
            json!({"cancelled": true, "glasswork": {"wait": {"on": "pool:search", "since_in_millis": 39_000},
            "cancel": {"bound_in_millis": 1000, "requested_by": "ops", "reason": "too slow", "overdue": true},
            "checkpoint": {"at": "aggregation terms(author)", "age_in_millis": 3}, "progress": {"done": 5, "unit": "docs"}}}),
        );
        let search = task(json!({}));
        let child = task(
            json!({"id": 2, "parent_task_id": "n:1", "action": "indices:data/read/search[phase/query]", "description": "shardId[[books][0]]"}),
        );
        let shown = [
            ("reindex", why(&reindex, vec![])),
            ("cancelled search", why(&stuck, vec![])),
            ("write", why(&write, vec![])),
            ("on Glasswork", why(&glasswork, vec![])),
            ("coordinating search", why(&search, vec![&child])),
            ("nothing known", why(&search, vec![])),
        ];
        let text: String = shown
            .iter()
            .map(|(name, facts)| {
                let facts: String = facts
                    .iter()
                    .map(|(kind, text)| format!("  {kind}: {text}\n"))
                    .collect();
                format!("{name}\n{facts}")
            })
            .collect();
        insta::assert_snapshot!(text);
    }
}

//! Which recorded exchanges answer alike, and why one does not.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::{
    exchange::Answer,
    tokens::{difference, tokens},
};

/// Headers that say nothing about compatibility.
const INCIDENTAL: &[&str] = &[
    "content-length",
    "connection",
    "transfer-encoding",
    "date",
    "task_resource_usage",
    "x-glasswork-version",
];

/// `golden.pass`: the names of the exchanges that answer alike.
struct PassList {
    path: PathBuf,
    names: BTreeSet<String>,
}

impl PassList {
    /// Reads it.
    fn read() -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden.pass");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let names = text
            .lines()
            .filter(|line| !line.starts_with('#'))
            .map(str::to_owned)
            .collect();
        Self { path, names }
    }

    /// Whether an exchange must answer alike.
    fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Says what passed and was not expected to, and adds it when asked to.
    fn tell(&self, passed: &BTreeSet<String>, tried: usize) {
        let new: Vec<&String> = passed.difference(&self.names).collect();
        println!(
            "{} of {tried} recorded answers are given again; new: {new:?}",
            passed.len()
        );
        if std::env::var_os("GLASSWORK_GOLDEN").is_some_and(|word| word == "update") {
            let all: Vec<String> = passed.union(&self.names).cloned().collect();
            let text = format!(
                "# Recorded exchanges that answer alike; see golden.rs and golden_*.rs.\n{}\n",
                all.join("\n")
            );
            std::fs::write(&self.path, text).expect("the list can be written");
        }
    }
}

/// What was found so far.
pub(crate) struct Findings {
    kept: PassList,
    passed: BTreeSet<String>,
    lost: Vec<String>,
    tried: usize,
}

impl Findings {
    /// Nothing yet.
    pub(crate) fn begin() -> Self {
        Self {
            kept: PassList::read(),
            passed: BTreeSet::new(),
            lost: Vec::new(),
            tried: 0,
        }
    }

    /// Compares an answer with the recorded one, and says how it differs.
    pub(crate) fn compare(&mut self, name: &str, recorded: &Answer, found: &Answer) {
        self.tried += 1;
        match mismatch(recorded, found) {
            None => {
                self.passed.insert(name.to_owned());
            }
            Some(reason) => {
                println!("{name}: {reason}");
                if self.kept.contains(name) {
                    self.lost.push(name.to_owned());
                }
            }
        }
    }

    /// Says what answers alike; fails where something no longer does.
    pub(crate) fn tell(&self) {
        self.kept.tell(&self.passed, self.tried);
        assert!(
            self.lost.is_empty(),
            "no longer answered as recorded: {:?}",
            self.lost
        );
    }
}

/// Why an answer is not the recorded one.
fn mismatch(recorded: &Answer, found: &Answer) -> Option<String> {
    if recorded.status != found.status {
        let start: String = found.body.chars().take(300).collect();
        return Some(format!(
            "status {} but {} was recorded: {start}",
            found.status, recorded.status
        ));
    }
    let headers = |answer: &Answer| {
        let mut headers: Vec<String> = answer
            .headers
            .iter()
            .filter(|(name, _)| !INCIDENTAL.contains(&name.as_str()))
            .flat_map(|(name, value)| tokens(&format!("{name}: {value}"), false))
            .collect();
        headers.sort();
        headers
    };
    if let Some(difference) = difference(&headers(recorded), &headers(found)) {
        return Some(format!("headers: {difference}"));
    }
    let json = recorded.body.trim_start().starts_with(['{', '[']);
    let differs = difference(&tokens(&recorded.body, json), &tokens(&found.body, json))?;
    let same_tasks = match (tasks_in_order(&recorded.body), tasks_in_order(&found.body)) {
        (Some(recorded), Some(found)) => tokens(&recorded, json) == tokens(&found, json),
        _ => false,
    };
    (!same_tasks).then_some(differs)
}

/// The body of a list of tasks with the tasks in the order of what they do: the recorded ones are in that of a hash.
fn tasks_in_order(body: &str) -> Option<String> {
    if body.starts_with("action ") {
        // Numbers and moments are those of the recording.
        let calm = |word: &str| match word.starts_with(|first: char| first.is_ascii_digit()) {
            true => "#".to_owned(),
            false => word.to_owned(),
        };
        let line = |line: &str| {
            let words = tokens(line, false);
            let calm: Vec<String> = words.iter().map(|word| calm(word)).collect();
            calm.join(" ")
        };
        let mut lines: Vec<String> = body.trim_end().lines().map(line).collect();
        lines.sort();
        return Some(lines.join("\n"));
    }
    let mut body: Value = serde_json::from_str(body).ok()?;
    order_tasks(&mut body);
    Some(body.to_string())
}

fn order_tasks(value: &mut Value) {
    let what = |task: &Value| {
        let text = |key: &str| task[key].as_str().unwrap_or_default().to_owned();
        (
            text("action"),
            text("type"),
            text("description"),
            task.get("parent_task_id").is_some(),
            task["status"]["slice_id"].as_u64(),
        )
    };
    match value {
        Value::Object(fields) => {
            fields.values_mut().for_each(order_tasks);
            if let Some(Value::Object(tasks)) = fields.get_mut("tasks") {
                let mut all: Vec<_> = std::mem::take(tasks).into_iter().collect();
                all.sort_by_key(|(_, task)| what(task));
                tasks.extend(all);
            }
        }
        Value::Array(elements) => {
            elements.iter_mut().for_each(order_tasks);
            if elements.iter().all(|element| element["action"].is_string()) {
                elements.sort_by_key(what);
            }
        }
        _ => {}
    }
}

//! Which recorded exchanges answer alike, and why one does not.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

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
pub(crate) struct PassList {
    path: PathBuf,
    names: BTreeSet<String>,
}

impl PassList {
    /// Reads it.
    pub(crate) fn read() -> Self {
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
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Says what passed and was not expected to, and adds it when asked to.
    pub(crate) fn tell(&self, passed: &BTreeSet<String>, tried: usize) {
        let new: Vec<&String> = passed.difference(&self.names).collect();
        println!(
            "{} of {tried} recorded answers are given again; new: {new:?}",
            passed.len()
        );
        if std::env::var_os("GLASSWORK_GOLDEN").is_some_and(|word| word == "update") {
            let all: Vec<String> = passed.union(&self.names).cloned().collect();
            let text = format!(
                "# Recorded exchanges that answer alike; see golden.rs and golden_long.rs.\n{}\n",
                all.join("\n")
            );
            std::fs::write(&self.path, text).expect("the list can be written");
        }
    }
}

/// Why an answer is not the recorded one.
pub(crate) fn mismatch(recorded: &Answer, found: &Answer) -> Option<String> {
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
    difference(&tokens(&recorded.body, json), &tokens(&found.body, json))
}

//! OpenSearch's own REST tests against our node.
//!
//! The tests that pass are listed in `tests/yaml.pass`, a name `file :: test` a line, sorted: a ratchet. A listed test
//! that fails fails the step; a test that passes and is not listed is named, so that the list grows.

use crate::{
    steps::{Outcome, cargo, command, root, shared, target},
    test::python_has_yaml,
};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
};

/// Runs the first tier of the peer tests and holds the outcome against `tests/yaml.pass`.
pub(crate) fn run() -> Outcome {
    let Some(shared) = shared() else {
        return Outcome::Skipped("no folder ../shared with the peer tests".into());
    };
    if !python_has_yaml() {
        let installed =
            command(Command::new("python3").args(["-m", "pip", "install", "--quiet", "PyYAML"]));
        if !matches!(installed, Outcome::Passed) || !python_has_yaml() {
            return Outcome::Skipped("no Python with PyYAML".into());
        }
    }
    if let Outcome::Failed(why) = cargo(&["build", "--package", "glasswork"]) {
        return Outcome::Failed(why);
    }
    let node = match Node::start(&target().join("debug/glasswork")) {
        Ok(node) => node,
        Err(why) => return Outcome::Failed(why),
    };
    match passing(&shared, &node.url) {
        Ok(passed) => compare(&passed),
        Err(why) => Outcome::Failed(why),
    }
}

/// A node of ours on a free port, ended when dropped.
struct Node {
    process: Child,
    url: String,
    /// Kept open, so that nothing the node says later meets a closed pipe.
    _output: BufReader<ChildStdout>,
    _data: tempfile::TempDir,
}

impl Node {
    fn start(binary: &Path) -> Result<Self, String> {
        let data = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut process = Command::new(binary)
            .args(["serve", "--port", "0", "-E", "node.attr.testattr=test"])
            .arg("--data")
            .arg(data.path())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} could not start: {error}", binary.display()))?;
        let mut output = BufReader::new(process.stdout.take().expect("stdout is piped"));
        let mut line = String::new();
        let read = output.read_line(&mut line);
        let node = Self {
            process,
            url: address(&line).unwrap_or_default().to_owned(),
            _output: output,
            _data: data,
        };
        match read {
            Err(error) => Err(format!("the node's output could not be read: {error}")),
            Ok(_) if node.url.is_empty() => {
                Err(format!("the node did not say its address but {line:?}"))
            }
            Ok(_) => Ok(node),
        }
    }
}

/// The address in the line a node says when it is ready: `ready http://127.0.0.1:9200 pid 1 …`.
fn address(line: &str) -> Option<&str> {
    line.strip_prefix("ready ")?.split_whitespace().next()
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            eprintln!("the node could not be ended: {error}");
        }
    }
}

/// The exit codes of a run that came to its end.
const ALL_PASSED: i32 = 0;
const SOME_FAILED: i32 = 1;

/// Names of the tests that pass, as `file :: test`.
fn passing(shared: &Path, url: &str) -> Result<BTreeSet<String>, String> {
    let tests = shared.join("peer-yaml");
    let output = Command::new("python3")
        .arg(shared.join("tools/yaml-rest"))
        .args(["--url", url, "--verbose", "--exclude"])
        .arg(tests.join("exclude.txt"))
        .arg("--list")
        .arg(tests.join("tier1.txt"))
        .arg(tests.join("test"))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("yaml-rest could not start: {error}"))?;
    if !matches!(output.status.code(), Some(ALL_PASSED | SOME_FAILED)) {
        return Err(format!("yaml-rest ended with {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    if let Some(closing) = text.lines().last() {
        println!("{closing}");
    }
    Ok(text.lines().filter_map(passed).map(str::to_owned).collect())
}

/// The name in a line `ok   file :: test`.
fn passed(line: &str) -> Option<&str> {
    line.strip_prefix("ok ").map(str::trim)
}

fn compare(passed: &BTreeSet<String>) -> Outcome {
    let file = root().join("tests/yaml.pass");
    let listed = match fs::read_to_string(&file) {
        Ok(text) => text.lines().map(str::to_owned).collect::<BTreeSet<_>>(),
        Err(error) => return Outcome::Failed(format!("{}: {error}", file.display())),
    };
    for new in passed.difference(&listed) {
        println!("passes and is not listed yet: {new}");
    }
    let lost: Vec<_> = listed.difference(passed).collect();
    if lost.is_empty() {
        return Outcome::Passed;
    }
    for name in &lost {
        println!("LOST: {name}");
    }
    Outcome::Failed(format!(
        "{} tests of tests/yaml.pass no longer pass",
        lost.len()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_address_is_what_follows_ready() {
        let line =
            "ready http://127.0.0.1:41234 pid 7 started 2026-01-01T00:00:00.000Z after 63 ms\n";
        assert_eq!(address(line), Some("http://127.0.0.1:41234"));
        assert_eq!(address(""), None);
        assert_eq!(address("could not listen on http://127.0.0.1:9200"), None);
    }

    #[test]
    fn only_tests_that_passed_are_named() {
        assert_eq!(
            passed("ok   get/10_basic.yml :: Basic"),
            Some("get/10_basic.yml :: Basic")
        );
        assert_eq!(passed("FAIL get/10_basic.yml :: Basic -- ok "), None);
        assert_eq!(passed("skip get/10_basic.yml :: Basic -- version"), None);
        assert_eq!(passed("1 passed, 1 failed, 1 skipped"), None);
    }
}

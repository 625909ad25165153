//! OpenSearch's own REST tests against our node.
//!
//! The tests that pass are listed in `tests/yaml.pass`: a ratchet. A listed test that fails fails the step; a test that
//! passes and is not listed is named, so that the list grows.

use crate::{
    steps::{Outcome, cargo, command, root, shared, target},
    test::python_has_yaml,
};
use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// Runs every file of `tests/yaml.files` and holds the outcome against `tests/yaml.pass`.
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
    _data: tempfile::TempDir,
}

impl Node {
    fn start(binary: &Path) -> Result<Self, String> {
        let data = tempfile::tempdir().map_err(|error| error.to_string())?;
        let mut process = Command::new(binary)
            .args([
                "serve",
                "--port",
                "0",
                "--log",
                "json",
                "-E",
                "node.attr.testattr=test",
                "--data",
            ])
            .arg(data.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{} could not start: {error}", binary.display()))?;
        let output = process.stdout.take().expect("stdout is piped");
        let mut line = String::new();
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        let url = line
            .split_whitespace()
            .map(|word| word.trim_matches(|c: char| !c.is_ascii_alphanumeric()))
            .find(|word| word.starts_with("http://"))
            .map(str::to_owned);
        match url {
            Some(url) => Ok(Self {
                process,
                url,
                _data: data,
            }),
            None => {
                let ended = process.kill();
                Err(format!(
                    "the node did not say its address but {line:?} (ended: {ended:?})"
                ))
            }
        }
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        if let Err(error) = self.process.kill().and_then(|()| self.process.wait()) {
            eprintln!("the node could not be ended: {error}");
        }
    }
}

/// Names of the tests that pass, as `file :: test`.
fn passing(shared: &Path, url: &str) -> Result<BTreeSet<String>, String> {
    let tests = shared.join("peer-yaml");
    let output = Command::new("python3")
        .arg(shared.join("tools/yaml-rest"))
        .args(["--url", url, "--verbose", "--exclude"])
        .arg(tests.join("exclude.txt"))
        .arg("--list")
        .arg(root().join("tests/yaml.files"))
        .arg(tests.join("test"))
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("yaml-rest could not start: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    if let Some(closing) = text.lines().last() {
        println!("{closing}");
    }
    Ok(text
        .lines()
        .filter_map(|line| line.strip_prefix("ok "))
        .map(|name| name.trim().to_owned())
        .collect())
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

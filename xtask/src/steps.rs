//! A step is a named command that passes, fails or says why it is left out.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// How a step ended.
pub(crate) enum Outcome {
    /// It did what it should.
    Passed,
    /// It did not; the text says what is wrong.
    Failed(String),
    /// Something it needs is not on this machine; the text says what.
    Skipped(String),
}

/// A step that has run.
pub(crate) struct Done {
    pub(crate) name: &'static str,
    pub(crate) outcome: Outcome,
    pub(crate) took: Duration,
}

/// Runs `work` under a heading and times it.
pub(crate) fn step(name: &'static str, work: impl FnOnce() -> Outcome) -> Done {
    println!("\n=== {name}");
    let began = Instant::now();
    let outcome = work();
    Done {
        name,
        outcome,
        took: began.elapsed(),
    }
}

/// Runs a command with its output shown.
pub(crate) fn command(command: &mut Command) -> Outcome {
    match command.current_dir(root()).status() {
        Ok(status) if status.success() => Outcome::Passed,
        Ok(status) => Outcome::Failed(format!("{command:?} ended with {status}")),
        Err(error) => Outcome::Failed(format!("{command:?} could not start: {error}")),
    }
}

/// The cargo that runs this.
pub(crate) fn cargo_command() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// Runs cargo with `arguments` and its output shown.
pub(crate) fn cargo(arguments: &[&str]) -> Outcome {
    command(cargo_command().args(arguments))
}

/// Whether `program` answers to `argument` with success.
pub(crate) fn answers(program: impl AsRef<Path>, argument: &str) -> bool {
    Command::new(program.as_ref())
        .arg(argument)
        .output()
        .is_ok_and(|output| output.status.success())
}

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
    manifest
        .parent()
        .expect("xtask lies in the workspace's folder")
        .to_path_buf()
}

/// Where cargo puts what it builds.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// The folder with recorded answers and peer tests beside the checkout, if it is there.
pub(crate) fn shared() -> Option<PathBuf> {
    let folder = std::env::var_os("GLASSWORK_SHARED")
        .map_or_else(|| root().join("../shared"), PathBuf::from);
    folder.is_dir().then_some(folder)
}

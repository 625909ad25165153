//! The command line as a user has it: the binary, a configuration folder of its own, and nothing from the tester's
//! environment.

#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

pub mod terminal;

use crate::harness::{binary, run};
use serde_json::Value;
use std::{path::Path, process::Command};
use tempfile::TempDir;

/// A user's command line.
pub struct Cli {
    home: TempDir,
    to: Option<String>,
    environment: Vec<(String, String)>,
}

/// How a command ended.
pub struct Done {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Cli {
    /// Commands go to this server.
    pub fn to(url: &str) -> Self {
        Self {
            to: Some(url.to_owned()),
            ..Self::new()
        }
    }

    /// Commands go where the configuration says.
    pub fn new() -> Self {
        Self {
            home: tempfile::tempdir().unwrap(),
            to: None,
            environment: Vec::new(),
        }
    }

    /// Sets a variable of the environment for all commands.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// A command, not yet run.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = binary();
        for name in ["TO", "PASSWORD"] {
            command.env_remove(format!("GLASSWORK_{name}"));
        }
        command
            .env("XDG_CONFIG_HOME", self.home.path())
            .env_remove("COLUMNS")
            .env_remove("NO_COLOR")
            .stdin(std::process::Stdio::null())
            .args(arguments);
        if let Some(to) = &self.to {
            command.env("GLASSWORK_TO", to);
        }
        for (name, value) in &self.environment {
            command.env(name, value);
        }
        command
    }

    /// Runs `glasswork` with these arguments to its end.
    pub fn run(&self, arguments: &[&str]) -> Done {
        let (code, out, err) = run(&mut self.command(arguments));
        Done { code, out, err }
    }

    /// Runs it and expects success.
    pub fn ok(&self, arguments: &[&str]) -> String {
        let done = self.run(arguments);
        assert_eq!(done.code, 0, "{arguments:?}: {}{}", done.out, done.err);
        done.out
    }

    /// Runs it and expects one JSON value.
    pub fn json(&self, arguments: &[&str]) -> Value {
        let text = self.ok(arguments);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
    }
}

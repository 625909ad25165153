//! `cargo xtask bench`: measures the node and, where the reference can be started, measures it in the same run, part by
//! part in turn. Writes `docs/benchmarks.md`.

mod data;
mod http;
mod many;
mod parts;
mod server;
mod table;
mod terminal;

use crate::steps::{Outcome, cargo, root, shared};
use data::Books;
use parts::Part;
use server::Server;
use std::{fs, path::PathBuf, process::ExitCode};
use table::markdown;

/// What is measured against what.
pub(crate) struct Bench {
    pub(crate) shared: PathBuf,
    pub(crate) books: Books,
    /// Port of the reference, where it takes part.
    pub(crate) reference: Option<u16>,
    /// How often each part is repeated.
    pub(crate) runs: usize,
}

impl Bench {
    /// Fresh servers: ours first, then the reference where it takes part.
    pub(crate) fn servers(&self) -> Result<Vec<Server>, String> {
        let mut servers = vec![Server::ours(None)?];
        if let Some(port) = self.reference {
            servers.push(Server::reference(&self.shared, port)?);
        }
        Ok(servers)
    }
}

/// Measures the parts named in `only`, or all; `alone` leaves the reference out, `built` takes the release build that is
/// there.
pub(crate) fn run(only: &[String], alone: bool, built: bool, runs: usize) -> ExitCode {
    match measure(only, alone, built, runs) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(only: &[String], alone: bool, built: bool, runs: usize) -> Result<(), String> {
    let shared = shared().ok_or("the books lie in ../shared, which is missing")?;
    if !built && let Outcome::Failed(why) = cargo(&["build", "--release", "--package", "glasswork"])
    {
        return Err(why);
    }
    let bench = Bench {
        books: Books::read(&shared)?,
        shared,
        reference: (!alone).then_some(9301),
        runs,
    };
    let path = root().join("docs/benchmarks.md");
    let method = fs::read_to_string(root().join("docs/benchmarks-method.md")).unwrap_or_default();
    let mut text = method;
    for Part {
        name,
        about,
        measure,
    } in parts::ALL
    {
        if only.is_empty() || only.iter().any(|wanted| wanted == name) {
            println!("== {name}");
            let section = match measure(&bench) {
                Ok(rows) => markdown(&rows),
                Err(why) => format!("Not measured: {why}\n"),
            };
            println!("{section}");
            text.push_str(&format!("\n## {name}\n\n{about}\n\n{section}"));
        }
        if only.is_empty() {
            // After each part, so that a run that is broken off leaves what it measured.
            fs::write(&path, &text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
    }
    Ok(())
}

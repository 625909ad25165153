//! `cargo xtask test`: one pass over everything the project promises about itself.

use crate::{
    steps::{Done, Outcome, answers, cargo, cargo_command, command, step, target},
    yaml,
};
use std::process::{Command, ExitCode};

/// A step's name and what it does.
type Step = (&'static str, fn() -> Outcome);

/// The steps, quickest complaint first.
const STEPS: &[Step] = &[
    ("format", || cargo(&["fmt", "--all", "--check"])),
    ("lints", || {
        cargo(&[
            "clippy",
            "--workspace",
            "--all-targets",
            "--features",
            "glasswork-tasks/http",
            "--",
            "-D",
            "warnings",
        ])
    }),
    ("licences", licences),
    ("documentation", documentation),
    ("tests", || {
        cargo(&["test", "--workspace", "--features", "glasswork-tasks/http"])
    }),
    // As most services have it: nothing of ours beside it.
    ("tasks alone", || {
        cargo(&["check", "--package", "glasswork-tasks", "--lib"])
    }),
    ("loom", loom),
    ("yaml", yaml::run),
];

/// Runs the steps (those named in `only`, or all) and prints one line a step at the end.
pub(crate) fn run(only: &[String]) -> ExitCode {
    if let Some(unknown) = only
        .iter()
        .find(|name| STEPS.iter().all(|(known, _)| known != name))
    {
        let known: Vec<_> = STEPS.iter().map(|(name, _)| *name).collect();
        eprintln!(
            "no step is called {unknown}; there are {}",
            known.join(", ")
        );
        return ExitCode::from(2);
    }
    let mut done = Vec::new();
    for (name, work) in STEPS {
        if only.is_empty() || only.iter().any(|wanted| wanted == name) {
            done.push(step(name, work));
        }
    }
    report(&done)
}

fn report(done: &[Done]) -> ExitCode {
    println!("\n=== summary");
    let mut failed = 0;
    for Done {
        name,
        outcome,
        took,
    } in done
    {
        let seconds = took.as_secs_f64();
        match outcome {
            Outcome::Passed => println!("{name:<14} passed   {seconds:>7.1} s"),
            Outcome::Skipped(why) => println!("{name:<14} skipped  {seconds:>7.1} s  {why}"),
            Outcome::Failed(why) => {
                failed += 1;
                println!("{name:<14} FAILED   {seconds:>7.1} s  {why}");
            }
        }
    }
    ExitCode::from(u8::from(failed > 0))
}

/// Licences, banned crates and sources; `cargo-deny` is installed where it is missing.
fn licences() -> Outcome {
    let installed = cargo_command()
        .args(["deny", "--version"])
        .output()
        .is_ok_and(|o| o.status.success());
    if !installed {
        println!("installing cargo-deny");
        if let Outcome::Failed(why) = cargo(&["install", "cargo-deny", "--locked", "--quiet"]) {
            return Outcome::Skipped(format!(
                "cargo-deny is missing and could not be installed: {why}"
            ));
        }
    }
    cargo(&[
        "deny",
        "--log-level",
        "error",
        "check",
        "licenses",
        "bans",
        "sources",
    ])
}

fn documentation() -> Outcome {
    command(
        cargo_command()
            .args([
                "doc",
                "--workspace",
                "--no-deps",
                "--document-private-items",
                "--features",
                "glasswork-tasks/http",
            ])
            .env(
                "RUSTDOCFLAGS",
                "-D warnings -A rustdoc::private_intra_doc_links",
            ),
    )
}

/// The lock-free parts of `glasswork-tasks` under every interleaving that loom explores.
fn loom() -> Outcome {
    command(
        cargo_command()
            .args([
                "test",
                "--release",
                "--package",
                "glasswork-tasks",
                "--lib",
                "loom_tests",
            ])
            .env("RUSTFLAGS", "--cfg loom")
            .env("LOOM_MAX_PREEMPTIONS", "3")
            .env("CARGO_TARGET_DIR", target().join("loom")),
    )
}

/// Whether Python with PyYAML is here.
pub(crate) fn python_has_yaml() -> bool {
    answers("python3", "--version")
        && Command::new("python3")
            .args(["-c", "import yaml"])
            .output()
            .is_ok_and(|output| output.status.success())
}

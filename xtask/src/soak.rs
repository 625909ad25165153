//! `cargo xtask soak`: what the tests of long-running work do a few times, many times over: `kill -9` at random moments, and a
//! storm of clients.

use crate::steps::{Outcome, cargo_command, command};
use std::{
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

/// What is asked for.
pub(crate) struct Soak {
    /// Operations that are killed.
    pub(crate) rounds: u64,
    /// How long the storm lasts, in seconds.
    pub(crate) seconds: u64,
    /// What the random numbers follow from; each run has its own unless it is given.
    pub(crate) seed: Option<u64>,
}

/// Runs the tests. The seed is printed first: the same seed gives the same operations, though not the same moments to the
/// microsecond.
pub(crate) fn run(soak: &Soak) -> ExitCode {
    let seed = soak.seed.unwrap_or_else(|| {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        now.map_or(1, |now| u64::from(now.subsec_nanos()) + 1)
    });
    println!(
        "soak: {} rounds, a storm of {} s, --seed {seed}",
        soak.rounds, soak.seconds
    );
    let mut tests = cargo_command();
    tests
        .args(["test", "--package", "glasswork"])
        .args(["--test", "long_running_crash"])
        .args(["--test", "long_running_storm"])
        .args(["--", "--nocapture"])
        .env("GLASSWORK_SOAK_ROUNDS", soak.rounds.to_string())
        .env("GLASSWORK_SOAK_SECONDS", soak.seconds.to_string())
        .env("GLASSWORK_SOAK_SEED", seed.to_string());
    match command(&mut tests) {
        Outcome::Passed => ExitCode::SUCCESS,
        Outcome::Failed(why) | Outcome::Skipped(why) => {
            eprintln!("soak: {why}; again with --seed {seed}");
            ExitCode::FAILURE
        }
    }
}

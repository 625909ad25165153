//! The project's own commands: `cargo xtask test` checks everything, `bench` measures, `soak` tries for long.

mod bench;
mod soak;
mod steps;
mod test;
mod yaml;

use clap::{Parser, Subcommand};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "The project's own commands")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Format, lints, licences, documentation and every test; what CI runs.
    Test {
        /// Runs only the steps with these names.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
    /// Measures the node beside the reference server and writes docs/benchmarks.md.
    Bench {
        /// Measures only the parts with these names, and writes nothing.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
        /// Leaves the reference server out.
        #[arg(long)]
        alone: bool,
        /// Measures the release build that is there instead of making one.
        #[arg(long)]
        built: bool,
        /// How often each part is repeated.
        #[arg(long, default_value_t = 3)]
        runs: usize,
    },
    /// Kills nodes in the middle of long-running work and storms them with clients, many times over.
    Soak {
        /// How many operations are killed.
        #[arg(long, default_value_t = 200)]
        rounds: u64,
        /// How many seconds the storm lasts.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
        /// What the random numbers follow from; that of a run that failed repeats its operations.
        #[arg(long)]
        seed: Option<u64>,
    },
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Test { only } => test::run(&only),
        Command::Bench {
            only,
            alone,
            built,
            runs,
        } => bench::run(&only, alone, built, runs),
        Command::Soak {
            rounds,
            seconds,
            seed,
        } => soak::run(&soak::Soak {
            rounds,
            seconds,
            seed,
        }),
    }
}

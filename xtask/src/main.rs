//! The project's own commands: `cargo xtask test` checks everything, `cargo xtask bench` measures.

mod bench;
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
    }
}

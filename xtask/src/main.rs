//! The project's own commands: `cargo xtask test` checks everything, `cargo xtask bench` measures.

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
}

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Test { only } => test::run(&only),
    }
}

//! The binary: parses the command line once, then calls.

// The futures of nested actions are deep types.
#![recursion_limit = "256"]

mod arguments;
mod exit;
mod load;
mod serve;
mod settings;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Load(arguments) => load::run(&arguments),
    }
    .into()
}

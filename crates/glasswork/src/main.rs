//! The binary: parses the command line once, then calls.

// The futures of nested actions are deep types.
#![recursion_limit = "256"]

mod arguments;
mod contexts;
mod exit;
mod filter;
mod load;
mod manual;
mod password;
mod serve;
mod settings;
mod tasks;
mod top;
mod view;
mod web;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(arguments) => serve::run(arguments),
        Command::Load(arguments) => load::run(&arguments),
        Command::Tasks(arguments) => tasks::run(*arguments),
        Command::Top(arguments) => top::run(&arguments),
        Command::Console(arguments) => web::run(&arguments),
        Command::Context(arguments) => contexts::run(arguments.command),
        Command::Completions { shell } => manual::completions(shell),
        Command::Man { command } => manual::page(&command),
    }
    .into()
}

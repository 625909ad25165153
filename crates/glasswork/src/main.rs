//! The binary: parses the command line once, then calls.

mod arguments;
mod exit;
mod load;

use arguments::{Arguments, Command};
use clap::Parser;
use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Serve(_) => exit::Code::Failure,
        Command::Load(arguments) => load::run(&arguments),
    }
    .into()
}

//! `glasswork completions` and `glasswork man`: made from the flags themselves.

use crate::{arguments::Arguments, exit::Code};
use clap::{Command, CommandFactory};
use clap_complete::Shell;
use std::io::{self, Write};

/// Writes the completions of a shell.
pub(crate) fn completions(shell: Shell) -> Code {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "glasswork", &mut script);
    write(&script)
}

/// Writes the manual page of a command, in roff.
pub(crate) fn page(path: &[String]) -> Code {
    let mut command = Arguments::command().disable_help_subcommand(true);
    command.build();
    let Some(found) = find(&command, path) else {
        eprintln!("glasswork man: there is no command `{}`", path.join(" "));
        return Code::Usage;
    };
    let mut text = Vec::new();
    match clap_mangen::Man::new(found.clone()).render(&mut text) {
        Ok(()) => write(&text),
        Err(error) => {
            eprintln!("glasswork man: {error}");
            Code::Failure
        }
    }
}

fn find<'a>(command: &'a Command, path: &[String]) -> Option<&'a Command> {
    path.iter().try_fold(command, |command, name| {
        command
            .get_subcommands()
            .find(|inner| inner.get_name() == name)
    })
}

fn write(text: &[u8]) -> Code {
    match io::stdout().lock().write_all(text) {
        Ok(()) => Code::Success,
        // Whoever reads may have seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Code::Success,
        Err(error) => {
            eprintln!("glasswork: the output can't be written: {error}");
            Code::Failure
        }
    }
}

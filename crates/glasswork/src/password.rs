//! Asks for a password on the terminal. The echo is off before the question is seen, so that whoever types ahead does not show it.

use console::Term;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use std::io::{self, BufRead, Read, Stdin};

/// A longer line is cut here, in bytes.
const MAX_LINE: u64 = 64 << 10;

/// Writes the question to standard error and reads a line from the terminal without showing it.
///
/// # Errors
/// Standard input is no terminal, or it can't be read.
pub(crate) fn ask(question: &str) -> io::Result<String> {
    let stdin = io::stdin();
    let terminal = Term::stderr();
    let hidden = Hidden::of(&stdin)?;
    terminal.write_str(question)?;
    let mut line = String::new();
    let read = stdin.lock().take(MAX_LINE).read_line(&mut line);
    drop(hidden);
    terminal.write_line("")?;
    read?;
    Ok(line.trim_end_matches(['\n', '\r']).to_owned())
}

/// While it lives, the terminal does not show what is typed.
struct Hidden<'a> {
    terminal: &'a Stdin,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn of(terminal: &'a Stdin) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(terminal, OptionalActions::Now, &hidden)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        // Nothing is left to do for a terminal that went away.
        let _ = tcsetattr(self.terminal, OptionalActions::Now, &self.before);
    }
}

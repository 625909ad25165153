//! What goes to the standard output.

use super::TasksError;
use console::Term;
use serde::Serialize;
use std::io::{self, IsTerminal, Write};

/// Writes text that is safe already.
pub(super) fn text(text: &str) -> Result<(), TasksError> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(TasksError::Output)
}

/// Writes JSON and ends the line: laid out on a terminal, else in one line. JSON has no raw control characters.
pub(super) fn json(value: &impl Serialize) -> Result<(), TasksError> {
    let written = match io::stdout().is_terminal() {
        true => serde_json::to_string_pretty(value),
        false => serde_json::to_string(value),
    };
    let written = written.map_err(|error| TasksError::Output(error.into()))?;
    text(&format!("{}\n", on_terminal(&written)))
}

/// Writes one line of JSON.
pub(super) fn json_line(value: &impl Serialize) -> Result<(), TasksError> {
    let written = serde_json::to_string(value).map_err(|error| TasksError::Output(error.into()))?;
    text(&format!("{}\n", on_terminal(&written)))
}

/// The columns of the terminal, if that is where the output goes.
pub(super) fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    let terminal = Term::stdout();
    terminal
        .is_term()
        .then(|| columns.or_else(|| Some(terminal.size_checked()?.1.into())))
        .flatten()
        .filter(|columns| *columns > 0)
}

/// JSON leaves C1 controls and marks of direction as they are. On a terminal they are written as JSON escapes, which mean the
/// same.
fn on_terminal(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        let mut buffer = [0; 4];
        let as_text: &str = character.encode_utf8(&mut buffer);
        if character == '\n' || glasswork_client::sanitise(as_text) == as_text {
            safe.push(character);
        } else {
            for unit in character.encode_utf16(&mut [0; 2]) {
                safe.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_stays_the_same_json_without_anything_a_terminal_obeys() {
        let value = serde_json::json!({"a": "\u{9b}31m\u{202e}\u{1b}[0m\u{e0001}é\n"});
        let safe = on_terminal(&value.to_string());
        assert!(safe.is_ascii() || safe.contains('é'));
        assert!(!safe.contains(['\u{9b}', '\u{202e}', '\u{1b}', '\u{e0001}']));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).expect("JSON"),
            value
        );
    }
}

//! The `stack_trace` text of a failure (`error_trace=true`): Java's first lines, without frames of a machine that is not there.

use super::kind::Origin;
use super::{Failure, Meta};

impl Failure {
    /// One line for this failure and a `Caused by:` line for each cause, such as
    /// `[books] IndexNotFoundException[no such index [books]]`.
    pub fn stack_trace(&self) -> String {
        let mut text = String::new();
        for (depth, failure) in self.chain().enumerate() {
            if depth > 0 {
                text.push_str("Caused by: ");
            }
            failure.write_trace_line(&mut text);
            text.push('\n');
        }
        text
    }

    fn write_trace_line(&self, text: &mut String) {
        let reason = self.reason.as_deref();
        if self.kind.origin() != Origin::Own {
            text.push_str(&class_name(self.kind.name()));
            if let Some(reason) = reason {
                text.push_str(": ");
                text.push_str(reason);
            }
            return;
        }
        if let Some(Meta::Text(index)) = self.meta("index") {
            text.push_str(&format!("[{index}] "));
        }
        text.push_str(&format!(
            "{}[{}]",
            class_name(self.kind.name()),
            reason.unwrap_or("null")
        ));
    }
}

/// `index_not_found_exception` → `IndexNotFoundException`.
fn class_name(wire_name: &str) -> String {
    let mut name = String::with_capacity(wire_name.len());
    for part in wire_name.split('_') {
        let mut letters = part.chars();
        if let Some(first) = letters.next() {
            name.push(first.to_ascii_uppercase());
            name.push_str(letters.as_str());
        }
    }
    name
}

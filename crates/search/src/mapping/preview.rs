//! Values as Java's `toString` shows them, in messages.

use glasswork_content::number::double_text;
use glasswork_content::{Node, Value};
use std::fmt::Write;

/// `{a=1, b=[x, y]}`.
pub(super) fn java_text(node: &Node) -> String {
    let mut out = String::new();
    write(node, &mut out);
    out
}

// The depth of a tree is bounded by the reader that built it.
fn write(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(flag) => {
            let _infallible = write!(out, "{flag}");
        }
        Value::Long(number) => {
            let _infallible = write!(out, "{number}");
        }
        Value::Unsigned(number) => {
            let _infallible = write!(out, "{number}");
        }
        Value::Big(number) => out.push_str(number),
        Value::Double(number) => out.push_str(&double_text(*number)),
        Value::String(text) => out.push_str(text),
        Value::Array(values) => {
            out.push('[');
            for (index, value) in values.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                write(value, out);
            }
            out.push(']');
        }
        Value::Object(object) => {
            out.push('{');
            for (index, (key, value)) in object.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                out.push_str(key);
                out.push('=');
                write(value, out);
            }
            out.push('}');
        }
    }
}

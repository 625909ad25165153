//! The short forms of an error: answers that are given before an endpoint has the request.

use crate::render::Render;

/// Writes `{"error":"…","status":n}`.
pub fn short(out: &mut Render, status: u16, text: &str) {
    out.object();
    out.field_str("error", text);
    out.field_long("status", i64::from(status));
    out.end_object();
}

/// Writes what is answered with 400 for a path that does not exist. `target` is the path with its query.
pub fn no_handler(out: &mut Render, method: &str, target: &str) {
    out.object();
    out.field_str(
        "error",
        &format!("no handler found for uri [{target}] and method [{method}]"),
    );
    out.end_object();
}

/// The text that is answered with 405 for a method that a path does not have. `target` is the path with its query.
#[must_use]
pub fn wrong_method(method: &str, target: &str, allowed: &[&str]) -> String {
    format!(
        "Incorrect HTTP method for uri [{target}] and method [{method}], allowed: [{}]",
        allowed.join(", ")
    )
}

/// The text that is answered with 405 for a path whose placeholders can't be decoded.
#[must_use]
pub fn undecodable(allowed: &[&str]) -> String {
    format!("Unexpected HTTP method, allowed: [{}]", allowed.join(", "))
}

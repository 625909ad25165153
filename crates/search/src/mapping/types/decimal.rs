//! Patterns of Java's `DecimalFormat`, as far as answers use them: `0.00`, `#,##0.#`, `00`, `0%`.

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecimalFormat {
    pattern: String,
}

//! Formats that OpenSearch knows by name, as patterns: one to read, one to write.

/// The patterns of a named format.
pub(super) fn patterns(name: &str) -> Option<(&'static str, &'static str)> {
    let _ = name;
    None
}

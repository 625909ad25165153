//! Bounds on scripts.

/// How large a script may be and how much it may do in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Length of the source in bytes (`script.max_size_in_bytes`).
    pub source_bytes: usize,
    /// Nested blocks, parentheses, calls and the like.
    pub depth: usize,
    /// Expressions and statements in all.
    pub nodes: usize,
    /// Memory of strings, lists and maps that are alive in a run, in bytes.
    pub memory: usize,
    /// Steps of one run (loop turns, calls, elements looked at by a method); `None` leaves it to [`Host::tick`].
    ///
    /// [`Host::tick`]: crate::Host::tick
    pub fuel: Option<u64>,
}

impl Limits {
    /// 64 KB of source, 100 levels, 20,000 nodes, 16 MB, no bound on steps.
    pub const DEFAULT: Limits = Limits {
        source_bytes: 65_535,
        depth: 100,
        nodes: 20_000,
        memory: 16 << 20,
        fuel: None,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

//! Bounds on what is read from outside.

/// How much a reader accepts before it refuses the input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Open objects and arrays at a time.
    pub depth: usize,
    /// Length of the input in bytes.
    pub bytes: usize,
    /// Tokens in all (names, values, brackets).
    pub tokens: usize,
    /// Values of one tree ([`parse`](super::parse), [`Reader::node`](super::Reader::node)): each takes some 40 bytes of memory.
    pub nodes: usize,
    /// Length of one string or name in bytes, as written.
    pub string_bytes: usize,
    /// Length of one number in characters.
    pub number_length: usize,
}

impl Limits {
    /// Depth 100, a million values a tree, and otherwise what a request body of 100 MB can hold.
    pub const DEFAULT: Limits = Limits {
        depth: 100,
        bytes: 100 << 20,
        tokens: 20_000_000,
        nodes: 1_000_000,
        string_bytes: 50 << 20,
        number_length: 1_000,
    };
}

impl Default for Limits {
    fn default() -> Self {
        Self::DEFAULT
    }
}

//! Placeholder, replaced with the binary.
fn main() {}

//! Sizes in bytes: their text for people and the parser of settings (`ByteSizeValue`).

use crate::Failure;

/// Bytes as people read them: `13.3kb`, `0b`; one decimal, truncated.
pub fn size_text(_bytes: u64) -> String {
    todo!()
}

/// Parses a size as `ByteSizeValue.parseBytesSizeValue` does; −1 is allowed. `name` is the setting for the messages.
///
/// # Errors
/// 400 `parse_exception` without a unit, for sizes below −1 and for garbage.
pub fn parse_size(_text: &str, _name: &str) -> Result<i64, Failure> {
    todo!()
}

//! Java's date patterns: `yyyy-MM-dd'T'HH:mm[:ss]`.

use super::format::{Moment, Parts, Reason};
use super::zone::Zone;

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {}

impl Pattern {
    pub(super) fn new(pattern: &str) -> Result<Self, String> {
        let _ = pattern;
        todo!()
    }

    pub(super) fn read(&self, text: &str) -> Result<Parts, Reason> {
        let _ = text;
        todo!()
    }

    pub(super) fn write(&self, moment: Moment, zone: &Zone) -> String {
        let _ = (moment, zone);
        todo!()
    }
}

//! The disk under the data.

use serde::{Deserialize, Serialize};
use std::path::Path;

/// Space of a file system, in bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disk {
    /// The folder that it was asked for.
    pub path: String,
    /// All of it.
    pub total: u64,
    /// What nothing uses.
    pub free: u64,
    /// Of that, what this process may use.
    pub available: u64,
}

impl Disk {
    /// Looks at the file system of `path`; `None` when the system doesn't tell.
    #[must_use]
    pub fn of(path: &Path) -> Option<Self> {
        let told = rustix::fs::statvfs(path).ok()?;
        Some(Self {
            path: path.display().to_string(),
            total: told.f_blocks.saturating_mul(told.f_frsize),
            free: told.f_bfree.saturating_mul(told.f_frsize),
            available: told.f_bavail.saturating_mul(told.f_frsize),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_has_no_more_free_than_there_is() {
        let disk = Disk::of(Path::new(".")).unwrap();
        assert!(disk.total > 0 && disk.available <= disk.free && disk.free <= disk.total);
        assert_eq!(Disk::of(Path::new("/no/such/folder")), None);
    }
}

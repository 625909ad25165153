//! A sign that a sync failed. What was written then may lie in memory and look as if it lay on the disk: a process that starts
//! again must write it anew. The sign itself needs no sync: a power cut that loses it loses that memory too.

use std::{io, path::Path};

use super::disk::Disk;

const NAME: &str = "sync-failed";

/// Puts the sign into a folder.
pub(super) fn set(disk: &dyn Disk, dir: &Path) {
    match disk.create(&dir.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            tracing::error!(dir = %dir.display(), %error, "a failed sync can't be noted");
        }
        _ => {}
    }
}

/// Whether the sign is there.
pub(super) fn is_set(disk: &dyn Disk, dir: &Path) -> bool {
    disk.open(&dir.join(NAME)).is_ok()
}

/// Takes the sign away, after everything was written anew.
pub(super) fn clear(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    match disk.remove_file(&dir.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

//! A sign that every sync of a file succeeded. Without it, what was written may lie in memory and look as if it lay on the disk:
//! a process that starts again must write it anew. A failed sync takes the sign away, which needs no room on a full disk. The
//! change of the sign itself needs no sync: a power cut that brings it back loses that memory too.

use std::{io, path::Path};

use super::disk::Disk;

const NAME: &str = "synced";

/// Takes the sign away: a sync failed.
pub(super) fn take(disk: &dyn Disk, dir: &Path) {
    match disk.remove_file(&dir.join(NAME)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::error!(dir = %dir.display(), %error, "a failed sync can't be noted");
        }
        _ => {}
    }
}

/// Whether the sign is there.
pub(super) fn is_there(disk: &dyn Disk, dir: &Path) -> bool {
    disk.open(&dir.join(NAME)).is_ok()
}

/// Puts the sign there, after everything was written anew and synced. Without room for it the next start writes anew again.
pub(super) fn put(disk: &dyn Disk, dir: &Path) -> io::Result<()> {
    match disk.create(&dir.join(NAME)) {
        Err(error)
            if !matches!(
                error.kind(),
                io::ErrorKind::AlreadyExists
                    | io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
            ) =>
        {
            Err(error)
        }
        _ => Ok(()),
    }
}

//! The substrate of a node that is alone, in one folder:
//!
//! ```text
//! node.lock                      held while a process uses the folder
//! meta.redb                      keys and values, and the id of the node
//! log/<index uuid>/<shard>/      segments of the shard's log, each named after its first record
//! ```
//!
//! `docs/format.md` describes the files byte by byte.

mod bus;
mod commit;
mod disk;
mod faulty;
mod frame;
mod kv;
mod log;
mod logs;
mod marker;
mod segments;
mod store;
mod writer;

use std::{io, path::Path, sync::Arc};

pub use disk::{Claim, Disk, DiskFile, RealDisk};
pub use faulty::FaultyDisk;
pub use store::StoreError;
pub use writer::LogSizes;

use crate::{Bus, Kv, Logs};

/// Why a folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder can't be made, or another process has it.
    #[error("the data folder can't be used: {0}")]
    Folder(#[source] io::Error),
    /// The keys and values in it can't be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Logs, keys and messages of one node in one folder. Clones are the same substrate; when the last one and the last of the
/// traits' handles is dropped, the files are closed.
#[derive(Clone)]
pub struct FilesSubstrate {
    /// The logs.
    pub logs: Arc<dyn Logs>,
    /// The keys and values.
    pub kv: Arc<dyn Kv>,
    /// The messages: to itself.
    pub bus: Arc<dyn Bus>,
    node: Arc<str>,
}

impl FilesSubstrate {
    /// Opens the folder, making what is missing. Takes a few milliseconds and blocks.
    ///
    /// # Errors
    /// When another process uses the folder, or what is in it can't be read.
    pub fn open(dir: &Path, disk: Arc<dyn Disk>) -> Result<Self, OpenError> {
        Self::open_sized(dir, disk, LogSizes::default())
    }

    /// Opens the folder with other segment sizes.
    ///
    /// # Errors
    /// As [`FilesSubstrate::open`].
    pub fn open_sized(dir: &Path, disk: Arc<dyn Disk>, sizes: LogSizes) -> Result<Self, OpenError> {
        disk.create_dir(dir).map_err(OpenError::Folder)?;
        let claim = Arc::new(disk.claim(dir).map_err(OpenError::Folder)?);
        let (store, node) = store::Store::open(dir.join("meta.redb"), disk.clone())?;
        let kv = kv::FileKv::start(store, claim.clone()).map_err(OpenError::Folder)?;
        let logs =
            logs::FileLogs::new(dir.join("log"), disk, sizes, claim).map_err(OpenError::Folder)?;
        Ok(Self {
            logs: Arc::new(logs),
            kv: Arc::new(kv),
            bus: Arc::new(bus::LocalBus::new(&node)),
            node: node.into(),
        })
    }

    /// The id of this node: made when the folder was first opened, the same ever after.
    #[must_use]
    pub fn node(&self) -> &str {
        &self.node
    }
}

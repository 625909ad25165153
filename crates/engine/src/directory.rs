//! Where the files of segments live: in memory while they are small and the log still has their documents, else in the
//! shard's folder. Nothing is fsynced before [`Folder::persist`].
//!
//! Tantivy writes a segment's files once under names that are never used again, so files on disk are read through maps
//! that may stay cached by path. Its bookkeeping files (`meta.json`, `.managed.json`) stay in memory: the shard's
//! manifest is the only truth.

use std::{
    fmt,
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use glasswork_tasks::{Checkpoint, Stop};
use hashbrown::HashMap;
use parking_lot::Mutex;
use tantivy::{
    Directory,
    directory::{
        AntiCallToken, DirectoryLock, FileHandle, Lock, MmapDirectory, OwnedBytes,
        TerminatingWrite, WatchCallback, WatchHandle, WritePtr,
        error::{DeleteError, LockError, OpenReadError, OpenWriteError},
    },
    index::SegmentId,
};

use crate::EngineError;

/// A segment's files go to disk once they are larger than this together.
pub(crate) const MEMORY_LIMIT: usize = 1 << 20;

/// The shard's folder with the files that are still in memory.
pub(crate) struct Folder {
    path: PathBuf,
    in_memory: Mutex<HashMap<PathBuf, OwnedBytes>>,
    maps: OnceLock<MmapDirectory>,
}

impl fmt::Debug for Folder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Folder").field(&self.path).finish()
    }
}

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self {
            path,
            in_memory: Mutex::default(),
            maps: OnceLock::new(),
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes of all files that are in memory only.
    pub(crate) fn memory(&self) -> u64 {
        self.in_memory
            .lock()
            .values()
            .map(|bytes| bytes.len() as u64)
            .sum()
    }

    /// Makes the files of a segment durable, but for their names: see [`Folder::sync`]. They are read from disk by
    /// whoever opens them after.
    pub(crate) fn persist(&self, id: SegmentId) -> Result<(), EngineError> {
        for name in segment_files(id) {
            let path = self.path.join(&name);
            let bytes = self.in_memory.lock().get(&name).cloned();
            let failed = || EngineError::io(format!("writing [{}]", path.display()));
            match bytes {
                Some(bytes) => {
                    let mut file = File::create(&path).map_err(failed())?;
                    file.write_all(&bytes).map_err(failed())?;
                    file.sync_data().map_err(failed())?;
                }
                None => {
                    let file = File::open(&path).map_err(failed())?;
                    file.sync_data().map_err(EngineError::unsynced(&path))?;
                }
            }
        }
        Ok(())
    }

    /// Forgets the copies in memory of a segment that lies on disk.
    pub(crate) fn release(&self, id: SegmentId) {
        let mut files = self.in_memory.lock();
        for name in segment_files(id) {
            files.remove(&name);
        }
    }

    /// Makes the names of files in the folder durable.
    pub(crate) fn sync(&self) -> Result<(), EngineError> {
        File::open(&self.path)
            .and_then(|folder| folder.sync_all())
            .map_err(EngineError::unsynced(&self.path))
    }

    /// Forgets all files in memory; who reads them keeps them.
    pub(crate) fn forget(&self) {
        self.in_memory.lock().clear();
    }

    /// Removes the files of a segment; those that read it keep their maps.
    pub(crate) fn remove(&self, id: SegmentId) {
        for name in segment_files(id) {
            // After a flush that failed it may be in both places.
            self.in_memory.lock().remove(&name);
            self.remove_file(&name);
        }
    }

    /// Removes one file; a failure costs only space and is logged.
    pub(crate) fn remove_file(&self, name: &Path) {
        let path = self.path.join(name);
        if let Err(error) = fs::remove_file(&path)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(file = %path.display(), %error, "file could not be removed");
        }
    }

    /// Size of a segment's files in bytes.
    pub(crate) fn size(&self, id: SegmentId) -> u64 {
        segment_files(id)
            .map(|name| {
                let in_memory = self.in_memory.lock().get(&name).map(|b| b.len() as u64);
                in_memory.unwrap_or_else(|| {
                    fs::metadata(self.path.join(&name)).map_or(0, |meta| meta.len())
                })
            })
            .sum()
    }

    fn maps(&self) -> Result<&MmapDirectory, io::Error> {
        if let Some(maps) = self.maps.get() {
            return Ok(maps);
        }
        let maps = MmapDirectory::open(&self.path).map_err(io::Error::other)?;
        Ok(self.maps.get_or_init(|| maps))
    }
}

/// The names of the files that make a segment.
fn segment_files(id: SegmentId) -> impl Iterator<Item = PathBuf> {
    const EXTENSIONS: [&str; 6] = ["term", "idx", "pos", "fast", "fieldnorm", "store"];
    let uuid = id.uuid_string();
    EXTENSIONS
        .into_iter()
        .map(move |extension| PathBuf::from(format!("{uuid}.{extension}")))
}

/// Asks a checkpoint between writes, and slows them down. Keeps the checkpoint's answer, because Tantivy passes on only
/// that there was an error.
pub(crate) struct Brake {
    checkpoint: Arc<dyn Checkpoint>,
    halted: Arc<AtomicBool>,
    bytes_per_second: Option<u64>,
    begun: Instant,
    written: AtomicU64,
    stopped: Mutex<Option<Stop>>,
}

impl Brake {
    /// Stops when the checkpoint says so or the shard is halted.
    pub(crate) fn new(
        checkpoint: Arc<dyn Checkpoint>,
        halted: Arc<AtomicBool>,
        bytes_per_second: Option<u64>,
    ) -> Arc<Self> {
        Arc::new(Self {
            checkpoint,
            halted,
            bytes_per_second,
            begun: Instant::now(),
            written: AtomicU64::new(0),
            stopped: Mutex::new(None),
        })
    }

    /// Why the work was stopped, if it was.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        self.stopped.lock().clone()
    }

    fn before_write(&self, bytes: usize) -> io::Result<()> {
        self.check()?;
        let written = self.written.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let Some(rate) = self.bytes_per_second else {
            return Ok(());
        };
        let due = Duration::from_secs_f64(written as f64 / rate.max(1) as f64);
        loop {
            let early = due.saturating_sub(self.begun.elapsed());
            if early.is_zero() {
                return Ok(());
            }
            thread::sleep(early.min(Duration::from_millis(5)));
            self.check()?;
        }
    }

    fn check(&self) -> io::Result<()> {
        if self.halted.load(Ordering::Relaxed) {
            return Err(io::Error::other("shard is closed or has failed"));
        }
        self.checkpoint.checkpoint().map_err(|stop| {
            let error = io::Error::other(stop.to_string());
            *self.stopped.lock() = Some(stop);
            error
        })
    }
}

/// Tantivy's way into a [`Folder`], for readers or for the writer of one segment.
#[derive(Clone)]
pub(crate) struct SegmentDirectory {
    folder: Arc<Folder>,
    /// Bytes that this handle may still keep in memory.
    allowance: Arc<AtomicUsize>,
    brake: Option<Arc<Brake>>,
    /// Files that stand in front of those of the folder.
    overlay: Option<Arc<Mutex<HashMap<PathBuf, OwnedBytes>>>>,
    bookkeeping: Arc<Mutex<HashMap<PathBuf, Vec<u8>>>>,
    written: Arc<Mutex<Vec<PathBuf>>>,
}

impl fmt::Debug for SegmentDirectory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SegmentDirectory")
            .field(&self.folder)
            .finish()
    }
}

impl SegmentDirectory {
    /// For readers, and for a writer that keeps at most `memory` bytes in memory.
    pub(crate) fn new(folder: Arc<Folder>, memory: usize) -> Self {
        Self {
            folder,
            allowance: Arc::new(AtomicUsize::new(memory)),
            brake: None,
            overlay: None,
            bookkeeping: Arc::default(),
            written: Arc::default(),
        }
    }

    /// Asks the brake at each write.
    pub(crate) fn with_brake(mut self, brake: Arc<Brake>) -> Self {
        self.brake = Some(brake);
        self
    }

    /// Keeps what is written in front of the folder's files, in this handle only.
    pub(crate) fn with_overlay(mut self) -> Self {
        self.overlay = Some(Arc::default());
        self
    }

    /// Removes what was written through this handle.
    pub(crate) fn remove_written(&self) {
        for path in self.written.lock().drain(..) {
            if self.folder.in_memory.lock().remove(&path).is_none() {
                self.folder.remove_file(&path);
            }
        }
    }

    fn store(&self, path: PathBuf, bytes: Vec<u8>) {
        let bytes = OwnedBytes::new(bytes);
        match &self.overlay {
            Some(overlay) => overlay.lock().insert(path, bytes),
            None => self.folder.in_memory.lock().insert(path, bytes),
        };
    }

    /// Takes `bytes` from the allowance.
    fn may_keep(&self, bytes: usize) -> bool {
        self.overlay.is_some()
            || self
                .allowance
                .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                    left.checked_sub(bytes)
                })
                .is_ok()
    }
}

impl Directory for SegmentDirectory {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        if let Some(overlay) = &self.overlay
            && let Some(bytes) = overlay.lock().get(path)
        {
            return Ok(Arc::new(bytes.clone()));
        }
        if let Some(bytes) = self.folder.in_memory.lock().get(path) {
            return Ok(Arc::new(bytes.clone()));
        }
        let maps = self
            .folder
            .maps()
            .map_err(|error| OpenReadError::wrap_io_error(error, path.to_owned()))?;
        maps.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        if self.folder.in_memory.lock().remove(path).is_none() {
            self.folder.remove_file(path);
        }
        Ok(())
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        Ok(self.bookkeeping.lock().contains_key(path)
            || self.folder.in_memory.lock().contains_key(path)
            || self.folder.path.join(path).exists())
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.written.lock().push(path.to_owned());
        Ok(io::BufWriter::new(Box::new(SegmentFile {
            directory: self.clone(),
            path: path.to_owned(),
            memory: Vec::new(),
            file: None,
        })))
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.bookkeeping
            .lock()
            .get(path)
            .cloned()
            .ok_or_else(|| OpenReadError::FileDoesNotExist(path.to_owned()))
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        self.bookkeeping
            .lock()
            .insert(path.to_owned(), data.to_vec());
        Ok(())
    }

    fn sync_directory(&self) -> io::Result<()> {
        Ok(())
    }

    fn acquire_lock(&self, _lock: &Lock) -> Result<DirectoryLock, LockError> {
        // The shard has one owner; Tantivy's locks guard against several processes.
        Ok(DirectoryLock::from(Box::new(())))
    }

    fn watch(&self, _callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        Ok(WatchHandle::empty())
    }
}

/// A file being written: in memory until the allowance is used up.
struct SegmentFile {
    directory: SegmentDirectory,
    path: PathBuf,
    memory: Vec<u8>,
    file: Option<io::BufWriter<File>>,
}

impl SegmentFile {
    fn spill(&mut self) -> io::Result<&mut io::BufWriter<File>> {
        let path = self.directory.folder.path.join(&self.path);
        let mut file = io::BufWriter::with_capacity(
            64 * 1024,
            OpenOptions::new().write(true).create_new(true).open(path)?,
        );
        file.write_all(&self.memory)?;
        self.memory = Vec::new();
        Ok(self.file.insert(file))
    }
}

impl Write for SegmentFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(brake) = &self.directory.brake {
            brake.before_write(bytes.len())?;
        }
        if let Some(file) = &mut self.file {
            return file.write(bytes);
        }
        if self.directory.may_keep(bytes.len()) {
            self.memory.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        self.spill()?.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.flush(),
            None => Ok(()),
        }
    }
}

impl TerminatingWrite for SegmentFile {
    fn terminate_ref(&mut self, _: AntiCallToken) -> io::Result<()> {
        match self.file.take() {
            Some(mut file) => file.flush(),
            None => {
                let mut memory = std::mem::take(&mut self.memory);
                memory.shrink_to_fit();
                self.directory.store(self.path.clone(), memory);
                Ok(())
            }
        }
    }
}

//! A disk in memory that loses what was not synced, runs full and fails when it is told to: what crash tests run on.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;

use super::disk::{Claim, Disk, DiskFile};
use crate::dice::Dice;

/// Unsynced writes survive a crash, or not, in pieces of this size.
const SECTOR: usize = 512;

/// A disk that fails on demand. Clones are the same disk.
#[derive(Clone, Default)]
pub struct FaultyDisk {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// Grows with each crash: files opened before are dead.
    life: u64,
    dirs: BTreeSet<PathBuf>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    files: Vec<Content>,
    claimed: BTreeSet<PathBuf>,
    faults: Planned,
}

#[derive(Default)]
struct Planned {
    /// Writes that still succeed before one fails, and how many bytes of that one land.
    write: Option<(usize, usize)>,
    /// Syncs that still succeed before one fails.
    sync: Option<usize>,
    /// Bytes that still fit.
    room: Option<usize>,
}

#[derive(Clone, Default)]
struct Content {
    durable: Vec<u8>,
    now: Vec<u8>,
    pending: Vec<Op>,
}

#[derive(Clone)]
enum Op {
    Write(usize, Vec<u8>),
    SetLen(usize),
}

impl Op {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => {
                let end = offset + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(data);
            }
            Self::SetLen(len) => bytes.resize(*len, 0),
        }
    }

    /// Applies what a crash left of it.
    fn apply_torn(&self, bytes: &mut Vec<u8>, dice: &mut Dice) {
        match self {
            Self::SetLen(_) if dice.happens(0.5) => self.apply(bytes),
            Self::SetLen(_) => {}
            Self::Write(offset, data) => {
                let all = dice.happens(0.3);
                for (n, sector) in data.chunks(SECTOR).enumerate() {
                    if all || dice.happens(0.5) {
                        Self::Write(offset + n * SECTOR, sector.to_vec()).apply(bytes);
                    }
                }
            }
        }
    }
}

impl FaultyDisk {
    /// An empty disk that works.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Cuts the power: files open now are dead; of what was not synced each sector and each name survives by the throw of a
    /// die. Equal seeds give equal losses.
    pub fn crash(&self, seed: u64) {
        let mut dice = Dice::new(seed);
        let mut state = self.state.lock();
        state.life += 1;
        state.claimed.clear();
        state.faults = Planned::default();
        for file in &mut state.files {
            let mut left = std::mem::take(&mut file.durable);
            for op in std::mem::take(&mut file.pending) {
                op.apply_torn(&mut left, &mut dice);
            }
            *file = Content {
                durable: left.clone(),
                now: left,
                pending: Vec::new(),
            };
        }
        let mut names = state.durable_names.clone();
        let made: Vec<_> = state
            .names
            .iter()
            .filter(|(name, _)| !names.contains_key(*name))
            .collect();
        let kept: Vec<(PathBuf, usize)> = made
            .into_iter()
            .filter(|_| dice.happens(0.5))
            .map(|(name, file)| (name.clone(), *file))
            .collect();
        names.retain(|name, _| state.names.contains_key(name) || dice.happens(0.5));
        names.extend(kept);
        state.durable_names = names.clone();
        state.names = names;
    }

    /// Lets `after` more writes succeed; of the next one only `landing` bytes land and it fails. Later ones work again.
    pub fn fail_write(&self, after: usize, landing: usize) {
        self.state.lock().faults.write = Some((after, landing));
    }

    /// Lets `after` more syncs succeed; the next one fails, and what it was to sync may be lost. Later ones work again.
    pub fn fail_sync(&self, after: usize) {
        self.state.lock().faults.sync = Some(after);
    }

    /// Leaves room for this many bytes more; then writes and extensions fail with `StorageFull`. None: endless room.
    pub fn set_room(&self, bytes: Option<usize>) {
        self.state.lock().faults.room = bytes;
    }

    /// Takes back every planned failure, and gives endless room.
    pub fn fail_nothing(&self) {
        self.state.lock().faults = Planned::default();
    }

    /// Overwrites bytes of a file behind everybody's back, durably. True when the file is that long.
    pub fn damage(&self, path: &Path, offset: usize, bytes: &[u8]) -> bool {
        let mut state = self.state.lock();
        let Some(file) = state.names.get(path).copied() else {
            return false;
        };
        let content = &mut state.files[file];
        let fits = offset + bytes.len() <= content.now.len();
        if fits {
            let op = Op::Write(offset, bytes.to_vec());
            op.apply(&mut content.now);
            op.apply(&mut content.durable);
        }
        fits
    }

    /// The paths of all files.
    #[must_use]
    pub fn paths(&self) -> Vec<PathBuf> {
        self.state.lock().names.keys().cloned().collect()
    }
}

impl fmt::Debug for FaultyDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FaultyDisk").finish_non_exhaustive()
    }
}

impl State {
    fn add(&mut self, path: &Path) -> io::Result<usize> {
        if self.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        if !path.parent().is_some_and(|dir| self.dirs.contains(dir)) {
            return Err(io::ErrorKind::NotFound.into());
        }
        if self.faults.room == Some(0) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.files.push(Content::default());
        let file = self.files.len() - 1;
        self.names.insert(path.to_owned(), file);
        Ok(file)
    }

    /// Takes room for a file to grow to `len`, as far as there is some; answers how many bytes fit.
    fn grow(&mut self, file: usize, len: usize) -> usize {
        let more = len.saturating_sub(self.files[file].now.len());
        match &mut self.faults.room {
            None => more,
            Some(room) => {
                let fits = more.min(*room);
                *room -= fits;
                fits
            }
        }
    }

    fn change(&mut self, file: usize, op: Op) {
        let content = &mut self.files[file];
        op.apply(&mut content.now);
        content.pending.push(op);
    }

    fn write(&mut self, file: usize, bytes: &[u8], offset: usize) -> io::Result<()> {
        if let Some((after, landing)) = self.faults.write {
            self.faults.write = after.checked_sub(1).map(|after| (after, landing));
            if after == 0 {
                let part = bytes[..landing.min(bytes.len())].to_vec();
                self.change(file, Op::Write(offset, part));
                return Err(io::Error::other("the disk failed"));
            }
        }
        let end = offset + bytes.len();
        let missing = end.saturating_sub(self.files[file].now.len());
        let fits = self.grow(file, end);
        let part = bytes.len() - (missing - fits).min(bytes.len());
        self.change(file, Op::Write(offset, bytes[..part].to_vec()));
        if part < bytes.len() {
            Err(io::ErrorKind::StorageFull.into())
        } else {
            Ok(())
        }
    }

    fn sync(&mut self, file: usize) -> io::Result<()> {
        let fails = self.faults.sync == Some(0);
        self.faults.sync = self.faults.sync.and_then(|after| after.checked_sub(1));
        let content = &mut self.files[file];
        if fails {
            // As Linux does: the pages are clean from now on, and what they held is lost at the next crash.
            content.pending.clear();
            return Err(io::Error::other("the disk failed to sync"));
        }
        for op in std::mem::take(&mut content.pending) {
            op.apply(&mut content.durable);
        }
        Ok(())
    }
}

impl Disk for FaultyDisk {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        state.dirs.extend(dir.ancestors().map(Path::to_owned));
        Ok(())
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let state = self.state.lock();
        let file = *state.names.get(path).ok_or(io::ErrorKind::NotFound)?;
        Ok(Box::new(FaultyFile {
            disk: self.clone(),
            life: state.life,
            file,
        }))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut state = self.state.lock();
        let file = state.add(path)?;
        Ok(Box::new(FaultyFile {
            disk: self.clone(),
            life: state.life,
            file,
        }))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let state = self.state.lock();
        if !state.dirs.contains(dir) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let paths = state.names.keys().chain(&state.dirs);
        let inside = paths.filter(|path| path.parent() == Some(dir));
        Ok(inside
            .filter_map(|path| path.file_name().map(ToOwned::to_owned))
            .collect())
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        let removed = self.state.lock().names.remove(path);
        removed
            .map(drop)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let used = state
            .names
            .keys()
            .chain(&state.dirs)
            .any(|path| path.parent() == Some(dir));
        if used {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        state.dirs.remove(dir);
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state.lock();
        let State {
            names,
            durable_names,
            ..
        } = &mut *state;
        durable_names.retain(|path, _| path.parent() != Some(dir));
        let inside = names.iter().filter(|(path, _)| path.parent() == Some(dir));
        durable_names.extend(inside.map(|(path, file)| (path.clone(), *file)));
        Ok(())
    }

    fn claim(&self, dir: &Path) -> io::Result<Claim> {
        if !self.state.lock().claimed.insert(dir.to_owned()) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        Ok(Box::new(FaultyClaim {
            disk: self.clone(),
            dir: dir.to_owned(),
        }))
    }
}

struct FaultyClaim {
    disk: FaultyDisk,
    dir: PathBuf,
}

impl Drop for FaultyClaim {
    fn drop(&mut self) {
        self.disk.state.lock().claimed.remove(&self.dir);
    }
}

#[derive(Debug)]
struct FaultyFile {
    disk: FaultyDisk,
    life: u64,
    file: usize,
}

impl FaultyFile {
    fn with<T>(&self, call: impl FnOnce(&mut State) -> io::Result<T>) -> io::Result<T> {
        let mut state = self.disk.state.lock();
        if state.life != self.life {
            return Err(io::Error::other("the power was cut"));
        }
        call(&mut state)
    }
}

impl DiskFile for FaultyFile {
    fn read_at(&self, out: &mut [u8], offset: u64) -> io::Result<usize> {
        self.with(|state| {
            let bytes = &state.files[self.file].now;
            let from = usize::try_from(offset)
                .unwrap_or(usize::MAX)
                .min(bytes.len());
            let count = out.len().min(bytes.len() - from);
            out[..count].copy_from_slice(&bytes[from..from + count]);
            Ok(count)
        })
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let offset = usize::try_from(offset).map_err(io::Error::other)?;
        self.with(|state| state.write(self.file, bytes, offset))
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let len = usize::try_from(bytes).map_err(io::Error::other)?;
        self.with(|state| {
            let missing = len.saturating_sub(state.files[self.file].now.len());
            if state.grow(self.file, len) < missing {
                return Err(io::ErrorKind::StorageFull.into());
            }
            state.change(self.file, Op::SetLen(len));
            Ok(())
        })
    }

    fn length(&self) -> io::Result<u64> {
        self.with(|state| Ok(state.files[self.file].now.len() as u64))
    }

    fn sync(&self) -> io::Result<()> {
        self.with(|state| state.sync(self.file))
    }
}

//! The key-value file: tables, transactions, and what to do when the disk fails. `docs/format.md` has the layout.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use parking_lot::{RwLock, RwLockReadGuard};
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, WriteTransaction};

use super::{
    disk::{Disk, DiskFile},
    marker,
};
use crate::{Entry, KvError, Revision, kv::Change, uuid};

/// Key → revision, time to live of a lease in milliseconds (0: none), value.
const ENTRIES: TableDefinition<'_, &str, (u64, u64, &[u8])> = TableDefinition::new("entries");
/// `format` and `revision`.
const NUMBERS: TableDefinition<'_, &str, u64> = TableDefinition::new("numbers");
/// What belongs to this node alone: `node` is its id.
const LOCAL: TableDefinition<'_, &str, &str> = TableDefinition::new("local");

/// The format version that is written.
const FORMAT: u64 = 1;

/// Memory for cached pages, in bytes.
const CACHE_BYTES: usize = 4 * 1024 * 1024;

/// A key-value file that could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database in it does not open.
    #[error("the key-value file can't be used: {0}")]
    Database(#[from] redb::Error),
    /// The file can't be opened.
    #[error("the key-value file can't be opened: {0}")]
    Io(#[from] io::Error),
    /// It was written by a later version.
    #[error("the key-value file has format {0}, this version knows formats up to {FORMAT}")]
    Format(u64),
}

macro_rules! database_errors {
    ($($error:ty),*) => {$(
        impl From<$error> for StoreError {
            fn from(error: $error) -> Self {
                Self::Database(error.into())
            }
        }
    )*};
}
database_errors!(
    redb::DatabaseError,
    redb::TransactionError,
    redb::TableError,
    redb::StorageError,
    redb::CommitError
);

/// A change that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) key: String,
    /// None: it was deleted.
    pub(super) entry: Option<Entry>,
    pub(super) revision: Revision,
    pub(super) ttl: Option<Duration>,
}

/// What became of each change of a group.
pub(super) type Outcome = Result<(Revision, Option<Made>), KvError>;

pub(super) struct Store {
    path: PathBuf,
    disk: Arc<dyn Disk>,
    /// None only while it is opened again.
    database: RwLock<Option<Database>>,
    /// A write failed: the database must be opened again before the next change.
    failed: AtomicBool,
    /// A sync failed: no more changes until the node starts again.
    sync_failed: Arc<AtomicBool>,
}

impl Store {
    /// Opens the file, or makes it; answers the id of this node with it.
    pub(super) fn open(path: PathBuf, disk: Arc<dyn Disk>) -> Result<(Self, String), StoreError> {
        let sync_failed = Arc::new(AtomicBool::new(false));
        let database = open_database(&path, &disk, &sync_failed)?;
        let node = prepare(&database)?;
        let store = Self {
            path,
            disk,
            database: RwLock::new(Some(database)),
            failed: AtomicBool::new(false),
            sync_failed,
        };
        Ok((store, node))
    }

    pub(super) fn get(&self, key: &str) -> Result<Option<Entry>, KvError> {
        self.read(|database| {
            let entries = database.begin_read()?.open_table(ENTRIES)?;
            Ok(entries.get(key)?.map(|value| entry(value.value())))
        })
    }

    /// The keys with the prefix, and the revision that they show.
    pub(super) fn list(&self, prefix: &str) -> Result<(Vec<(String, Entry)>, Revision), KvError> {
        self.read(|database| {
            let read = database.begin_read()?;
            let revision = read
                .open_table(NUMBERS)?
                .get("revision")?
                .map_or(0, |n| n.value());
            let entries = read.open_table(ENTRIES)?;
            let mut found = Vec::new();
            for row in entries.range(prefix..)? {
                let (key, value) = row?;
                if !key.value().starts_with(prefix) {
                    break;
                }
                found.push((key.value().to_owned(), entry(value.value())));
            }
            Ok((found, Revision(revision)))
        })
    }

    /// All leases: key, revision, time to live.
    pub(super) fn leases(&self) -> Result<Vec<(String, Revision, Duration)>, KvError> {
        self.read(|database| {
            let entries = database.begin_read()?.open_table(ENTRIES)?;
            let mut leases = Vec::new();
            for row in entries.iter()? {
                let (key, value) = row?;
                let (revision, ttl, _) = value.value();
                if ttl > 0 {
                    let ttl = Duration::from_millis(ttl);
                    leases.push((key.value().to_owned(), Revision(revision), ttl));
                }
            }
            Ok(leases)
        })
    }

    /// Makes all changes of a group in one durable transaction. When that fails none was made, or it is not known.
    pub(super) fn change(&self, group: &[Change]) -> Vec<Outcome> {
        if let Err(error) = self.recover() {
            let why = error.to_string();
            return group
                .iter()
                .map(|_| Err(KvError::Unavailable(why.clone())))
                .collect();
        }
        let changed = self.with(|database| {
            let write = database.begin_write()?;
            let outcomes = apply(&write, group)?;
            Ok((write, outcomes))
        });
        let (write, outcomes) = match changed {
            Ok(changed) => changed,
            Err(error) => {
                self.failed.store(true, Ordering::Relaxed);
                let why = error.to_string();
                return group
                    .iter()
                    .map(|_| Err(KvError::Unavailable(why.clone())))
                    .collect();
            }
        };
        if let Err(error) = write.commit() {
            tracing::error!(%error, "a change of the key-value file may be lost");
            self.failed.store(true, Ordering::Relaxed);
            let unsure = |(change, outcome): (&Change, Outcome)| match outcome {
                Ok((_, Some(_))) => Err(KvError::Unknown(change.key.clone())),
                other => other,
            };
            return group.iter().zip(outcomes).map(unsure).collect();
        }
        outcomes
    }

    fn read<T>(&self, read: impl FnOnce(&Database) -> Result<T, StoreError>) -> Result<T, KvError> {
        self.with(read)
            .map_err(|error| KvError::Unavailable(error.to_string()))
    }

    fn with<T>(
        &self,
        call: impl FnOnce(&Database) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let database = RwLockReadGuard::try_map(self.database.read(), Option::as_ref)
            .map_err(|_| io::Error::other("it could not be opened again"))?;
        call(&database)
    }

    /// Opens the database again after a failed write.
    fn recover(&self) -> Result<(), StoreError> {
        if self.sync_failed.load(Ordering::Relaxed) {
            let closed = "a sync failed; it is closed until the node starts again";
            return Err(io::Error::other(closed).into());
        }
        if !self.failed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut database = self.database.write();
        *database = None;
        *database = Some(open_database(&self.path, &self.disk, &self.sync_failed)?);
        self.failed.store(false, Ordering::Relaxed);
        Ok(())
    }
}

fn open_database(
    path: &Path,
    disk: &Arc<dyn Disk>,
    sync_failed: &Arc<AtomicBool>,
) -> Result<Database, StoreError> {
    let dir = path.parent().unwrap_or(Path::new(""));
    let (file, is_new) = match disk.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => (disk.create(path)?, true),
        file => (file?, false),
    };
    if !marker::is_there(&**disk, dir) {
        write_anew(&*file)?;
        marker::put(&**disk, dir)?;
    }
    let backend = Backend {
        file,
        disk: disk.clone(),
        dir: dir.to_owned(),
        sync_failed: sync_failed.clone(),
    };
    let database = Database::builder()
        .set_cache_size(CACHE_BYTES)
        .create_with_backend(backend)?;
    if is_new {
        disk.sync_dir(dir)?;
    }
    Ok(database)
}

/// Writes every byte of the file again and syncs it.
fn write_anew(file: &dyn DiskFile) -> io::Result<()> {
    let mut buffer = vec![0; 256 * 1024];
    let mut offset = 0;
    loop {
        let read = file.read_at(&mut buffer, offset)?;
        if read == 0 {
            return file.sync();
        }
        file.write_at(&buffer[..read], offset)?;
        offset += read as u64;
    }
}

/// Makes the tables of a new file, checks the format of an old one; answers the id of this node.
fn prepare(database: &Database) -> Result<String, StoreError> {
    let write = database.begin_write()?;
    let node = {
        let mut numbers = write.open_table(NUMBERS)?;
        let mut local = write.open_table(LOCAL)?;
        write.open_table(ENTRIES)?;
        let format = numbers.get("format")?.map(|format| format.value());
        let node = local.get("node")?.map(|node| node.value().to_owned());
        match (format, node) {
            (Some(FORMAT), Some(node)) => return Ok(node),
            (Some(format), Some(_)) => return Err(StoreError::Format(format)),
            _ => {}
        }
        let node = uuid::random()?;
        numbers.insert("format", FORMAT)?;
        local.insert("node", node.as_str())?;
        node
    };
    write.commit()?;
    Ok(node)
}

fn apply(write: &WriteTransaction, group: &[Change]) -> Result<Vec<Outcome>, StoreError> {
    let mut entries = write.open_table(ENTRIES)?;
    let mut numbers = write.open_table(NUMBERS)?;
    let before = numbers
        .get("revision")?
        .map_or(0, |revision| revision.value());
    let mut revision = before;
    let mut outcomes = Vec::with_capacity(group.len());
    for change in group {
        let current = entries
            .get(&*change.key)?
            .map(|value| Revision(value.value().0));
        if let Err(conflict) = change.check(current) {
            outcomes.push(Err(conflict));
            continue;
        }
        if change.value.is_none() && current.is_none() {
            outcomes.push(Ok((Revision(revision), None)));
            continue;
        }
        revision += 1;
        match &change.value {
            Some(value) => {
                let ttl = change
                    .ttl
                    .map_or(0, |ttl| u64::try_from(ttl.as_millis()).unwrap_or(u64::MAX));
                entries.insert(&*change.key, (revision, ttl, &**value))?;
            }
            None => drop(entries.remove(&*change.key)?),
        }
        let entry = change.value.clone().map(|value| Entry {
            value,
            revision: Revision(revision),
        });
        let made = Made {
            key: change.key.clone(),
            entry,
            revision: Revision(revision),
            ttl: change.ttl,
        };
        outcomes.push(Ok((Revision(revision), Some(made))));
    }
    if revision > before {
        numbers.insert("revision", revision)?;
    }
    Ok(outcomes)
}

fn entry((revision, _, value): (u64, u64, &[u8])) -> Entry {
    Entry {
        value: Bytes::copy_from_slice(value),
        revision: Revision(revision),
    }
}

/// The database's way to the disk.
#[derive(Debug)]
struct Backend {
    file: Box<dyn DiskFile>,
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    sync_failed: Arc<AtomicBool>,
}

impl redb::StorageBackend for Backend {
    fn len(&self) -> Result<u64, io::Error> {
        self.file.length()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let mut done = 0;
        while done < out.len() {
            match self.file.read_at(&mut out[done..], offset + done as u64)? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => done += read,
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        // After a failed sync a second one would wrongly succeed.
        if self.sync_failed.load(Ordering::Relaxed) {
            return Err(io::Error::other("an earlier sync failed"));
        }
        self.file.sync().inspect_err(|_| {
            self.sync_failed.store(true, Ordering::Relaxed);
            marker::take(&*self.disk, &self.dir);
        })
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        self.file.write_at(data, offset)
    }
}

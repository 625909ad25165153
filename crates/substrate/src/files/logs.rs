//! All logs of a node: a folder for each index, in it one for each shard, in it the segments.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use parking_lot::Mutex;
use tokio::sync::oneshot;

use super::{
    commit::{Committer, Job},
    disk::{Claim, Disk},
    log::{FileLog, Shared, blocking},
    segments,
    writer::LogSizes,
};
use crate::{BoxFuture, Log, LogError, LogName, Logs};

/// Logs in a folder.
#[derive(Clone)]
pub(super) struct FileLogs {
    committer: Committer,
    folder: Arc<Folder>,
}

struct Folder {
    root: PathBuf,
    disk: Arc<dyn Disk>,
    sizes: LogSizes,
    /// A place for each log that is or was open. Its lock is held while the log is opened or deleted.
    open: Mutex<HashMap<LogName, Arc<Place>>>,
}

type Place = Mutex<Option<Arc<Shared>>>;

impl FileLogs {
    /// The logs below `root`, which need not exist.
    pub(super) fn new(
        root: PathBuf,
        disk: Arc<dyn Disk>,
        sizes: LogSizes,
        claim: Arc<Claim>,
    ) -> io::Result<Self> {
        disk.create_dir(&root)?;
        let folder = Folder {
            root,
            disk,
            sizes,
            open: Mutex::default(),
        };
        Ok(Self {
            folder: Arc::new(folder),
            committer: Committer::start(claim)?,
        })
    }
}

impl Folder {
    /// Calls with the place of a log locked. A place that was given up while we waited for it is not used.
    fn at<T>(&self, name: &LogName, call: impl FnOnce(&mut Option<Arc<Shared>>) -> T) -> T {
        loop {
            let place = self.open.lock().entry(name.clone()).or_default().clone();
            let mut slot = place.lock();
            let current = self
                .open
                .lock()
                .get(name)
                .is_some_and(|held| Arc::ptr_eq(held, &place));
            if current {
                let answer = call(&mut slot);
                if slot.is_none() {
                    self.open.lock().remove(name);
                }
                return answer;
            }
        }
    }

    fn dir(&self, name: &LogName) -> PathBuf {
        self.root
            .join(name.index_uuid())
            .join(name.shard().to_string())
    }

    fn load(&self, name: &LogName) -> Result<Shared, LogError> {
        Shared::open(
            name.clone(),
            self.disk.clone(),
            &self.root,
            self.dir(name),
            self.sizes,
        )
    }

    fn open(&self, name: &LogName) -> Result<Arc<Shared>, LogError> {
        self.at(name, |place| {
            if let Some(shared) = place {
                return Ok(shared.clone());
            }
            let shared = Arc::new(self.load(name)?);
            *place = Some(shared.clone());
            Ok(shared)
        })
    }

    /// Deletes the log, after what the committing thread has in hand for it.
    fn delete(&self, name: &LogName, committer: &Committer) -> Result<(), LogError> {
        self.at(name, |place| {
            let log = match place
                .take()
                .map_or_else(|| self.load(name).map(Arc::new), Ok)
            {
                Ok(log) => log,
                // A log that can't be opened because it is damaged can be deleted all the same.
                Err(LogError::Damaged { .. }) => {
                    return Shared::remove_folder(&*self.disk, &self.dir(name), BTreeSet::new());
                }
                Err(error) => return Err(error),
            };
            let (done, deleted) = oneshot::channel();
            committer
                .send(Job::Delete { log, done })
                .map_err(|stopped| LogError::Unavailable(stopped.to_string()))?;
            deleted
                .blocking_recv()
                .unwrap_or_else(|_| Err(LogError::Unavailable("it stopped".to_owned())))
        })
    }

    fn on_disk(&self) -> io::Result<BTreeSet<LogName>> {
        let mut names = BTreeSet::new();
        for index in folders(&*self.disk, &self.root)? {
            for shard in folders(&*self.disk, &self.root.join(&index))? {
                let dir = self.root.join(&index).join(&shard);
                let name = shard
                    .parse()
                    .ok()
                    .and_then(|shard| LogName::new(&index, shard).ok());
                if let Some(name) = name
                    && !segments::find(&*self.disk, &dir)?.is_empty()
                {
                    names.insert(name);
                }
            }
        }
        Ok(names)
    }
}

/// The names in a folder; none when it is none.
fn folders(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<String>> {
    match disk.list(dir) {
        Ok(names) => Ok(names
            .into_iter()
            .filter_map(|name| name.into_string().ok())
            .collect()),
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            Ok(Vec::new())
        }
        Err(error) => Err(error),
    }
}

impl Logs for FileLogs {
    fn open(&self, name: &LogName) -> BoxFuture<'_, Result<Arc<dyn Log>, LogError>> {
        let (folder, name) = (self.folder.clone(), name.clone());
        Box::pin(async move {
            let shared = blocking(move || folder.open(&name)).await?;
            Ok(Arc::new(FileLog {
                shared,
                committer: self.committer.clone(),
            }) as Arc<dyn Log>)
        })
    }

    fn delete(&self, name: &LogName) -> BoxFuture<'_, Result<(), LogError>> {
        let (folder, committer, name) = (self.folder.clone(), self.committer.clone(), name.clone());
        Box::pin(blocking(move || folder.delete(&name, &committer)))
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<LogName>, LogError>> {
        let folder = self.folder.clone();
        Box::pin(blocking(move || {
            let names = folder.on_disk();
            let names = names.map_err(|error| LogError::Unavailable(error.to_string()))?;
            Ok(names.into_iter().collect())
        }))
    }
}

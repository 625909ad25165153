//! One log in segment files.

use std::{
    collections::BTreeSet,
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{oneshot, watch};

use super::{
    commit::{Append, Committer, Job},
    disk::Disk,
    frame::{Frame, FrameReader},
    segments::{self, OpenError, Segment},
    writer::{LogSizes, WriteError, Writer, Written},
};
use crate::{
    Appended, Batch, Bounds, BoxFuture, Log, LogError, LogName, RecordNumber, log::MAX_RECORD_BYTES,
};

/// Trimming begins a new segment only when the active one holds at least this many bytes.
const WORTH_TRIMMING_BYTES: u64 = 256 * 1024;

/// What all handles of a log share.
pub(super) struct Shared {
    pub(super) name: LogName,
    pub(super) disk: Arc<dyn Disk>,
    pub(super) dir: PathBuf,
    writer: Mutex<Writer>,
    state: Mutex<State>,
    trimming: Mutex<()>,
    /// The last durable record, for those who tail the log.
    end: watch::Sender<u64>,
}

/// What readers see: durable records only.
struct State {
    segments: Vec<Segment>,
    last: u64,
    status: Status,
}

enum Status {
    Open,
    /// No more appends until the node starts again; what is durable can be read.
    Closed(String),
    Deleted,
}

impl Shared {
    /// Opens the log in `dir`: finds its end, and cuts off what a crash left behind it.
    pub(super) fn open(
        name: LogName,
        disk: Arc<dyn Disk>,
        root: &Path,
        dir: PathBuf,
        sizes: LogSizes,
    ) -> Result<Self, LogError> {
        let failed = |error: OpenError| match error {
            OpenError::Io(error) => LogError::Unavailable(error.to_string()),
            OpenError::Damaged(detail) => LogError::Damaged {
                log: name.to_string(),
                detail,
            },
        };
        let (segments, tail) = segments::open(&*disk, &dir).map_err(failed)?;
        let last = tail.as_ref().map_or(0, |tail| tail.last);
        let writer = Writer::new(root.to_owned(), dir.clone(), sizes, tail, last);
        Ok(Self {
            name,
            disk,
            dir,
            writer: Mutex::new(writer),
            state: Mutex::new(State {
                segments,
                last,
                status: Status::Open,
            }),
            trimming: Mutex::default(),
            end: watch::channel(last).0,
        })
    }

    /// Writes a record if the log ends where it should; answers at once when it can't.
    pub(super) fn write(&self, expected: RecordNumber, record: &[u8]) -> Result<Written, Appended> {
        self.check_open()
            .map_err(|error| Appended::Unavailable(error.to_string()))?;
        let mut writer = self.writer.lock();
        if writer.last() != expected.0 {
            return Err(Appended::Fenced(RecordNumber(writer.last())));
        }
        let written = match writer.is_full() {
            true => self
                .begin_segment(&mut writer)
                .and_then(|()| writer.write(record)),
            false => writer.write(record),
        };
        written.map_err(|error| match error {
            WriteError::Undone(error) => Appended::Unavailable(error.to_string()),
            WriteError::Closed(error) => {
                self.close(&error);
                Appended::Unknown
            }
        })
    }

    fn begin_segment(&self, writer: &mut Writer) -> Result<(), WriteError> {
        let segment = writer.begin_segment(&*self.disk)?;
        self.state.lock().segments.push(segment);
        Ok(())
    }

    /// Makes written records durable, shows them to readers and answers what became of them.
    pub(super) fn settle(&self, written: Written) -> Appended {
        if let Err(error) = self.writer.lock().sync() {
            self.close(&error);
            return Appended::Unknown;
        }
        let number = written.number;
        let mut state = self.state.lock();
        if matches!(state.status, Status::Deleted) {
            return Appended::Unknown;
        }
        if let Some(segment) = state.segments.last_mut() {
            segment.mark(number, written.offset);
        }
        state.last = number;
        self.end.send_replace(number);
        Appended::Done(RecordNumber(number))
    }

    fn close(&self, error: &io::Error) {
        tracing::error!(log = %self.name, %error, "the log takes no more records until the node starts again");
        let mut state = self.state.lock();
        if matches!(state.status, Status::Open) {
            state.status = Status::Closed(error.to_string());
        }
    }

    fn check_open(&self) -> Result<(), LogError> {
        match &self.state.lock().status {
            Status::Open => Ok(()),
            Status::Closed(why) => Err(LogError::Unavailable(format!(
                "the log [{}] is closed until the node starts again: {why}",
                self.name
            ))),
            Status::Deleted => Err(LogError::Deleted(self.name.to_string())),
        }
    }

    /// The state for readers.
    fn readable<T>(&self, read: impl FnOnce(&State) -> T) -> Result<T, LogError> {
        let state = self.state.lock();
        match state.status {
            Status::Deleted => Err(LogError::Deleted(self.name.to_string())),
            Status::Open | Status::Closed(_) => Ok(read(&state)),
        }
    }

    /// Drops whole segments up to `through`. Blocks.
    fn trim(&self, through: RecordNumber) -> Result<(), LogError> {
        let _one_at_a_time = self.trimming.lock();
        self.check_open()?;
        let unavailable = |error: io::Error| LogError::Unavailable(error.to_string());
        let mut writer = self.writer.lock();
        let all = through.0 >= writer.last() && self.state.lock().last == writer.last();
        if all && writer.active_bytes() >= WORTH_TRIMMING_BYTES {
            self.begin_segment(&mut writer)
                .map_err(|error| match error {
                    WriteError::Undone(error) => unavailable(error),
                    WriteError::Closed(error) => {
                        self.close(&error);
                        unavailable(error)
                    }
                })?;
        }
        drop(writer);
        let dropped: Vec<Segment> = {
            let mut state = self.state.lock();
            let behind = |pair: &[Segment]| pair[1].first <= through.0.saturating_add(1);
            let count = state
                .segments
                .windows(2)
                .take_while(|pair| behind(pair))
                .count();
            state.segments.drain(..count).collect()
        };
        // The oldest first, each durably, so that a crash leaves no hole.
        for segment in dropped {
            absent_is_fine(self.disk.remove_file(&segment.path))?;
            self.disk.sync_dir(&self.dir).map_err(unavailable)?;
        }
        Ok(())
    }

    /// Removes the files and refuses everything from now on.
    pub(super) fn delete(&self) -> Result<(), LogError> {
        let segments = {
            let mut state = self.state.lock();
            state.status = Status::Deleted;
            std::mem::take(&mut state.segments)
        };
        self.end.send_modify(|_| {});
        let paths = segments.into_iter().map(|segment| segment.path).collect();
        Self::remove_folder(&*self.disk, &self.dir, paths)
    }

    /// Removes these files and every other segment that lies in the folder, and the folder. A crash may bring files back that were
    /// removed just before.
    pub(super) fn remove_folder(
        disk: &dyn Disk,
        dir: &Path,
        mut paths: BTreeSet<PathBuf>,
    ) -> Result<(), LogError> {
        let found = segments::find(disk, dir);
        let found = found.map_err(|error| LogError::Unavailable(error.to_string()))?;
        paths.extend(found.into_iter().map(|first| Segment::new(dir, first).path));
        for path in paths {
            absent_is_fine(disk.remove_file(&path))?;
        }
        absent_is_fine(disk.remove_dir(dir))?;
        if let Some(index) = dir.parent() {
            // Other shards of the index may still be there.
            let _ = disk.remove_dir(index);
        }
        Ok(())
    }

    /// Reads consecutive records. Blocks.
    fn read(&self, from: RecordNumber, max_bytes: usize) -> Result<Batch, LogError> {
        let (segments, last) =
            self.readable(|state| (from_segment(&state.segments, from.0), state.last))?;
        let mut batch = Batch {
            records: Vec::new(),
            end: RecordNumber(last),
        };
        let first = segments.first().map_or(last + 1, |segment| segment.first);
        if from.0 == 0 || from.0 < first {
            return Err(LogError::Gap {
                asked: from,
                first: RecordNumber(first.max(1)),
            });
        }
        let mut bytes = 0;
        let mut number = from.0;
        for (at, segment) in segments.iter().enumerate() {
            let until = segments.get(at + 1).map_or(last + 1, |next| next.first);
            let file = match self.disk.open(&segment.path) {
                Ok(file) => Arc::from(file),
                Err(error) => return Err(self.vanished(from, &error)),
            };
            let begin = segment.before(number);
            let mut frames = FrameReader::new(file, begin.offset);
            let mut next = begin.number;
            while next < until {
                let offset = frames.offset();
                let frame = frames
                    .next(next)
                    .map_err(|error| self.vanished(from, &error))?;
                let record = match frame {
                    Frame::Whole(record) => record,
                    Frame::Bad(bad) => {
                        let path = segment.path.display();
                        let detail = format!("record {next} at byte {offset} of [{path}]: {bad}");
                        return Err(LogError::Damaged {
                            log: self.name.to_string(),
                            detail,
                        });
                    }
                };
                next += 1;
                if next <= number {
                    continue;
                }
                bytes += record.len();
                if bytes > max_bytes && !batch.records.is_empty() {
                    return Ok(batch);
                }
                batch.records.push((RecordNumber(number), record));
                number += 1;
            }
        }
        Ok(batch)
    }

    /// What a failed read means: the records were trimmed or the log deleted meanwhile, or the disk fails.
    fn vanished(&self, from: RecordNumber, error: &io::Error) -> LogError {
        let first = self.readable(|state| state.segments.first().map_or(1, |s| s.first));
        match first {
            Err(deleted) => deleted,
            Ok(first) if from.0 < first => LogError::Gap {
                asked: from,
                first: RecordNumber(first),
            },
            Ok(_) => LogError::Unavailable(error.to_string()),
        }
    }
}

/// The segment that holds the record and those after it; all when it lies before them.
fn from_segment(segments: &[Segment], number: u64) -> Vec<Segment> {
    let after = segments.partition_point(|segment| segment.first <= number);
    segments[after.saturating_sub(1)..].to_vec()
}

fn absent_is_fine(result: io::Result<()>) -> Result<(), LogError> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LogError::Unavailable(error.to_string()))
        }
        _ => Ok(()),
    }
}

/// A handle of a log.
pub(super) struct FileLog {
    pub(super) shared: Arc<Shared>,
    pub(super) committer: Committer,
}

/// Runs file work off the threads that wait for the network.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|failed| Err(LogError::Unavailable(failed.to_string())))
}

impl Log for FileLog {
    fn append(&self, expected_last: RecordNumber, record: Bytes) -> BoxFuture<'_, Appended> {
        Box::pin(async move {
            if record.is_empty() || record.len() > MAX_RECORD_BYTES {
                let bytes = record.len();
                return Appended::Unavailable(format!(
                    "a record has 1 to {MAX_RECORD_BYTES} bytes, this one {bytes}"
                ));
            }
            let (answer, answered) = oneshot::channel();
            let append = Append {
                log: self.shared.clone(),
                expected: expected_last,
                record,
                answer,
            };
            match self.committer.send(Job::Append(append)) {
                Ok(()) => answered.await.unwrap_or(Appended::Unknown),
                Err(stopped) => Appended::Unavailable(stopped.to_string()),
            }
        })
    }

    fn read(&self, from: RecordNumber, max_bytes: usize) -> BoxFuture<'_, Result<Batch, LogError>> {
        let shared = self.shared.clone();
        Box::pin(blocking(move || shared.read(from, max_bytes)))
    }

    fn bounds(&self) -> BoxFuture<'_, Result<Bounds, LogError>> {
        let bounds = self.shared.readable(|state| {
            let first = state
                .segments
                .first()
                .map_or(state.last + 1, |segment| segment.first);
            Bounds {
                first: RecordNumber(first),
                last: RecordNumber(state.last),
            }
        });
        Box::pin(std::future::ready(bounds))
    }

    fn grown_past(&self, last: RecordNumber) -> BoxFuture<'_, Result<RecordNumber, LogError>> {
        let mut end = self.shared.end.subscribe();
        Box::pin(async move {
            loop {
                self.shared.readable(|_| ())?;
                let now = *end.borrow_and_update();
                if now > last.0 {
                    return Ok(RecordNumber(now));
                }
                if end.changed().await.is_err() {
                    return Err(LogError::Deleted(self.shared.name.to_string()));
                }
            }
        })
    }

    fn trim(&self, through: RecordNumber) -> BoxFuture<'_, Result<(), LogError>> {
        let shared = self.shared.clone();
        Box::pin(blocking(move || shared.trim(through)))
    }
}

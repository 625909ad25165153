//! The writing end of one log. Only the committing thread uses it.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    disk::{Disk, DiskFile, up_to},
    frame,
    segments::{Segment, Tail},
};

/// Records up to this size are written together with their header in one call.
const ONE_WRITE_BYTES: usize = 64 * 1024;

/// Sizes of the segment files.
#[derive(Clone, Copy, Debug)]
pub struct LogSizes {
    /// A segment that has reached this many bytes is followed by a new one.
    pub segment_bytes: u64,
    /// A file grows in steps of at most this many bytes, so that most syncs need not write its length.
    pub step_bytes: u64,
}

impl Default for LogSizes {
    fn default() -> Self {
        Self {
            segment_bytes: 16 * 1024 * 1024,
            step_bytes: 1024 * 1024,
        }
    }
}

/// The first step of a new file: most indices of a test stay below it.
const FIRST_STEP_BYTES: u64 = 64 * 1024;

/// How a write failed.
#[derive(Debug)]
pub(super) enum WriteError {
    /// The log is as before.
    Undone(io::Error),
    /// What lies at the end is not known.
    Closed(io::Error),
}

pub(super) struct Writer {
    root: PathBuf,
    dir: PathBuf,
    sizes: LogSizes,
    active: Option<Tail>,
    /// The last record written, durable or not.
    last: u64,
}

/// A frame that was written and is not yet durable.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) number: u64,
    pub(super) offset: u64,
}

impl Writer {
    /// Continues behind `tail`; without one, behind record `last`.
    pub(super) fn new(
        root: PathBuf,
        dir: PathBuf,
        sizes: LogSizes,
        tail: Option<Tail>,
        last: u64,
    ) -> Self {
        Self {
            root,
            dir,
            sizes,
            active: tail,
            last,
        }
    }

    pub(super) fn last(&self) -> u64 {
        self.last
    }

    /// Bytes of the active segment that hold records.
    pub(super) fn active_bytes(&self) -> u64 {
        self.active.as_ref().map_or(0, |active| active.end)
    }

    /// Whether the next record needs a new segment.
    pub(super) fn is_full(&self) -> bool {
        self.active
            .as_ref()
            .is_none_or(|active| active.end >= self.sizes.segment_bytes)
    }

    /// Writes the next record into the active segment; it is durable after [`Writer::sync`].
    pub(super) fn write(&mut self, record: &[u8]) -> Result<Written, WriteError> {
        let number = self.last + 1;
        let Some(active) = &mut self.active else {
            return Err(WriteError::Undone(io::Error::other("no segment was begun")));
        };
        let offset = active.end;
        if let Err(error) = write_frame(active, self.sizes, number, record) {
            return Err(undo(active, error));
        }
        self.last = number;
        Ok(Written { number, offset })
    }

    /// Makes what was written durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.active
            .as_ref()
            .map_or(Ok(()), |active| active.file.sync())
    }

    /// Makes a new file for the records after the last one. The file before it is whole and durable by then.
    pub(super) fn begin_segment(&mut self, disk: &dyn Disk) -> Result<Segment, WriteError> {
        if let Some(active) = &mut self.active {
            // Gives the unused step back; if that fails the zeros stay, which costs room and nothing else.
            if active.file.set_len(active.end).is_ok() {
                active.allocated = active.end;
            }
            active.file.sync().map_err(WriteError::Closed)?;
        }
        let segment = Segment::new(&self.dir, self.last + 1);
        let file = match new_file(disk, &self.root, &self.dir, &segment) {
            Ok(file) => file,
            // An empty file with this name would hide the records that the segment before it may still get.
            Err(error) => match disk.remove_file(&segment.path) {
                Err(stays) if stays.kind() != io::ErrorKind::NotFound => {
                    return Err(WriteError::Closed(stays));
                }
                _ => return Err(WriteError::Undone(error)),
            },
        };
        self.active = Some(Tail {
            file,
            last: self.last,
            end: 0,
            allocated: 0,
        });
        Ok(segment)
    }
}

fn new_file(
    disk: &dyn Disk,
    root: &Path,
    dir: &Path,
    segment: &Segment,
) -> io::Result<Arc<dyn DiskFile>> {
    disk.create_dir(dir)?;
    let file: Arc<dyn DiskFile> = match disk.create(&segment.path) {
        // Left by an attempt that failed: nothing in it was ever acknowledged.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            let file = disk.open(&segment.path)?;
            file.set_len(0)?;
            file.into()
        }
        file => file?.into(),
    };
    file.sync()?;
    for folder in up_to(dir, root) {
        disk.sync_dir(&folder)?;
    }
    Ok(file)
}

fn write_frame(tail: &mut Tail, sizes: LogSizes, number: u64, record: &[u8]) -> io::Result<()> {
    let end = tail.end + (frame::HEADER_BYTES + record.len()) as u64;
    if end > tail.allocated {
        let step = tail
            .allocated
            .clamp(FIRST_STEP_BYTES.min(sizes.step_bytes), sizes.step_bytes);
        let allocated = (tail.allocated + step).max(end);
        tail.file.set_len(allocated)?;
        tail.allocated = allocated;
    }
    let header = frame::header(number, record);
    if record.len() <= ONE_WRITE_BYTES {
        tail.file
            .write_at(&[header.as_slice(), record].concat(), tail.end)?;
    } else {
        // The header last: a frame without one is nothing.
        tail.file.write_at(record, tail.end + header.len() as u64)?;
        tail.file.write_at(&header, tail.end)?;
    }
    tail.end = end;
    tail.last = number;
    Ok(())
}

/// Cuts the file back to its last good frame, durably: the writer was told that nothing was written.
fn undo(tail: &mut Tail, error: io::Error) -> WriteError {
    match tail.file.set_len(tail.end).and_then(|()| tail.file.sync()) {
        Ok(()) => {
            tail.allocated = tail.end;
            WriteError::Undone(error)
        }
        Err(cut) => WriteError::Closed(cut),
    }
}

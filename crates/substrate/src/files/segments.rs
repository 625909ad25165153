//! The segment files of one log: finding them, and finding the end of the last one after a crash.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    disk::{Disk, DiskFile},
    frame::{Bad, Frame, FrameReader, HEADER_BYTES, MAX_FRAME_BYTES, header},
};

/// A place in a segment where a read may begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) number: u64,
    pub(super) offset: u64,
}

/// Bytes between two marks.
const MARK_EVERY_BYTES: u64 = 128 * 1024;

/// One file of consecutive records.
#[derive(Clone, Debug)]
pub(super) struct Segment {
    /// Number of its first record, as its name says.
    pub(super) first: u64,
    pub(super) path: PathBuf,
    /// In order; empty: a read begins at the front.
    pub(super) marks: Vec<Mark>,
}

impl Segment {
    pub(super) fn new(dir: &Path, first: u64) -> Self {
        Self {
            first,
            path: dir.join(file_name(first)),
            marks: Vec::new(),
        }
    }

    /// Remembers where a record lies, if the last mark is far enough away.
    pub(super) fn mark(&mut self, number: u64, offset: u64) {
        let last = self.marks.last().map_or(0, |mark| mark.offset);
        if offset >= last + MARK_EVERY_BYTES {
            self.marks.push(Mark { number, offset });
        }
    }

    /// Where to begin in order to read the record.
    pub(super) fn before(&self, number: u64) -> Mark {
        let after = self.marks.partition_point(|mark| mark.number <= number);
        match after.checked_sub(1) {
            Some(before) => self.marks[before],
            None => Mark {
                number: self.first,
                offset: 0,
            },
        }
    }
}

/// The name of the segment that begins with this record.
pub(super) fn file_name(first: u64) -> String {
    format!("{first:020}.log")
}

/// The numbers of the first records of all segments in the folder, in order; none when there is no such folder.
pub(super) fn find(disk: &dyn Disk, dir: &Path) -> io::Result<Vec<u64>> {
    let names = match disk.list(dir) {
        Ok(names) => names,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut firsts: Vec<u64> = names
        .iter()
        .filter_map(|name| name.to_str()?.strip_suffix(".log")?.parse().ok())
        .filter(|first| *first > 0)
        .collect();
    firsts.sort_unstable();
    Ok(firsts)
}

/// The end of the last segment.
#[derive(Debug)]
pub(super) struct Tail {
    pub(super) file: Arc<dyn DiskFile>,
    /// Number of the last whole record; `first - 1` when there is none.
    pub(super) last: u64,
    /// Offset behind it.
    pub(super) end: u64,
    /// Length of the file.
    pub(super) allocated: u64,
}

/// Finds the segments in the folder and the end of the last one, none for a log without any, and makes what is read durable.
pub(super) fn open(disk: &dyn Disk, dir: &Path) -> Result<(Vec<Segment>, Option<Tail>), OpenError> {
    let mut segments: Vec<_> = find(disk, dir)?
        .into_iter()
        .map(|first| Segment::new(dir, first))
        .collect();
    let Some(last) = segments.last_mut() else {
        return Ok((segments, None));
    };
    let tail = open_tail(disk, last)?;
    let (first, path) = (last.first, last.path.clone());
    let is_empty = tail.last < first;
    let Some(before) = segments.len().checked_sub(2).filter(|_| is_empty) else {
        return Ok((segments, Some(tail)));
    };
    let tail_before = open_tail(disk, &mut segments[before])?;
    if tail_before.last + 1 == first {
        return Ok((segments, Some(tail)));
    }
    if tail_before.last + 1 < first {
        let detail = format!(
            "the records {} to {} are missing",
            tail_before.last + 1,
            first - 1
        );
        return Err(OpenError::Damaged(detail));
    }
    // A file that was made, given up and came back by a crash: the records went on in the segment before it.
    disk.remove_file(&path)?;
    segments.pop();
    Ok((segments, Some(tail_before)))
}

/// What is wrong with a log.
#[derive(Debug)]
pub(super) enum OpenError {
    Io(io::Error),
    Damaged(String),
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Finds the last whole frame and cuts off what a crash left behind it. Only one frame is under way at a time, so anything
/// valid or far behind the first bad frame had been acknowledged: then the file is damaged and nothing is cut.
fn open_tail(disk: &dyn Disk, segment: &mut Segment) -> Result<Tail, OpenError> {
    let file: Arc<dyn DiskFile> = disk.open(&segment.path)?.into();
    let mut frames = FrameReader::new(file.clone(), 0);
    let mut last = segment.first - 1;
    let mut last_frame = None;
    let bad = loop {
        let offset = frames.offset();
        match frames.next(last + 1)? {
            Frame::Whole(record) => {
                last += 1;
                segment.mark(last, offset);
                last_frame = Some((offset, record));
            }
            Frame::Bad(bad) => break bad,
        }
    };
    let end = frames.offset();
    refuse_damage(&file, bad, last, end).map_err(|error| error.at(&segment.path, last + 1, end))?;
    let mut allocated = file.length()?;
    if !zeros(&file, end, allocated)? {
        file.set_len(end)?;
        allocated = end;
    }
    // The process may have ended before a sync, or after one that failed: then pages look written and are not. The frame that was
    // under way is the last one: write it again, so that this sync covers it.
    if let Some((offset, record)) = last_frame {
        file.write_at(&[&header(last, &record), &*record].concat(), offset)?;
    }
    file.sync()?;
    Ok(Tail {
        file,
        last,
        end,
        allocated,
    })
}

impl OpenError {
    fn at(self, path: &Path, number: u64, offset: u64) -> Self {
        match self {
            Self::Damaged(what) => Self::Damaged(format!(
                "record {number} at byte {offset} of [{}]: {what}",
                path.display()
            )),
            io => io,
        }
    }
}

/// Refuses a bad frame that can't be the one that was under way.
fn refuse_damage(file: &Arc<dyn DiskFile>, bad: Bad, last: u64, end: u64) -> Result<(), OpenError> {
    if let Bad::Version(_) = bad {
        return Err(OpenError::Damaged(bad.to_string()));
    }
    if !zeros(file, end + MAX_FRAME_BYTES, file.length()?)? {
        return Err(OpenError::Damaged(format!(
            "{bad}, but records lie far behind it"
        )));
    }
    if let Bad::Something {
        length: Some(length),
    } = bad
    {
        let behind = end + HEADER_BYTES as u64 + length;
        let next = FrameReader::new(file.clone(), behind).next(last + 2)?;
        if let Frame::Whole(_) = next {
            return Err(OpenError::Damaged(format!(
                "{bad}, but the next record lies behind it"
            )));
        }
    }
    Ok(())
}

/// Whether the file holds nothing but zeros between the offsets.
fn zeros(file: &Arc<dyn DiskFile>, from: u64, to: u64) -> io::Result<bool> {
    let mut buffer = vec![0; 64 * 1024];
    let mut offset = from;
    while offset < to {
        let read = file.read_at(&mut buffer, offset)?;
        if read == 0 {
            break;
        }
        if buffer[..read].iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        offset += read as u64;
    }
    Ok(true)
}

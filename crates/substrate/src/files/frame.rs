//! One record as bytes in a segment file. `docs/format.md` has the table.

use std::{fmt, io, sync::Arc};

use bytes::Bytes;

use super::disk::DiskFile;
use crate::log::MAX_RECORD_BYTES;

/// The format version that is written.
const VERSION: u8 = 1;

/// Bytes before the record: length, checksum, version, seven zeros, number.
pub(super) const HEADER_BYTES: usize = 24;

/// The most bytes of a frame.
pub(super) const MAX_FRAME_BYTES: u64 = (HEADER_BYTES + MAX_RECORD_BYTES) as u64;

/// How much is read from a file at once.
const CHUNK_BYTES: usize = 256 * 1024;

/// The bytes that go before the record.
pub(super) fn header(number: u64, record: &[u8]) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let length = u32::try_from(record.len()).expect("a record is at most 900 KB");
    header[0..4].copy_from_slice(&length.to_le_bytes());
    header[8] = VERSION;
    header[16..24].copy_from_slice(&number.to_le_bytes());
    let checksum = checksum(&header, record);
    header[4..8].copy_from_slice(&checksum.to_le_bytes());
    header
}

/// CRC-32 of the header without the checksum, and of the record.
fn checksum(header: &[u8; HEADER_BYTES], record: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&header[0..4]);
    crc.update(&header[8..]);
    crc.update(record);
    crc.finalize()
}

/// What lies at a place of a file.
#[derive(Debug)]
pub(super) enum Frame {
    /// A whole frame with the expected number.
    Whole(Bytes),
    /// Anything else: zeros, the end of the file, a torn or foreign frame.
    Bad(Bad),
}

/// Why the bytes are not the frame that was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bad {
    /// Nothing was written here: zeros, or the end of the file.
    Nothing,
    /// Something was. `length` is what its header says if that can be.
    Something {
        /// Length of the record by the header.
        length: Option<u64>,
    },
    /// A whole frame of a format that is not known.
    Version(u8),
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("nothing is there"),
            Self::Something { .. } => f.write_str("the bytes there are no valid frame"),
            Self::Version(version) => write!(f, "frame version {version} is not known"),
        }
    }
}

/// Reads frames of a file one after the other.
pub(super) struct FrameReader {
    file: Arc<dyn DiskFile>,
    offset: u64,
    buffer: Vec<u8>,
    /// Where in the buffer `offset` is.
    at: usize,
}

impl FrameReader {
    pub(super) fn new(file: Arc<dyn DiskFile>, offset: u64) -> Self {
        Self {
            file,
            offset,
            buffer: Vec::new(),
            at: 0,
        }
    }

    /// Offset of the next frame.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads the next frame, which must have this number; stays where it is when the frame is bad.
    pub(super) fn next(&mut self, number: u64) -> io::Result<Frame> {
        if self.fill(HEADER_BYTES)? < HEADER_BYTES {
            let written = self.buffer[self.at..].iter().any(|byte| *byte != 0);
            return Ok(Frame::Bad(match written {
                true => Bad::Something { length: None },
                false => Bad::Nothing,
            }));
        }
        let mut header = [0; HEADER_BYTES];
        header.copy_from_slice(&self.buffer[self.at..self.at + HEADER_BYTES]);
        if header == [0; HEADER_BYTES] {
            return Ok(Frame::Bad(Bad::Nothing));
        }
        let word = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let length = word(0) as usize;
        if length == 0 || length > MAX_RECORD_BYTES {
            return Ok(Frame::Bad(Bad::Something { length: None }));
        }
        let whole = HEADER_BYTES + length;
        let something = Frame::Bad(Bad::Something {
            length: Some(length as u64),
        });
        if self.fill(whole)? < whole {
            return Ok(something);
        }
        let record = &self.buffer[self.at + HEADER_BYTES..self.at + whole];
        if checksum(&header, record) != word(4) {
            return Ok(something);
        }
        if header[8] != VERSION {
            return Ok(Frame::Bad(Bad::Version(header[8])));
        }
        if header[16..24] != number.to_le_bytes() {
            return Ok(something);
        }
        let record = Bytes::copy_from_slice(record);
        self.at += whole;
        self.offset += whole as u64;
        Ok(Frame::Whole(record))
    }

    /// Tries to have `wanted` bytes in the buffer; answers how many there are.
    fn fill(&mut self, wanted: usize) -> io::Result<usize> {
        if self.buffer.len() - self.at < wanted {
            self.buffer.drain(..self.at);
            self.at = 0;
        }
        while self.buffer.len() - self.at < wanted {
            let have = self.buffer.len();
            self.buffer.resize(have + CHUNK_BYTES.max(wanted), 0);
            let read = self
                .file
                .read_at(&mut self.buffer[have..], self.offset + have as u64);
            let count = *read.as_ref().unwrap_or(&0);
            self.buffer.truncate(have + count);
            if read? == 0 {
                break;
            }
        }
        Ok(self.buffer.len() - self.at)
    }
}

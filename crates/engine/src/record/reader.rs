//! Reading records, and putting operations together from their parts.

use bytes::{Bytes, BytesMut};
use glasswork_substrate::log::MAX_RECORD_BYTES;

use super::{
    Author, FLAG_BARRIER, FLAG_PART, FLAG_REPLACES, FLAG_ROUTING, FORMAT, KIND_DELETE, KIND_INDEX,
    KIND_MASK, Logged, MAX_OPERATION_BYTES,
};
use crate::EngineError;

/// A record as read from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) author: Author,
    pub(crate) barrier: bool,
    part: Option<(u64, u64)>,
    payload: Bytes,
}

impl Record {
    /// Reads and checks a record.
    pub(crate) fn parse(bytes: &Bytes) -> Result<Self, EngineError> {
        let mut reader = Reader {
            bytes: bytes.clone(),
        };
        let format = reader.byte()?;
        if format != FORMAT {
            return Err(EngineError::Damaged(format!(
                "record of format {format}, this version reads {FORMAT}"
            )));
        }
        let flags = reader.byte()?;
        let checksum = u32::from_le_bytes(reader.array()?);
        if crc32fast::hash(&reader.bytes) != checksum {
            return Err(EngineError::Damaged("record with a wrong checksum".into()));
        }
        let author = Author {
            term: reader.number()?,
            writer: u64::from_le_bytes(reader.array()?),
            counter: reader.number()?,
        };
        let part = if flags & FLAG_PART != 0 {
            Some((reader.number()?, reader.number()?))
        } else {
            None
        };
        Ok(Self {
            author,
            barrier: flags & FLAG_BARRIER != 0,
            part,
            payload: reader.bytes,
        })
    }
}

/// Puts records together in the order of the log: parts into operations, and none of what is void.
#[derive(Debug, Default)]
pub(crate) struct Assembler {
    /// Records of a lower term come from a writer that did not know it was replaced.
    term: u64,
    series: Option<Series>,
}

#[derive(Debug)]
struct Series {
    next: Author,
    part: u64,
    parts: u64,
    payload: BytesMut,
}

impl Assembler {
    /// Starts where `term` is the highest seen.
    pub(crate) fn new(term: u64) -> Self {
        Self { term, series: None }
    }

    /// Whether no operation is under way.
    pub(crate) fn is_between_series(&self) -> bool {
        self.series.is_none()
    }

    /// The highest term seen.
    pub(crate) fn term(&self) -> u64 {
        self.term
    }

    /// Takes the next record; gives the operations that are complete with it.
    pub(crate) fn accept(&mut self, record: Record) -> Result<Vec<Logged<Box<str>>>, EngineError> {
        if record.author.term < self.term {
            return Ok(Vec::new());
        }
        if record.barrier || record.author.term > self.term {
            self.term = record.author.term;
            self.series = None;
        }
        let Some((part, parts)) = record.part else {
            self.series = None;
            return read_operations(record.payload);
        };
        let next = Author {
            counter: record.author.counter.wrapping_add(1),
            ..record.author
        };
        if part == 0 {
            self.series = Some(Series {
                next,
                part: 0,
                parts,
                payload: BytesMut::from(&record.payload[..]),
            });
        } else {
            let continues = self.series.as_mut().filter(|series| {
                series.next == record.author && series.part + 1 == part && series.parts == parts
            });
            let Some(series) = continues else {
                self.series = None;
                return Ok(Vec::new());
            };
            if series.payload.len() + record.payload.len() > MAX_OPERATION_BYTES + MAX_RECORD_BYTES
            {
                return Err(EngineError::Damaged("operation of too many parts".into()));
            }
            series.next = next;
            series.part = part;
            series.payload.extend_from_slice(&record.payload);
        }
        if part + 1 < parts {
            return Ok(Vec::new());
        }
        match self.series.take() {
            Some(series) => read_operations(series.payload.freeze()),
            None => Ok(Vec::new()),
        }
    }
}

fn read_operations(payload: Bytes) -> Result<Vec<Logged<Box<str>>>, EngineError> {
    let mut reader = Reader { bytes: payload };
    let mut operations = Vec::new();
    while !reader.bytes.is_empty() {
        let kind = reader.byte()?;
        let seq_no = reader.number()?;
        let version = reader.number()?;
        let mapping_version = reader.number()?;
        let id = reader.text()?;
        let routing = if kind & FLAG_ROUTING != 0 {
            Some(reader.text()?)
        } else {
            None
        };
        let source = match kind & KIND_MASK {
            KIND_INDEX => {
                let length = reader.number()?;
                Some(reader.take(length)?)
            }
            KIND_DELETE => None,
            other => {
                return Err(EngineError::Damaged(format!("operation of kind {other}")));
            }
        };
        operations.push(Logged {
            id,
            routing,
            seq_no,
            version,
            mapping_version,
            replaces: kind & FLAG_REPLACES != 0,
            source,
        });
    }
    Ok(operations)
}

struct Reader {
    bytes: Bytes,
}

impl Reader {
    fn take(&mut self, length: u64) -> Result<Bytes, EngineError> {
        match usize::try_from(length) {
            Ok(length) if length <= self.bytes.len() => Ok(self.bytes.split_to(length)),
            _ => Err(EngineError::Damaged("record ends too early".into())),
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], EngineError> {
        let bytes = self.take(N as u64)?;
        let mut array = [0; N];
        array.copy_from_slice(&bytes);
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8, EngineError> {
        Ok(self.array::<1>()?[0])
    }

    fn number(&mut self) -> Result<u64, EngineError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(EngineError::Damaged("number without an end".into()))
    }

    fn text(&mut self) -> Result<Box<str>, EngineError> {
        let length = self.number()?;
        let bytes = self.take(length)?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Ok(text.into()),
            Err(_) => Err(EngineError::Damaged("text that is not UTF-8".into())),
        }
    }
}

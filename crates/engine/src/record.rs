//! What a log record holds: operations as they were accepted, never what was made of them.
//!
//! The layout is in `docs/format.md`. Numbers are LEB128 varints unless said otherwise.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use glasswork_substrate::log::MAX_RECORD_BYTES;

use crate::EngineError;

/// Version of the layout, the first byte of a record.
pub(crate) const FORMAT: u8 = 1;
/// The largest operation that is logged, in as many parts as it takes.
pub(crate) const MAX_OPERATION_BYTES: usize = 128 << 20;

/// The first record of a writer: whatever an earlier one left unfinished before it is void.
const FLAG_BARRIER: u8 = 1;
/// The payload is one part of an operation that is too large for a record.
const FLAG_PART: u8 = 2;
/// Format, flags, checksum, and the longest spelling of term, writer, counter, part and parts.
const MAX_HEADER: usize = 1 + 1 + 4 + 10 + 8 + 10 + 10 + 10;
const CHECKSUM: Range<usize> = 2..6;

const KIND_INDEX: u8 = 0;
const KIND_DELETE: u8 = 1;
const KIND_MASK: u8 = 0x0f;
const FLAG_ROUTING: u8 = 0x10;
const FLAG_REPLACES: u8 = 0x20;

/// Who writes, in which term, and how many records it wrote before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Author {
    pub(crate) term: u64,
    pub(crate) writer: u64,
    pub(crate) counter: u64,
}

/// One operation as it was accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Logged<T> {
    pub(crate) id: T,
    pub(crate) routing: Option<T>,
    pub(crate) seq_no: u64,
    pub(crate) version: u64,
    pub(crate) mapping_version: u64,
    /// Whether a living document was there before: what has to be looked up when the operation is applied.
    pub(crate) replaces: bool,
    /// The `_source`; `None` for a delete.
    pub(crate) source: Option<Bytes>,
}

/// A record ready to be appended, and how many of the operations are complete when it lands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    pub(crate) completes: Range<usize>,
}

/// Packs operations into records.
pub(crate) struct Encoder {
    author: Author,
    barrier: bool,
    records: Vec<Encoded>,
    current: BytesMut,
    /// Index of the first operation in `current` and of the next one to come.
    first: usize,
    next: usize,
    scratch: Vec<u8>,
}

impl Encoder {
    /// Starts with the record after `author.counter`; the first one is a barrier if asked for.
    pub(crate) fn new(author: Author, barrier: bool) -> Self {
        Self {
            author,
            barrier,
            records: Vec::new(),
            current: BytesMut::new(),
            first: 0,
            next: 0,
            scratch: Vec::new(),
        }
    }

    /// Adds an operation of at most [`MAX_OPERATION_BYTES`].
    pub(crate) fn push<T: AsRef<str>>(&mut self, operation: &Logged<T>) {
        self.scratch.clear();
        let source: &[u8] = operation.source.as_deref().unwrap_or_default();
        write_operation(&mut self.scratch, operation);
        let size = self.scratch.len() + source.len();
        if size > MAX_RECORD_BYTES - MAX_HEADER {
            self.close();
            self.push_parts(source);
            return;
        }
        if self.current.len() + size > MAX_RECORD_BYTES {
            self.close();
        }
        if self.current.is_empty() {
            self.begin(size, None);
        }
        self.current.extend_from_slice(&self.scratch);
        self.current.extend_from_slice(source);
        self.next += 1;
    }

    /// The records.
    pub(crate) fn finish(mut self) -> Vec<Encoded> {
        self.close();
        self.records
    }

    fn push_parts(&mut self, source: &[u8]) {
        let head = std::mem::take(&mut self.scratch);
        let room = MAX_RECORD_BYTES - MAX_HEADER;
        let total = head.len() + source.len();
        let parts = total.div_ceil(room);
        for part in 0..parts {
            let from = part * room;
            let to = (from + room).min(total);
            self.begin(to - from, Some((part, parts)));
            if from < head.len() {
                self.current
                    .extend_from_slice(&head[from..to.min(head.len())]);
            }
            if to > head.len() {
                self.current
                    .extend_from_slice(&source[from.saturating_sub(head.len())..to - head.len()]);
            }
            if part + 1 == parts {
                self.next += 1;
            }
            self.close();
        }
        self.scratch = head;
    }

    fn begin(&mut self, room: usize, part: Option<(usize, usize)>) {
        // Small groups must not cost a large buffer.
        self.current
            .reserve(MAX_HEADER + room.min(MAX_RECORD_BYTES));
        let mut header = Vec::with_capacity(MAX_HEADER);
        let barrier = if self.barrier { FLAG_BARRIER } else { 0 };
        let part_flag = if part.is_some() { FLAG_PART } else { 0 };
        header.extend_from_slice(&[FORMAT, barrier | part_flag, 0, 0, 0, 0]);
        write_number(&mut header, self.author.term);
        header.extend_from_slice(&self.author.writer.to_le_bytes());
        write_number(&mut header, self.author.counter);
        if let Some((part, parts)) = part {
            write_number(&mut header, part as u64);
            write_number(&mut header, parts as u64);
        }
        self.current.extend_from_slice(&header);
        self.barrier = false;
        self.author.counter += 1;
    }

    fn close(&mut self) {
        if self.current.is_empty() {
            return;
        }
        let checksum = crc32fast::hash(&self.current[CHECKSUM.end..]);
        self.current[CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        self.records.push(Encoded {
            bytes: self.current.split().freeze(),
            completes: self.first..self.next,
        });
        self.first = self.next;
    }
}

fn write_operation<T: AsRef<str>>(out: &mut Vec<u8>, operation: &Logged<T>) {
    let mut kind = match operation.source {
        Some(_) => KIND_INDEX,
        None => KIND_DELETE,
    };
    if operation.routing.is_some() {
        kind |= FLAG_ROUTING;
    }
    if operation.replaces {
        kind |= FLAG_REPLACES;
    }
    out.push(kind);
    write_number(out, operation.seq_no);
    write_number(out, operation.version);
    write_number(out, operation.mapping_version);
    write_text(out, operation.id.as_ref());
    if let Some(routing) = &operation.routing {
        write_text(out, routing.as_ref());
    }
    if let Some(source) = &operation.source {
        write_number(out, source.len() as u64);
    }
}

fn write_text(out: &mut Vec<u8>, text: &str) {
    write_number(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn write_number(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const AUTHOR: Author = Author {
        term: 3,
        writer: 0xfeed,
        counter: 9,
    };

    fn operation(seq_no: u64, source: Option<usize>) -> Logged<Box<str>> {
        Logged {
            id: format!("id-{seq_no}").into(),
            routing: seq_no.is_multiple_of(2).then(|| "r".into()),
            seq_no,
            version: seq_no + 1,
            mapping_version: 2,
            replaces: seq_no.is_multiple_of(3),
            source: source.map(|length| {
                (0..length)
                    .map(|at| (at as u64 * 31 + seq_no) as u8)
                    .collect()
            }),
        }
    }

    fn encode(author: Author, barrier: bool, operations: &[Logged<Box<str>>]) -> Vec<Encoded> {
        let mut encoder = Encoder::new(author, barrier);
        for operation in operations {
            encoder.push(operation);
        }
        encoder.finish()
    }

    fn read(assembler: &mut Assembler, records: &[Encoded]) -> Vec<Logged<Box<str>>> {
        records
            .iter()
            .flat_map(|record| {
                assembler
                    .accept(Record::parse(&record.bytes).unwrap())
                    .unwrap()
            })
            .collect()
    }

    #[test]
    fn an_operation_larger_than_a_record_goes_into_parts() {
        let operations = [
            operation(1, Some(10)),
            operation(2, Some(2_500_000)),
            operation(3, None),
        ];
        let records = encode(AUTHOR, true, &operations);
        assert_eq!(records.len(), 5);
        assert!(
            records
                .iter()
                .all(|record| record.bytes.len() <= MAX_RECORD_BYTES)
        );
        let completes: Vec<_> = records
            .iter()
            .map(|record| record.completes.clone())
            .collect();
        assert_eq!(completes, [0..1, 1..1, 1..1, 1..2, 2..3]);
        assert_eq!(read(&mut Assembler::default(), &records), operations);
    }

    #[test]
    fn an_unfinished_series_is_void_after_a_barrier_and_after_any_other_record() {
        let large = encode(AUTHOR, true, &[operation(1, Some(2_000_000))]);
        let next = Author {
            counter: 50,
            ..AUTHOR
        };
        let other = Author {
            term: 4,
            writer: 1,
            counter: 0,
        };
        let mut assembler = Assembler::default();
        assert!(read(&mut assembler, &large[..2]).is_empty());
        let small = [operation(1, Some(5))];
        assert_eq!(read(&mut assembler, &encode(other, true, &small)), small);
        assert!(
            read(&mut assembler, &large[2..]).is_empty(),
            "its end comes too late"
        );

        let mut assembler = Assembler::default();
        assert!(read(&mut assembler, &large[..2]).is_empty());
        assert_eq!(read(&mut assembler, &encode(next, false, &small)), small);
        assert!(read(&mut assembler, &large[2..]).is_empty());
    }

    #[test]
    fn records_of_a_replaced_writer_are_void() {
        let mut assembler = Assembler::default();
        let new = encode(Author { term: 4, ..AUTHOR }, true, &[operation(1, None)]);
        let old = encode(AUTHOR, false, &[operation(1, Some(3))]);
        assert_eq!(read(&mut assembler, &new).len(), 1);
        assert!(read(&mut assembler, &old).is_empty());
        assert_eq!(assembler.term(), 4);
    }

    proptest! {
        #[test]
        fn what_was_encoded_reads_back(sizes in prop::collection::vec(prop::option::of(0usize..400_000), 1..12), barrier: bool) {
            let operations: Vec<_> = (1..).zip(sizes).map(|(seq_no, size)| operation(seq_no, size)).collect();
            let records = encode(AUTHOR, barrier, &operations);
            prop_assert_eq!(records.last().unwrap().completes.end, operations.len());
            prop_assert_eq!(read(&mut Assembler::default(), &records), operations);
        }

        #[test]
        fn foreign_bytes_are_an_error_and_no_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), fix: bool) {
            let mut bytes = bytes;
            if fix && bytes.len() > 6 {
                bytes[0] = FORMAT;
                let checksum = crc32fast::hash(&bytes[6..]).to_le_bytes();
                bytes[2..6].copy_from_slice(&checksum);
            }
            if let Ok(record) = Record::parse(&Bytes::from(bytes)) {
                // Whether it holds operations does not matter here.
                let _read = Assembler::default().accept(record);
            }
        }
    }
}

//! Packing operations into records.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use glasswork_substrate::log::MAX_RECORD_BYTES;

use super::{
    Author, CHECKSUM, FLAG_BARRIER, FLAG_PART, FLAG_REPLACES, FLAG_ROUTING, FORMAT, KIND_DELETE,
    KIND_INDEX, Logged, MAX_HEADER,
};

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

    /// Adds an operation of at most `MAX_OPERATION_BYTES`.
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

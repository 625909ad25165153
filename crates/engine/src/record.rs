//! What a log record holds: operations as they were accepted, never what was made of them.
//!
//! The layout is in `docs/format.md`. Numbers are LEB128 varints unless said otherwise.

mod encoder;
mod reader;

use std::ops::Range;

use bytes::Bytes;

pub(crate) use encoder::{Encoded, Encoder};
pub(crate) use reader::{Assembler, Record};

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

#[cfg(test)]
mod tests {
    use glasswork_substrate::log::MAX_RECORD_BYTES;
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

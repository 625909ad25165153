//! Numbers of a block of documents, as doubles or as they stand in the column.

use std::sync::Arc;

use glasswork_engine::Segment;
use tantivy::{
    DocId,
    columnar::{Column, ColumnType, MonotonicallyMappableToU64},
};

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    columns::Gathered,
    opening,
    source::{Missing, Values, raw_to_double, raw_to_long},
};

/// Reads the numbers of a field, segment by segment.
pub(crate) struct Numbers {
    values: Values,
    column: Option<Column<u64>>,
    gathered: Gathered<u64>,
    positions: Vec<u32>,
    doubles: Vec<f64>,
}

impl Numbers {
    /// A reader of nothing until a segment is opened.
    pub(crate) fn new(values: Values) -> Self {
        Numbers {
            values,
            column: None,
            gathered: Gathered::default(),
            positions: Vec::new(),
            doubles: Vec::new(),
        }
    }

    /// What is read.
    pub(crate) fn values(&self) -> &Values {
        &self.values
    }

    /// Turns to a segment.
    pub(crate) fn open(&mut self, segment: &Arc<Segment>) -> Result<(), Halt> {
        const TYPES: &[ColumnType] = &[
            ColumnType::I64,
            ColumnType::U64,
            ColumnType::F64,
            ColumnType::Bool,
        ];
        self.column = match &self.values.column {
            Some((number, name)) if segment.has_field(*number) && self.values.is_numeric() => {
                segment
                    .reader
                    .fast_fields()
                    .u64_lenient_for_type(Some(TYPES), name)
                    .map_err(opening)?
                    .map(|(column, _)| column)
            }
            _ => None,
        };
        Ok(())
    }

    /// Reads every value of every document as a double: positions in the block, and values.
    pub(crate) fn doubles(&mut self, docs: &[DocId]) -> (&[u32], &[f64]) {
        self.gathered.read(self.column.as_ref(), docs, None);
        let kind = self.values.kind;
        self.doubles.clear();
        convert(kind, &self.gathered.values, &mut self.doubles);
        let Some(Missing::Number { double, .. }) = self.values.missing else {
            return (&self.gathered.positions, &self.doubles);
        };
        let found = std::mem::take(&mut self.doubles);
        self.positions.clear();
        let mut next = 0;
        for position in 0..docs.len() as u32 {
            let before = next;
            while next < found.len() && self.gathered.positions[next] == position {
                self.doubles.push(found[next]);
                self.positions.push(position);
                next += 1;
            }
            if next == before {
                self.doubles.push(double);
                self.positions.push(position);
            }
        }
        (&self.positions, &self.doubles)
    }

    /// The kind of what [`Numbers::distinct`] gives: nanoseconds are cut to milliseconds.
    pub(crate) fn kind(&self) -> Kind {
        if self.values.kind == Kind::DateNanos {
            Kind::Date
        } else {
            self.values.kind
        }
    }

    /// Reads every distinct value of every document as it stands in the column.
    pub(crate) fn distinct(&mut self, docs: &[DocId]) -> (&[u32], &[u64]) {
        let missing = match self.values.missing {
            Some(Missing::Number { raw, .. }) => Some(raw),
            _ => None,
        };
        self.gathered.read(self.column.as_ref(), docs, missing);
        if self.values.kind == Kind::DateNanos {
            for value in &mut self.gathered.values {
                *value = raw_to_long(Kind::DateNanos, *value).to_u64();
            }
        }
        self.gathered.dedup();
        (&self.gathered.positions, &self.gathered.values)
    }
}

fn convert(kind: Kind, raw: &[u64], out: &mut Vec<f64>) {
    out.extend(raw.iter().map(|raw| raw_to_double(kind, *raw)));
}

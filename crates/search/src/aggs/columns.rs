//! Reading the values of a block of documents from a column.

use std::net::Ipv6Addr;

use tantivy::{
    DocId,
    columnar::{Column, ColumnIndex},
};

/// What a column holds.
pub(crate) trait ColumnValue:
    Copy + PartialOrd + std::fmt::Debug + Send + Sync + 'static
{
    /// Any value, to make room with.
    const FILL: Self;
}

impl ColumnValue for u64 {
    const FILL: Self = 0;
}

impl ColumnValue for Ipv6Addr {
    const FILL: Self = Ipv6Addr::UNSPECIFIED;
}

/// The values of a block: each with the place in the block of the document that has it.
#[derive(Debug)]
pub(crate) struct Gathered<T> {
    /// Places in the block, ascending.
    pub(crate) positions: Vec<u32>,
    /// As many values.
    pub(crate) values: Vec<T>,
    rows: Vec<u32>,
}

impl<T> Default for Gathered<T> {
    fn default() -> Self {
        Gathered {
            positions: Vec::new(),
            values: Vec::new(),
            rows: Vec::new(),
        }
    }
}

impl<T: ColumnValue> Gathered<T> {
    /// Reads the values of `docs`; a document without one has `missing`, if there is such.
    pub(crate) fn read(&mut self, column: Option<&Column<T>>, docs: &[DocId], missing: Option<T>) {
        self.positions.clear();
        self.values.clear();
        let Some(column) = column else {
            if let Some(missing) = missing {
                self.positions.extend(0..docs.len() as u32);
                self.values.resize(docs.len(), missing);
            }
            return;
        };
        if matches!(column.index, ColumnIndex::Full) {
            self.positions.extend(0..docs.len() as u32);
            self.values.resize(docs.len(), T::FILL);
            column.values.get_vals(docs, &mut self.values);
            return;
        }
        if let Some(missing) = missing {
            for (position, doc) in (0_u32..).zip(docs) {
                let before = self.values.len();
                self.values.extend(column.values_for_doc(*doc));
                if self.values.len() == before {
                    self.values.push(missing);
                }
                self.positions.resize(self.values.len(), position);
            }
            return;
        }
        self.rows.clear();
        for (position, doc) in (0_u32..).zip(docs) {
            self.rows.extend(column.index.value_row_ids(*doc));
            self.positions.resize(self.rows.len(), position);
        }
        self.values.resize(self.rows.len(), T::FILL);
        column.values.get_vals(&self.rows, &mut self.values);
    }

    /// Leaves only the values that `keep` accepts.
    pub(crate) fn retain(&mut self, mut keep: impl FnMut(T) -> bool) {
        let mut write = 0;
        for read in 0..self.values.len() {
            if keep(self.values[read]) {
                self.values[write] = self.values[read];
                self.positions[write] = self.positions[read];
                write += 1;
            }
        }
        self.values.truncate(write);
        self.positions.truncate(write);
    }

    /// Leaves each value of a document only once, ascending.
    pub(crate) fn dedup(&mut self) {
        let (mut read, mut write) = (0, 0);
        while read < self.values.len() {
            let position = self.positions[read];
            let mut end = read + 1;
            while end < self.values.len() && self.positions[end] == position {
                end += 1;
            }
            if end - read > 1 {
                let of_document = &mut self.values[read..end];
                of_document.sort_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
            }
            let first = write;
            for from in read..end {
                if write == first || self.values[write - 1] != self.values[from] {
                    self.values[write] = self.values[from];
                    self.positions[write] = position;
                    write += 1;
                }
            }
            read = end;
        }
        self.values.truncate(write);
        self.positions.truncate(write);
    }
}

//! The tables of `/_cat`: columns with aliases, chosen, sorted and shown as text, JSON or YAML.
//!
//! A cat endpoint declares its [`Column`]s, fills a [`Table`] and hands it to [`Show`]; what the user asked for (`h`,
//! `s`, `v`, `help`, `bytes`, `time`, `size`, `ts`, `pri`, `format`) is applied there. As the reference's `RestTable`.

mod cell;
mod columns;
mod show;

use glasswork_content::failure::Failure;

pub use cell::Cell;
pub use columns::Column;
pub use show::{PARAMS, Show};

pub use glasswork_tasks::wire::shown::MAX_BYTES;

/// A table.
#[derive(Debug)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    bytes: usize,
}

impl Table {
    /// An empty table.
    pub fn new(columns: &[Column]) -> Self {
        Self {
            columns: columns.to_vec(),
            rows: Vec::new(),
            bytes: 0,
        }
    }

    /// Adds a row: a cell for each column, in their order.
    ///
    /// # Errors
    /// 429 `circuit_breaking_exception` when the table takes more than [`MAX_BYTES`].
    pub fn push(&mut self, row: Vec<Cell>) -> Result<(), Failure> {
        debug_assert_eq!(
            row.len(),
            self.columns.len(),
            "a row has a cell for each column"
        );
        self.bytes += row.iter().map(Cell::memory).sum::<usize>();
        if self.bytes > MAX_BYTES {
            return Err(Failure::circuit_breaking(
                format!(
                    "[tasks.list.max_bytes] the table would be [{}] bytes, which is larger than the limit of [{MAX_BYTES}]: \
                     ask for less, or use the API that streams",
                    self.bytes
                ),
                self.bytes as u64,
                MAX_BYTES as u64,
                "PERMANENT",
            ));
        }
        self.rows.push(row);
        Ok(())
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

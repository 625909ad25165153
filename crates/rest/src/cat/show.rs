//! How a table is shown.

use std::borrow::Cow;

use glasswork_content::failure::Failure;

use super::{
    Column, Table,
    cell::Units,
    columns::{self, Shown},
};
use crate::{
    form::Form,
    params::Params,
    reply::{self, Reply},
    routes::{Kind, Param, flag, flag_or, list, param},
};

/// The parameters of every cat table.
pub const PARAMS: &[Param] = &[
    list("h"),
    list("s"),
    flag("v"),
    flag("help"),
    flag_or("ts", "true"),
    flag("pri"),
    param(
        "bytes",
        Kind::Choice(&["b", "kb", "mb", "gb", "tb", "pb"]),
        "",
    ),
    param("size", Kind::Choice(&["k", "m", "g", "t", "p"]), ""),
    param(
        "time",
        Kind::Choice(&["nanos", "micros", "ms", "s", "m", "h", "d"]),
        "",
    ),
];

/// What a request wants to see of a table.
#[derive(Debug, Clone)]
pub struct Show {
    chosen: Option<Vec<String>>,
    sort: Vec<String>,
    headings: bool,
    help: bool,
    timestamps: bool,
    siblings: bool,
    units: Units,
}

impl Show {
    /// Reads the parameters of cat tables.
    ///
    /// # Errors
    /// 400 for a malformed flag.
    pub fn of(params: &mut Params) -> Result<Self, Failure> {
        let help = params.flag("help")?;
        let [bytes, size, time] =
            ["bytes", "size", "time"].map(|name| params.text(name).map(str::to_owned));
        Ok(Self {
            chosen: params.list_if_given("h"),
            sort: params.list("s"),
            headings: params.flag("v")?,
            help,
            timestamps: params.flag_or("ts", true)?,
            siblings: params.flag("pri")?,
            units: Units::of(bytes.as_deref(), size.as_deref(), time.as_deref()),
        })
    }

    /// Whether only the list of columns is wanted: [`Show::help`] answers, and the action is not started.
    pub fn wants_help(&self) -> bool {
        self.help
    }

    /// The list of columns.
    pub fn help(&self, columns: &[Column]) -> Reply {
        let cells = |column: &Column| [column.name, column.aliases, column.description()];
        let mut widths = [0; 3];
        for column in columns {
            for (width, cell) in widths.iter_mut().zip(cells(column)) {
                *width = (*width).max(length(cell));
            }
        }
        let mut text = String::new();
        for column in columns {
            for (at, (cell, width)) in cells(column).into_iter().zip(widths).enumerate() {
                if at > 0 {
                    text.push_str(" | ");
                }
                text.push_str(cell);
                blanks(&mut text, width.saturating_sub(length(cell)));
            }
            text.push('\n');
        }
        Reply::text(200, text)
    }

    /// The table, in text or as the client asked for it.
    ///
    /// # Errors
    /// 500 `unsupported_operation_exception` when it is to be sorted by a column that it does not have.
    pub fn reply(&self, form: &Form, table: &Table) -> Result<Reply, Failure> {
        let shown = match &self.chosen {
            Some(wanted) => columns::chosen(&table.columns, wanted, self.timestamps, self.siblings),
            None => columns::defaults(&table.columns, self.timestamps),
        };
        let rows = self.sorted(table)?;
        if form.structured() {
            return Ok(self.structured(form, table, &shown, &rows));
        }
        let text = self.text(table, &shown, &rows);
        Ok(form.compress(Reply::new(200, reply::TEXT, text.into_bytes())))
    }

    fn sorted(&self, table: &Table) -> Result<Vec<usize>, Failure> {
        let keys = columns::order(&table.columns, &self.sort)?;
        let mut rows: Vec<usize> = (0..table.rows.len()).collect();
        if !keys.is_empty() {
            rows.sort_by(|one, two| {
                keys.iter()
                    .map(|(at, descending)| {
                        let order = table.rows[*one][*at].compare(&table.rows[*two][*at]);
                        if *descending { order.reverse() } else { order }
                    })
                    .find(|order| order.is_ne())
                    .unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        Ok(rows)
    }

    fn structured(&self, form: &Form, table: &Table, shown: &[Shown], rows: &[usize]) -> Reply {
        form.reply(200, |out| {
            out.array();
            for row in rows {
                out.object();
                for column in shown {
                    out.key(&column.heading);
                    match table.rows[*row][column.at].written(&self.units) {
                        Some(text) => out.string(&text),
                        None => out.null(),
                    }
                }
                out.end_object();
            }
            out.end_array();
        })
    }

    fn text(&self, table: &Table, shown: &[Shown], rows: &[usize]) -> String {
        let written = |row: usize, column: &Shown| {
            table.rows[row][column.at]
                .written(&self.units)
                .unwrap_or(Cow::Borrowed(""))
        };
        let widths: Vec<usize> = shown
            .iter()
            .map(|column| {
                let heading = if self.headings {
                    length(&column.heading)
                } else {
                    0
                };
                rows.iter()
                    .map(|row| length(&written(*row, column)))
                    .fold(heading, usize::max)
            })
            .collect();
        let mut text = String::new();
        let mut line = |cell_of: &dyn Fn(&Shown) -> Cow<'_, str>| {
            for (at, (column, width)) in shown.iter().zip(&widths).enumerate() {
                let cell = cell_of(column);
                let left_over = width.saturating_sub(length(&cell));
                let last = at + 1 == shown.len();
                if table.columns[column.at].is_right() {
                    blanks(&mut text, left_over);
                    text.push_str(&cell);
                } else {
                    text.push_str(&cell);
                    blanks(&mut text, if last { 0 } else { left_over });
                }
                if !last {
                    text.push(' ');
                }
            }
            text.push('\n');
        };
        if self.headings {
            line(&|column| Cow::Owned(column.heading.clone()));
        }
        for row in rows {
            line(&|column| Cow::Owned(written(*row, column).into_owned()));
        }
        text
    }
}

/// Length as the reference counts it: in UTF-16 units.
fn length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

fn blanks(text: &mut String, count: usize) {
    text.extend(std::iter::repeat_n(' ', count));
}

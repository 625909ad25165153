//! A table that fits: columns as wide as they need to be, cut or left out where there is no room.

use super::{
    Paint, Shade, Shown,
    column::{Column, Cut},
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Characters of a text that are looked at, where nothing else bounds them.
const LONGEST: usize = 400;
/// Between two columns.
const GAP: usize = 2;

/// A line of a table.
pub(crate) struct Row<'a, T: Shown + ?Sized> {
    pub(crate) task: &'a T,
    pub(crate) node_name: Option<&'a str>,
    /// What is drawn before the id: the branches of a tree.
    pub(crate) branch: String,
}

impl<'a, T: Shown + ?Sized> Row<'a, T> {
    /// A task's row, outside of a tree.
    pub(crate) fn of(task: &'a T, node_name: Option<&'a str>) -> Self {
        Self {
            task,
            node_name,
            branch: String::new(),
        }
    }
}

/// How a table is drawn.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    pub(crate) columns: Vec<Column>,
    /// Columns of the terminal; `None` for no terminal, where nothing is left out.
    pub(crate) width: Option<usize>,
    /// Cuts nothing off, not even very long texts.
    pub(crate) wide: bool,
    pub(crate) paint: Paint,
}

impl Table {
    /// The table with its titles, each line with its end.
    pub(crate) fn draw<T: Shown + ?Sized>(&self, rows: &[Row<'_, T>]) -> String {
        let paint = |line: Vec<(Shade, String)>| {
            let mut text: String = line
                .iter()
                .map(|(shade, cell)| self.paint.paint(*shade, cell))
                .collect();
            text.push('\n');
            text
        };
        self.lines(rows).into_iter().map(paint).collect()
    }

    /// The lines of the table in pieces with their shades: the titles, then the rows.
    pub(crate) fn lines<T: Shown + ?Sized>(
        &self,
        rows: &[Row<'_, T>],
    ) -> Vec<Vec<(Shade, String)>> {
        let longest = match (self.wide, self.width) {
            (true, _) => usize::MAX,
            (false, Some(width)) => width.min(LONGEST),
            (false, None) => LONGEST,
        };
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|row| {
                self.columns
                    .iter()
                    .map(|column| column.cell(row, longest))
                    .collect()
            })
            .collect();
        let widths = self.widths(&cells);
        let shown: Vec<usize> = (0..widths.len())
            .filter(|place| widths[*place] > 0)
            .collect();
        let titles = shown
            .iter()
            .map(|&place| (place, self.columns[place].title(), Shade::Bold));
        let mut lines = vec![self.line(titles, &widths)];
        for (row, cells) in rows.iter().zip(&cells) {
            let cells = shown
                .iter()
                .map(|&place| (place, cells[place].as_str(), self.columns[place].shade(row)));
            lines.push(self.line(cells, &widths));
        }
        lines
    }

    fn line<'a>(
        &self,
        cells: impl Iterator<Item = (usize, &'a str, Shade)>,
        widths: &[usize],
    ) -> Vec<(Shade, String)> {
        let mut pieces = Vec::new();
        let blanks = |pieces: &mut Vec<_>, number| {
            if number > 0 {
                pieces.push((Shade::Plain, " ".repeat(number)));
            }
        };
        let mut cells = cells.peekable();
        while let Some((place, cell, shade)) = cells.next() {
            let column = self.columns[place];
            let cell = clip(
                cell,
                widths[place],
                matches!(column.cut(), Cut::Beginning(_)),
            );
            let blank = widths[place].saturating_sub(cell.width());
            let last = cells.peek().is_none();
            if column.is_number() {
                blanks(&mut pieces, blank);
            }
            pieces.push((shade, cell));
            if !last {
                let blank = if column.is_number() { 0 } else { blank };
                blanks(&mut pieces, blank + GAP);
            }
        }
        pieces
    }

    /// The width of each column; 0 for one that is left out.
    fn widths(&self, cells: &[Vec<String>]) -> Vec<usize> {
        let mut needed: Vec<usize> = self
            .columns
            .iter()
            .map(|column| column.title().width())
            .collect();
        for row in cells {
            for (width, cell) in needed.iter_mut().zip(row) {
                *width = (*width).max(cell.width());
            }
        }
        match self.width.filter(|_| !self.wide) {
            Some(room) => self.fitted(&needed, room),
            None => needed,
        }
    }

    /// As many columns as there is room for, the weightiest first, each at least as wide as it can be cut to; what room is
    /// left makes cut ones wider, the description last.
    fn fitted(&self, needed: &[usize], room: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..needed.len()).collect();
        order.sort_by_key(|place| std::cmp::Reverse(self.columns[*place].weight()));
        let mut widths = vec![0; needed.len()];
        let mut left = room + GAP;
        for (number, &place) in order.iter().enumerate() {
            let least = match self.columns[place].cut() {
                Cut::Never => needed[place],
                Cut::End(least) | Cut::Beginning(least) => needed[place].min(least),
            };
            if least + GAP <= left {
                widths[place] = least;
                left -= least + GAP;
            } else if number == 0 {
                // A table without its first column says nothing.
                widths[place] = least;
                left = 0;
            }
        }
        order.sort_by_key(|place| self.columns[*place] == Column::Description);
        for place in order {
            if widths[place] > 0 {
                let more = (needed[place] - widths[place]).min(left);
                widths[place] += more;
                left -= more;
            }
        }
        widths
    }
}

/// The text in at most `width` columns of a terminal, with `…` where something was cut off.
fn clip(text: &str, width: usize, keep_end: bool) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let room = width.saturating_sub(1);
    let mut used = 0;
    let mut fits = |character: &char| {
        used += character.width().unwrap_or(0);
        used <= room
    };
    if keep_end {
        let kept: Vec<char> = text.chars().rev().take_while(&mut fits).collect();
        return std::iter::once('…').chain(kept.into_iter().rev()).collect();
    }
    let kept: String = text.chars().take_while(&mut fits).collect();
    kept + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use glasswork_client::Task;
    use proptest::prelude::*;
    use serde_json::json;

    fn tasks() -> Vec<Task> {
        let stats = json!({"total": {"cpu_time_in_nanos": 36_000_000_000_u64, "memory_in_bytes": 1_900_000_000}, "thread_info": {"thread_executions": 3}});
        let told = json!([
            {"node": "N3aaaaaaaaaaaaaaaaaaaa", "id": 88123, "action": "indices:data/read/search", "running_time_in_nanos": 41_000_000_000_u64,
             "cancellable": true, "headers": {"X-Opaque-Id": "dash-77"}, "description": "indices[logs-*], search_type[QUERY_THEN_FETCH], source[{}]", "resource_stats": stats},
            {"node": "N5", "id": 3021, "action": "indices:data/write/reindex", "running_time_in_nanos": 7_920_000_000_000_u64, "cancellable": true,
             "status": {"total": 100, "created": 41, "batches": 5, "version_conflicts": 0, "throttled_until_millis": 800}, "description": "reindex from [a] to [b]"},
            {"node": "N7", "id": 2719, "action": "indices:data/read/search[phase/query]", "running_time_in_nanos": 1_300_000, "cancellable": true, "cancelled": true,
             "description": "evil \u{1b}[31m漢字漢字漢字漢字漢字漢字漢字"}
        ]);
        serde_json::from_value(told).expect("tasks")
    }

    fn drawn(width: Option<usize>) -> String {
        let tasks = tasks();
        let rows: Vec<Row<'_, Task>> = tasks
            .iter()
            .map(|task| Row::of(task, (task.number == 3021).then_some("node-5")))
            .collect();
        let table = Table {
            columns: Column::usual(false),
            width,
            wide: false,
            paint: Paint::OFF,
        };
        table.draw(&rows)
    }

    #[test]
    fn a_table_without_a_terminal_leaves_nothing_out() {
        insta::assert_snapshot!(drawn(None));
    }

    #[test]
    fn a_table_fits_120_columns() {
        insta::assert_snapshot!(drawn(Some(120)));
    }

    #[test]
    fn a_table_fits_80_columns() {
        insta::assert_snapshot!(drawn(Some(80)));
    }

    #[test]
    fn a_table_on_a_phone_still_has_ids_and_actions() {
        insta::assert_snapshot!(drawn(Some(60)));
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal(width in 32_usize..200) {
            for line in drawn(Some(width)).lines() {
                prop_assert!(line.width() <= width, "{} > {width}: {line}", line.width());
            }
        }

        #[test]
        fn what_is_clipped_fits(text in "[a-z漢é🙂]{0,30}", width in 1_usize..20, keep_end in any::<bool>()) {
            prop_assert!(clip(&text, width, keep_end).width() <= width);
        }
    }
}

//! The table of tasks: the rows that are on the screen, and only those.

use super::theme::Look;
use crate::{
    top::state::{Known, State},
    view::{Column, Paint, Row, Shade, Shown, State as Doing, Table, count},
};
use ratatui::text::{Line, Span};

/// Before each row: whether it is tagged, what it is doing, whether something is folded below it.
const MARKS: usize = 5;

/// The titles and the rows.
pub(super) fn lines(state: &State, look: Look) -> Vec<Line<'static>> {
    let height = state.table_height();
    let shown = state.lines.iter().skip(state.scroll).take(height);
    let shown: Vec<_> = shown.collect();
    let known: Vec<Known<'_>> = shown.iter().map(|line| state.known(line)).collect();
    let rows: Vec<Row<'_, Known<'_>>> = shown
        .iter()
        .zip(&known)
        .map(|(line, task)| Row {
            branch: line.branch.clone(),
            ..Row::of(task, state.list.node_name(task.node()))
        })
        .collect();
    let glasswork = state.is_glasswork() || known.iter().any(|task| task.brief.is_extended());
    let table = Table {
        // A sign says the state.
        columns: Column::live(glasswork)
            .into_iter()
            .filter(|column| *column != Column::State)
            .collect(),
        width: Some(state.columns.saturating_sub(MARKS).max(1)),
        wide: false,
        paint: Paint::OFF,
    };
    let mut pieces = table.lines(&rows).into_iter();
    let mut lines = Vec::with_capacity(height + 1);
    let titles = pieces.next().unwrap_or_default();
    lines.push(Line::from(spans(
        Span::raw(" ".repeat(MARKS)),
        titles,
        look,
    )));
    for (number, (pieces, (line, row))) in pieces.zip(shown.iter().zip(&rows)).enumerate() {
        let doing = row.task.state();
        let tagged = if !state.tagged.is_empty() && state.tagged.contains(&row.task.id()) {
            '■'
        } else {
            ' '
        };
        let folded = if state.is_folded(line) { '+' } else { ' ' };
        let here = state.scroll + number == state.cursor;
        let pointer = if here { '>' } else { ' ' };
        let marks = format!("{pointer}{tagged}{}{folded} ", sign(doing));
        let line = spans(Span::styled(marks, look.shade(doing.shade())), pieces, look);
        lines.push(match here {
            true => Line::from(line).style(look.cursor),
            false => Line::from(line),
        });
    }
    if state.listed && rows.is_empty() {
        lines.push(Line::styled("     no task matches", look.dim));
    }
    if state.list.more > 0 && lines.len() <= height {
        let more = format!("     … {} more are not shown", count(state.list.more));
        lines.push(Line::styled(more, look.dim));
    }
    lines
}

fn spans(first: Span<'static>, pieces: Vec<(Shade, String)>, look: Look) -> Vec<Span<'static>> {
    let rest = pieces
        .into_iter()
        .map(|(shade, text)| Span::styled(text, look.shade(shade)));
    std::iter::once(first).chain(rest).collect()
}

/// What a task is doing, in a sign.
fn sign(doing: Doing) -> char {
    match doing {
        Doing::Running => '▶',
        Doing::Waiting => '⏸',
        Doing::Cancelled => '✖',
        Doing::Overdue => '!',
    }
}

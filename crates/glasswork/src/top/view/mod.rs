//! From the state to the screen.

mod overlay;
mod table;
#[cfg(test)]
mod tests;
mod theme;

use super::state::{ABOVE, Mode, Prompt, State};
use crate::view::{age, count};
use glasswork_client::{excerpt, sanitise};
use ratatui::{
    Frame,
    layout::{Constraint, Layout, Rect},
    text::{Line, Span},
    widgets::{Block, Borders, Paragraph},
};
use theme::Look;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, state: &State) {
    let look = Look::of(state.theme);
    let rows = |number: usize| Constraint::Length(u16::try_from(number).unwrap_or(u16::MAX));
    let [head, table, pane, foot] = Layout::vertical([
        rows(ABOVE - 1),
        Constraint::Min(1),
        rows(state.pane_height()),
        rows(2),
    ])
    .areas(frame.area());
    frame.render_widget(Paragraph::new(head_lines(state, look)), head);
    match state.mode {
        Mode::History => overlay::history(frame, table, state, look),
        _ => frame.render_widget(Paragraph::new(table::lines(state, look)), table),
    }
    if let Some(lines) = &state.pane {
        draw_pane(frame, pane, lines, state, look);
    }
    frame.render_widget(Paragraph::new(foot_lines(state, look)), foot);
    match &state.mode {
        Mode::Help => overlay::help(frame, look),
        Mode::Confirm(confirm) => overlay::confirm(frame, confirm, look),
        _ => {}
    }
}

fn head_lines(state: &State, look: Look) -> Vec<Line<'static>> {
    let what = match &state.server {
        None => String::new(),
        Some(server) => {
            let version = match &server.glasswork {
                Some(version) => format!("Glasswork {version}"),
                None => format!("OpenSearch {}", server.version.number),
            };
            format!(" {} ({version})", server.cluster_name)
        }
    };
    let pace = match (state.paused, state.listed) {
        (true, _) => "⏸ paused".to_owned(),
        (false, false) => "…".to_owned(),
        (false, true) => format!("● {}, listed in {}", age(state.pace), millis(state.took)),
    };
    let lock = if state.unlocked { "WRITE" } else { "read-only" };
    let lock_look = if state.unlocked { look.alarm } else { look.dim };
    let first = Line::from(vec![
        Span::styled("glasswork top", look.bold),
        Span::raw(format!(
            "  {}{}  {pace}  ",
            excerpt(&state.url, 100),
            excerpt(&what, 100)
        )),
        Span::styled(lock, lock_look),
    ]);
    vec![first, counts(state, look), asked(state)]
}

/// A time without fractions of milliseconds.
fn millis(time: std::time::Duration) -> String {
    format!("{}ms", time.as_millis())
}

fn counts(state: &State, look: Look) -> Line<'static> {
    if !state.listed {
        return Line::raw(" tasks ·");
    }
    let counts = &state.counts;
    let mut spans = vec![Span::raw(format!(
        " tasks {}  read {}  write {}  other {}  waiting {}  cancelled {}",
        count(counts.all),
        count(counts.read),
        count(counts.write),
        count(counts.all.saturating_sub(counts.read + counts.write)),
        count(counts.waiting),
        count(counts.cancelled),
    ))];
    if counts.overdue > 0 {
        spans.push(Span::raw("  "));
        spans.push(Span::styled(
            format!("overdue {}!", count(counts.overdue)),
            look.alarm,
        ));
    }
    if !state.tagged.is_empty() {
        let tagged = format!("  tagged {}", count(state.tagged.len() as u64));
        spans.push(Span::styled(tagged, look.bold));
    }
    Line::from(spans)
}

fn asked(state: &State) -> Line<'static> {
    let filter = match state.filter_text.as_str() {
        "" => "-".to_owned(),
        text => excerpt(text, 200),
    };
    let (column, most_first) = state.sort.told();
    let arrow = if most_first { '▼' } else { '▲' };
    let on = |on: bool| if on { "on" } else { "off" };
    Line::raw(format!(
        " filter: {filter}  sort: {column}{arrow}  tree: {}  follow: {}",
        on(state.tree),
        on(state.follow)
    ))
}

fn draw_pane(frame: &mut Frame<'_>, area: Rect, lines: &[String], state: &State, look: Look) {
    let title = match state.selected() {
        Some(task) => excerpt(&format!(" {} {} ", task.id(), task.action), 200),
        None => " no task ".to_owned(),
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .title(title)
        .style(look.plain);
    let shown = lines
        .iter()
        .skip(state.pane_scroll)
        .take(area.height.into())
        .map(|line| Line::raw(sanitise(line).into_owned()));
    frame.render_widget(Paragraph::new(shown.collect::<Vec<_>>()).block(block), area);
}

fn foot_lines(state: &State, look: Look) -> Vec<Line<'static>> {
    let prompt = |name: &str, text: &str| {
        Line::styled(
            format!(" {name} {}▏{}", excerpt(text, 600), between(&state.message)),
            look.bold,
        )
    };
    let said = match &state.mode {
        Mode::Typing(Prompt::Find, text) => prompt("find:", text),
        Mode::Typing(Prompt::Filter, text) => prompt("filter:", text),
        Mode::Typing(Prompt::Rate(_), text) => prompt("documents a second, or unlimited:", text),
        _ => match (&state.trouble, state.message.as_str()) {
            (Some(trouble), "") => Line::styled(format!(" ! {}", sanitise(trouble)), look.alarm),
            (_, "") if !state.listed => Line::raw(" asking the server…"),
            (_, message) => Line::raw(format!(" {}", sanitise(message))),
        },
    };
    let keys = match &state.mode {
        Mode::Typing(..) => " Enter take  Esc leave",
        Mode::History => " ↑↓ move  any other key: back",
        Mode::Help => " any key: back",
        Mode::Confirm(confirm) if confirm.wants_number() => {
            " their number and Enter: cancel  n keep"
        }
        Mode::Confirm(_) => " y cancel  n keep",
        Mode::Table if state.unlocked => {
            " ? help  q quit  x cancel  r rate  p pause/resume  Space tag  c with children  Enter detail  / find  \\ filter  s sort"
        }
        Mode::Table => {
            " ? help  q quit  w unlock  Enter detail  / find  \\ filter  s sort  t tree  ←→ fold  f follow  z pause  h history"
        }
    };
    vec![said, Line::styled(keys, look.dim)]
}

/// A message behind what is typed.
fn between(message: &str) -> String {
    match message {
        "" => String::new(),
        message => format!("  ({})", sanitise(message)),
    }
}

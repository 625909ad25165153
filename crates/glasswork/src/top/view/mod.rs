//! From the state to the screen.

mod overlay;
mod table;
#[cfg(test)]
mod tests;
mod theme;

use super::state::{Mode, Preset, Prompt, State, Trend};
use crate::view::{Shown, UNKNOWN, age, count, size};
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
        rows(state.above() - 1),
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
        Mode::Confirm(confirm) | Mode::Typing(Prompt::Reason(confirm), _) => {
            overlay::confirm(frame, confirm, look);
        }
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
            let nodes = match state.list.nodes.len() {
                0 => String::new(),
                1 => ", 1 node".to_owned(),
                nodes => format!(", {} nodes", count(nodes as u64)),
            };
            format!(" {} ({version}{nodes})", server.cluster_name)
        }
    };
    let pace = match (state.paused, state.listed) {
        (true, _) => "⏸ paused".to_owned(),
        (false, false) => "…".to_owned(),
        (false, true) => format!("● {}, listed in {}", age(state.pace), millis(state.took)),
    };
    let user = match &state.user {
        Some(user) => format!("user:{}  ", excerpt(user, 40)),
        None => String::new(),
    };
    let lock = if state.unlocked { "WRITE" } else { "read-only" };
    let lock_look = if state.unlocked { look.alarm } else { look.dim };
    let first = Line::from(vec![
        Span::styled("glasswork top", look.bold),
        Span::raw("  "),
        Span::styled(lock, lock_look),
        Span::raw(format!(
            "  {pace}  {user}{}{}",
            excerpt(&state.url, 100),
            excerpt(&what, 100)
        )),
    ]);
    let mut lines = vec![first, counts(state, look)];
    if state.has_curves() {
        lines.push(curves(state));
    }
    lines.push(asked(state));
    lines
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
    let waiting = match state.knows_waits() {
        true => count(counts.waiting),
        false => UNKNOWN.to_owned(),
    };
    let mut spans = vec![Span::raw(format!(
        " tasks {}  read {}  write {}  other {}  waiting {waiting}  cancelled {}",
        count(counts.all + state.list.more),
        count(counts.read),
        count(counts.write),
        count(counts.all.saturating_sub(counts.read + counts.write)),
        count(counts.cancelled),
    ))];
    if counts.overdue > 0 {
        spans.push(Span::raw("  "));
        spans.push(Span::styled(
            format!("overdue {}!", count(counts.overdue)),
            look.alarm,
        ));
    }
    if state.list.own > 0 {
        spans.push(Span::styled(
            format!("  own {}", count(state.list.own)),
            look.dim,
        ));
    }
    if !state.tagged.is_empty() {
        let tagged = format!("  tagged {}", count(state.tagged.len() as u64));
        spans.push(Span::styled(tagged, look.bold));
    }
    Line::from(spans)
}

/// How it went: a curve and the last figure of each.
fn curves(state: &State) -> Line<'static> {
    const CURVES: usize = 5;
    // Names, figures and blanks take about fifteen columns each.
    let width = (state.columns / CURVES).saturating_sub(15).clamp(3, 40);
    let told = |name: &str, trend: &Trend, figure: fn(u64) -> String| {
        let last = trend.last().map_or(UNKNOWN.to_owned(), figure);
        format!(" {name} {} {last}", trend.curve(width).trim())
    };
    let trends = &state.trends;
    let shown: [String; CURVES] = [
        told("tasks", &trends.tasks, count),
        told("cpu", &trends.cpu, |share| format!("{}%", count(share))),
        told("mem", &trends.memory, size),
        told("io", &trends.io, |bytes| format!("{}/s", size(bytes))),
        told("stops/min", &trends.stops, count),
    ];
    Line::raw(shown.join(" "))
}

fn asked(state: &State) -> Line<'static> {
    let filter = match state.filter_text.as_str() {
        "" => "-".to_owned(),
        text => excerpt(text, 200),
    };
    let (column, most_first) = state.sort.told();
    let arrow = if most_first { '▼' } else { '▲' };
    let on = |on: bool| if on { "on" } else { "off" };
    let name = match &state.saved_name {
        Some(name) => format!("[{}]", excerpt(name, 40)),
        None => String::new(),
    };
    let show = match state.preset {
        Preset::All => String::new(),
        preset => format!("  show: {}", preset.name()),
    };
    Line::raw(format!(
        " filter{name}: {filter}{show}  sort: {column}{arrow}  tree: {}  follow: {}",
        on(state.tree),
        on(state.follow)
    ))
}

fn draw_pane(frame: &mut Frame<'_>, area: Rect, lines: &[String], state: &State, look: Look) {
    let title = match state.selected() {
        Some(task) => excerpt(&format!(" {} {} ", task.id(), task.action()), 200),
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
        Mode::Typing(Prompt::Save, text) => prompt("keep the filter as:", text),
        Mode::Typing(Prompt::Reason(_), text) => prompt("why:", text),
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
            " their number and Enter: cancel  d which exactly  n keep"
        }
        Mode::Confirm(_) => " y cancel  d which exactly  n keep",
        Mode::Table if state.unlocked => {
            " ? help  q quit  x cancel  r rate  p pause/resume  Space tag  c with children  Enter detail  / find  \\ filter  s sort"
        }
        Mode::Table => {
            " ? help  q quit  w unlock  Enter detail  / find  \\ filter  s sort  t tree  ←→ fold  f follow  z pause  h history  1-4 by state"
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

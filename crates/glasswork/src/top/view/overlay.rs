//! What lies over the table or in its place: help, the question before a cancel, the history.

use super::theme::Look;
use crate::{
    top::state::{Confirm, Preview, State, told},
    view::{Shown, UNKNOWN, age, count},
};
use glasswork_client::{EndedTask, Task, excerpt, sanitise};
use ratatui::{
    Frame,
    layout::Rect,
    text::Line,
    widgets::{Block, Borders, Clear, Paragraph, Wrap},
};

/// Tasks that are named before a cancel; the others are counted.
const NAMED: usize = 8;
/// The same where the user wants to see exactly which.
const EXACT: usize = 40;

const HELP: &str = " ↑ ↓ j k PgUp PgDn g G   move              / n N     find, next, previous
 ← → - +                 fold, unfold      \\         filter: action:*search* age>5s opaque:dash-*
 *                       fold all          s < >  I  sort by the next column, backwards
 Enter  [ ]              detail, scroll    t         tree or flat
 Space  c  U             tag, with children, untag all
 f  keep the cursor's line on its task     z  R      pause the screen, list now
 h  5  history (Glasswork)                 T         theme
 0  all   1  running   2  waiting          v         the next filter that is kept
 3  told to stop      4  late              V         keeps the filter under a name
 w  unlock, lock what follows
 x  cancel: asks first, says what is lost  r         rate of a reindex, update or delete by query
 p  pause, resume a durable task (Glasswork)
 Ctrl-L  redraw                            q Ctrl-C  quit

 ▶ running  ⏸ waiting  ✖ told to stop  ! told to stop and late  ■ tagged  + folded
 · the server does not tell";

/// The keys.
pub(super) fn help(frame: &mut Frame<'_>, look: Look) {
    let lines: Vec<Line<'_>> = HELP.lines().map(Line::raw).collect();
    boxed(frame, " Help ", lines, look);
}

/// The question before a cancel.
pub(super) fn confirm(frame: &mut Frame<'_>, confirm: &Confirm, look: Look) {
    let number = confirm.ids.len();
    let tasks = if number == 1 { "task" } else { "tasks" };
    let mut title = format!(" Cancel {} {tasks}", count(number as u64));
    if confirm.below > 0 {
        title.push_str(&format!(", with {} below", count(confirm.below as u64)));
    }
    title.push_str("? ");
    // The question itself is always there to be read.
    let room = usize::from(frame.area().height).saturating_sub(7).max(1);
    let which = match (confirm.exact, &confirm.preview) {
        (true, Preview::Told(previewed)) => exactly(&previewed.total.which),
        (_, _) => confirm.named.clone(),
    };
    let most = if confirm.exact { EXACT } else { NAMED }.min(room);
    let mut lines: Vec<Line<'_>> = which
        .iter()
        .take(most)
        .map(|line| Line::raw(format!(" {line}")))
        .collect();
    if which.len() > most {
        lines.push(Line::raw(format!(" … and {} more", which.len() - most)));
    }
    lines.push(match &confirm.preview {
        Preview::NotOffered => Line::styled(
            " this server has no preview: what is below them on other nodes stops, too",
            look.dim,
        ),
        Preview::TooMany => Line::styled(
            " they are too many to ask the server for each what would end",
            look.dim,
        ),
        Preview::Asked if confirm.agreed => Line::styled(
            " asking the server what would end, then telling it…",
            look.dim,
        ),
        Preview::Asked => Line::styled(" asking the server what would end…", look.dim),
        Preview::Told(preview) => Line::raw(format!(" the server: {}", told(&preview.total))),
        Preview::Failed(line) => {
            Line::styled(format!(" no preview: {}", sanitise(line)), look.alarm)
        }
    });
    if !confirm.reason.is_empty() {
        lines.push(Line::raw(format!(" why: {}", sanitise(&confirm.reason))));
    }
    lines.push(Line::raw(""));
    let more = match confirm.takes_reason() {
        true => "   [d] which exactly   [e] say why   [n] keep",
        false => "   [n] keep",
    };
    lines.push(Line::styled(
        match confirm.wants_number() {
            true => format!(
                " type {number} and Enter to cancel: {}▏{more}",
                confirm.typed
            ),
            false => format!(" [y] cancel{more}"),
        },
        look.bold,
    ));
    boxed(frame, &title, lines, look);
}

/// Every task that would end, a line each.
fn exactly(which: &[Task]) -> Vec<String> {
    let line = |task: &Task| {
        let user = match task.user() {
            Some(user) => format!(", user {user}"),
            None => String::new(),
        };
        let age = age(task.running_time());
        excerpt(
            &format!("{} {}, {age} old{user}", task.id(), task.action),
            200,
        )
    };
    which.iter().map(line).collect()
}

/// A box in the middle, as large as it needs to be and as there is room.
fn boxed(frame: &mut Frame<'_>, title: &str, lines: Vec<Line<'_>>, look: Look) {
    let screen = frame.area();
    let widest = lines.iter().map(Line::width).max().unwrap_or(0);
    let width = (widest.max(title.chars().count()) + 4).min(screen.width.into());
    let inside = width.saturating_sub(2).max(1);
    // What is too long goes on in the next line.
    let needed: usize = lines
        .iter()
        .map(|line| match line.width() {
            // Words that don't fit leave room at the ends of lines.
            width if width > inside => width.div_ceil(inside) + 1,
            _ => 1,
        })
        .sum();
    let height = (needed + 2).min(screen.height.into());
    let size = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
    let area = Rect {
        x: screen.x + (screen.width - size(width)) / 2,
        y: screen.y + (screen.height - size(height)) / 2,
        width: size(width),
        height: size(height),
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .title(title.to_owned())
        .style(look.plain);
    frame.render_widget(Clear, area);
    frame.render_widget(
        Paragraph::new(lines)
            .block(block)
            .wrap(Wrap { trim: false }),
        area,
    );
}

/// The tasks that have ended.
pub(super) fn history(frame: &mut Frame<'_>, area: Rect, state: &State, look: Look) {
    let mut lines = vec![Line::styled(
        format!(
            "     ENDED      OUTCOME     TOOK   USER       TASK ({} ended)",
            count(state.history.len() as u64)
        ),
        look.bold,
    )];
    let shown = state.history.iter().skip(state.history_scroll);
    lines.extend(shown.take(area.height.into()).map(|ended| {
        let line = ended_line(ended);
        match ended.outcome.as_str() {
            "failed" | "lost" => Line::styled(line, look.waiting),
            "cancelled" => Line::styled(line, look.dim),
            _ => Line::raw(line),
        }
    }));
    if state.history.is_empty() {
        lines.push(Line::styled("     nothing has ended yet", look.dim));
    }
    frame.render_widget(Paragraph::new(lines), area);
}

fn ended_line(ended: &EndedTask) -> String {
    let at = glasswork_content::text::iso_millis(ended.ended_in_millis);
    let task = &ended.task;
    let mut what = format!("{} {}", task.id(), task.action);
    if let Some(opaque) = task.opaque_id() {
        what.push_str(&format!(" {opaque}"));
    }
    if let Some(reason) = ended
        .error
        .as_ref()
        .and_then(|error| error["reason"].as_str())
    {
        what.push_str(&format!(": {reason}"));
    } else if let Some(description) = &task.description {
        what.push_str(&format!(" {description}"));
    }
    format!(
        "     {:9}  {:10}  {:>5}  {:9}  {}",
        at.get(11..19).unwrap_or(UNKNOWN),
        excerpt(&ended.outcome, 10),
        age(task.running_time()),
        excerpt(ended.user.as_deref().unwrap_or(UNKNOWN), 8),
        excerpt(&what, 400)
    )
}

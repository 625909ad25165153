//! What each key does.

use super::{Confirm, Effect, Mode, Preset, Preview, Prompt, State};
use crate::{
    arguments::top::Theme,
    filter::Filter,
    view::{Shown, Waits},
};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use glasswork_client::{Rate, excerpt};

/// Characters that can be typed.
const LONGEST: usize = 500;
const NO_FORCE: &str =
    "no server ends a task by force; x tells it to stop, and shows when it is late";
const LOCKED: &str = "read-only: w lets keys stop and steer tasks";

impl State {
    /// Does what the key says, and tells what is left to be done elsewhere.
    pub(in crate::top) fn key(&mut self, key: KeyEvent) -> Option<Effect> {
        if key.modifiers.contains(KeyModifiers::CONTROL) {
            return match key.code {
                KeyCode::Char('c') => Some(Effect::Quit),
                KeyCode::Char('l') => Some(Effect::Redraw),
                _ => None,
            };
        }
        match std::mem::replace(&mut self.mode, Mode::Table) {
            Mode::Table => {
                self.message.clear();
                self.table_key(key.code)
            }
            // Any key closes it.
            Mode::Help => None,
            Mode::History => {
                self.history_key(key.code);
                None
            }
            Mode::Typing(prompt, text) => self.typing_key(key.code, prompt, text),
            Mode::Confirm(confirm) => self.confirm_key(key.code, confirm),
        }
    }

    /// The wheel scrolls, a click selects.
    pub(in crate::top) fn mouse(&mut self, mouse: MouseEvent) {
        if self.mode != Mode::Table {
            return;
        }
        match mouse.kind {
            MouseEventKind::ScrollDown => self.move_to(self.cursor.saturating_add(3)),
            MouseEventKind::ScrollUp => self.move_to(self.cursor.saturating_sub(3)),
            MouseEventKind::Down(MouseButton::Left) => {
                let row = usize::from(mouse.row).checked_sub(self.above());
                if let Some(row) = row.filter(|row| *row < self.table_height()) {
                    self.move_to(self.scroll + row);
                }
            }
            _ => {}
        }
    }

    fn table_key(&mut self, code: KeyCode) -> Option<Effect> {
        let page = self.table_height().max(1);
        match code {
            KeyCode::Char('q') => return Some(Effect::Quit),
            KeyCode::Down | KeyCode::Char('j') => self.move_to(self.cursor + 1),
            KeyCode::Up | KeyCode::Char('k') => self.move_to(self.cursor.saturating_sub(1)),
            KeyCode::PageDown => self.move_to(self.cursor + page),
            KeyCode::PageUp => self.move_to(self.cursor.saturating_sub(page)),
            KeyCode::Home | KeyCode::Char('g') => self.move_to(0),
            KeyCode::End | KeyCode::Char('G') => self.move_to(self.lines.len()),
            KeyCode::Left | KeyCode::Char('-') => self.fold(true),
            KeyCode::Right | KeyCode::Char('+') => self.fold(false),
            KeyCode::Char('*') => self.fold_all(),
            KeyCode::Char('t') => {
                self.tree = !self.tree;
                self.rearrange();
            }
            KeyCode::Char('/') => self.mode = Mode::Typing(Prompt::Find, String::new()),
            KeyCode::Char('n') => self.find(true, false),
            KeyCode::Char('N') => self.find(false, false),
            KeyCode::Char('\\') => {
                self.mode = Mode::Typing(Prompt::Filter, self.filter_text.clone());
            }
            KeyCode::Char('s' | '>') => self.sort_by(self.sort.next(true)),
            KeyCode::Char('<') => self.sort_by(self.sort.next(false)),
            KeyCode::Char('I') => self.sort_by(self.sort.inverted()),
            KeyCode::Char(' ') => {
                if let Some(id) = self.selected().map(|known| known.id()) {
                    if !self.tagged.remove(&id) {
                        self.tagged.insert(id);
                    }
                    self.move_to(self.cursor + 1);
                }
            }
            KeyCode::Char('c') => self.tag_with_children(),
            KeyCode::Char('U') => self.tagged.clear(),
            KeyCode::Char('f') => self.follow = !self.follow && self.selected().is_some(),
            KeyCode::Char('z') => {
                self.paused = !self.paused;
                self.asked += 1;
            }
            KeyCode::Char('R') => self.asked += 1,
            KeyCode::Enter => {
                self.pane = match self.pane {
                    Some(_) => None,
                    None => Some(Vec::new()),
                };
                self.pane_scroll = 0;
                self.show_cursor();
                self.fill_pane();
            }
            KeyCode::Char(']') => {
                let lines = self.pane.as_ref().map_or(0, Vec::len);
                self.pane_scroll = (self.pane_scroll + 1).min(lines.saturating_sub(1));
            }
            KeyCode::Char('[') => self.pane_scroll = self.pane_scroll.saturating_sub(1),
            KeyCode::Esc => {
                self.pane = None;
                self.show_cursor();
            }
            KeyCode::Char('T') => {
                self.theme = match self.theme {
                    Theme::Dark => Theme::Light,
                    Theme::Light => Theme::Mono,
                    Theme::Mono => Theme::Dark,
                };
            }
            KeyCode::Char('w') => self.unlocked = !self.unlocked,
            KeyCode::Char('h' | '5') => return self.ask_history(),
            KeyCode::Char(digit @ '0'..='4') => self.show_preset(digit),
            KeyCode::Char('v') => self.next_saved(),
            KeyCode::Char('V') => self.mode = Mode::Typing(Prompt::Save, String::new()),
            KeyCode::Char('?') | KeyCode::F(1) => self.mode = Mode::Help,
            KeyCode::Char('X') => self.message = NO_FORCE.to_owned(),
            KeyCode::Char('x' | 'r' | 'p') if !self.unlocked => self.message = LOCKED.to_owned(),
            KeyCode::Char('x') => return self.ask_cancel(),
            KeyCode::Char('r') => self.ask_rate(),
            KeyCode::Char('p') => return self.pause_or_resume(),
            _ => {}
        }
        None
    }

    fn sort_by(&mut self, sort: crate::view::Sort) {
        self.sort = sort;
        self.rearrange();
    }

    fn show_preset(&mut self, digit: char) {
        if let Some(preset) = Preset::of(digit) {
            self.preset = preset;
            self.rearrange();
        }
    }

    /// Takes the next of the filters that are kept; behind the last one, none.
    fn next_saved(&mut self) {
        if self.saved.is_empty() {
            self.message = "no filter is kept; V keeps the one in use".to_owned();
            return;
        }
        let names: Vec<&String> = self.saved.keys().collect();
        let here = self.saved_name.as_ref();
        let here = here.and_then(|name| names.iter().position(|found| *found == name));
        let next = names.get(here.map_or(0, |here| here + 1)).copied().cloned();
        let text = next.as_ref().and_then(|name| self.saved.get(name));
        let text = text.cloned().unwrap_or_default();
        match Filter::parse(&text) {
            Ok(filter) => self.take_filter(filter, text),
            Err(error) => self.message = excerpt(&error.to_string(), 300),
        }
        self.saved_name = next;
    }

    fn take_filter(&mut self, filter: Filter, text: String) {
        (self.filter, self.filter_text) = (filter, text);
        self.rearrange();
        // What the server left out so far may match now.
        self.asked += 1;
    }

    fn ask_history(&mut self) -> Option<Effect> {
        if self.server.is_some() && !self.is_glasswork() {
            self.message = "this server keeps no history of tasks".to_owned();
            return None;
        }
        Some(Effect::History)
    }

    fn ask_cancel(&mut self) -> Option<Effect> {
        match self.to_cancel() {
            Err(line) => {
                self.message = line;
                None
            }
            Ok(confirm) => {
                let ids = (confirm.preview == Preview::Asked).then(|| confirm.ids.clone());
                self.mode = Mode::Confirm(Box::new(confirm));
                ids.map(Effect::Preview)
            }
        }
    }

    fn ask_rate(&mut self) {
        const KINDS: [&str; 3] = ["/reindex", "/update/byquery", "/delete/byquery"];
        let Some(task) = self.selected() else { return };
        if KINDS.iter().any(|kind| task.action().ends_with(kind)) {
            self.mode = Mode::Typing(Prompt::Rate(task.id()), String::new());
        } else {
            self.message =
                "only a reindex, update by query or delete by query has a rate".to_owned();
        }
    }

    fn pause_or_resume(&mut self) -> Option<Effect> {
        let task = self.selected()?;
        if !task.is_durable() {
            self.message = "only durable tasks of Glasswork can be paused".to_owned();
            return None;
        }
        Some(match task.wait() {
            Waits::On("paused") => Effect::Resume(task.id()),
            _ => Effect::Pause(task.id()),
        })
    }

    fn history_key(&mut self, code: KeyCode) {
        let page = self.table_height().max(1);
        let last = self.history.len().saturating_sub(1);
        self.history_scroll = match code {
            KeyCode::Down | KeyCode::Char('j') => self.history_scroll + 1,
            KeyCode::Up | KeyCode::Char('k') => self.history_scroll.saturating_sub(1),
            KeyCode::PageDown => self.history_scroll + page,
            KeyCode::PageUp => self.history_scroll.saturating_sub(page),
            // Any other key goes back.
            _ => return,
        }
        .min(last);
        self.mode = Mode::History;
    }

    fn typing_key(&mut self, code: KeyCode, prompt: Prompt, mut text: String) -> Option<Effect> {
        match code {
            KeyCode::Esc => {
                if let Prompt::Reason(confirm) = prompt {
                    self.mode = Mode::Confirm(confirm);
                }
                return None;
            }
            KeyCode::Enter => return self.typed(prompt, text),
            KeyCode::Backspace => {
                text.pop();
            }
            KeyCode::Char(character) if text.chars().count() < longest(&prompt) => {
                text.push(character);
            }
            _ => {}
        }
        if matches!(prompt, Prompt::Find) {
            self.needle.clone_from(&text);
            self.message.clear();
            self.find(true, true);
        }
        self.mode = Mode::Typing(prompt, text);
        None
    }

    fn typed(&mut self, prompt: Prompt, text: String) -> Option<Effect> {
        match prompt {
            Prompt::Find => {}
            Prompt::Filter => match Filter::parse(&text) {
                Ok(filter) => {
                    self.saved_name = None;
                    self.take_filter(filter, text);
                }
                Err(error) => {
                    self.message = excerpt(&error.to_string(), 300);
                    self.mode = Mode::Typing(Prompt::Filter, text);
                }
            },
            Prompt::Save => {
                let named = |character: char| {
                    character.is_ascii_alphanumeric() || "-_.".contains(character)
                };
                if !text.is_empty() && text.chars().all(named) {
                    return Some(Effect::SaveFilter(text, self.filter_text.clone()));
                }
                self.message = "a name is letters, digits, `.`, `-` and `_`".to_owned();
                self.mode = Mode::Typing(Prompt::Save, text);
            }
            Prompt::Reason(mut confirm) => {
                confirm.reason = text.trim().to_owned();
                self.mode = Mode::Confirm(confirm);
            }
            Prompt::Rate(id) => {
                let rate = match text.trim() {
                    "unlimited" | "-1" => Some(Rate::UNLIMITED),
                    number => number.parse().ok().and_then(Rate::per_second),
                };
                if let Some(rate) = rate {
                    return Some(Effect::Rethrottle(id, rate));
                }
                self.message =
                    "a rate is a positive number of documents a second, or unlimited".to_owned();
                self.mode = Mode::Typing(Prompt::Rate(id), text);
            }
        }
        None
    }

    fn confirm_key(&mut self, code: KeyCode, mut confirm: Box<Confirm>) -> Option<Effect> {
        let sure = match (confirm.wants_number(), code) {
            (_, KeyCode::Esc | KeyCode::Char('n' | 'q')) => {
                self.message = "nothing was stopped".to_owned();
                return None;
            }
            (_, KeyCode::Char('d')) => {
                confirm.exact = !confirm.exact;
                false
            }
            (_, KeyCode::Char('e')) if confirm.takes_reason() => {
                let text = confirm.reason.clone();
                confirm.agreed = false;
                self.mode = Mode::Typing(Prompt::Reason(confirm), text);
                return None;
            }
            (false, KeyCode::Char('y')) => true,
            (true, KeyCode::Enter) => confirm.typed == confirm.ids.len().to_string(),
            (true, KeyCode::Char(digit)) if digit.is_ascii_digit() && confirm.typed.len() < 9 => {
                confirm.typed.push(digit);
                false
            }
            (true, KeyCode::Backspace) => {
                confirm.typed.pop();
                false
            }
            _ => false,
        };
        if sure {
            return self.agree(confirm);
        }
        self.mode = Mode::Confirm(confirm);
        None
    }
}

/// Characters that can be typed.
fn longest(prompt: &Prompt) -> usize {
    match prompt {
        // The server takes no longer one.
        Prompt::Reason(_) => 256,
        _ => LONGEST,
    }
}

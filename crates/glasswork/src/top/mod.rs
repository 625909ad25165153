//! `glasswork top`: what runs, live on the whole terminal. The state is pure, the view draws it, the connection asks the
//! server; this file passes events between them.

mod connection;
mod listing;
mod screen;
mod state;
mod view;

use crate::{
    arguments::{
        tasks::Colour,
        top::{Theme, TopArguments},
    },
    contexts::{Contexts, ContextsError},
    exit::Code,
    tasks::{self, TasksError},
    view::Paint,
};
use connection::Connection;
use crossterm::event::{self, KeyEventKind};
use screen::Screen;
use state::{Effect, State, Update};
use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
    sync::mpsc::{self, SyncSender},
    thread,
};

/// Events that wait for being dealt with; who has more waits.
const WAITING: usize = 256;

/// What happens to the screen.
enum Event {
    Terminal(event::Event),
    Update(Update),
    /// A signal says to end.
    Terminated,
    /// Nothing more can come from the server, or from the keyboard.
    Ended,
}

/// Runs `glasswork top` and says how it ended.
pub(crate) fn run(arguments: &TopArguments) -> Code {
    match execute(arguments) {
        Ok(()) => Code::Success,
        Err(error) => {
            eprintln!("glasswork top: {error}");
            error.code()
        }
    }
}

fn execute(arguments: &TopArguments) -> Result<(), TasksError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(TasksError::NoTerminal);
    }
    let client = tasks::client(&arguments.server)?;
    let theme = arguments.theme.unwrap_or({
        match Paint::of(Colour::Auto).is_on() {
            true => Theme::Dark,
            false => Theme::Mono,
        }
    });
    let user = client.user().map(str::to_owned);
    let mut state = State::new(arguments, client.url(), user, saved_filters()?, theme);
    let (events, happened) = mpsc::sync_channel(WAITING);
    let connection =
        Connection::start(client, state.wanted(), events.clone()).map_err(TasksError::System)?;
    let mut screen = Screen::take(arguments.mouse).map_err(TasksError::Output)?;
    listen(events).map_err(TasksError::System)?;
    let (columns, lines) = screen.size().map_err(TasksError::Output)?;
    state.resize(columns, lines);
    loop {
        screen.draw(&state).map_err(TasksError::Output)?;
        let Ok(first) = happened.recv() else {
            return Ok(());
        };
        // What has happened meanwhile is drawn together.
        for event in std::iter::once(first).chain(happened.try_iter().take(WAITING)) {
            let effect = match event {
                Event::Terminal(event) => take_in(&mut state, event),
                Event::Update(update) => state.update(update),
                Event::Terminated => return Ok(()),
                Event::Ended => {
                    let ended = io::Error::other("the terminal or the connection's thread is gone");
                    return Err(TasksError::System(ended));
                }
            };
            match effect {
                None => {}
                Some(Effect::Quit) => return Ok(()),
                Some(Effect::Redraw) => screen.clear().map_err(TasksError::Output)?,
                Some(Effect::SaveFilter(name, text)) => {
                    let saved = match save_filter(&name, &text) {
                        Ok(()) => Update::Saved(name, text),
                        Err(error) => Update::Said(error.to_string()),
                    };
                    state.update(saved);
                }
                Some(effect) if connection.act(effect.clone()) => {}
                Some(_) => {
                    let line = "the server has not answered the acts before; nothing was done";
                    state.update(Update::Said(line.to_owned()));
                }
            }
        }
        connection.want(state.wanted());
    }
}

/// The filters that are kept in the configuration, by name. Without a home there are none.
fn saved_filters() -> Result<BTreeMap<String, String>, ContextsError> {
    match Contexts::load() {
        Err(ContextsError::Nowhere) => Ok(BTreeMap::new()),
        contexts => Ok(contexts?.filters),
    }
}

fn save_filter(name: &str, text: &str) -> Result<(), ContextsError> {
    let mut contexts = Contexts::load()?;
    contexts.filters.insert(name.to_owned(), text.to_owned());
    contexts.save()
}

fn take_in(state: &mut State, event: event::Event) -> Option<Effect> {
    match event {
        event::Event::Key(key) if key.kind != KeyEventKind::Release => return state.key(key),
        event::Event::Mouse(mouse) => state.mouse(mouse),
        event::Event::Resize(columns, lines) => state.resize(columns, lines),
        _ => {}
    }
    None
}

/// Passes on what the terminal tells, from a thread of its own.
fn listen(events: SyncSender<Event>) -> io::Result<()> {
    let keyboard = thread::Builder::new().name("keyboard".to_owned());
    keyboard.spawn(move || {
        while let Ok(event) = event::read() {
            if events.send(Event::Terminal(event)).is_err() {
                return;
            }
        }
        // Nobody listens when the program itself ends.
        let _ = events.send(Event::Ended);
    })?;
    Ok(())
}

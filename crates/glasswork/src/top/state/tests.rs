//! What keys and lists do to the state.

use super::*;
use crate::{
    arguments::{Arguments, Command},
    top::listing::Detailed,
};
use clap::Parser;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use glasswork_client::{CancelPreview, Collect};
use serde_json::{Value, json};

/// A state of a screen of 100 × 20 for these flags.
pub(in crate::top) fn state(flags: &[&str]) -> State {
    let line = ["glasswork", "top"].iter().chain(flags);
    let Command::Top(arguments) = Arguments::parse_from(line).command else {
        panic!("it is top");
    };
    let url = "http://h:9200".to_owned();
    let mut state = State::new(&arguments, url, None, BTreeMap::new(), Theme::Mono);
    state.resize(100, 20);
    state
}

/// A list of tasks as a server tells them; what is left out is as usual.
pub(in crate::top) fn list(tasks: Vec<Value>) -> Update {
    let task = |told: Value| {
        let mut task = json!({"node": "n", "type": "transport", "action": "indices:data/read/search", "cancellable": true,
            "running_time_in_nanos": 100_i64.saturating_sub(told["id"].as_i64().unwrap_or(0)).saturating_mul(1_000_000_000), "description": "d", "headers": {}});
        for (key, value) in told.as_object().expect("an object") {
            task[key] = value.clone();
        }
        serde_json::from_value(task).expect("a task")
    };
    let mut all = Detailed::of(Some("own"));
    tasks.into_iter().map(task).for_each(|task| all.take(task));
    Update::Listed {
        list: Listing {
            tasks: all.rows.tasks,
            detailed: all.detailed,
            own: all.rows.own,
            ..Listing::default()
        },
        took: Duration::from_millis(3),
        pace: Duration::from_secs(2),
    }
}

/// The same of a list without details.
pub(in crate::top) fn lean(tasks: Vec<Value>) -> Update {
    let Update::Listed { list, took, pace } = list(tasks) else {
        panic!("it is a list");
    };
    Update::Listed {
        list: Listing {
            detailed: Vec::new(),
            ..list
        },
        took,
        pace,
    }
}

pub(in crate::top) fn press(state: &mut State, keys: &str) -> Option<Effect> {
    let mut effect = None;
    for key in keys.chars() {
        let code = match key {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            '\u{8}' => KeyCode::Backspace,
            key => KeyCode::Char(key),
        };
        effect = state.key(KeyEvent::new(code, KeyModifiers::NONE));
    }
    effect
}

pub(in crate::top) fn glasswork() -> Update {
    Update::Server(Server {
        cluster_name: "books".to_owned(),
        glasswork: Some("0.1.0".to_owned()),
        ..Server::default()
    })
}

fn shown(state: &State) -> Vec<i64> {
    let number = |line: &Line| state.list.tasks[line.place].number();
    state.lines.iter().map(number).collect()
}

fn id(number: i64) -> TaskId {
    format!("n:{number}").parse().expect("an id")
}

/// A cancel of these, with the tokens of their previews.
fn cancelling(tasks: &[(i64, Option<&str>)]) -> Effect {
    let task = |(number, token): &(i64, Option<&str>)| (id(*number), token.map(str::to_owned));
    Effect::Cancel(Cancelling {
        tasks: tasks.iter().map(task).collect(),
        reason: None,
    })
}

fn family() -> Update {
    list(vec![
        json!({"id": 1}),
        json!({"id": 2, "parent_task_id": "n:1", "action": "child"}),
        json!({"id": 3, "parent_task_id": "n:2", "action": "grandchild"}),
        json!({"id": 4, "headers": {"X-Opaque-Id": "dash-7"}}),
        json!({"id": 5, "headers": {"X-Opaque-Id": "own"}}),
    ])
}

#[test]
fn three_keys_cancel_the_oldest_task() {
    let mut state = state(&[]);
    state.update(family());
    assert_eq!(shown(&state), [1, 2, 3, 4]);
    // Without `w` nothing is stopped.
    assert_eq!(press(&mut state, "x"), None);
    assert!(state.message.contains("read-only") && state.mode == Mode::Table);
    assert_eq!(press(&mut state, "wx"), None);
    let Mode::Confirm(confirm) = &state.mode else {
        panic!("it asks");
    };
    assert_eq!(
        (confirm.ids.as_slice(), confirm.below),
        ([id(1)].as_slice(), 2)
    );
    assert_eq!(confirm.preview, Preview::NotOffered);
    assert_eq!(press(&mut state, "y"), Some(cancelling(&[(1, None)])));
    assert_eq!(state.mode, Mode::Table);
}

#[test]
fn any_other_key_cancels_nothing() {
    let mut state = state(&["--write"]);
    state.update(family());
    for keys in ["xn", "x\u{1b}", "xq"] {
        assert_eq!(press(&mut state, keys), None);
        assert_eq!(state.message, "nothing was stopped");
    }
    assert_eq!(press(&mut state, "xY\n z"), None);
    assert!(matches!(state.mode, Mode::Confirm(_)));
}

#[test]
fn a_glasswork_server_is_asked_what_would_end() {
    let mut state = state(&["--write"]);
    state.update(glasswork());
    state.update(family());
    assert_eq!(press(&mut state, "x"), Some(Effect::Preview(vec![id(1)])));
    let told = Previewed {
        total: CancelPreview {
            tasks: 4,
            ..CancelPreview::default()
        },
        tokens: vec!["t".to_owned()],
    };
    // What was said of others is not shown for these.
    state.update(Update::Preview(vec![id(9)], Ok(told.clone())));
    let preview = |state: &State| match &state.mode {
        Mode::Confirm(confirm) => confirm.preview.clone(),
        _ => panic!("it asks"),
    };
    assert_eq!(preview(&state), Preview::Asked);
    state.update(Update::Preview(vec![id(1)], Ok(told.clone())));
    assert_eq!(preview(&state), Preview::Told(told));
    // What is cancelled is what was shown.
    assert_eq!(press(&mut state, "y"), Some(cancelling(&[(1, Some("t"))])));
}

#[test]
fn who_is_sure_before_the_server_has_told_waits_for_it() {
    let mut state = state(&["--write"]);
    state.update(glasswork());
    state.update(family());
    press(&mut state, "x");
    assert_eq!(press(&mut state, "y"), None);
    // Nothing is cancelled that the server could not tell of; a second `y` does it all the same.
    let failed = Err("it is busy".to_owned());
    assert_eq!(state.update(Update::Preview(vec![id(1)], failed)), None);
    assert_eq!(press(&mut state, "y"), Some(cancelling(&[(1, None)])));
    press(&mut state, "xy");
    let told = Previewed {
        tokens: vec!["t".to_owned()],
        ..Previewed::default()
    };
    let effect = state.update(Update::Preview(vec![id(1)], Ok(told)));
    assert_eq!(effect, Some(cancelling(&[(1, Some("t"))])));
    assert_eq!(state.mode, Mode::Table);
}

#[test]
fn a_reason_goes_with_the_cancel() {
    let mut state = state(&["--write"]);
    state.update(glasswork());
    state.update(family());
    press(&mut state, "xe");
    assert_eq!(press(&mut state, "too slow\n"), None);
    let told = Previewed::default();
    state.update(Update::Preview(vec![id(1)], Ok(told)));
    let Some(Effect::Cancel(cancelling)) = press(&mut state, "y") else {
        panic!("it is cancelled");
    };
    assert_eq!(cancelling.reason.as_deref(), Some("too slow"));
    // Left alone while it was typed, it asks as before.
    press(&mut state, "xeno");
    assert_eq!(press(&mut state, "\u{1b}"), None);
    assert!(matches!(&state.mode, Mode::Confirm(confirm) if confirm.reason.is_empty()));
}

#[test]
fn digits_show_the_tasks_in_one_state() {
    let mut state = state(&[]);
    let waits = json!({"wait": {"on": "pool:search", "since_in_millis": 1}});
    state.update(list(vec![
        json!({"id": 1}),
        json!({"id": 2, "glasswork": waits}),
        json!({"id": 3, "cancelled": true}),
        json!({"id": 4, "cancelled": true, "glasswork": {"cancel": {"overdue": true}}}),
    ]));
    for (key, wanted) in [
        ("1", vec![1]),
        ("2", vec![2]),
        ("3", vec![3, 4]),
        ("4", vec![4]),
        ("0", vec![1, 2, 3, 4]),
    ] {
        press(&mut state, key);
        assert_eq!(shown(&state), wanted, "{key}");
        // The header counts what the filter holds for.
        assert_eq!(state.counts.all, 4);
    }
}

#[test]
fn filters_are_kept_under_names_and_taken_again() {
    let mut state = state_with_family();
    press(&mut state, "v");
    assert!(state.message.contains("no filter is kept"));
    press(&mut state, "\\opaque:dash-*\n");
    assert_eq!(press(&mut state, "Va b\n"), None);
    assert!(matches!(state.mode, Mode::Typing(Prompt::Save, _)));
    let kept = press(&mut state, "\u{8}\u{8}\n");
    let text = "opaque:dash-*".to_owned();
    let saved = ("a".to_owned(), text.clone());
    assert_eq!(kept, Some(Effect::SaveFilter(saved.0.clone(), text)));
    state.update(Update::Saved(saved.0, saved.1));
    assert_eq!(state.saved_name.as_deref(), Some("a"));
    // Behind the last one comes none, then the first.
    press(&mut state, "v");
    assert_eq!((state.filter_text.as_str(), shown(&state).len()), ("", 4));
    press(&mut state, "v");
    assert_eq!(shown(&state), [4]);
}

#[test]
fn no_server_ends_a_task_by_force() {
    let mut state = state_with_family();
    assert_eq!(press(&mut state, "X"), None);
    assert!(state.message.contains("no server"), "{}", state.message);
}

#[test]
fn what_tasks_used_between_two_lists_is_their_rate() {
    let mut state = state(&[]);
    let began = std::time::Instant::now();
    let tasks = |cpu_millis: u64, written: u64, cancelled: bool, after: u64| {
        let resources = json!({"cpu_time_in_nanos": cpu_millis * 1_000_000, "written_in_bytes": written, "live_memory_in_bytes": 7});
        let told = vec![
            json!({"id": 1, "cancelled": cancelled, "glasswork": {"resources": resources}}),
            json!({"id": 2}),
        ];
        let Update::Listed { list, took, pace } = list(told) else {
            panic!("it is a list");
        };
        let at = began + Duration::from_secs(after);
        let list = Listing { at, ..list };
        Update::Listed { list, took, pace }
    };
    state.update(tasks(100, 0, false, 10));
    assert_eq!(state.trends.cpu.last(), None);
    state.update(tasks(3_100, 4_096, true, 12));
    let rates = |state: &State| {
        let task = state.selected().expect("a task");
        (task.cpu_share(), task.io_rate())
    };
    assert_eq!(rates(&state), (Some(150), Some(2_048)));
    assert_eq!(state.known(&state.lines[1]).cpu_share(), None);
    let trends = &state.trends;
    assert_eq!(
        (trends.cpu.last(), trends.io.last()),
        (Some(150), Some(2_048))
    );
    assert_eq!(
        (trends.memory.last(), trends.stops.last()),
        (Some(7), Some(30))
    );
    // A list at once after another tells nothing new; one whose counters went back tells nothing.
    state.update(tasks(3_100, 4_096, true, 12));
    assert_eq!(rates(&state), (Some(150), Some(2_048)));
    state.update(tasks(0, 0, true, 14));
    assert_eq!(rates(&state), (None, None));
}

#[test]
fn what_is_tagged_is_cancelled_without_what_is_below_it() {
    let mut state = state(&["--write"]);
    state.update(family());
    press(&mut state, "cG xy");
    let mut again = state_with_family();
    let effect = press(&mut again, "cG x");
    assert_eq!(effect, None);
    assert_eq!(again.tagged.len(), 4);
    assert_eq!(
        press(&mut again, "y"),
        Some(cancelling(&[(1, None), (4, None)]))
    );
    assert!(again.tagged.is_empty());
}

fn state_with_family() -> State {
    let mut state = state(&["--write"]);
    state.update(family());
    state
}

#[test]
fn above_ten_tasks_their_number_is_typed() {
    let mut state = state(&["--write"]);
    state.update(list((1..=12).map(|id| json!({ "id": id })).collect()));
    press(&mut state, &" ".repeat(12));
    assert_eq!(press(&mut state, "xy\n1\n"), None);
    assert!(matches!(state.mode, Mode::Confirm(_)));
    let effect = press(&mut state, "2\n");
    assert!(matches!(effect, Some(Effect::Cancel(all)) if all.tasks.len() == 12));
}

#[test]
fn what_can_not_be_cancelled_is_said_so() {
    let mut state = state(&["--write"]);
    state.update(list(vec![json!({"id": 1, "cancellable": false})]));
    assert_eq!(press(&mut state, "x"), None);
    assert!(
        state.message.ends_with("can't be cancelled"),
        "{}",
        state.message
    );
    state.update(list(Vec::new()));
    press(&mut state, "x");
    assert_eq!(state.message, "there is no task here");
}

#[test]
fn folding_hides_what_is_below_and_keeps_the_count() {
    let mut state = state_with_family();
    press(&mut state, "-");
    assert_eq!((shown(&state), state.counts.all), (vec![1, 4], 4));
    press(&mut state, "+");
    assert_eq!(shown(&state), [1, 2, 3, 4]);
    // On the last of a branch its parent is folded, and the cursor goes there.
    press(&mut state, "jj-");
    assert_eq!((shown(&state), state.cursor), (vec![1, 2, 4], 1));
    press(&mut state, "*");
    assert_eq!(shown(&state), [1, 2, 3, 4]);
    press(&mut state, "t");
    assert!(state.lines.iter().all(|line| line.branch.is_empty()));
}

#[test]
fn the_cursor_stays_on_its_task_once_it_was_moved() {
    let mut state = state_with_family();
    let young = || list(vec![json!({"id": 4}), json!({"id": 0}), json!({"id": 1})]);
    state.update(young());
    assert_eq!(state.selected().map(|task| task.number()), Some(0));
    press(&mut state, "G");
    state.update(family());
    assert_eq!(state.selected().map(|task| task.number()), Some(4));
    // The task is gone: the cursor stays near.
    state.update(list(vec![json!({"id": 1})]));
    assert_eq!(state.cursor, 0);
    press(&mut state, "f");
    assert!(state.follow);
    state.update(list(vec![json!({"id": 9})]));
    assert!(!state.follow && state.message.contains("not there any more"));
}

#[test]
fn a_followed_task_stays_on_its_line_of_the_screen() {
    let mut state = state(&[]);
    let tasks = |from: i64| list((from..90).map(|id| json!({ "id": id })).collect());
    state.update(tasks(10));
    press(&mut state, &"j".repeat(30));
    press(&mut state, "f");
    let line = state.cursor - state.scroll;
    state.update(tasks(5));
    assert_eq!(state.selected().map(|task| task.number()), Some(40));
    assert_eq!(state.cursor - state.scroll, line);
}

#[test]
fn a_filter_is_the_command_lines_and_narrows_what_is_asked() {
    let mut state = state_with_family();
    let asked = state.wanted().asked;
    press(&mut state, "\\opaque:dash-*\n");
    assert_eq!(shown(&state), [4]);
    assert_eq!(
        state.wanted().options,
        ListOptions::new().opaque_id("dash-*")
    );
    assert_ne!(state.wanted().asked, asked);
    press(&mut state, "\\");
    press(&mut state, &"\u{8}".repeat(20));
    press(&mut state, "age:5\n");
    assert!(state.message.contains("age>5s"), "{}", state.message);
    assert_eq!(shown(&state), [4]);
}

#[test]
fn finding_goes_on_in_both_directions() {
    let mut state = state_with_family();
    press(&mut state, "/CHILD");
    assert_eq!(state.cursor, 1);
    press(&mut state, "\nn");
    assert_eq!(state.cursor, 2);
    press(&mut state, "n");
    assert_eq!(state.cursor, 1);
    press(&mut state, "N");
    assert_eq!(state.cursor, 2);
    press(&mut state, "/nothing\n");
    assert_eq!(state.cursor, 2);
}

#[test]
fn a_paused_screen_takes_no_list() {
    let mut state = state_with_family();
    press(&mut state, "z");
    assert!(state.wanted().paused);
    state.update(list(Vec::new()));
    assert_eq!(shown(&state), [1, 2, 3, 4]);
    press(&mut state, "z");
    assert!(!state.wanted().paused);
}

#[test]
fn rates_and_pauses_are_offered_where_there_are_some() {
    let mut state = state(&["--write"]);
    state.update(list(vec![
        json!({"id": 1, "action": "indices:data/write/reindex", "glasswork": {"durable": true}}),
        json!({"id": 2}),
        json!({"id": 3, "glasswork": {"durable": true, "wait": {"on": "paused", "since_in_millis": 1}}}),
    ]));
    assert_eq!(press(&mut state, "p"), Some(Effect::Pause(id(1))));
    assert_eq!(press(&mut state, "r0\n"), None);
    assert!(state.message.contains("positive"), "{}", state.message);
    let rate = Rate::per_second(500.0).expect("a rate");
    assert_eq!(
        press(&mut state, "\u{8}500\n"),
        Some(Effect::Rethrottle(id(1), rate))
    );
    assert_eq!(press(&mut state, "jp"), None);
    assert!(state.message.contains("durable"), "{}", state.message);
    assert_eq!(press(&mut state, "r"), None);
    assert_eq!(state.mode, Mode::Table);
    assert_eq!(press(&mut state, "jp"), Some(Effect::Resume(id(3))));
}

#[test]
fn only_what_is_visible_is_wanted_in_detail() {
    let mut state = state(&[]);
    let tasks = || {
        let plain = |id: i64| json!({"id": id, "description": null});
        lean((0..90).map(plain).collect())
    };
    state.update(tasks());
    press(&mut state, &"j".repeat(50));
    let visible = state.wanted().visible;
    assert_eq!(visible.len(), 13);
    assert_eq!(visible[0], id(50));
    let told = json!({"node": "n", "id": 50, "action": "a", "description": "more"});
    let detailed: Task = serde_json::from_value(told).expect("a task");
    state.update(Update::Details(vec![detailed]));
    let known = |state: &State| {
        let task = state.selected().expect("a task");
        let description = task.description().map(str::to_owned);
        (description, task.running_time().as_secs())
    };
    assert_eq!(known(&state), (Some("more".to_owned()), 50));
    // The next list keeps it.
    state.update(tasks());
    assert_eq!(known(&state), (Some("more".to_owned()), 50));
    state.update(lean(vec![json!({"id": 50, "description": null})]));
    assert_eq!(state.details.len(), 1);
    state.update(list(Vec::new()));
    assert!(state.details.is_empty());
}

#[test]
fn a_server_that_fails_keeps_what_was_seen() {
    let mut state = state_with_family();
    state.update(Update::Failed("it answers HTML".to_owned()));
    assert_eq!(state.trouble.as_deref(), Some("it answers HTML"));
    assert_eq!(shown(&state), [1, 2, 3, 4]);
    state.update(family());
    assert_eq!(state.trouble, None);
}

#[test]
fn a_small_terminal_and_odd_sizes_are_survived() {
    let mut state = state_with_family();
    for (columns, lines) in [(1, 1), (0, 0), (20, 5), (65_535, 65_535), (100, 7)] {
        state.resize(columns, lines);
        press(&mut state, "jjjjkG\n\ngG");
    }
}

//! The screens at several sizes.

use super::*;
use crate::top::state::{
    Previewed, Update,
    tests::{glasswork, list, press, state},
};
use glasswork_client::CancelPreview;
use ratatui::{Terminal, backend::TestBackend};
use serde_json::{Value, json};

fn screen(state: &mut State, columns: u16, lines: u16) -> String {
    state.resize(columns, lines);
    let mut terminal = Terminal::new(TestBackend::new(columns, lines)).expect("a terminal");
    terminal
        .draw(|frame| draw(frame, state))
        .expect("it is drawn");
    terminal.backend().to_string()
}

fn tasks() -> Vec<Value> {
    vec![
        json!({"id": 1, "headers": {"X-Opaque-Id": "dash-77"}, "description": "indices[books], search_type[QUERY_THEN_FETCH]",
            "resource_stats": {"total": {"cpu_time_in_nanos": 3_000_000_000_u64, "memory_in_bytes": 2_000_000}, "thread_info": {"thread_executions": 1}}}),
        json!({"id": 2, "parent_task_id": "n:1", "action": "indices:data/read/search[phase/query]", "description": "shardId[[books][0]]"}),
        json!({"id": 3, "parent_task_id": "n:1", "action": "indices:data/read/search[phase/query]", "cancelled": true}),
        json!({"id": 4, "action": "indices:data/write/reindex", "description": "reindex from [a] to [b]", "status": {"total": 60, "created": 15,
            "updated": 0, "deleted": 0, "batches": 3, "version_conflicts": 0, "noops": 0, "requests_per_second": 5.0, "throttled_until_millis": 980}}),
        json!({"id": 5, "action": "evil\u{1b}]0;title\u{7}", "headers": {"X-Opaque-Id": "\u{1b}[31m\u{202e}"}, "description": "\u{1b}[2Jgone\n\u{9b}1A"}),
    ]
}

#[test]
fn an_opensearch() {
    let mut state = state(&[]);
    insta::assert_snapshot!("start", screen(&mut state, 100, 8));
    state.update(list(tasks()));
    insta::assert_snapshot!("plain_140", screen(&mut state, 140, 16));
    insta::assert_snapshot!("plain_80", screen(&mut state, 80, 12));
    insta::assert_snapshot!("plain_40", screen(&mut state, 40, 10));
    let drawn = screen(&mut state, 200, 16);
    assert!(drawn.contains(r"\x1b[2Jgone\n\x9b1A"), "{drawn}");
    let bare = |character: char| character.is_control() && character != '\n';
    assert!(!drawn.contains(bare) && !drawn.contains('\u{202e}'));
}

#[test]
fn a_glasswork_and_its_dialogs() {
    let mut state = state(&["--write"]);
    state.update(glasswork());
    let mut told = tasks();
    told[0]["glasswork"] =
        json!({"user": "ads", "wait": {"on": "pool:search", "since_in_millis": 40}});
    told[3]["glasswork"] = json!({"user": "etl", "durable": true});
    told[2]["glasswork"] = json!({"cancel": {"overdue": true}});
    state.update(list(told));
    insta::assert_snapshot!("glasswork_140", screen(&mut state, 140, 16));
    insta::assert_snapshot!("glasswork_80", screen(&mut state, 80, 24));
    insta::assert_snapshot!("glasswork_200", screen(&mut state, 200, 60));
    insta::assert_snapshot!("glasswork_40", screen(&mut state, 40, 10));
    press(&mut state, "\n");
    insta::assert_snapshot!("pane", screen(&mut state, 120, 26));
    press(&mut state, "\nx");
    insta::assert_snapshot!("confirm_asked", screen(&mut state, 110, 16));
    let which = json!([{"node": "n", "id": 1, "action": "indices:data/read/search", "running_time_in_nanos": 99_000_000_000_u64, "glasswork": {"user": "ads"}},
        {"node": "m", "id": 2, "action": "indices:data/read/search[phase/query]\u{1b}", "running_time_in_nanos": 98_000_000_000_u64}]);
    let preview = Previewed {
        total: CancelPreview {
            tasks: 3,
            users: vec!["ads".to_owned()],
            cpu_time_in_nanos: 3_000_000_000,
            which: serde_json::from_value(which).expect("tasks"),
            ..CancelPreview::default()
        },
        tokens: vec!["t".to_owned()],
    };
    let ids = vec!["n:1".parse().expect("an id")];
    state.update(Update::Preview(ids, Ok(preview)));
    insta::assert_snapshot!("confirm_told", screen(&mut state, 60, 18));
    press(&mut state, "d");
    insta::assert_snapshot!("confirm_exact", screen(&mut state, 100, 18));
    press(&mut state, "e");
    press(&mut state, "runaway \u{9b}dashboard");
    insta::assert_snapshot!("confirm_reason", screen(&mut state, 100, 18));
    press(&mut state, "\n");
    press(&mut state, "njjj x");
    insta::assert_snapshot!("confirm_reindex", screen(&mut state, 120, 16));
    press(&mut state, "n?");
    insta::assert_snapshot!("help", screen(&mut state, 120, 26));
    press(&mut state, "q");
    let ended = json!([{"task": {"node": "n", "id": 9, "action": "indices:data/read/search", "running_time_in_nanos": 5_000_000, "headers": {}},
        "outcome": "failed", "user": "ads", "ended_in_millis": 1_795_508_826_104_i64, "error": {"type": "t", "reason": "no such index [x\u{1b}]"}},
        {"task": {"node": "n", "id": 8, "action": "a"}, "outcome": "succeeded", "ended_in_millis": 1_795_508_825_104_i64}]);
    let ended = serde_json::from_value(ended).expect("ended tasks");
    state.update(Update::History(Ok(ended)));
    insta::assert_snapshot!("history", screen(&mut state, 100, 12));
}

#[test]
fn what_goes_wrong_is_one_line() {
    let mut state = state(&[]);
    state.update(Update::Failed(
        "http://h:9200 answered 503; asked again in 4s".to_owned(),
    ));
    insta::assert_snapshot!("trouble", screen(&mut state, 100, 10));
    state.update(list(tasks()));
    press(&mut state, "\\age:5\n");
    insta::assert_snapshot!("filter_refused", screen(&mut state, 100, 12));
}

#[test]
fn every_size_is_drawn_in_every_mode() {
    for keys in ["", "\n", "x", "?", "\\age>1s", "/x"] {
        let mut state = state(&["--write"]);
        state.update(list(tasks()));
        press(&mut state, keys);
        for columns in [1, 2, 7, 30, 300] {
            for lines in [1, 2, 5, 9, 60] {
                screen(&mut state, columns, lines);
            }
        }
    }
}

#[test]
fn mono_has_no_colour() {
    use ratatui::style::Color;
    let mut state = state(&["--write"]);
    state.update(list(tasks()));
    press(&mut state, "jjj x");
    state.resize(100, 20);
    for (theme, coloured) in [("", false), ("T", true), ("T", true)] {
        press(&mut state, "n");
        press(&mut state, theme);
        let mut terminal = Terminal::new(TestBackend::new(100, 20)).expect("a terminal");
        terminal
            .draw(|frame| draw(frame, &state))
            .expect("it is drawn");
        let cells = terminal.backend().buffer().content();
        let any = cells
            .iter()
            .any(|cell| cell.fg != Color::Reset || cell.bg != Color::Reset);
        assert_eq!(any, coloured, "{:?}", state.theme);
    }
}

#[test]
fn figures_of_clocks_that_jump_are_only_odd() {
    let odd = |id: i64, millis: i64, nanos: i64| {
        json!({"id": id, "start_time_in_millis": millis, "running_time_in_nanos": nanos, "cancelled": true, "cancellation_time_millis": millis,
            "glasswork": {"resources": {"cpu_time_in_nanos": u64::MAX, "live_memory_in_bytes": u64::MAX, "read_in_bytes": u64::MAX, "written_in_bytes": 1},
                "progress": {"done": u64::MAX, "total": 1, "unit": "\u{1b}", "eta_in_millis": {"low": u64::MAX, "high": 0}},
                "wait": {"on": "\u{9b}", "since_in_millis": u64::MAX}}})
    };
    let told = |nanos| {
        list(vec![
            odd(1, i64::MIN, nanos),
            odd(2, i64::MAX, nanos),
            odd(i64::MIN, 0, nanos),
        ])
    };
    let mut state = state(&["--write"]);
    state.update(glasswork());
    for nanos in [i64::MAX, i64::MIN, 0] {
        state.update(told(nanos));
        press(&mut state, "s");
        for keys in ["\n", "j", "x", "d", "n", "\n"] {
            press(&mut state, keys);
            let drawn = screen(&mut state, 220, 40);
            let bare = |character: char| character.is_control() && character != '\n';
            assert!(!drawn.contains(bare), "{drawn}");
        }
    }
}

#[test]
fn the_header_shows_how_it_went() {
    let mut state = state(&[]);
    state.update(glasswork());
    let began = std::time::Instant::now();
    for step in 0..12_u64 {
        let task = |id: u64| {
            let used = json!({"cpu_time_in_nanos": step * step * id * 50_000_000, "live_memory_in_bytes": id << 20, "read_in_bytes": step << 20, "written_in_bytes": 0});
            json!({"id": id, "cancelled": step > 6, "glasswork": {"resources": used}})
        };
        let tasks = 2 + step % 5;
        let Update::Listed { list, took, pace } = list((0..tasks).map(task).collect()) else {
            panic!("it is a list");
        };
        let at = began + std::time::Duration::from_secs(2 * step);
        let list = crate::top::listing::Listing { at, ..list };
        state.update(Update::Listed { list, took, pace });
    }
    insta::assert_snapshot!("curves_140", screen(&mut state, 140, 20));
    insta::assert_snapshot!("curves_80", screen(&mut state, 80, 24));
}

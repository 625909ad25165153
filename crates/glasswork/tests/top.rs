//! `glasswork top` on a real terminal, with real keys.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::{Cli, terminal::Terminal};
use glasswork_client::fake::{FakeServer, Reply};
use harness::{Node, eventually, opensearch::OpenSearch};
use serde_json::json;
use std::process::Command;

const SEARCH: &str = "indices:data/read/search";

#[test]
fn three_keys_from_the_start_to_a_cancelled_search() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let cli = Cli::to(&node.url);
    let search = node.slow_search("/slow/_search", "dash-77");
    node.await_task("dash-77", SEARCH);
    let Some(terminal) = Terminal::start(&cli, "--every 1s") else {
        return;
    };
    terminal.shows("dash-77");
    // `top` does not show what it asks itself.
    assert!(!terminal.screen().contains("cluster:monitor/tasks/lists"));
    terminal.press(&["w", "x"]);
    let asked = terminal.shows("would end");
    assert!(
        asked.contains("Cancel 1 task")
            && asked.contains(SEARCH)
            && asked.contains("opaque dash-77"),
        "{asked}"
    );
    terminal.press(&["y"]);
    let answer = search.join().unwrap();
    assert!(
        answer.status >= 400 && answer.text.contains("cancelled"),
        "{}",
        answer.text
    );
    terminal.shows("was told to stop");
    eventually("the task is gone from the screen", || {
        (!terminal.screen().contains("dash-77")).then_some(())
    });
    terminal.press(&["h"]);
    let history = terminal.shows("OUTCOME");
    assert!(
        history.contains("cancelled") && history.contains("dash-77"),
        "{history}"
    );
    terminal.press(&["h", "q"]);
    terminal.ended(0);
}

#[test]
fn a_task_is_found_followed_and_looked_at() {
    let node = Node::start();
    node.index("slow", 2, 2);
    let cli = Cli::to(&node.url);
    let searches = ["first", "second"].map(|name| {
        let search = node.slow_search("/slow/_search", name);
        node.await_task(name, SEARCH);
        search
    });
    let Some(terminal) = Terminal::start(&cli, "--every 1s --write") else {
        return;
    };
    terminal.shows("second");
    terminal.press(&["/", "second", "Enter", "Enter"]);
    let pane = terminal.shows("X-Opaque-Id");
    assert!(pane.contains("X-Opaque-Id  second"), "{pane}");
    terminal.press(&["\\", "opaque:first", "Enter"]);
    eventually("only one is left", || {
        let screen = terminal.screen();
        (screen.contains("first") && !screen.contains("second")).then_some(())
    });
    // Tagged with everything below it, it is one root.
    terminal.press(&["g", "c", "x"]);
    terminal.shows("Cancel 1 task, with");
    terminal.press(&["n"]);
    terminal.shows("nothing was stopped");
    node.post("/_tasks/_cancel?actions=*search*", "");
    for search in searches {
        search.join().unwrap();
    }
    terminal.press(&["C-c"]);
    terminal.ended(0);
}

#[test]
fn a_signal_gives_the_terminal_back() {
    let server = FakeServer::start(|_| Reply::json(r#"{"nodes":{}}"#));
    let Some(terminal) = Terminal::start(&Cli::to(&server.url()), "") else {
        return;
    };
    terminal.shows("no task matches");
    let killed = Command::new("kill")
        .arg(terminal.process())
        .status()
        .unwrap();
    assert!(killed.success());
    terminal.ended(0);
}

#[test]
fn a_bad_server_is_one_line_and_it_goes_on() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    let lists = AtomicUsize::new(0);
    let task = json!({"node": "n", "id": 7, "action": "indices:data/read/search\u{1b}[2J", "running_time_in_nanos": 1, "cancellable": true,
        "headers": {"X-Opaque-Id": "dash-7"}, "description": "\u{1b}]0;title\u{7}"});
    let good = json!({"nodes": {"n": {"tasks": {"n:7": task}}}}).to_string();
    let server = FakeServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::json(r#"{"version":{"number":"3.8.0"}}"#),
        _ => match lists.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::html("<html>a proxy says hello</html>"),
            1 => Reply::error(503, "cluster_block_exception", "not yet"),
            _ => Reply::json(good.clone()),
        },
    });
    let Some(terminal) = Terminal::start(&Cli::to(&server.url()), "--every 1s") else {
        return;
    };
    terminal.shows("asked again in");
    terminal.shows("not yet");
    let screen = terminal.shows(r"\x1b]0;title\x07");
    assert!(
        screen.contains("dash-7") && screen.contains(r"\x1b[2J"),
        "{screen}"
    );
    terminal.press(&["q"]);
    terminal.ended(0);
}

#[test]
fn without_a_terminal_it_says_so() {
    let cli = Cli::to("http://127.0.0.1:1");
    let done = cli.run(&["top"]);
    assert_eq!(done.code, 2, "{}", done.err);
    assert!(done.err.contains("no terminal"), "{}", done.err);
}

#[test]
fn an_opensearch_is_shown_and_its_reindex_stopped() {
    let Some(server) = OpenSearch::start("top") else {
        return;
    };
    let lines: String = (0..60)
        .map(|n| format!("{{\"index\":{{}}}}\n{{\"n\":{n}}}\n"))
        .collect();
    server.send("POST", "/books/_bulk?refresh=true", &lines);
    let id = server.reindex("copy-top", 1);
    let cli = Cli::to(&server.url());
    let Some(terminal) = Terminal::start(&cli, "--every 1s -f 'action:*reindex'") else {
        return;
    };
    // The whole id: its number may stand in the address above, too.
    terminal.shows(&id);
    terminal.press(&["w", "x"]);
    let asked = terminal.shows("has no preview");
    assert!(asked.contains("what it wrote stays"), "{asked}");
    terminal.press(&["y"]);
    terminal.shows("was told to stop");
    terminal.shows("no task matches");
    terminal.press(&["q"]);
    terminal.ended(0);
}

#[test]
fn a_reason_reaches_the_one_who_waits_and_a_kept_filter_the_next_time() {
    let node = Node::start();
    node.index("slow", 1, 1);
    let cli = Cli::to(&node.url);
    let search = node.slow_search("/slow/_search", "dash-77");
    node.await_task("dash-77", SEARCH);
    let start = || Terminal::start(&cli, "--every 1s --write");
    let Some(terminal) = start() else { return };
    terminal.shows("dash-77");
    terminal.press(&["\\", "opaque:dash-*", "Enter", "V", "dashboards", "Enter"]);
    terminal.shows("filter[dashboards]: opaque:dash-*");
    terminal.press(&["x"]);
    terminal.shows("would end");
    terminal.press(&["d"]);
    // The server names what is below, too.
    terminal.shows("[phase/query]");
    terminal.press(&["e", "too slow", "Enter"]);
    terminal.shows("why: too slow");
    terminal.press(&["y"]);
    let answer = search.join().unwrap();
    assert!(answer.text.contains("too slow"), "{}", answer.text);
    terminal.shows("no task matches");
    terminal.press(&["q"]);
    terminal.ended(0);
    let again = start().unwrap();
    again.shows("filter: -");
    again.press(&["v"]);
    again.shows("filter[dashboards]: opaque:dash-*");
    again.press(&["q"]);
    again.ended(0);
}

#[test]
fn it_fits_whatever_size_the_terminal_takes_and_mono_has_no_colour() {
    let task = json!({"node": "n", "id": 7, "action": SEARCH, "running_time_in_nanos": 1, "cancellable": true, "cancelled": true, "headers": {}});
    let good = json!({"nodes": {"n": {"tasks": {"n:7": task}}}}).to_string();
    let server = FakeServer::start(move |asked| match asked.path.as_str() {
        "/" => Reply::json(r#"{"version":{"number":"3.8.0"}}"#),
        _ => Reply::json(good.clone()),
    });
    let cli = Cli::to(&server.url()).env("NO_COLOR", "1");
    let Some(terminal) = Terminal::start(&cli, "--every 1s") else {
        return;
    };
    terminal.shows("n:7");
    terminal.resize(200, 60);
    terminal.shows("by state");
    terminal.resize(40, 10);
    eventually("the curves have no room", || {
        let screen = terminal.screen();
        (screen.lines().count() <= 10 && screen.contains("n:7") && !screen.contains("stops/min"))
            .then_some(())
    });
    terminal.resize(100, 24);
    terminal.shows("stops/min");
    // SGR 30-37, 40-47 and 38, 48 are colours.
    let coloured = |screen: &str| {
        let codes = screen.split("\u{1b}[").skip(1);
        let codes = codes.filter_map(|code| code.split_once('m'));
        let mut codes = codes.flat_map(|(codes, _)| codes.split(';'));
        let usual = |code: &str| ["39", "49"].contains(&code);
        codes.any(|code| code.len() == 2 && code.starts_with(['3', '4']) && !usual(code))
    };
    assert!(!coloured(&terminal.coloured_screen()));
    let usual = Cli::to(&server.url());
    let other = Terminal::start(&usual, "--every 1s").unwrap();
    eventually("without NO_COLOR there are colours", || {
        coloured(&other.coloured_screen()).then_some(())
    });
    terminal.press(&["3"]);
    terminal.shows("show: stopping");
    terminal.press(&["1"]);
    terminal.shows("no task matches");
    terminal.press(&["q"]);
    terminal.ended(0);
}

//! `glasswork tasks` against servers as they should not be, and as other versions are: one line says what is wrong, and the
//! exit code is the documented one.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::Cli;
use glasswork_client::fake::{Asked, FakeServer, Reply};
use serde_json::{Value, json};
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// A list of these tasks.
fn list(tasks: &[Value]) -> Reply {
    let tasks: serde_json::Map<String, Value> = tasks
        .iter()
        .map(|task| (format!("n:{}", task["id"]), task.clone()))
        .collect();
    Reply::json(json!({"nodes": {"n": {"name": "node-1", "tasks": tasks}}}).to_string())
}

fn root(asked: &Asked, glasswork: bool) -> Option<Reply> {
    let said = Reply::json(
        r#"{"name":"node-1","cluster_name":"c","version":{"distribution":"opensearch","number":"3.8.0"}}"#,
    );
    let said = if glasswork {
        said.header("X-Glasswork-Version", "0.1.0")
    } else {
        said
    };
    (asked.path == "/").then_some(said)
}

fn reindex(done: u64) -> Value {
    json!({"node": "n", "id": 12, "type": "transport", "action": "indices:data/write/reindex", "description": "reindex from [a] to [b]",
        "start_time_in_millis": 1_795_508_826_104_i64, "running_time_in_nanos": 1_000_000_000 * (done + 1), "cancellable": true, "headers": {},
        "status": {"total": 60, "created": done, "updated": 0, "deleted": 0, "batches": 2, "version_conflicts": 0, "noops": 0,
            "retries": {"bulk": 0, "search": 0}, "throttled_millis": 0, "requests_per_second": 5.0, "throttled_until_millis": 0}})
}

#[test]
fn bad_servers_end_in_one_line_and_a_code() {
    let cases: [(Reply, i32, &str); 9] = [
        (
            Reply::html("<h1>\u{1b}[31mnginx</h1>"),
            6,
            r"no JSON (expected value at line 1 column 1): <h1>\x1b[31mnginx</h1>",
        ),
        (
            Reply::status(401).body("Unauthorized"),
            9,
            "it wants a user and a password",
        ),
        (
            Reply::error(403, "security_exception", "no permissions for [x]"),
            9,
            "security_exception: no permissions for [x]",
        ),
        (
            Reply::error(429, "circuit_breaking_exception", "busy").header("retry-after", "9"),
            6,
            "come again in 9 s",
        ),
        (Reply::html("").with_status(502), 6, "answered 502"),
        (Reply::error(503, "x", "no manager"), 6, "no manager"),
        (Reply::json("{\"nodes\":{\"n"), 6, "it ends early"),
        (
            Reply::json("{\"nodes\":{}}").cut_after(4),
            6,
            "ended before the answer did",
        ),
        (
            Reply::json("{\"nodes\":{}}").hang_after(4),
            6,
            "did not answer within 300 ms",
        ),
    ];
    for (reply, code, text) in cases {
        let server =
            FakeServer::start(move |asked| root(asked, false).unwrap_or_else(|| reply.clone()));
        let done = Cli::to(&server.url()).run(&["tasks", "ls", "--timeout", "300ms"]);
        assert_eq!(done.code, code, "{}", done.err);
        assert!(
            done.err.contains(text),
            "{:?} does not say {text}",
            done.err
        );
        assert_eq!(done.err.lines().count(), 1, "{:?}", done.err);
        assert!(
            done.out.is_empty() && !done.err.trim_end().contains(char::is_control),
            "{:?}",
            done.err
        );
    }
    let unreachable = Cli::to("http://127.0.0.1:1").run(&["tasks", "ls"]);
    assert_eq!(unreachable.code, 6);
    assert!(
        unreachable
            .err
            .contains("can't be reached: connection refused"),
        "{}",
        unreachable.err
    );
    let nonsense = Cli::to("ftp://x").run(&["tasks", "ls"]);
    assert_eq!(nonsense.code, 2);
}

#[test]
fn what_tasks_say_is_shown_and_never_obeyed() {
    let evil = "\u{1b}]0;owned\u{7}\u{1b}[2J\u{9b}31m\u{202e}\n\r";
    let task = json!({"node": "n", "id": 1, "action": evil, "description": evil, "type": evil, "headers": {"X-Opaque-Id": evil, "a\u{1b}": evil}});
    let long = json!({"node": "n", "id": 2, "action": "a", "description": "y".repeat(10 << 20)});
    let one = json!({"completed": false, "task": task}).to_string();
    let server = FakeServer::start(move |asked| {
        root(asked, false).unwrap_or_else(|| match asked.path.as_str() {
            "/_tasks" => list(&[task.clone(), long.clone()]),
            _ => Reply::json(one.clone()),
        })
    });
    let cli = Cli::to(&server.url());
    for arguments in [
        &["tasks", "ls"][..],
        &["tasks", "ls", "--json"],
        &["tasks", "tree"],
        &["tasks", "get", "n:1"],
        &["tasks", "why", "n:1"],
        &["tasks", "watch", "n:1", "--times", "1"],
        &["tasks", "export", "n:1", "-o", "-"],
    ] {
        let done = cli.run(arguments);
        let text = format!("{}{}", done.out, done.err);
        let bad = |character: char| {
            character != '\n' && (character.is_control() || character == '\u{202e}')
        };
        assert!(!text.is_empty() && !text.contains(bad), "{arguments:?}");
    }
    let table = cli.ok(&["tasks", "ls"]);
    assert_eq!(table.lines().count(), 3, "a task is a line");
    assert!(table.len() < 5_000, "{}", table.len());
    assert!(cli.ok(&["tasks", "ls", "--wide"]).len() > 10 << 20);
}

#[test]
fn a_hundred_thousand_tasks_are_listed() {
    let tasks: Vec<Value> = (0..100_000)
        .map(|number| json!({"node": "n", "id": number, "action": "a", "running_time_in_nanos": number}))
        .collect();
    let body = list(&tasks);
    let server = FakeServer::start(move |asked| root(asked, false).unwrap_or_else(|| body.clone()));
    let cli = Cli::to(&server.url());
    assert_eq!(cli.ok(&["tasks", "ls"]).lines().count(), 100_001);
    let shown = cli.ok(&[
        "tasks",
        "ls",
        "--limit",
        "2",
        "--sort",
        "age",
        "--columns",
        "id",
    ]);
    assert_eq!(shown, "ID\nn:99999\nn:99998\n… 2 of 100,000 tasks\n");
}

#[test]
fn nodes_that_do_not_answer_are_told_beside_the_others() {
    let server = FakeServer::start(|asked| {
        root(asked, false).unwrap_or_else(|| {
            Reply::json(
                r#"{"node_failures":[{"type":"failed_node_exception","reason":"Failed node [b]","node_id":"b","caused_by":{"type":"node_disconnected_exception",
                "reason":"[b] disconnected"}}],"nodes":{"n":{"tasks":{"n:1":{"node":"n","id":1,"action":"a"}}}}}"#,
            )
        })
    });
    let done = Cli::to(&server.url()).run(&["tasks", "ls"]);
    assert_eq!(done.code, 10);
    assert!(done.out.contains("n:1"));
    assert_eq!(
        done.err,
        "glasswork tasks: node b: node_disconnected_exception: [b] disconnected\n"
    );
}

#[test]
fn a_reindex_is_followed_from_its_status_to_its_result() {
    let looks = AtomicUsize::new(0);
    let server = FakeServer::start(move |asked| {
        root(asked, false).unwrap_or_else(|| match looks.fetch_add(1, Ordering::Relaxed) {
            0 => Reply::json(json!({"completed": false, "task": reindex(15)}).to_string()),
            1 => Reply::status(503),
            2 => Reply::json(json!({"completed": false, "task": reindex(30)}).to_string()),
            _ => Reply::json(json!({"completed": true, "task": reindex(60), "response": {"total": 60, "created": 60, "batches": 12,
                "version_conflicts": 0, "failures": []}}).to_string()),
        })
    });
    let done = Cli::to(&server.url()).run(&["tasks", "watch", "n:12", "--every", "5ms"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let lines: Vec<&str> = done.out.lines().collect();
    assert_eq!(
        lines[0],
        "16s 15 of 60 docs  25%  0.9/s (held to 5.0/s)  48s left"
    );
    assert!(
        lines[1].starts_with("31s 30 of 60 docs  50%  1.0/s (held to 5.0/s)  30s left"),
        "{}",
        done.out
    );
    assert_eq!(lines.last(), Some(&"n:12 ended after 1m: 60 created"));
    assert!(done.err.contains("answered 503"), "{}", done.err);
}

#[test]
fn a_rate_is_changed_and_refused_as_the_server_says() {
    let server = FakeServer::start(|asked| match asked.path.as_str() {
        "/_reindex/n:12/_rethrottle" => list(&[reindex(1)]),
        "/_reindex/n:13/_rethrottle" => Reply::json(
            r#"{"task_failures":[{"task_id":13,"node_id":"n","status":"INTERNAL_SERVER_ERROR","reason":{"type":"class_cast_exception","reason":"no"}}],"nodes":{}}"#,
        ),
        _ => Reply::json(
            r#"{"node_failures":[{"type":"failed_node_exception","node_id":"n","caused_by":{"type":"resource_not_found_exception","reason":"task [n:14] is missing"}}],"nodes":{}}"#,
        ),
    });
    let cli = Cli::to(&server.url());
    let changed = cli.run(&["tasks", "rethrottle", "n:12", "500"]);
    assert_eq!(
        (changed.code, changed.err.as_str()),
        (0, "n:12 goes on at 500 documents a second\n")
    );
    assert_eq!(
        cli.run(&["tasks", "rethrottle", "n:12", "unlimited"]).code,
        0
    );
    assert_eq!(server.asked()[1].query, "requests_per_second=-1");
    assert_eq!(cli.run(&["tasks", "rethrottle", "n:13", "1"]).code, 7);
    assert_eq!(cli.run(&["tasks", "rethrottle", "n:14", "1"]).code, 8);
}

#[test]
fn what_only_glasswork_can_is_refused_by_others_and_done_by_it() {
    let opensearch =
        FakeServer::start(|asked| root(asked, false).unwrap_or_else(|| list(&[reindex(1)])));
    let cli = Cli::to(&opensearch.url());
    for arguments in [
        &["tasks", "pause", "n:12"][..],
        &["tasks", "resume", "n:12"],
        &["tasks", "cancel", "n:12", "--yes", "--reason", "too slow"],
    ] {
        let done = cli.run(arguments);
        assert_eq!(done.code, 7, "{}", done.err);
        assert!(
            done.err.contains("is an extension of Glasswork"),
            "{}",
            done.err
        );
    }
    assert!(
        opensearch.asked().iter().all(|asked| asked.method == "GET"),
        "nothing was changed"
    );

    let glasswork =
        FakeServer::start(|asked| root(asked, true).unwrap_or_else(|| list(&[reindex(1)])));
    let cli = Cli::to(&glasswork.url());
    cli.ok(&["tasks", "pause", "n:12"]);
    cli.ok(&["tasks", "resume", "n:12"]);
    cli.ok(&["tasks", "cancel", "n:12", "--yes", "--reason", "too slow"]);
    let posts: Vec<String> = glasswork
        .asked()
        .iter()
        .filter(|asked| asked.method == "POST")
        .map(|asked| format!("{}?{}", asked.path, asked.query))
        .collect();
    assert_eq!(
        posts,
        [
            "/_tasks/n:12/_pause?",
            "/_tasks/n:12/_resume?",
            "/_tasks/n:12/_cancel?reason=too%20slow"
        ]
    );
    assert!(
        glasswork
            .asked()
            .iter()
            .any(|asked| asked.query.contains("extended=true"))
    );
}

#[test]
fn a_cancel_that_is_not_obeyed_in_time_says_so() {
    let server = FakeServer::start(|asked| {
        root(asked, false).unwrap_or_else(|| match asked.method.as_str() {
            "POST" => list(&[reindex(1)]).after(Duration::from_secs(60)),
            _ => list(&[reindex(1)]),
        })
    });
    let done = Cli::to(&server.url()).run(&["tasks", "cancel", "n:12", "--yes", "--wait=200ms"]);
    assert_eq!(done.code, 11, "{}", done.err);
    assert!(
        done.out.ends_with("n:12 was told to stop and still runs\n"),
        "{}",
        done.out
    );
}

#[test]
fn the_password_goes_to_the_server_and_nowhere_else() {
    let server = FakeServer::start(|asked| root(asked, false).unwrap_or_else(|| list(&[])));
    let sent = |cli: &Cli, arguments: &[&str]| {
        let before = server.asked().len();
        let mut all = vec!["tasks", "ls"];
        all.extend(arguments);
        let done = cli.run(&all);
        let asked = server.asked();
        let header = asked
            .get(before)
            .and_then(|asked| asked.header("authorization").map(str::to_owned));
        (done.code, header, done.err)
    };
    let basic = Some("Basic b3BzOnNlY3JldA==".to_owned());
    let cli = Cli::to(&server.url());
    assert_eq!(sent(&cli, &[]).1, None);
    assert_eq!(
        sent(
            &cli,
            &[
                "--user",
                "ops",
                "--password-command",
                "echo secret; echo more"
            ]
        )
        .1,
        basic
    );
    let by_environment = Cli::to(&server.url()).env("GLASSWORK_PASSWORD", "secret");
    assert_eq!(sent(&by_environment, &["--user", "ops"]).1, basic);
    let both = Cli::to(&server.url()).env("GLASSWORK_USER", "ops:secret");
    assert_eq!(sent(&both, &[]).1, basic);
    for (arguments, text) in [
        (&["--user", "ops"][..], "the user ops needs a password"),
        (
            &["--user", "ops", "--password-command", "exit 3"],
            "the password command failed",
        ),
        (
            &["--user", "ops", "--password-command", "true"],
            "the password command wrote nothing",
        ),
    ] {
        let (code, header, err) = sent(&cli, arguments);
        assert_eq!((code, header), (9, None), "{err}");
        assert!(err.contains(text), "{err}");
    }
    let (code, header, err) = sent(&cli, &["--user", "ops:secret"]);
    assert_eq!((code, header), (2, None));
    assert!(!err.contains("secret"), "{err}");
}

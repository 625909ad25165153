//! `glasswork tasks` against the real OpenSearch. Needs `../shared/tools/opensearch-up` and Java; without them it says so and
//! passes. It takes a few minutes the first time.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::Cli;
use harness::{eventually, opensearch::OpenSearch};
use serde_json::Value;

#[test]
fn everything_works_against_opensearch() {
    let Some(server) = OpenSearch::start("cli_opensearch") else {
        return;
    };
    let cli = Cli::to(&server.url());
    let lines: String = (0..60)
        .map(|n| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"n\":{n}}}\n"))
        .collect();
    assert_eq!(
        server.send("POST", "/books/_bulk?refresh=true", &lines)["errors"],
        false
    );

    assert_eq!(
        cli.ok(&["tasks", "ls", "-f", "action:*reindex"]),
        "no task matches\n"
    );
    let task = server.reindex("copy", 1);
    let listed = eventually("the reindex has begun to write", || {
        let list = cli.json(&[
            "tasks",
            "ls",
            "--json",
            "-f",
            "action:*reindex age>1ms",
            "--sort",
            "progress",
        ]);
        let done = list["tasks"][0]["status"]["created"].as_u64()?;
        (done > 0).then_some(list)
    });
    assert_eq!(harness::id(&listed["tasks"][0]), task);
    let table = cli.ok(&["tasks", "ls", "-f", "action:*reindex"]);
    assert!(
        table.contains(&task) && table.contains('%') && table.contains("reindex from [books]"),
        "{table}"
    );
    let why = cli.ok(&["tasks", "why", &task]);
    assert!(why.contains("to keep to 1 documents a second"), "{why}");
    let looks = cli.run(&["tasks", "watch", &task, "--times", "1"]);
    assert!(
        looks.code == 11 && looks.out.contains(" of 60 docs"),
        "{}",
        looks.out
    );
    assert_eq!(cli.run(&["tasks", "pause", &task]).code, 7);
    assert_eq!(
        cli.run(&["tasks", "cancel", &task, "--yes", "--reason", "x"])
            .code,
        7
    );

    cli.ok(&["tasks", "rethrottle", &task, "unlimited"]);
    let watched = cli.run(&["tasks", "watch", &task, "--every", "100ms"]);
    assert_eq!(watched.code, 0, "{}{}", watched.out, watched.err);
    assert!(watched.out.ends_with(": 60 created\n"), "{}", watched.out);
    let answer = cli.json(&["tasks", "get", &task, "--json"]);
    assert_eq!(
        (&answer["completed"], &answer["response"]["created"]),
        (&true.into(), &60.into())
    );

    let sliced = server.reindex("sliced", 2);
    let looks = eventually("both slices have their totals", || {
        let look: Value = serde_json::from_str(
            &cli.run(&["tasks", "watch", &sliced, "--json", "--times", "1"])
                .out,
        )
        .ok()?;
        (look["total"] == 60).then_some(look)
    });
    assert_eq!(looks["slices"].as_array().unwrap().len(), 2);
    let why = cli.ok(&["tasks", "why", &sliced]);
    assert!(why.contains("it waits for 2 of its 2 slices"), "{why}");
    let tree = cli.json(&["tasks", "tree", &sliced, "--json"]);
    assert_eq!(tree["tasks"][0]["children"].as_array().unwrap().len(), 2);
    let exported = cli.json(&["tasks", "export", &sliced, "-o", "-"]);
    assert_eq!(exported["server"]["version"]["distribution"], "opensearch");
    let cancelled = cli.ok(&[
        "tasks",
        "cancel",
        "-f",
        "action:*reindex",
        "--yes",
        "--wait",
    ]);
    assert!(
        cancelled.contains(" tasks below")
            && cancelled.contains(&format!("{sliced} stopped after")),
        "{cancelled}"
    );
    let watched = cli.run(&["tasks", "watch", &sliced]);
    assert_eq!(watched.code, 1, "{}", watched.out);
    assert!(
        watched.out.contains("was cancelled") && watched.out.contains("by user request"),
        "{}",
        watched.out
    );
    let nobody = format!("{}:99999999", sliced.split(':').next().unwrap());
    assert_eq!(cli.run(&["tasks", "cancel", &nobody, "--yes"]).code, 8);
    assert_eq!(cli.run(&["tasks", "rethrottle", &nobody, "5"]).code, 8);
}

//! `glasswork tasks` against a Glasswork node: see a search that runs too long, find out why, stop it.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::Cli;
use harness::{Node, eventually, id};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    process::Stdio,
};

const SEARCH: &str = "indices:data/read/search";

fn node() -> (Node, Cli) {
    let node = Node::with(&["--name", "node-1"]);
    node.index("books", 2, 4);
    let cli = Cli::to(&node.url);
    (node, cli)
}

#[test]
fn an_idle_node_shows_nothing_but_its_own_work_if_asked() {
    let node = Node::start();
    let cli = Cli::to(&node.url);
    assert_eq!(cli.ok(&["tasks", "ls"]), "no task matches\n");
    let all = cli.ok(&["tasks", "ls", "--all", "--tree"]);
    assert!(
        all.contains("cluster:monitor/tasks/lists") && all.contains("└ "),
        "{all}"
    );
    let json = cli.json(&["tasks", "ls", "--json"]);
    assert_eq!(json["tasks"], serde_json::json!([]));
}

#[test]
fn a_search_is_found_by_filters_and_shown_as_table_tree_and_json() {
    let (node, cli) = node();
    let search = node.slow_search("/books/_search", "dash-77");
    let root = id(&node.await_task("dash-77", SEARCH));
    node.await_task("dash-77", &format!("{SEARCH}[phase/query]"));

    let table = cli.ok(&["tasks", "ls", "-f", "action:*search opaque:dash-*"]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(
        lines[0].starts_with("STATE") && lines[1].starts_with("running"),
        "{table}"
    );
    assert!(
        lines[1].contains(&root) && lines[1].contains("dash-77") && lines[1].contains("node-1"),
        "{table}"
    );

    for (filter, tasks) in [
        ("action:*search", 1),
        ("action:*search*", 3),
        ("books action:*search", 1),
        ("opaque:dash-* !action:*query*", 1),
        (format!("parent:{root}").as_str(), 2),
        ("action:*search* age>1h", 0),
        ("action:*search* age>1ms node:node-1", 3),
        ("action:*search* node:other", 0),
        ("action:*search* cancelled:true", 0),
    ] {
        let json = cli.json(&["tasks", "ls", "--json", "-f", filter]);
        assert_eq!(
            json["tasks"].as_array().unwrap().len(),
            tasks,
            "{filter}: {json}"
        );
    }
    let two = cli.json(&[
        "tasks",
        "ls",
        "--json",
        "-f",
        "action:*search*",
        "-f",
        "root:true",
    ]);
    assert_eq!(id(&two["tasks"][0]), root);
    let limited = cli.ok(&[
        "tasks",
        "ls",
        "-f",
        "action:*search*",
        "--limit",
        "1",
        "--columns",
        "id,action",
    ]);
    assert!(
        limited.ends_with("… 1 of 3 tasks\n") && limited.starts_with("ID "),
        "{limited}"
    );

    let tree = cli.ok(&["tasks", "tree", &root]);
    assert!(tree.contains("├ ") && tree.contains("└ "), "{tree}");
    let tree = cli.json(&["tasks", "tree", &root, "--json"]);
    assert_eq!(tree["tasks"][0]["children"].as_array().unwrap().len(), 2);

    cli.ok(&["tasks", "cancel", &root, "--yes", "--wait"]);
    assert_eq!(search.join().unwrap().status, 500);
}

#[test]
fn why_says_which_shard_a_search_waits_for_and_get_shows_it() {
    let (node, cli) = node();
    let search = node.slow_search("/books/_search", "x");
    let root = id(&node.await_task("x", SEARCH));
    let shard = eventually("a shard has used CPU", || {
        let task = node.await_task("x", &format!("{SEARCH}[phase/query]"));
        (task["resource_stats"]["total"]["cpu_time_in_nanos"].as_u64()? > 0).then(|| id(&task))
    });
    let why = cli.ok(&["tasks", "why", &root]);
    assert!(
        why.contains("it waits for") && why.contains("shardId[[books]["),
        "{why}"
    );
    let why = cli.json(&["tasks", "why", &shard, "--json"]);
    let kinds: Vec<&str> = why["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| fact["kind"].as_str().unwrap())
        .collect();
    assert!(kinds.contains(&"cpu"), "{why}");
    let pane = cli.ok(&["tasks", "get", &root]);
    assert!(
        pane.contains("can be cancelled") && pane.contains("description  indices[books]"),
        "{pane}"
    );
    let answer = cli.json(&["tasks", "get", &root, "--json"]);
    assert_eq!(
        (
            &answer["completed"],
            &answer["task"]["headers"]["X-Opaque-Id"]
        ),
        (&Value::Bool(false), &"x".into())
    );
    let waited = cli.run(&["tasks", "get", &root, "--wait=50ms"]);
    assert_eq!(waited.code, 11, "{}", waited.err);
    cli.ok(&["tasks", "cancel", &root, "--yes"]);
    search.join().unwrap();
}

#[test]
fn cancel_shows_what_it_will_stop_and_stops_exactly_that() {
    let (node, cli) = node();
    let first = node.slow_search("/books/_search", "dash-1");
    let second = node.slow_search("/books/_search", "dash-2");
    let other = node.slow_search("/books/_search", "keep");
    for name in ["dash-1", "dash-2", "keep"] {
        node.await_task(name, SEARCH);
    }
    let dry = cli.ok(&[
        "tasks",
        "cancel",
        "-f",
        "action:*search* opaque:dash-*",
        "--dry-run",
    ]);
    assert!(dry.contains("2 tasks would be stopped"), "{dry}");
    // Without a terminal there is nobody to ask.
    let unasked = cli.run(&["tasks", "cancel", "-f", "opaque:dash-*"]);
    assert_eq!(unasked.code, 2);
    assert!(unasked.err.contains("say --yes"), "{}", unasked.err);
    assert!(
        node.tasks_of("dash-1")
            .iter()
            .all(|task| task["cancelled"] == false)
    );

    let stopped = cli.ok(&[
        "tasks",
        "cancel",
        "-f",
        "action:*search* opaque:dash-*",
        "--yes",
        "--wait",
    ]);
    assert_eq!(stopped.matches(" stopped after ").count(), 2, "{stopped}");
    assert_eq!(
        (first.join().unwrap().status, second.join().unwrap().status),
        (500, 500)
    );
    assert!(node.tasks_of("dash-1").is_empty());
    assert!(
        node.tasks_of("keep")
            .iter()
            .all(|task| task["cancelled"] == false)
    );

    let json = cli.json(&[
        "tasks",
        "cancel",
        "-f",
        "opaque:keep",
        "--yes",
        "--wait",
        "--json",
    ]);
    assert_eq!(json["tasks"][0]["outcome"], "stopped");
    assert!(json["tasks"][0]["latency_in_millis"].as_u64().is_some());
    other.join().unwrap();
    assert_eq!(
        cli.ok(&["tasks", "cancel", "-f", "opaque:keep", "--yes"]),
        "no task matches that can be cancelled\n"
    );
}

#[test]
fn tasks_that_are_gone_never_were_or_can_not_be_cancelled_have_their_exit_codes() {
    let (node, cli) = node();
    let name = node.get("/_nodes").json()["nodes"]
        .as_object()
        .unwrap()
        .keys()
        .next()
        .unwrap()
        .clone();
    let nobody = format!("{name}:99999999");
    for command in ["get", "why", "watch"] {
        let done = cli.run(&["tasks", command, &nobody]);
        assert_eq!(done.code, 8, "{command}: {}", done.err);
        assert!(
            done.err
                .contains("isn't running and hasn't stored its results"),
            "{}",
            done.err
        );
        assert_eq!(done.err.lines().count(), 1);
    }
    assert_eq!(cli.run(&["tasks", "tree", &nobody]).code, 8);
    assert_eq!(cli.run(&["tasks", "cancel", &nobody, "--yes"]).code, 8);
    assert_eq!(cli.run(&["tasks", "get", "nonsense"]).code, 2);
    assert_eq!(cli.run(&["tasks", "ls", "-f", "colour:red"]).code, 2);
    assert_eq!(cli.run(&["tasks", "cancel"]).code, 2);
    assert_eq!(cli.run(&["tasks", "rethrottle", &nobody, "0"]).code, 2);

    let health = node.in_background(
        "GET",
        "/_cluster/health?wait_for_nodes=7&timeout=60s",
        "health",
        "",
    );
    let waiting = id(&node.await_task("health", "cluster:monitor/health"));
    let fixed = cli.run(&["tasks", "cancel", &waiting, "--yes"]);
    assert_eq!(fixed.code, 7, "{}", fixed.err);
    assert!(fixed.err.contains("can't be cancelled"), "{}", fixed.err);
    let search = node.slow_search("/books/_search", "x");
    let running = id(&node.await_task("x", SEARCH));
    let partly = cli.run(&[
        "tasks", "cancel", &running, &waiting, &nobody, "--yes", "--wait", "--json",
    ]);
    assert_eq!(partly.code, 10, "{}", partly.err);
    let told: Value = serde_json::from_str(&partly.out).unwrap();
    assert_eq!(
        (&told["not_found"][0], &told["not_cancellable"][0]),
        (&nobody.into(), &waiting.into())
    );
    search.join().unwrap();
    drop(node);
    // The node's end ends its client, one way or the other.
    let _ = health.join();
}

#[test]
fn watching_a_task_ends_when_it_does_and_a_list_is_watched_line_by_line() {
    let (node, cli) = node();
    let search = node.slow_search("/books/_search", "x");
    let root = id(&node.await_task("x", SEARCH));
    let looks = cli.run(&["tasks", "watch", &root, "--times", "2", "--every", "10ms"]);
    assert_eq!(looks.code, 11);
    assert!(
        looks.out.contains("does not tell how far it is"),
        "{}",
        looks.out
    );
    let lists = cli.ok(&[
        "tasks",
        "ls",
        "--watch=10ms",
        "--times",
        "3",
        "--json",
        "-f",
        "opaque:x",
    ]);
    assert_eq!(lists.lines().count(), 3);
    for line in lists.lines() {
        let list: Value = serde_json::from_str(line).unwrap();
        assert!(!list["tasks"].as_array().unwrap().is_empty());
    }
    let mut watching = cli
        .command(&["tasks", "watch", &root, "--json", "--every", "10ms"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let first: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(
        (&first["id"], &first["completed"]),
        (&root.clone().into(), &false.into())
    );
    cli.ok(&["tasks", "cancel", &root, "--yes"]);
    let last = lines.map_while(Result::ok).last().unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&last).unwrap()["completed"],
        true
    );
    assert_eq!(watching.wait().unwrap().code(), Some(0));
    search.join().unwrap();
}

#[test]
fn an_export_holds_everything_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let (node, cli) = node();
    let search = node.slow_search("/books/_search", "secret-77");
    let root = id(&node.await_task("secret-77", SEARCH));
    node.await_task("secret-77", &format!("{SEARCH}[phase/query]"));
    let file = cli.home().join("task.json");
    let path = file.to_str().unwrap();
    cli.ok(&["tasks", "export", &root, "-o", path]);
    let bundle: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    assert_eq!(id(&bundle["answer"]["task"]), root);
    assert_eq!(bundle["below"].as_array().unwrap().len(), 2);
    assert_eq!(
        (
            &bundle["health"]["number_of_nodes"],
            &bundle["nodes"][0]["name"]
        ),
        (&1.into(), &"node-1".into())
    );
    assert!(
        bundle["server"]["version"]["number"].is_string()
            && !bundle["why"].as_array().unwrap().is_empty()
    );
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(cli.run(&["tasks", "export", &root, "-o", path]).code, 2);
    cli.ok(&["tasks", "export", &root, "-o", path, "--force", "--redact"]);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        !text.contains("secret-77") && !text.contains("books"),
        "{text}"
    );
    let shown = cli.json(&["tasks", "export", &root, "-o", "-"]);
    assert_eq!(id(&shown["answer"]["task"]), root);
    cli.ok(&["tasks", "cancel", &root, "--yes"]);
    search.join().unwrap();
}

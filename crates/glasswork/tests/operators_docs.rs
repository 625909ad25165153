//! The recipes of docs/operators.md are run: each block of commands, in a shell, against a node and against OpenSearch.
//!
//! Above each block stands a comment: `<!-- run: WHERE, says: TEXT, ends: CODE -->`. WHERE is `all`, `glasswork`, or `terminal` for
//! what needs a terminal. The block has to write TEXT and to end with CODE, 0 when it says none. Before each, a search of the
//! dashboard `dash-77` and a reindex of the job `nightly` run.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::Cli;
use harness::{Node, SLOW, eventually, opensearch::OpenSearch, run};
use serde_json::json;
use std::{path::Path, process::Command, thread};

/// A block of commands, and what is expected of it.
struct Block {
    line: usize,
    place: String,
    says: Option<String>,
    ends: i32,
    commands: String,
}

/// The blocks of the document. One without a comment is the set-up at the top or no shell.
fn blocks() -> Vec<Block> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operators.md");
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    let shells = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| **line == "```sh");
    for (at, _) in shells {
        let marked = at.checked_sub(1).and_then(|above| {
            lines[above]
                .strip_prefix("<!-- run: ")?
                .strip_suffix(" -->")
        });
        let commands: Vec<&str> = lines[at + 1..]
            .iter()
            .copied()
            .take_while(|line| *line != "```")
            .collect();
        let Some(marked) = marked else {
            assert!(
                commands[0].starts_with("export GLASSWORK_TO"),
                "docs/operators.md:{}: nothing says where this block runs",
                at + 1
            );
            continue;
        };
        let mut parts = marked.split(", ");
        let mut block = Block {
            line: at + 1,
            place: parts.next().unwrap().to_owned(),
            says: None,
            ends: 0,
            commands: commands.join("\n"),
        };
        for part in parts {
            match part.split_once(": ").unwrap() {
                ("says", text) => block.says = Some(text.to_owned()),
                ("ends", code) => block.ends = code.parse().unwrap(),
                (other, _) => panic!("{other}: what is that?"),
            }
        }
        found.push(block);
    }
    assert!(found.len() >= 24, "only {} blocks", found.len());
    found
}

/// A server before which the recipes stand.
struct Server {
    url: String,
    slow: &'static str,
}

/// OpenSearch refuses a script that goes round more than a million times: its search is slow by its many documents.
const SLOW_HERE: &str = r#"{"query":{"script":{"script":{"source":"long s = 0; for (int i = 0; i < 990000; i++) { s += i % 7 } return s > 0"}}}}"#;

impl Server {
    fn send(&self, method: &str, path: &str, opaque_id: &str, body: &str) -> String {
        send(&self.url, method, path, opaque_id, body)
    }

    fn fill(&self, documents: u32) {
        let lines: String = (0..documents)
            .map(|n| format!("{{\"index\":{{}}}}\n{{\"n\":{n}}}\n"))
            .collect();
        let answer = self.send("POST", "/books/_bulk?refresh=true", "", &lines);
        assert!(answer.contains("\"errors\":false"), "{answer:.300}");
    }

    /// Has the search and the reindex run, for longer than a second, as most recipes want to see them.
    fn prepare(&self, cli: &Cli) {
        let reset = r#"{"persistent":{"search.cancel_after_time_interval":null}}"#;
        self.send("PUT", "/_cluster/settings", "", reset);
        let runs = |filter: &str| cli.ok(&["tasks", "ls", "-f", filter]) != "no task matches\n";
        if !runs("opaque:dash-77 cancelled:false") {
            let (url, slow) = (self.url.clone(), self.slow);
            thread::spawn(move || send(&url, "POST", "/books/_search", "dash-77", slow));
        }
        // A recipe before may have made it faster.
        let id = cli.ok(&[
            "tasks",
            "ls",
            "-f",
            "opaque:nightly root:true",
            "--columns",
            "id",
        ]);
        if let Some(id) = id.lines().nth(1) {
            let path = format!("/_reindex/{id}/_rethrottle?requests_per_second=1");
            self.send("POST", &path, "", "");
        }
        if !runs("opaque:nightly cancelled:false") {
            let path = "/_reindex?wait_for_completion=false&requests_per_second=1";
            let body = json!({"source": {"index": "books", "size": 10}, "dest": {"index": "copy"}});
            let answer = self.send("POST", path, "nightly", &body.to_string());
            assert!(answer.contains("\"task\""), "{answer}");
        }
        for filter in [
            "opaque:dash-77 root:true age>1s",
            "opaque:nightly root:true age>1s",
        ] {
            eventually(filter, || runs(filter).then_some(()));
        }
    }
}

fn send(url: &str, method: &str, path: &str, opaque_id: &str, body: &str) -> String {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let kind = if path.contains("_bulk") {
        "application/x-ndjson"
    } else {
        "application/json"
    };
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{url}{path}"))
        .header("x-opaque-id", opaque_id)
        .header("content-type", kind)
        .body(body.to_owned())
        .unwrap();
    match agent.run(request) {
        Ok(mut answer) => answer.body_mut().read_to_string().unwrap_or_default(),
        // The server of a search that is still there may have ended.
        Err(error) => error.to_string(),
    }
}

fn recipes(server: &Server, is_glasswork: bool) {
    let cli = Cli::to(&server.url);
    for block in blocks() {
        let wanted = match block.place.as_str() {
            "all" => true,
            "glasswork" => is_glasswork,
            "terminal" => false,
            other => panic!("{other}: where is that?"),
        };
        if !wanted {
            continue;
        }
        server.prepare(&cli);
        let (code, out, err) = shell(&cli, &block.commands);
        let told = format!("{out}{err}");
        let place = format!("docs/operators.md:{} at {}", block.line, server.url);
        assert_eq!(code, block.ends, "{place}\n{}\n{told}", block.commands);
        let says = block.says.unwrap_or_default();
        assert!(told.contains(&says), "{place} does not say {says}:\n{told}");
    }
}

/// Runs commands as they are written; the first that fails ends them.
fn shell(cli: &Cli, commands: &str) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_glasswork"));
    let before = std::env::var_os("PATH").unwrap_or_default();
    let mut places = vec![program.parent().unwrap().to_owned()];
    places.extend(std::env::split_paths(&before));
    let mut command = Command::new("sh");
    // `curl` says 28 when the time that it was given is over.
    let script = format!("set -e\ncurl() {{ command curl \"$@\" || [ $? = 28 ]; }}\n{commands}\n");
    command
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", std::env::join_paths(places).unwrap());
    for (name, value) in cli.command(&[]).get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    run(&mut command)
}

#[test]
fn every_recipe_works_against_glasswork() {
    if Command::new("curl").arg("--version").output().is_err() {
        println!("operators_docs: skipped, there is no curl");
        return;
    }
    let node = Node::start();
    let server = Server {
        url: node.url.clone(),
        slow: SLOW,
    };
    server.fill(3000);
    recipes(&server, true);
}

#[test]
fn every_recipe_works_against_opensearch() {
    let Some(opensearch) = OpenSearch::start("operators_docs") else {
        return;
    };
    let server = Server {
        url: opensearch.url(),
        slow: SLOW_HERE,
    };
    server.fill(30_000);
    recipes(&server, false);
}

#[test]
fn what_needs_a_terminal_is_typed_right() {
    let cli = Cli::to("http://127.0.0.1:1");
    let blocks = blocks();
    let typed: Vec<&Block> = blocks
        .iter()
        .filter(|block| block.place == "terminal")
        .collect();
    assert!(!typed.is_empty());
    for block in typed {
        // Its flags are read before it looks for a terminal.
        let (code, _, err) = shell(&cli, &block.commands);
        assert!(
            code == 2 && err.contains("no terminal"),
            "{}: {code} {err}",
            block.commands
        );
    }
}

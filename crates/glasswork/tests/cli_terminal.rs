//! `glasswork tasks` on a terminal: it fits, it has colour, it asks. The terminal is made by `script` of util-linux; without it
//! these tests say so and pass.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::Cli;
use glasswork_client::fake::{FakeServer, Reply};
use serde_json::{Value, json};
use std::{
    io::{Read, Write},
    process::{Command, Stdio},
};

/// Runs `glasswork` on a terminal of so many columns, types the answers, and gives its exit code and what the terminal got.
fn on_terminal(cli: &Cli, columns: u32, arguments: &str, typed: &str) -> Option<(i32, String)> {
    if Command::new("script").arg("--version").output().is_err() {
        println!("skipped, there is no `script` here");
        return None;
    }
    let line = format!(
        "stty cols {columns} rows 40; exec {} {arguments}",
        env!("CARGO_BIN_EXE_glasswork")
    );
    let plain = cli.command(&[]);
    let mut command = Command::new("script");
    command.args(["-qec", &line, "/dev/null"]);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let mut process = command
        .env("TERM", "xterm")
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut keyboard = process.stdin.take().unwrap();
    let mut screen = process.stdout.take().unwrap();
    let mut text = String::new();
    if !typed.is_empty() {
        // Keys are pressed once the question is there.
        let mut byte = [0];
        while !text.ends_with("] ") && !text.ends_with("tasks: ") && !text.ends_with("of ops: ") {
            assert_eq!(screen.read(&mut byte).unwrap(), 1, "it did not ask: {text}");
            text.push(char::from(byte[0]));
        }
    }
    keyboard.write_all(typed.as_bytes()).unwrap();
    let mut rest = Vec::new();
    screen.read_to_end(&mut rest).unwrap();
    text.push_str(&String::from_utf8_lossy(&rest));
    let code = process.wait().unwrap().code().unwrap();
    Some((code, text.replace('\r', "")))
}

fn server(tasks: i64) -> FakeServer {
    let tasks: serde_json::Map<String, Value> = (0..tasks)
        .map(|number| {
            let task = json!({"node": "n", "id": number, "action": "indices:data/read/search", "running_time_in_nanos": 41_000_000_000_i64,
                "cancellable": true, "cancelled": number == 1, "headers": {}, "description": "a long description ".repeat(20)});
            (format!("n:{number}"), task)
        })
        .collect();
    let list = json!({"nodes": {"n": {"name": "node-1", "tasks": tasks}}}).to_string();
    FakeServer::start(move |asked| match asked.method.as_str() {
        "POST" => Reply::json(r#"{"nodes":{}}"#),
        _ => Reply::json(list.clone()),
    })
}

fn cancels(server: &FakeServer) -> usize {
    server
        .asked()
        .iter()
        .filter(|asked| asked.method == "POST")
        .count()
}

#[test]
fn a_table_fits_the_terminal_and_is_coloured_unless_no_color() {
    let server = server(2);
    let cli = Cli::to(&server.url());
    for columns in [60, 100, 140] {
        let Some((code, text)) = on_terminal(&cli, columns, "tasks ls --color never", "") else {
            return;
        };
        assert_eq!(code, 0);
        let longest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(
            longest <= columns as usize && longest > columns as usize - 25,
            "{longest}\n{text}"
        );
        assert!(!text.contains('\u{1b}'));
    }
    let (_, text) = on_terminal(&cli, 100, "tasks ls", "").unwrap();
    assert!(text.contains("\u{1b}[2mcancelled\u{1b}[0m"), "{text:?}");
    let plain = Cli::to(&server.url()).env("NO_COLOR", "1");
    let (_, text) = on_terminal(&plain, 100, "tasks ls", "").unwrap();
    assert!(
        text.contains("cancelled") && !text.contains('\u{1b}'),
        "{text:?}"
    );
    // Elsewhere than on a terminal there is none, either.
    assert!(!cli.ok(&["tasks", "ls"]).contains('\u{1b}'));
    assert!(
        cli.ok(&["tasks", "ls", "--color", "always"])
            .contains('\u{1b}')
    );
}

#[test]
fn a_cancel_asks_and_takes_no_for_an_answer() {
    let server = server(2);
    let cli = Cli::to(&server.url());
    let Some((code, text)) = on_terminal(&cli, 100, "tasks cancel n:0 n:1", "n\n") else {
        return;
    };
    assert_eq!((code, cancels(&server)), (1, 0), "{text}");
    assert!(
        text.contains("Stop these 2 tasks? [y/N]") && text.contains("nothing was stopped"),
        "{text}"
    );
    let (code, _) = on_terminal(&cli, 100, "tasks cancel n:0 n:1", "\n").unwrap();
    assert_eq!((code, cancels(&server)), (1, 0));
    let (code, text) = on_terminal(&cli, 100, "tasks cancel n:0 n:1", "y\n").unwrap();
    assert_eq!((code, cancels(&server)), (0, 2), "{text}");
}

#[test]
fn for_many_tasks_their_number_is_to_be_typed() {
    let server = server(12);
    let cli = Cli::to(&server.url());
    let Some((code, _)) = on_terminal(&cli, 100, "tasks cancel -f action:*search", "y\n") else {
        return;
    };
    assert_eq!((code, cancels(&server)), (1, 0));
    let (code, text) = on_terminal(&cli, 100, "tasks cancel -f action:*search", "12\n").unwrap();
    assert_eq!((code, cancels(&server)), (0, 12), "{text}");
}

#[test]
fn a_password_is_asked_for_and_not_shown() {
    let server = server(0);
    let cli = Cli::to(&server.url());
    let Some((code, text)) = on_terminal(&cli, 100, "tasks ls --user ops", "secret\n") else {
        return;
    };
    assert_eq!(code, 0, "{text}");
    assert!(
        text.contains("Password of ops:") && !text.contains("secret"),
        "{text}"
    );
    let asked = server.asked();
    assert_eq!(
        asked.last().unwrap().header("authorization"),
        Some("Basic b3BzOnNlY3JldA==")
    );
}

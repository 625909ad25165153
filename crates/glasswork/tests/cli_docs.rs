//! What is written about the command line is what it says itself.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::Cli;
use std::path::Path;

const BEGIN: &str = "<!-- The texts below are written by `GLASSWORK_WRITE_DOCS=1 cargo test -p glasswork --test cli_docs`. -->\n";
const COMMANDS: [&str; 21] = [
    "tasks",
    "tasks ls",
    "tasks get",
    "tasks tree",
    "tasks watch",
    "tasks why",
    "tasks cancel",
    "tasks pause",
    "tasks resume",
    "tasks rethrottle",
    "tasks history",
    "tasks export",
    "top",
    "console",
    "context",
    "context add",
    "context ls",
    "context use",
    "context rm",
    "completions",
    "man",
];

#[test]
fn the_help_texts_in_the_docs_are_those_of_the_binary() {
    let cli = Cli::new();
    let mut texts = String::new();
    for command in COMMANDS {
        let mut arguments: Vec<&str> = command.split(' ').collect();
        arguments.push("-h");
        let help: String = cli
            .ok(&arguments)
            .lines()
            .map(|line| format!("{}\n", line.trim_end()))
            .collect();
        texts.push_str(&format!(
            "\n### `glasswork {command}`\n\n```text\n{}\n```\n",
            help.trim_end()
        ));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/cli.md");
    let written = std::fs::read_to_string(&path).unwrap();
    let (before, after) = written.split_once(BEGIN).expect("docs/cli.md has the mark");
    if std::env::var_os("GLASSWORK_WRITE_DOCS").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{texts}")).unwrap();
        return;
    }
    assert_eq!(
        after, texts,
        "docs/cli.md is not what the commands say; GLASSWORK_WRITE_DOCS=1 writes it"
    );
}

#[test]
fn every_exit_code_is_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = std::fs::read_to_string(folder.join("src/exit.rs")).unwrap();
    let docs = std::fs::read_to_string(folder.join("../../docs/configuration.md")).unwrap();
    let codes: Vec<&str> = source
        .lines()
        .filter_map(|line| line.split_once(" = ")?.1.strip_suffix(','))
        .collect();
    assert_eq!(codes.len(), 12);
    for code in codes {
        assert!(
            docs.contains(&format!("\n| {code} | ")),
            "{code} is not in docs/configuration.md"
        );
    }
}

#[test]
fn completions_and_manual_pages_name_what_there_is() {
    let cli = Cli::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        assert!(
            cli.ok(&["completions", shell]).contains("rethrottle"),
            "{shell}"
        );
    }
    assert!(cli.ok(&["man"]).contains("glasswork"));
    let page = cli.ok(&["man", "tasks", "cancel"]);
    assert!(
        page.starts_with(".ie") && page.contains("dry\\-run"),
        "{page}"
    );
    assert_eq!(cli.run(&["man", "nonsense"]).code, 2);
}

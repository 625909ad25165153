//! `glasswork context`: clusters by name, also one with TLS and a password.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod cli;
mod harness;

use cli::Cli;
use harness::Node;
use std::os::unix::fs::PermissionsExt;

#[test]
fn contexts_are_added_listed_used_and_removed() {
    let cli = Cli::new();
    assert_eq!(cli.ok(&["context", "ls"]), "");
    cli.ok(&[
        "context",
        "add",
        "prod",
        "https://search.example.org/es",
        "--user",
        "ops",
        "--password-command",
        "pass show prod",
    ]);
    cli.ok(&["context", "add", "dev", "http://127.0.0.1:9200"]);
    let listed = "  dev   http://127.0.0.1:9200\n* prod  https://search.example.org/es  user ops\n";
    assert_eq!(cli.ok(&["context", "ls"]), listed);
    cli.ok(&["context", "use", "dev"]);
    assert!(cli.ok(&["context", "ls"]).starts_with("* dev "));
    cli.ok(&["context", "rm", "dev"]);
    assert_eq!(
        cli.ok(&["context", "ls"]),
        "  prod  https://search.example.org/es  user ops\n"
    );
    let file = cli.home().join("glasswork/config.toml");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for (arguments, text) in [
        (
            &["context", "use", "dev"][..],
            "there is no context `dev` among prod",
        ),
        (&["context", "rm", "dev"], "there is no context `dev`"),
        (&["context", "add", "prod", "http://x"], "is there already"),
        (
            &["context", "add", "a b", "http://x"],
            "no name of a context",
        ),
        (&["context", "add", "x", "x:9200"], "is no URL of a server"),
        (
            &["context", "add", "x", "http://u:p@x"],
            "don't belong into a URL",
        ),
        (
            &["context", "add", "x", "http://x", "--user", "u:p"],
            "a password is never kept",
        ),
        (&["tasks", "ls", "--to", "dev"], "there is no context `dev`"),
    ] {
        let done = cli.run(arguments);
        assert_eq!(done.code, 2, "{arguments:?}: {}", done.err);
        assert!(done.err.contains(text), "{arguments:?}: {}", done.err);
    }
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o666)).unwrap();
    assert!(
        cli.run(&["tasks", "ls"])
            .err
            .contains("can be written by others")
    );
}

#[test]
fn a_secured_node_is_reached_by_its_name() {
    let folder = tempfile::tempdir().unwrap();
    let node = Node::on(folder.path(), &["--admin-password", "x-long-Password-1"]);
    let cli = Cli::new().env("GLASSWORK_PASSWORD", "x-long-Password-1");
    let authority = folder.path().join("tls/node.crt");
    let add = [
        "context",
        "add",
        "safe",
        &node.url,
        "--user",
        "admin",
        "--ca-file",
        authority.to_str().unwrap(),
    ];
    cli.ok(&add);
    assert_eq!(cli.ok(&["tasks", "ls"]), "no task matches\n");
    assert_eq!(
        cli.ok(&["tasks", "ls", "--to", "safe"]),
        "no task matches\n"
    );
    let untrusted = cli.run(&["tasks", "ls", "--to", &node.url, "--user", "admin"]);
    assert_eq!(untrusted.code, 6);
    assert!(
        untrusted.err.contains("certificate is not trusted"),
        "{}",
        untrusted.err
    );
    assert_eq!(
        cli.run(&[
            "tasks",
            "ls",
            "--to",
            &node.url,
            "--user",
            "admin",
            "--insecure"
        ])
        .code,
        0
    );
    let nobody = cli.run(&["tasks", "ls", "--to", &node.url, "--insecure"]);
    assert_eq!(nobody.code, 9, "{}", nobody.err);
    let wrong = Cli::new().env("GLASSWORK_PASSWORD", "another");
    let wrong = wrong.run(&[
        "tasks",
        "ls",
        "--to",
        &node.url,
        "--user",
        "admin",
        "--insecure",
    ]);
    assert_eq!(wrong.code, 9, "{}", wrong.err);
}

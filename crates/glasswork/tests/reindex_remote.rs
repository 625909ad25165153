//! Reindex from another cluster, between processes: from one node to another over HTTP, and over HTTPS with a user; over the
//! crash of the node that copies; and from the real OpenSearch, where there is one.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod harness;

use glasswork_client::fake::{Asked, FakeServer, Reply};
use harness::{Node, eventually};
use serde_json::{Value, json};
use std::{
    path::PathBuf,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// May read from everything on this machine.
const ALLOWED: &str = "reindex.remote.allowlist=127.0.0.1:*,localhost:*";

fn lines(index: &str, count: usize) -> String {
    (0..count)
        .map(|n| format!("{{\"index\":{{\"_index\":\"{index}\",\"_id\":\"{n}\",\"routing\":\"r{}\"}}}}\n{{ \"n\":{n}, \"odd\": [1.50, null] }}\n", n % 3))
        .collect()
}

fn reindex(node: &Node, remote: &Value, query: &str, parameters: &str) -> harness::Answer {
    let query: Value = serde_json::from_str(query).unwrap();
    let source = json!({"index": "many", "size": 100, "remote": remote, "query": query});
    let body = json!({"source": source, "dest": {"index": "copy"}});
    node.post(
        &format!("/_reindex?refresh=true{parameters}"),
        &body.to_string(),
    )
}

fn count(node: &Node) -> Value {
    node.get("/copy/_count").json()["count"].clone()
}

#[test]
fn one_node_copies_from_another() {
    let from = Node::start();
    from.bulk("/_bulk?refresh=true", &lines("many", 1050));
    let to = Node::with(&["-E", ALLOWED]);
    let remote = json!({"host": from.url});
    let done = reindex(&to, &remote, r#"{"range": {"n": {"lt": 950}}}"#, "");
    assert_eq!(done.status, 200, "{}", done.text);
    let done = done.json();
    assert_eq!(
        (&done["total"], &done["created"], &done["batches"]),
        (&json!(950), &json!(950), &json!(10))
    );
    assert_eq!(done["failures"], json!([]));
    assert_eq!(count(&to), 950);
    let copied = to.get("/copy/_doc/949?routing=r1");
    assert!(
        copied.text.contains(r#"{ "n":949, "odd": [1.50, null] }"#),
        "{}",
        copied.text
    );
    // The other side has forgotten the scroll, and nothing runs any more.
    let stats = from.get("/_tasks?actions=*scroll*").json();
    assert_eq!(stats["nodes"], json!({}));
    let lost = reindex(
        &to,
        &json!({"host": "http://h:9200"}),
        "{\"match_all\":{}}",
        "",
    );
    assert_eq!(
        (lost.status, lost.json()["error"]["reason"].as_str()),
        (
            400,
            Some("[h:9200] not allowlisted in reindex.remote.allowlist")
        )
    );
}

#[test]
fn one_node_copies_from_a_guarded_one() {
    let folder = tempfile::tempdir().unwrap();
    let password = "x-long-Password-1";
    let mut from = Node::on(folder.path(), &["--admin-password", password]);
    from.authorize("Basic YWRtaW46eC1sb25nLVBhc3N3b3JkLTE=");
    from.bulk("/_bulk?refresh=true", &lines("many", 250));
    let authority = folder.path().join("tls/node.crt");
    let trusted = format!(
        "reindex.ssl.certificate_authorities={}",
        authority.display()
    );
    let to = Node::with(&["-E", ALLOWED, "-E", &trusted]);
    let everything = r#"{"match_all":{}}"#;
    let remote = json!({"host": from.url, "username": "admin", "password": password});
    // Slow enough to be seen.
    let begun = reindex(
        &to,
        &remote,
        everything,
        "&wait_for_completion=false&requests_per_second=20",
    );
    let task = begun.json()["task"].as_str().unwrap().to_owned();
    let told = to.get(&format!("/_tasks/{task}"));
    let port = from.url.rsplit(':').next().unwrap();
    let description = told.json()["task"]["description"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        description.starts_with("reindex from [scheme=https host="),
        "{description}"
    );
    assert!(
        description.contains(&format!(
            "port={port} query={{\"match_all\":{{}}}} username=admin password=<<>>][many] to [copy]"
        )),
        "{description}"
    );
    to.post(
        &format!("/_reindex/{task}/_rethrottle?requests_per_second=-1"),
        "",
    );
    let done = to.get(&format!(
        "/_tasks/{task}?wait_for_completion=true&timeout=30s"
    ));
    assert_eq!(done.json()["response"]["created"], 250, "{}", done.text);
    assert!(!format!("{}{}", told.text, done.text).contains(password));
    let wrong = json!({"host": from.url, "username": "admin", "password": "another"});
    let refused = reindex(&to, &wrong, everything, "");
    assert_eq!(
        (refused.status, &refused.json()["error"]["type"]),
        (401, &json!("status_exception"))
    );
    let strict = Node::with(&["-E", ALLOWED]);
    let untrusted = reindex(&strict, &remote, everything, "");
    assert_eq!(
        untrusted.json()["error"]["type"],
        "s_s_l_handshake_exception",
        "{}",
        untrusted.text
    );
}

/// A cluster of 30 documents, ten a page, that hangs behind the second page as long as it is told to.
fn page(asked: &Asked, hangs: &AtomicBool) -> Reply {
    let body: Value = serde_json::from_slice(&asked.body).unwrap_or_default();
    let from: usize = match asked.path.as_str() {
        "/" => {
            return Reply::json(
                r#"{"version": {"distribution": "opensearch", "number": "3.0.0"}}"#,
            );
        }
        "/many/_search" => 0,
        _ if asked.method == "DELETE" => return Reply::json("{}"),
        _ => body["scroll_id"].as_str().unwrap().parse().unwrap(),
    };
    let until = (from + 10).min(30);
    let hits: Vec<Value> = (from..until)
        .map(|n| json!({"_index": "many", "_id": n.to_string(), "_source": {"n": n}}))
        .collect();
    let answer = json!({"_scroll_id": until.to_string(), "timed_out": false,
        "hits": {"total": {"value": 30, "relation": "eq"}, "hits": hits}});
    let reply = Reply::json(answer.to_string());
    if from == 20 && hangs.load(Ordering::Relaxed) {
        return reply.hang_after(10);
    }
    reply
}

#[test]
fn it_begins_again_after_a_crash_and_writes_nothing_twice() {
    let hangs = Arc::new(AtomicBool::new(true));
    let server = {
        let hangs = Arc::clone(&hangs);
        FakeServer::start(move |asked| page(asked, &hangs))
    };
    let node = Node::with(&["-E", ALLOWED]);
    let source = json!({"index": "many", "size": 10, "remote": {"host": server.url()}});
    // A document that is there already would be a conflict.
    let body = json!({"source": source, "dest": {"index": "copy", "op_type": "create"}});
    let begun = node.post(
        "/_reindex?wait_for_completion=false&refresh=true",
        &body.to_string(),
    );
    let task = begun.json()["task"].as_str().unwrap().to_owned();
    eventually("two pages are written", || {
        let told = node.get(&format!("/_tasks/{task}")).json();
        (told["task"]["status"]["created"] == 20).then_some(())
    });
    let node = node.crash_and_restart();
    hangs.store(false, Ordering::Relaxed);
    let done = node
        .get(&format!(
            "/_tasks/{task}?wait_for_completion=true&timeout=30s"
        ))
        .json();
    assert_eq!(done["response"]["created"], 30, "{done}");
    assert_eq!(
        (
            &done["response"]["total"],
            &done["response"]["version_conflicts"]
        ),
        (&json!(30), &json!(0))
    );
    assert_eq!(count(&node), 30);
    let first = node.get("/copy/_doc/1").json();
    assert_eq!(first["_version"], 1);
}

#[test]
fn it_begins_again_after_a_pause() {
    let hangs = Arc::new(AtomicBool::new(false));
    let server = FakeServer::start(move |asked| page(asked, &hangs));
    let node = Node::with(&["-E", ALLOWED]);
    let source = json!({"index": "many", "size": 10, "remote": {"host": server.url()}});
    let body = json!({"source": source, "dest": {"index": "copy"}});
    let begun = node.post(
        "/_reindex?wait_for_completion=false&refresh=true&requests_per_second=50",
        &body.to_string(),
    );
    let task = begun.json()["task"].as_str().unwrap().to_owned();
    eventually("a page is written", || {
        let told = node.get(&format!("/_tasks/{task}")).json();
        (told["task"]["status"]["created"] != 0).then_some(())
    });
    node.post(&format!("/_tasks/{task}/_pause"), "");
    eventually("the other side's scroll is given up", || {
        server
            .asked()
            .iter()
            .any(|asked| asked.method == "DELETE")
            .then_some(())
    });
    node.post(&format!("/_tasks/{task}/_resume"), "");
    let done = node
        .get(&format!(
            "/_tasks/{task}?wait_for_completion=true&timeout=30s"
        ))
        .json();
    assert_eq!(
        (&done["response"]["created"], &done["response"]["total"]),
        (&json!(30), &json!(30)),
        "{done}"
    );
    assert_eq!(node.get("/copy/_doc/1").json()["_version"], 1);
}

/// The real server on loopback, stopped when dropped.
struct OpenSearch {
    tool: PathBuf,
    port: String,
}

impl OpenSearch {
    fn start() -> Option<Self> {
        let tool = harness::shared("reindex_remote")?.join("tools/opensearch-up");
        if !tool.is_file() || Command::new("java").arg("-version").output().is_err() {
            println!(
                "reindex_remote: skipped, there is no ../shared/tools/opensearch-up or no Java"
            );
            return None;
        }
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        // Its own ports are PORT and PORT+100.
        let port = free.local_addr().unwrap().port().min(65_000).to_string();
        drop(free);
        let server = Self { tool, port };
        let started = Command::new(&server.tool)
            .args(["--port", &server.port])
            .output()
            .unwrap();
        assert!(
            started.status.success(),
            "{}",
            String::from_utf8_lossy(&started.stderr)
        );
        Some(server)
    }
}

impl Drop for OpenSearch {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = Command::new(&self.tool)
            .args(["--stop", "--port", &self.port])
            .status();
    }
}

#[test]
fn a_node_copies_from_the_real_opensearch() {
    let Some(server) = OpenSearch::start() else {
        return;
    };
    let url = format!("http://127.0.0.1:{}", server.port);
    let written = ureq::post(format!("{url}/_bulk?refresh=true"))
        .header("content-type", "application/x-ndjson")
        .send(lines("many", 1050))
        .unwrap();
    assert_eq!(written.status().as_u16(), 200);
    let to = Node::with(&["-E", ALLOWED]);
    let remote = json!({"host": url});
    let done = reindex(&to, &remote, r#"{"range": {"n": {"lt": 950}}}"#, "");
    let told = done.json();
    assert_eq!(
        (&told["total"], &told["created"]),
        (&json!(950), &json!(950)),
        "{}",
        done.text
    );
    assert_eq!(count(&to), 950);
    assert!(
        to.get("/copy/_doc/949?routing=r1")
            .text
            .contains(r#"{ "n":949, "odd": [1.50, null] }"#)
    );
    let missing =
        json!({"source": {"index": "nowhere", "remote": remote}, "dest": {"index": "copy"}});
    let missing = to.post("/_reindex", &missing.to_string());
    assert_eq!(
        (missing.status, &missing.json()["error"]["type"]),
        (404, &json!("status_exception")),
        "{}",
        missing.text
    );
}

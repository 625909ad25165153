//! Input that means harm, against the endpoints of the node: refused in the reference's words, and the node lives.

use std::{net::SocketAddr, sync::Arc};

use glasswork_node::{Config, Node};
use glasswork_substrate::memory::World;
use tokio::{net::TcpStream, time::Instant};

use super::{
    client::{Client, PATIENCE},
    endpoints::{config, substrate},
};
use crate::{
    Api,
    server::{Limits, Server},
};

struct Victim {
    node: Arc<Node>,
    server: Server,
    _data: tempfile::TempDir,
}

impl Victim {
    async fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config {
            data: data.path().to_owned(),
            ..config("n1")
        };
        let node = Node::start(config, substrate(&World::new(1), "n1"))
            .await
            .unwrap();
        let limits = Limits::default();
        let api = Arc::new(Api::new(Arc::clone(&node), None, limits.clone()));
        let server = Server::start(SocketAddr::from(([127, 0, 0, 1], 0)), None, limits, api)
            .await
            .unwrap();
        let victim = Self {
            node,
            server,
            _data: data,
        };
        let answer = victim
            .client()
            .await
            .post("/books/_doc/1?refresh", JSON, r#"{"title":"The Hobbit"}"#)
            .await;
        assert_eq!(answer.status, 201, "{}", answer.text());
        victim
    }

    async fn client(&self) -> Client<TcpStream> {
        Client::connect(self.server.address()).await
    }

    /// It answers and has lost nothing.
    async fn lives(&self) {
        let answer = self.client().await.get("/books/_search?q=hobbit").await;
        assert!(answer.text().contains(r#""_id":"1""#), "{}", answer.text());
    }
}

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_that_are_too_deep_or_broken_are_refused() {
    let victim = Victim::start().await;
    let mut client = victim.client().await;
    let brackets = "[".repeat(1 << 20);
    let nested = format!(
        r#"{{"query":{}{{"match_all":{{}}}}{}}}"#,
        r#"{"bool":{"must":"#.repeat(10_000),
        "}}".repeat(10_000)
    );
    let invalid: &[u8] = b"{\"title\":\"\xff\xfe\"}";
    for target in [
        "/books/_search",
        "/books/_doc/2",
        "/books/_count",
        "/_bulk",
        "/_msearch",
        "/books/_mapping",
    ] {
        for body in [
            brackets.as_bytes(),
            nested.as_bytes(),
            invalid,
            b"{\"query\":",
            b"\0\0\0\0",
            b"nonsense",
        ] {
            let kind = if target.ends_with("_bulk") || target.ends_with("_msearch") {
                LINES
            } else {
                JSON
            };
            let answer = client.post(target, kind, body).await;
            assert_eq!(
                answer.status,
                400,
                "{target} {}: {}",
                body.len(),
                answer.text()
            );
            assert!(
                answer.body.len() < 20_000,
                "the answer does not give the body back"
            );
        }
    }
    victim.lives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_that_breaks_off_writes_nothing_and_a_bad_document_spoils_no_other() {
    let victim = Victim::start().await;
    let mut client = victim.client().await;
    let answer = client
        .post(
            "/_bulk",
            LINES,
            "{\"index\":{\"_index\":\"books\",\"_id\":\"2\"}}\n{\"title\":\"cut",
        )
        .await;
    assert_eq!(answer.status, 400);
    assert!(
        answer
            .text()
            .contains("The bulk request must be terminated by a newline"),
        "{}",
        answer.text()
    );
    assert_eq!(client.get("/books/_doc/2").await.status, 404);

    let lines = "{\"index\":{\"_index\":\"books\",\"_id\":\"3\"}}\n{\"when\":\"2020-01-01\"}\n\
                 {\"index\":{\"_index\":\"books\",\"_id\":\"4\"}}\n{\"when\":\"no date\"}\n\
                 {\"index\":{\"_index\":\"../x\",\"_id\":\"5\"}}\n{}\n\
                 {\"index\":{\"_index\":\"books\",\"_id\":\"6\"}}\n{\"when\":\"2021-01-01\"}\n";
    let answer = client.post("/_bulk?refresh", LINES, lines).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    for (id, status) in [("3", 200), ("4", 404), ("6", 200)] {
        assert_eq!(
            client.get(&format!("/books/_doc/{id}")).await.status,
            status,
            "{id}"
        );
    }
    assert!(
        answer.text().contains("mapper_parsing_exception")
            && answer.text().contains("invalid_index_name_exception")
    );
    victim.lives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_would_leave_the_folder_are_refused() {
    let victim = Victim::start().await;
    let mut client = victim.client().await;
    for path in [
        "..%2fx",
        "%2e%2e",
        "..%5cx",
        "a%00b",
        "_x",
        "-x",
        "+x",
        "X",
        "a%20b",
        "a,b%2fc",
        "%f0%9f%92%a9%3f",
    ] {
        client
            .send(format!("PUT /{path} HTTP/1.1\r\nHost: x\r\n\r\n"))
            .await;
        let answer = client.answer().await.unwrap();
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    client
        .send(format!(
            "PUT /{} HTTP/1.1\r\nHost: x\r\n\r\n",
            "x".repeat(300)
        ))
        .await;
    assert!(
        client
            .answer()
            .await
            .unwrap()
            .text()
            .contains("index name is too long, (300 > 255)")
    );
    victim.lives().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_hangs_up_cancels_its_search_and_not_its_write() {
    let victim = Victim::start().await;
    let slow = r#"{"query":{"script":{"script":{"source":"long n = 0; for (long i = 0; i < 100000000000L; i++) { n += i } return n > 0"}}}}"#;
    let mut leaving = victim.client().await;
    leaving
        .send(format!(
            "POST /books/_search HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{slow}",
            slow.len()
        ))
        .await;
    let mut client = victim.client().await;
    let listed = async |client: &mut Client<TcpStream>| {
        client
            .get("/_tasks?actions=indices:data/read/search&group_by=none")
            .await
            .text()
            != r#"{"tasks":[]}"#
    };
    let deadline = Instant::now() + PATIENCE;
    while !listed(&mut client).await {
        assert!(Instant::now() < deadline, "the search was never seen");
    }
    drop(leaving);
    let gone = Instant::now();
    while listed(&mut client).await {
        assert!(gone.elapsed() < PATIENCE, "the search goes on");
    }
    assert_eq!(victim.node.registry().bans().len(), 0);
    victim.lives().await;
}

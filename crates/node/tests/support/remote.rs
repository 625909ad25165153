//! Another cluster for reindexes to read from: a server of answers in this process, and nodes that may read from it.

#![allow(unreachable_pub, reason = "a module of a test file, not a crate")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
    time::{Duration, Instant},
};

use glasswork_client::fake::{Asked, Reply};
use glasswork_content::Failure;
use glasswork_node::{
    Node,
    actions::by_query::{ByQueryRequest, ByQueryResponse, Reindex},
};

use super::support::{OnFiles, json, run};

pub const ALLOWED: (&str, &str) = ("reindex.remote.allowlist", "127.0.0.1:*, localhost:*");

pub async fn node(settings: &[(&str, &str)]) -> OnFiles {
    let settings: Vec<_> = [ALLOWED].iter().chain(settings).copied().collect();
    OnFiles::with(&settings).await
}

pub fn request(source: &str, rest: &str) -> Result<ByQueryRequest, Failure> {
    let body = format!(r#"{{"source": {{{source}}}, "dest": {{"index": "copy"}}{rest}}}"#);
    let mut request = ByQueryRequest::reindex();
    request.read_reindex(&json(&body))?;
    request.options.refresh = true;
    Ok(request)
}

/// Reindexes `i` of `url` with these further keys of `remote`.
pub async fn reindex(on: &OnFiles, url: &str, remote: &str) -> Result<ByQueryResponse, Failure> {
    let source = format!(r#""index": "i", "size": 4, "remote": {{"host": "{url}"{remote}}}"#);
    run::<Reindex>(&on.node, request(&source, "").unwrap()).await
}

/// A cluster of `count` documents.
pub fn cluster(asked: &Asked, count: usize) -> Reply {
    match (asked.method.as_str(), asked.path.as_str()) {
        ("GET", "/") => {
            Reply::json(r#"{"version": {"distribution": "opensearch", "number": "3.0.0"}}"#)
        }
        ("POST", "/i/_search") => hits(asked, 0, count),
        ("POST", "/_search/scroll") => {
            let body = json(std::str::from_utf8(&asked.body).unwrap());
            let id = body.as_object().unwrap().get("scroll_id").unwrap();
            let from: usize = id.as_str().unwrap().parse().unwrap();
            hits(asked, from, count)
        }
        ("DELETE", "/_search/scroll") => Reply::json(r#"{"succeeded": true}"#),
        _ => Reply::error(404, "odd_exception", "not asked for"),
    }
}

pub fn hits(asked: &Asked, from: usize, count: usize) -> Reply {
    let size = asked
        .query
        .split('&')
        .find_map(|word| word.strip_prefix("size="));
    let size: usize = size.map_or(4, |size| size.parse().unwrap());
    let until = count.min(from + size);
    let hits: Vec<String> = (from..until)
        .map(|n| {
            format!(
                r#"{{"_index": "i", "_id": "{n}", "_routing": "r{n}", "_source": {{ "n" : {n} }}}}"#
            )
        })
        .collect();
    Reply::json(format!(
        r#"{{"_scroll_id": "{until}", "took": 1, "timed_out": false, "_shards": {{"total": 1}},
            "hits": {{"total": {{"value": {count}, "relation": "eq"}}, "hits": [{}]}}}}"#,
        hits.join(",")
    ))
}

/// Nothing is kept open, and no task lives.
pub fn is_quiet(node: &Node) {
    let all = glasswork_tasks::Filter::default();
    assert!(node.registry().list(&all).tasks.is_empty());
}

pub async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Answers each connection with these bytes and closes it.
pub fn raw(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let mut head = [0; 4096];
            // What is asked does not matter; a client that left reads nothing.
            if stream.read(&mut head).is_ok() {
                drop(stream.write_all(answer));
            }
        }
    });
    format!("http://{address}")
}

//! Searches over a real socket: what the address says, what counts, and several at once.

use tokio::net::TcpStream;

use super::{client::Client, endpoints::serve};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";

/// A connection to a node with three books.
async fn books() -> (crate::server::Server, Client<TcpStream>) {
    let server = serve().await;
    let mut client = Client::connect(server.address()).await;
    let books = concat!(
        "{\"index\":{\"_id\":\"1\"}}\n{\"title\":\"War and Peace\",\"year\":1869}\n",
        "{\"index\":{\"_id\":\"2\"}}\n{\"title\":\"The War of the Worlds\",\"year\":1898}\n",
        "{\"index\":{\"_id\":\"3\"}}\n{\"title\":\"Emma\",\"year\":1815}\n",
    );
    let written = client.post("/books/_bulk?refresh=true", LINES, books).await;
    assert_eq!(written.status, 200, "{}", written.text());
    (server, client)
}

/// The body without its time.
fn timeless(text: &str) -> String {
    let Some((before, rest)) = text.split_once("\"took\":") else {
        return text.to_owned();
    };
    let after = rest.trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{before}\"took\":0{}", timeless(after))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_in_the_address_finds_documents() {
    let (_server, mut client) = books().await;
    let answer = client
        .get("/books/_search?q=title:war%20AND%20year:%3E1870&_source=year&sort=year:desc")
        .await;
    assert_eq!(
        timeless(&answer.text()),
        r#"{"took":0,"timed_out":false,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0},"hits":{"total":{"value":1,"relation":"eq"},"max_score":null,"hits":[{"_index":"books","_id":"2","_score":null,"_source":{"year":1898},"sort":[1898]}]}}"#
    );
    let all = client
        .post("/_search?size=0&rest_total_hits_as_int=true", JSON, "{}")
        .await;
    assert!(
        all.text()
            .contains(r#""hits":{"total":3,"max_score":null,"hits":[]}"#),
        "{}",
        all.text()
    );
    let filtered = client
        .get("/books/_search?filter_path=hits.hits._id&sort=_doc")
        .await;
    assert_eq!(
        filtered.text(),
        r#"{"hits":{"hits":[{"_id":"1"},{"_id":"2"},{"_id":"3"}]}}"#
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_understood_is_refused() {
    let (_server, mut client) = books().await;
    for (target, body, status, reason) in [
        (
            "/books/_search?size=many",
            "{}",
            400,
            "Failed to parse int parameter [size] with value [many]",
        ),
        (
            "/books/_search?from=-1",
            "{}",
            400,
            "[from] parameter cannot be negative, found [-1]",
        ),
        (
            "/books/_search?scroll=soon",
            "{}",
            400,
            "failed to parse setting [scroll] with value [soon] as a time value: unit is missing or unrecognized",
        ),
        (
            "/books/_search?search_type=dfs_query_then_fetch",
            "{}",
            400,
            "search type [dfs_query_then_fetch] is not supported",
        ),
        (
            "/books/_search?rest_total_hits_as_int=true&track_total_hits=1",
            "{}",
            400,
            "[rest_total_hits_as_int] cannot be used if the tracking of total hits is not accurate, got 1",
        ),
        (
            "/books/_search",
            r#"{"query": {"matsch": {}}}"#,
            400,
            "unknown query [matsch] did you mean [match]?",
        ),
        ("/nowhere/_search", "{}", 404, "no such index [nowhere]"),
        (
            "/books/_search",
            r#"{"query": {"term": {"year": "old"}}}"#,
            400,
            "failed to create query: For input string: \\\"old\\\"",
        ),
        (
            "/books/_count",
            r#"{"size": 1}"#,
            400,
            "request does not support [size]",
        ),
        (
            "/_msearch",
            "\n",
            400,
            "Validation Failed: 1: no requests added;",
        ),
        (
            "/_msearch",
            "{\"odd\":1}\n{}\n",
            400,
            "key [odd] is not supported in the metadata section",
        ),
        (
            "/_msearch",
            "{}\n{}",
            400,
            "The msearch request must be terminated by a newline [\\n]",
        ),
    ] {
        let kind = if target.ends_with("_msearch") {
            LINES
        } else {
            JSON
        };
        let answer = client.post(target, kind, body).await;
        assert_eq!(answer.status, status, "{target} {}", answer.text());
        assert!(answer.text().contains(reason), "{target} {}", answer.text());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_are_searches_without_hits() {
    let (_server, mut client) = books().await;
    let all = client.get("/books/_count").await;
    assert_eq!(
        all.text(),
        r#"{"count":3,"_shards":{"total":1,"successful":1,"skipped":0,"failed":0}}"#
    );
    let some = client
        .post("/_count", JSON, r#"{"query": {"match": {"title": "war"}}}"#)
        .await;
    assert!(some.text().starts_with(r#"{"count":2,"#), "{}", some.text());
    let early = client.get("/books/_count?terminate_after=1").await;
    assert!(
        early
            .text()
            .starts_with(r#"{"terminated_early":true,"count":1,"#),
        "{}",
        early.text()
    );
    let asked = client.get("/books/_count?q=emma").await;
    assert!(
        asked.text().starts_with(r#"{"count":1,"#),
        "{}",
        asked.text()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_searches_are_answered_in_order() {
    let (_server, mut client) = books().await;
    let body = concat!(
        "{\"index\":\"books\"}\n{\"query\":{\"match\":{\"title\":\"peace\"}},\"_source\":false}\n",
        "{\"index\":\"nowhere\"}\n{}\n",
        "{}\n{\"size\":0}\n",
    );
    let answer = client.post("/_msearch", LINES, body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = timeless(&answer.text());
    assert!(
        text.starts_with(r#"{"took":0,"responses":[{"took":0,"timed_out":false,"#),
        "{text}"
    );
    assert!(text.contains(r#""_id":"1","#), "{text}");
    assert!(text.contains(r#""hits":[]},"status":200}]}"#), "{text}");
    assert!(
        text.contains(r#"{"error":{"root_cause":[{"type":"index_not_found_exception""#),
        "{text}"
    );
}

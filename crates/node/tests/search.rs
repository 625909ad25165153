//! Searches through the door: over one shard and several, through aliases, failing in part, cancelled.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use glasswork_content::{Failure, Kind, Meta, Render};
use glasswork_node::{
    Node,
    actions::search::{MultiSearch, MultiSearchRequest, SearchAction, SearchRequest},
};
use glasswork_search::{
    reduce::{ResponseOptions, SearchResponse},
    request,
};
use glasswork_tasks::{Filter, NoCheckpoint};
use support::*;

/// Runs until it is cancelled, on every shard.
const SLOW: &str = r#"{"query": {"script": {"script": {"source": "long s = 0; for (int i = 0; i < 2000000000; i++) { s += i % 7 } return s > 0"}}}}"#;

fn search(indices: &str, body: &str) -> SearchRequest {
    SearchRequest::new(
        target(indices),
        request::SearchRequest::parse(&json(body)).unwrap(),
    )
}

async fn found(node: &Arc<Node>, indices: &str, body: &str) -> Result<SearchResponse, Failure> {
    run::<SearchAction>(node, search(indices, body)).await
}

fn ids(response: &SearchResponse) -> Vec<&str> {
    response.hits.iter().map(|hit| &*hit.id).collect()
}

fn body(response: &SearchResponse) -> String {
    let mut out = Render::compact();
    out.object();
    response
        .render_fields(ResponseOptions::default(), &mut out, &NoCheckpoint)
        .unwrap();
    out.end_object();
    String::from_utf8(out.finish()).unwrap()
}

/// Waits until as many shards as `count` are searched.
async fn until_running(node: &Arc<Node>, count: usize) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    loop {
        let running = node
            .registry()
            .list(&Filter::default())
            .tasks
            .iter()
            .filter(|task| &**task.action_name() == "indices:data/read/search[phase/query]")
            .count();
        if running >= count {
            return;
        }
        assert!(
            std::time::Instant::now() < deadline,
            "only {running} shards are searched"
        );
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hits_of_several_shards_come_in_one_order() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "many", 3, 100).await;
    let first = found(node, "many", r#"{"sort": [{"n": "desc"}], "size": 5}"#)
        .await
        .unwrap();
    assert_eq!(ids(&first), ["99", "98", "97", "96", "95"]);
    assert_eq!(first.shards.total, 3);
    let later = found(
        node,
        "many",
        r#"{"sort": ["k", {"n": "asc"}], "from": 8, "size": 4}"#,
    )
    .await
    .unwrap();
    assert_eq!(ids(&later), ["80", "90", "1", "11"]);
    let all = found(node, "many", r#"{"size": 100, "track_total_hits": 7}"#)
        .await
        .unwrap();
    assert_eq!(all.hits.len(), 100);
    assert!(body(&all).contains(r#""total":{"value":7,"relation":"gte"}"#));
    let counted = found(
        node,
        "many",
        r#"{"size": 0, "aggs": {"s": {"sum": {"field": "n"}}}}"#,
    )
    .await
    .unwrap();
    assert!(
        body(&counted).ends_with(r#""aggregations":{"s":{"value":4950.0}}}"#),
        "{}",
        body(&counted)
    );
    let few = found(
        node,
        "many",
        r#"{"query": {"term": {"n": 42}}, "sort": ["n"]}"#,
    )
    .await
    .unwrap();
    assert_eq!(ids(&few), ["42"]);
    assert_eq!(node.open_search_contexts(), 0, "every context is given up");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_shard_answers_with_its_hits_at_once() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "one", 1, 20).await;
    let response = found(
        node,
        "one",
        r#"{"query": {"match": {"t": "w1"}}, "size": 2, "_source": ["n"]}"#,
    )
    .await
    .unwrap();
    assert_eq!(ids(&response), ["1", "4"]);
    assert!(
        body(&response).contains(r#""_shards":{"total":1,"successful":1,"skipped":0,"failed":0}"#)
    );
    assert!(
        body(&response).contains(r#""_source":{"n":1}"#),
        "{}",
        body(&response)
    );
    let nothing = found(node, "nothing*", "{}").await.unwrap();
    assert!(body(&nothing).ends_with(r#""_shards":{"total":0,"successful":0,"skipped":0,"failed":0},"hits":{"total":{"value":0,"relation":"eq"},"max_score":0.0,"hits":[]}}"#));
    let unknown = found(node, "unknown", "{}").await.unwrap_err();
    assert_eq!(unknown.kind, Kind::IndexNotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_on_some_shards_is_told_beside_the_hits() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "numbers", 2, 10).await;
    create(
        node,
        "words",
        r#"{"mappings": {"properties": {"n": {"type": "keyword"}}}}"#,
    )
    .await
    .unwrap();
    index(node, "words", "1", r#"{"n": "word"}"#).await.unwrap();
    let query = r#"{"query": {"term": {"n": "word"}}}"#;
    let response = found(node, "numbers,words", query).await.unwrap();
    assert_eq!(
        (
            response.shards.total,
            response.shards.successful,
            response.shards.failed
        ),
        (3, 1, 2)
    );
    assert_eq!(
        response.shards.failures.len(),
        1,
        "the same cause is told once"
    );
    let mut strict = search("numbers,words", query);
    strict.allow_partial_results = false;
    let refused = run::<SearchAction>(node, strict).await.unwrap_err();
    assert_eq!(
        (refused.kind, refused.reason(), refused.status()),
        (Kind::SearchPhaseExecution, "Partial shards failure", 400)
    );
    let failed = found(node, "numbers", query).await.unwrap_err();
    assert_eq!(
        (failed.reason(), failed.status()),
        ("all shards failed", 400)
    );
    assert_eq!(failed.meta("phase"), Some(&Meta::Text("query".into())));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_cancelled_search_fails_as_the_reference_says() {
    let on = OnFiles::start().await;
    let node = Arc::clone(&on.node);
    fill(&node, "many", 2, 50).await;
    let searching = {
        let node = Arc::clone(&node);
        tokio::spawn(async move { found(&node, "many", SLOW).await })
    };
    until_running(&node, 2).await;
    let tasks = node.registry().list(&Filter::default()).tasks;
    let search = tasks
        .iter()
        .find(|task| &**task.action_name() == "indices:data/read/search")
        .unwrap();
    node.cancel(search, "by user request");
    let failure = searching.await.unwrap().unwrap_err();
    assert_eq!(
        (failure.kind, failure.status(), failure.reason()),
        (Kind::SearchPhaseExecution, 500, "all shards failed")
    );
    let cause = failure.cause.as_deref().unwrap();
    assert_eq!(
        (cause.kind, cause.reason()),
        (
            Kind::TaskCancelled,
            "cancelled task with reason: by user request"
        )
    );
    assert_eq!(node.open_search_contexts(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_search_cancels_itself_after_its_interval() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "one", 1, 5).await;
    let mut request = search("one", SLOW);
    request.cancel_after = Some(glasswork_content::text::TimeValue::millis(50));
    let failure = run::<SearchAction>(node, request).await.unwrap_err();
    let cause = failure.cause.as_deref().unwrap();
    assert_eq!(
        cause.reason(),
        "cancelled task with reason: Cancellation timeout of 50ms is expired"
    );
    let timed = found(
        node,
        "one",
        &SLOW.replacen('{', r#"{"timeout": "50ms", "#, 1),
    )
    .await
    .unwrap();
    assert!(timed.reduced.timed_out);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_searches_answer_each_for_itself() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "one", 1, 5).await;
    let items = vec![
        search("one", r#"{"size": 1}"#),
        search("nowhere", "{}"),
        search("one", r#"{"query": {"term": {"n": "x"}}}"#),
    ];
    let answer = run::<MultiSearch>(
        node,
        MultiSearchRequest {
            items,
            max_concurrent_searches: None,
        },
    )
    .await
    .unwrap();
    assert_eq!(answer.responses[0].as_ref().unwrap().hits.len(), 1);
    assert_eq!(
        answer.responses[1].as_ref().unwrap_err().kind,
        Kind::IndexNotFound
    );
    assert_eq!(
        answer.responses[2].as_ref().unwrap_err().kind,
        Kind::SearchPhaseExecution
    );
    let empty = run::<MultiSearch>(
        node,
        MultiSearchRequest {
            items: Vec::new(),
            max_concurrent_searches: None,
        },
    )
    .await;
    assert_eq!(
        empty.unwrap_err().reason(),
        "Validation Failed: 1: no requests added;"
    );
}

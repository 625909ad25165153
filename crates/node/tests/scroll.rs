//! Scrolls and scans through the door: pages, their order and their end, what they keep and when that goes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use glasswork_content::{Failure, Kind};
use glasswork_node::{
    Node,
    actions::{
        indices::{CloseIndex, CloseIndexRequest},
        search::{
            ClearScroll, ClearScrollRequest, ClearScrollResponse, Scan, Scroll, ScrollRequest,
            SearchAction, SearchRequest, ShardBounds,
        },
    },
};
use glasswork_search::{reduce::SearchResponse, request};
use support::*;

const MINUTE: Duration = Duration::from_secs(60);

fn scroll(indices: &str, body: &str) -> SearchRequest {
    SearchRequest {
        scroll: Some(MINUTE),
        ..SearchRequest::new(
            target(indices),
            request::SearchRequest::parse(&json(body)).unwrap(),
        )
    }
}

fn scan(indices: &str, body: &str, bounds: Vec<ShardBounds>) -> SearchRequest {
    SearchRequest {
        scan: Some(Scan { bounds }),
        ..scroll(indices, body)
    }
}

async fn next(node: &Arc<Node>, page: &SearchResponse) -> Result<SearchResponse, Failure> {
    let request = ScrollRequest {
        scroll_id: page.scroll_id.clone().unwrap(),
        keep_alive: Some(MINUTE),
    };
    run::<Scroll>(node, request).await
}

async fn clear(node: &Arc<Node>, page: &SearchResponse) -> ClearScrollResponse {
    let ids = vec![page.scroll_id.clone().unwrap()];
    run::<ClearScroll>(node, ClearScrollRequest::Ids(ids))
        .await
        .unwrap()
}

fn ids(page: &SearchResponse) -> Vec<String> {
    page.hits.iter().map(|hit| hit.id.to_string()).collect()
}

/// Every page of a scroll, which is cleared at the end.
async fn all(node: &Arc<Node>, first: SearchRequest) -> Vec<SearchResponse> {
    let mut pages = vec![run::<SearchAction>(node, first).await.unwrap()];
    loop {
        let page = next(node, pages.last().unwrap()).await.unwrap();
        let ends = page.hits.is_empty();
        pages.push(page);
        if ends {
            break;
        }
    }
    let last = pages.last().unwrap();
    assert!(clear(node, last).await.freed > 0);
    assert_eq!(node.open_search_contexts(), 0);
    pages
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_reads_shard_after_shard_in_the_order_of_sequence_numbers() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "many", 3, 100).await;
    let pages = all(node, scan("many", r#"{"size": 7}"#, Vec::new())).await;
    assert_eq!(pages.len(), 16);
    assert!(pages[..14].iter().all(|page| page.hits.len() == 7));
    let first = &pages[0];
    assert_eq!(first.scan.len(), 3);
    let total: u64 = first
        .scan
        .iter()
        .map(|bounds| bounds.through - bounds.from + 1)
        .sum();
    assert_eq!(total, 100);
    let mut places = Vec::new();
    let mut seen = BTreeSet::new();
    for page in &pages {
        assert_eq!(page.reduced.total.unwrap().value, 100);
        for (hit, (shard, _)) in page.hits.iter().zip(&page.reduced.page) {
            assert!(seen.insert(hit.id.clone()), "{} comes twice", hit.id);
            assert!(hit.source.as_ref().unwrap().starts_with(b"{\"n\": "));
            assert_eq!(hit.version, Some(1));
            places.push((*shard, hit.seq_no.unwrap().0));
        }
    }
    assert_eq!(seen.len(), 100);
    assert!(places.is_sorted());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_keeps_to_its_bounds_and_to_its_query() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "one", 1, 3_000).await;
    let whole = run::<SearchAction>(node, scan("one", r#"{"size": 10}"#, Vec::new()))
        .await
        .unwrap();
    let mut bounds = whole.scan.clone();
    assert_eq!((bounds[0].from, bounds[0].through), (0, 2_999));
    clear(node, &whole).await;
    (bounds[0].from, bounds[0].through) = (1_000, 2_000);
    let body = r#"{"size": 50, "query": {"term": {"k": "k3"}}}"#;
    let pages = all(node, scan("one", body, bounds.clone())).await;
    assert_eq!(pages[0].reduced.total.unwrap().value, 100);
    assert_eq!(pages[0].scan, bounds);
    let found: Vec<u64> = pages
        .iter()
        .flat_map(|page| &page.hits)
        .map(|hit| hit.seq_no.unwrap().0)
        .collect();
    let expected: Vec<u64> = (1_000..=2_000).filter(|n| n % 10 == 3).collect();
    assert_eq!(found, expected);
    // Nothing of a shard is looked at when its bounds are empty.
    (bounds[0].from, bounds[0].through) = (5, 4);
    let pages = all(node, scan("one", r#"{"size": 50}"#, bounds)).await;
    assert_eq!(pages[0].reduced.total.unwrap().value, 0);
    assert!(pages[0].hits.is_empty());
}

/// What a scroll gives, page after page, and what one search gives.
async fn same_as_a_search(node: &Arc<Node>, index: &str, order: &str) {
    let body = format!(r#"{{"size": 7, {order}}}"#);
    let pages = all(node, scroll(index, &body)).await;
    let whole = format!(r#"{{"size": 1000, {order}}}"#);
    let whole = SearchRequest::new(
        target(index),
        request::SearchRequest::parse(&json(&whole)).unwrap(),
    );
    let whole = run::<SearchAction>(node, whole).await.unwrap();
    let paged: Vec<String> = pages.iter().flat_map(ids).collect();
    assert_eq!(paged, ids(&whole), "{order}");
    let values = |page: &SearchResponse| -> Vec<_> {
        let hits = page.hits.iter();
        hits.map(|hit| (hit.score, hit.sort.clone())).collect()
    };
    let paged: Vec<_> = pages.iter().flat_map(values).collect();
    assert_eq!(paged, values(&whole), "{order}");
    for page in &pages {
        assert_eq!(page.reduced.total.unwrap().value, whole.hits.len() as u64);
        assert_eq!(page.reduced.max_score, pages[0].reduced.max_score);
        assert_eq!(page.reduced.terminated_early, None);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scroll_gives_what_one_search_would_whatever_the_order() {
    let on = OnFiles::start().await;
    let node = &on.node;
    for (index, shards) in [("one", 1), ("many", 3)] {
        fill(node, index, shards, 60).await;
        // A second segment, in which some documents lack what is sorted by.
        for n in 60..90 {
            let source = match n % 3 {
                0 => format!(r#"{{"n": {n}, "t": "word"}}"#),
                1 => format!(r#"{{"k": "k{}", "t": "w0"}}"#, n % 10),
                _ => format!(
                    r#"{{"n": 2147483647, "k": "k{}", "t": "word w1 w1"}}"#,
                    n % 7
                ),
            };
            support::index(node, index, &n.to_string(), &source)
                .await
                .unwrap();
        }
        refresh(node, index).await;
        for order in [
            r#""query": {"match": {"t": "word w1"}}"#,
            r#""query": {"match_all": {}}"#,
            r#""query": {"term": {"k": "k3"}}"#,
            r#""sort": ["_doc"]"#,
            r#""sort": ["_doc"], "query": {"term": {"k": "k3"}}"#,
            r#""sort": ["n"]"#,
            r#""sort": [{"n": "desc"}]"#,
            r#""sort": [{"n": {"order": "desc", "missing": "_first"}}]"#,
            r#""sort": ["k"]"#,
            r#""sort": [{"k": {"order": "desc", "missing": "_first"}}, {"n": "desc"}]"#,
            r#""sort": [{"k": {"order": "asc", "missing": "k2x"}}]"#,
            r#""sort": ["k", "_score"], "query": {"match": {"t": "word w1"}}"#,
            r#""sort": ["_score"], "query": {"match": {"t": "w1"}}"#,
            r#""sort": [{"_score": "asc"}], "query": {"match": {"t": "w1"}}"#,
            r#""sort": ["n"], "track_scores": true, "query": {"match": {"t": "w1"}}"#,
            r#""query": {"match": {"t": "word"}}, "post_filter": {"term": {"k": "k1"}}, "min_score": 0.01"#,
        ] {
            same_as_a_search(node, index, order).await;
        }
    }
}

/// Waits until a node keeps `count` contexts.
async fn until_kept(node: &Arc<Node>, count: usize) {
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while node.open_search_contexts() != count {
        assert!(
            std::time::Instant::now() < deadline,
            "{} contexts are kept, not {count}",
            node.open_search_contexts()
        );
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn is_gone(failure: &Failure) {
    assert_eq!(failure.status(), 404, "{failure}");
    assert_eq!(failure.kind, Kind::SearchPhaseExecution);
    let cause = failure.cause.as_deref().unwrap();
    assert_eq!(cause.kind, Kind::SearchContextMissing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scroll_sees_what_was_there_when_it_began() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "many", 2, 40).await;
    let aggregated = r#"{"size": 15, "sort": ["n"], "aggs": {"s": {"sum": {"field": "n"}}}}"#;
    let first = run::<SearchAction>(node, scroll("many", aggregated))
        .await
        .unwrap();
    let scan = run::<SearchAction>(node, scan("many", r#"{"size": 15}"#, Vec::new()))
        .await
        .unwrap();
    assert!(first.reduced.aggregations.is_some());
    let mut deletes = String::new();
    for n in 0..40 {
        deletes.push_str(&format!(
            "{{\"delete\":{{\"_index\":\"many\",\"_id\":\"{n}\"}}}}\n"
        ));
    }
    bulk(node, &deletes).await.unwrap();
    index(node, "many", "new", r#"{"n": 1}"#).await.unwrap();
    refresh(node, "many").await;
    let second = next(node, &first).await.unwrap();
    let expected: Vec<String> = (15..30).map(|n| n.to_string()).collect();
    assert_eq!(ids(&second), expected);
    assert!(
        second.reduced.aggregations.is_none(),
        "only the first page has them"
    );
    let mut read = scan.hits.len();
    let mut page = scan;
    loop {
        page = next(node, &page).await.unwrap();
        if page.hits.is_empty() {
            break;
        }
        read += page.hits.len();
    }
    assert_eq!(read, 40);
    clear(node, &page).await;
    clear(node, &second).await;
    assert_eq!(node.open_search_contexts(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn contexts_end_when_cleared_unused_or_without_their_shard() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "many", 2, 10).await;
    let begin = |keep_alive| SearchRequest {
        scroll: Some(keep_alive),
        ..scroll("many", r#"{"size": 2}"#)
    };
    let page = run::<SearchAction>(node, begin(MINUTE)).await.unwrap();
    assert_eq!(node.open_search_contexts(), 2);
    let cleared = clear(node, &page).await;
    assert_eq!((cleared.succeeded, cleared.freed), (true, 2));
    assert_eq!(clear(node, &page).await.freed, 0);
    is_gone(&next(node, &page).await.unwrap_err());
    // Nobody comes back for the next page.
    run::<SearchAction>(node, begin(Duration::from_millis(10)))
        .await
        .unwrap();
    until_kept(node, 0).await;
    // All at once.
    run::<SearchAction>(node, begin(MINUTE)).await.unwrap();
    run::<SearchAction>(node, scan("many", "{}", Vec::new()))
        .await
        .unwrap();
    assert_eq!(node.open_search_contexts(), 4);
    let cleared = run::<ClearScroll>(node, ClearScrollRequest::All)
        .await
        .unwrap();
    assert_eq!(
        (cleared.succeeded, cleared.freed),
        (true, 1),
        "nodes are counted"
    );
    assert_eq!(node.open_search_contexts(), 0);
    // A closed index keeps nothing.
    let page = run::<SearchAction>(node, begin(MINUTE)).await.unwrap();
    let close = CloseIndexRequest {
        target: target("many"),
    };
    run::<CloseIndex>(node, close).await.unwrap();
    until_kept(node, 0).await;
    is_gone(&next(node, &page).await.unwrap_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scrolls_that_make_no_sense_or_are_too_many_are_refused() {
    let on = OnFiles::start().await;
    let node = &on.node;
    fill(node, "one", 1, 10).await;
    for (body, reason) in [
        (r#"{"size": 0}"#, "[size] cannot be [0] in a scroll context"),
        (
            r#"{"from": 1}"#,
            "using [from] is not allowed in a scroll context",
        ),
        (
            r#"{"track_total_hits": false}"#,
            "disabling [track_total_hits] is not allowed in a scroll context",
        ),
    ] {
        let refused = run::<SearchAction>(node, scroll("one", body))
            .await
            .unwrap_err();
        assert_eq!(refused.reason(), format!("Validation Failed: 1: {reason};"));
    }
    for (body, reason) in [
        (
            r#"{"sort": ["n"], "search_after": [1]}"#,
            "`search_after` cannot be used in a scroll context.",
        ),
        (
            r#"{"size": 10001}"#,
            "Batch size is too large, size must be less than or equal to: [10000] but was [10001]. Scroll batch sizes cost as much \
             memory as result windows so they are controlled by the [index.max_result_window] index level setting.",
        ),
        (
            r#"{"slice": {"id": 0, "max": 1025}}"#,
            "The number of slices [1025] is too large. It must be less than [1024]. This limit can be set by changing the \
             [index.max_slices_per_scroll] index level setting.",
        ),
    ] {
        let refused = run::<SearchAction>(node, scroll("one", body))
            .await
            .unwrap_err();
        let cause = refused.root_causes()[0].reason().to_owned();
        assert_eq!(cause, reason);
    }
    let too_long = SearchRequest {
        scroll: Some(Duration::from_secs(86_401)),
        ..scroll("one", "{}")
    };
    let refused = run::<SearchAction>(node, too_long).await.unwrap_err();
    assert_eq!(refused.status(), 400);
    assert_eq!(
        refused.root_causes()[0].reason(),
        "Keep alive for request (1d) is too large. It must be less than (1d). This limit can be set by changing the \
         [search.max_keep_alive] cluster level setting."
    );
    assert_eq!(node.open_search_contexts(), 0);
    for _ in 0..500 {
        run::<SearchAction>(node, scroll("one", r#"{"size": 1}"#))
            .await
            .unwrap();
    }
    let refused = run::<SearchAction>(node, scroll("one", "{}"))
        .await
        .unwrap_err();
    assert_eq!(refused.status(), 429);
    assert_eq!(
        refused.root_causes()[0].reason(),
        "Trying to create too many scroll contexts. Must be less than or equal to: [500]. This limit can be set by changing the \
         [search.max_open_scroll_context] setting."
    );
    assert_eq!(node.open_search_contexts(), 500);
    run::<ClearScroll>(node, ClearScrollRequest::All)
        .await
        .unwrap();
    assert_eq!(node.open_search_contexts(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scroll_that_cannot_begin_leaves_nothing_behind() {
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
    // On the shards of one index the query makes no sense.
    let body = r#"{"query": {"term": {"n": "word"}}}"#;
    let mut strict = scroll("numbers,words", body);
    strict.allow_partial_results = false;
    run::<SearchAction>(node, strict).await.unwrap_err();
    assert_eq!(node.open_search_contexts(), 0);
    let partly = run::<SearchAction>(node, scroll("numbers,words", body))
        .await
        .unwrap();
    assert_eq!(partly.shards.failed, 2);
    assert_eq!(node.open_search_contexts(), 1);
    let page = next(node, &partly).await.unwrap();
    assert_eq!((page.shards.total, page.shards.failed), (1, 0));
    clear(node, &page).await;
    // Cancelled between the phases: the aggregation is joined under the search's own task.
    let slow = r#"{"size": 1, "query": {"script": {"script": {"source": "long s = 0; for (int i = 0; i < 2000000000; i++) { s += i % 7 } return s > 0"}}}}"#;
    let mut cancelled = scroll("numbers", slow);
    cancelled.cancel_after = Some(glasswork_content::text::TimeValue::millis(30));
    run::<SearchAction>(node, cancelled).await.unwrap_err();
    assert_eq!(node.open_search_contexts(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slices_divide_what_is_read_without_gap_or_overlap() {
    let on = OnFiles::start().await;
    let node = &on.node;
    for (index, shards) in [("one", 1), ("many", 3)] {
        fill(node, index, shards, 200).await;
        for (field, max) in [("_id", 2), ("_id", 3), ("_id", 5), ("n", 4), ("n", 2)] {
            let mut seen = BTreeSet::new();
            for id in 0..max {
                let body = format!(
                    r#"{{"size": 50, "slice": {{"field": "{field}", "id": {id}, "max": {max}}}}}"#
                );
                let by_scan = all(node, scan(index, &body, Vec::new())).await;
                let by_scroll = all(node, scroll(index, &body)).await;
                let sorted = |pages: &[SearchResponse]| -> BTreeSet<String> {
                    pages.iter().flat_map(ids).collect()
                };
                let found = sorted(&by_scan);
                assert_eq!(found, sorted(&by_scroll));
                assert!(
                    !found.is_empty(),
                    "slice {id} of {max} by {field} of {index}"
                );
                for id in found {
                    assert!(seen.insert(id));
                }
            }
            assert_eq!(seen.len(), 200);
        }
    }
    let alone = SearchRequest {
        scroll: None,
        ..scroll("one", r#"{"slice": {"id": 0, "max": 2}}"#)
    };
    let refused = run::<SearchAction>(node, alone).await.unwrap_err();
    assert_eq!(
        refused.root_causes()[0].reason(),
        "`slice` cannot be used outside of a scroll context or PIT context"
    );
}

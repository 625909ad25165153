//! Scrolls and scans through the door: pages, their order and their end, what they keep and when that goes.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use glasswork_content::Failure;
use glasswork_node::{
    Node,
    actions::search::{
        ClearScroll, ClearScrollRequest, ClearScrollResponse, Scan, Scroll, ScrollRequest,
        SearchAction, SearchRequest, ShardBounds,
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

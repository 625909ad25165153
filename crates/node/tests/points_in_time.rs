//! Points in time and scrolls over several nodes: through one, on the others, and when one of them is lost.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use glasswork_content::{Failure, Kind, Meta};
use glasswork_node::{
    Node, Substrate,
    actions::search::{
        ClearScroll, ClearScrollRequest, CreatePointInTime, CreatePointInTimeRequest,
        CreatePointInTimeResponse, DeletePointInTime, DeletePointInTimeRequest, ListPointsInTime,
        Scan, Scroll, ScrollRequest, SearchAction, SearchRequest,
    },
};
use glasswork_search::{reduce::SearchResponse, request};
use glasswork_substrate::memory::World;
use support::*;

const MINUTE: Duration = Duration::from_secs(60);

struct Cluster {
    world: World,
    nodes: Vec<Arc<Node>>,
    _folders: Vec<tempfile::TempDir>,
}

impl Cluster {
    /// Three nodes and an index of six shards with 90 documents.
    async fn with_books() -> Self {
        let world = World::new(5);
        let mut cluster = Self {
            world,
            nodes: Vec::new(),
            _folders: Vec::new(),
        };
        for number in 1..=3 {
            let id = format!("n{number}");
            let parts = cluster.world.node(&id);
            let folder = tempfile::tempdir().unwrap();
            let substrate = Substrate {
                logs: parts.logs,
                kv: parts.kv,
                bus: parts.bus,
            };
            let node = Node::start(config(&id, folder.path()), substrate)
                .await
                .unwrap();
            cluster.nodes.push(node);
            cluster._folders.push(folder);
        }
        fill(&cluster.nodes[0], "books", 6, 90).await;
        cluster
    }

    fn kept(&self) -> usize {
        let nodes = self.nodes.iter();
        nodes.map(|node| node.open_search_contexts()).sum()
    }
}

fn body(text: &str) -> request::SearchRequest {
    request::SearchRequest::parse(&json(text)).unwrap()
}

async fn create_point(
    node: &Arc<Node>,
    indices: &str,
) -> Result<CreatePointInTimeResponse, Failure> {
    let request = CreatePointInTimeRequest {
        indices: target(indices),
        routing: None,
        keep_alive: Some(MINUTE),
        allow_partial: true,
    };
    run::<CreatePointInTime>(node, request).await
}

async fn in_time(node: &Arc<Node>, id: &str, rest: &str) -> Result<SearchResponse, Failure> {
    let text = format!(r#"{{"pit": {{"id": "{id}"}}{rest}}}"#);
    run::<SearchAction>(node, SearchRequest::new(target(""), body(&text))).await
}

fn ids(page: &SearchResponse) -> Vec<String> {
    page.hits.iter().map(|hit| hit.id.to_string()).collect()
}

async fn next(node: &Arc<Node>, page: &SearchResponse) -> Result<SearchResponse, Failure> {
    let request = ScrollRequest {
        scroll_id: page.scroll_id.clone().unwrap(),
        keep_alive: Some(MINUTE),
    };
    run::<Scroll>(node, request).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_in_time_is_searched_through_every_node() {
    let cluster = Cluster::with_books().await;
    let [a, b, c] = &cluster.nodes[..] else {
        unreachable!("three nodes");
    };
    let made = create_point(a, "books").await.unwrap();
    assert_eq!((made.shards.total, made.shards.successful), (6, 6));
    assert_eq!(cluster.kept(), 6);
    index(b, "books", "later", r#"{"n": 1000}"#).await.unwrap();
    refresh(b, "books").await;
    for node in [a, b, c] {
        let page = in_time(node, &made.id, r#", "size": 5, "sort": [{"n": "desc"}]"#)
            .await
            .unwrap();
        assert_eq!(ids(&page), ["89", "88", "87", "86", "85"]);
        assert_eq!(page.pit_id.as_deref(), Some(&*made.id));
        let rest = r#", "size": 2, "sort": [{"n": "desc"}], "search_after": [3]"#;
        let page = in_time(node, &made.id, rest).await.unwrap();
        assert_eq!(ids(&page), ["2", "1"]);
        assert_eq!(page.reduced.total.unwrap().value, 90);
        let known = run::<ListPointsInTime>(node, ()).await.unwrap();
        assert_eq!(known.len(), 1);
        assert_eq!(known[0].id, made.id);
        assert_eq!(
            (known[0].created, known[0].keep_alive),
            (made.created, 60_000)
        );
    }
    assert_eq!(
        cluster.kept(),
        6,
        "searches leave the contexts where they are"
    );
    let mut seen = BTreeSet::new();
    for slice in 0..8 {
        let rest = format!(r#", "size": 90, "slice": {{"id": {slice}, "max": 8}}"#);
        let page = in_time(b, &made.id, &rest).await.unwrap();
        for id in ids(&page) {
            assert!(seen.insert(id));
        }
    }
    assert_eq!(seen.len(), 90);
    let ids = DeletePointInTimeRequest::Ids(vec![made.id.clone()]);
    let gone = run::<DeletePointInTime>(c, ids.clone()).await.unwrap();
    assert!(gone[0].successful);
    assert_eq!(cluster.kept(), 0);
    assert!(run::<DeletePointInTime>(c, ids).await.unwrap()[0].successful);
    let failure = in_time(a, &made.id, "").await.unwrap_err();
    assert_eq!(
        (failure.status(), failure.reason()),
        (404, "all shards failed")
    );
    let cause = failure.cause.as_deref().unwrap();
    assert_eq!(cause.kind, Kind::SearchContextMissing);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn points_in_time_are_bounded_and_what_makes_no_sense_is_refused() {
    let cluster = Cluster::with_books().await;
    let node = &cluster.nodes[0];
    let reason = |failure: Failure| failure.reason().to_owned();
    let request = |keep_alive| CreatePointInTimeRequest {
        indices: target("books"),
        routing: None,
        keep_alive,
        allow_partial: true,
    };
    let refused = run::<CreatePointInTime>(node, request(None)).await;
    assert_eq!(
        reason(refused.unwrap_err()),
        "Validation Failed: 1: keep alive not specified;"
    );
    let long = Some(Duration::from_secs(25 * 3_600));
    let refused = run::<CreatePointInTime>(node, request(long))
        .await
        .unwrap_err();
    assert_eq!(refused.status(), 400);
    assert_eq!(
        reason(refused),
        "Keep alive for request (1d) is too large. It must be less than (1d). This limit can be set by changing the \
         [point_in_time.max_keep_alive] cluster level setting."
    );
    let made = create_point(node, "books").await.unwrap();
    let named = format!(r#"{{"pit": {{"id": "{}"}}}}"#, made.id);
    let both = SearchRequest::new(target("books"), body(&named));
    assert_eq!(
        reason(run::<SearchAction>(node, both).await.unwrap_err()),
        "Validation Failed: 1: [indices] cannot be used with point in time;"
    );
    let scrolled = SearchRequest {
        scroll: Some(MINUTE),
        ..SearchRequest::new(target(""), body(&named))
    };
    assert_eq!(
        reason(run::<SearchAction>(node, scrolled).await.unwrap_err()),
        "Validation Failed: 1: using [point in time] is not allowed in a scroll context;"
    );
    for id in ["nonsense", "", "****"] {
        let failure = in_time(node, id, "").await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.status()),
            (Kind::IllegalArgument, 400)
        );
    }
    // 300 contexts a node: the indices have two shards on each.
    let mut failed = None;
    for _ in 0..160 {
        if let Err(failure) = create_point(node, "books").await {
            failed = Some(failure);
            break;
        }
    }
    let failed = failed.unwrap();
    assert_eq!(failed.status(), 429);
    assert_eq!(
        failed.root_causes()[0].reason(),
        "Trying to create too many Point In Time contexts. Must be less than or equal to: [300]. This limit can be set by changing \
         the [search.max_open_pit_context] setting."
    );
    run::<DeletePointInTime>(node, DeletePointInTimeRequest::All)
        .await
        .unwrap();
    assert_eq!(cluster.kept(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scroll_goes_on_through_another_node_and_without_a_lost_one() {
    let cluster = Cluster::with_books().await;
    let [a, b, c] = &cluster.nodes[..] else {
        unreachable!("three nodes");
    };
    let begin = |scan: bool| SearchRequest {
        scroll: Some(MINUTE),
        scan: scan.then(Scan::default),
        ..SearchRequest::new(target("books"), body(r#"{"size": 20}"#))
    };
    // A scan reads everything, whoever is asked for the next page.
    let mut page = run::<SearchAction>(a, begin(true)).await.unwrap();
    let mut read: BTreeSet<String> = ids(&page).into_iter().collect();
    for node in [b, c, a, b, c] {
        page = next(node, &page).await.unwrap();
        read.extend(ids(&page));
    }
    assert_eq!(read.len(), 90);
    assert!(page.hits.is_empty());
    run::<ClearScroll>(
        b,
        ClearScrollRequest::Ids(vec![page.scroll_id.clone().unwrap()]),
    )
    .await
    .unwrap();
    assert_eq!(cluster.kept(), 0);
    let first = run::<SearchAction>(a, begin(false)).await.unwrap();
    let second = next(b, &first).await.unwrap();
    assert_eq!(second.hits.len(), 20);
    assert_eq!(cluster.kept(), 6);
    // One context is lost: the others go on, and the answer tells.
    let lost = c.open_search_contexts();
    assert!(lost > 0);
    c.stop().await;
    cluster.world.crash("n3");
    let third = next(a, &second).await.unwrap();
    assert_eq!(third.shards.total, 6);
    assert_eq!(third.shards.failed as usize, lost);
    let failure = &third.shards.failures[0];
    assert_eq!((failure.shard, failure.index.as_deref()), (-1, None));
    let cleared = run::<ClearScroll>(
        a,
        ClearScrollRequest::Ids(vec![third.scroll_id.clone().unwrap()]),
    )
    .await
    .unwrap();
    assert_eq!(cleared.freed as usize, 6 - lost);
    assert_eq!(a.open_search_contexts() + b.open_search_contexts(), 0);
    let gone = next(a, &third).await.unwrap_err();
    assert_eq!(gone.meta("phase"), Some(&Meta::Text("query".into())));
}

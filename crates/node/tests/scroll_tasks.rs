//! The tasks of scrolls and points in time: what is beneath what, and how each describes itself.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use glasswork_content::Kind;
use glasswork_node::{
    Action, Caller, Node,
    actions::search::{
        ClearScroll, ClearScrollRequest, CreatePointInTime, CreatePointInTimeRequest,
        DeletePointInTime, DeletePointInTimeRequest, ListPointsInTime, Scroll, ScrollRequest,
        SearchAction, SearchRequest,
    },
    of_stop,
};
use glasswork_search::{reduce::SearchResponse, request};
use glasswork_tasks::{Checkpoint, Heard, News, TaskId, View};
use support::*;

const MINUTE: Duration = Duration::from_secs(60);

/// A task that ran.
struct Ran {
    id: TaskId,
    parent: Option<TaskId>,
    action: String,
    description: String,
}

/// Runs an action; gives its answer and the tasks that it took, each as `depth action`, in order of their names.
async fn traced<A: Action>(node: &Arc<Node>, request: A::Request) -> (A::Response, Vec<Ran>) {
    let mut watcher = node.registry().subscribe();
    let answer = run::<A>(node, request).await.unwrap();
    let mut ran = Vec::new();
    while let Some(Heard::Event(event)) = watcher.try_next() {
        if event.news == News::Started && !event.task.is_internal() {
            let seen = event.task.snapshot(&View::DETAILED);
            ran.push(Ran {
                id: seen.id,
                parent: seen.parent,
                action: seen.action.to_string(),
                description: seen.description.unwrap().text,
            });
        }
    }
    (answer, ran)
}

/// `action < parent < …`, each once with how many there were.
fn paths(ran: &[Ran]) -> Vec<(String, usize)> {
    let mut paths: Vec<(String, usize)> = Vec::new();
    for task in ran {
        let mut path = short(&task.action);
        let mut at = task;
        while let Some(parent) = &at.parent {
            at = ran.iter().find(|task| task.id == *parent).unwrap();
            path = format!("{path} < {}", short(&at.action));
        }
        match paths.iter_mut().find(|(known, _)| *known == path) {
            Some((_, count)) => *count += 1,
            None => paths.push((path, 1)),
        }
    }
    paths.sort();
    paths
}

fn short(action: &str) -> String {
    action.replace("indices:data/read/", "")
}

fn are(ran: &[Ran], wanted: &[(&str, usize)]) {
    let wanted: Vec<(String, usize)> = wanted
        .iter()
        .map(|&(path, count)| (path.to_owned(), count))
        .collect();
    assert_eq!(paths(ran), wanted);
}

/// What the tasks of an action say of themselves.
fn said<'a>(ran: &'a [Ran], action: &str) -> Vec<&'a str> {
    let of = ran.iter().filter(|task| short(&task.action) == action);
    let mut texts: Vec<&str> = of.map(|task| &*task.description).collect();
    texts.sort_unstable();
    texts
}

fn begin(index: &str) -> SearchRequest {
    SearchRequest {
        scroll: Some(MINUTE),
        ..SearchRequest::new(
            target(index),
            request::SearchRequest::parse(&json(r#"{"size": 8, "sort": "n"}"#)).unwrap(),
        )
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scroll_over_two_shards_finds_and_reads_in_two_rounds() {
    let on = OnFiles::start().await;
    fill(&on.node, "books", 2, 40).await;
    let (first, ran) = traced::<SearchAction>(&on.node, begin("books")).await;
    are(
        &ran,
        &[
            ("search", 1),
            ("search[can_match] < search", 2),
            ("search[phase/fetch/id] < search", 2),
            ("search[phase/query] < search", 2),
        ],
    );
    assert_eq!(
        said(&ran, "search"),
        [
            r#"indices[books], search_type[QUERY_THEN_FETCH], scroll[1m], source[{"size":8,"sort":[{"n":{"order":"asc"}}]}]"#
        ]
    );
    assert_eq!(
        said(&ran, "search[phase/query]"),
        ["shardId[[books][0]]", "shardId[[books][1]]"]
    );

    let id = first.scroll_id.unwrap();
    let next = ScrollRequest {
        scroll_id: id.clone(),
        keep_alive: Some(MINUTE),
    };
    let (_, ran) = traced::<Scroll>(&on.node, next).await;
    are(
        &ran,
        &[
            ("scroll", 1),
            ("search[phase/fetch/id/scroll] < scroll", 2),
            ("search[phase/query/scroll] < scroll", 2),
        ],
    );
    assert_eq!(
        said(&ran, "scroll"),
        [format!("scrollId[{id}], scroll[Scroll{{keepAlive=1m}}]")]
    );
    for text in said(&ran, "search[phase/query/scroll]") {
        let number = text
            .strip_prefix("id[")
            .and_then(|rest| rest.strip_suffix("], scroll[Scroll{keepAlive=1m}]"));
        assert!(number.unwrap().parse::<u64>().is_ok(), "{text}");
    }
    for text in said(&ran, "search[phase/fetch/id/scroll]") {
        assert!(
            text.starts_with("id[[") && text.contains("]], size["),
            "{text}"
        );
        let last = text.split("lastEmittedDoc[").nth(1).unwrap();
        let (document, rest) = last.split_once(' ').unwrap();
        assert!(document.starts_with("doc="), "{text}");
        let field = rest
            .strip_prefix("score=NaN shardIndex=-1 fields=[")
            .and_then(|rest| rest.strip_suffix("]]"));
        // The last of this page that the shard gives.
        let last = field.unwrap().parse::<u64>().unwrap();
        assert!((8..16).contains(&last), "{text}");
    }

    let silent = ScrollRequest {
        scroll_id: id.clone(),
        keep_alive: None,
    };
    let (_, ran) = traced::<Scroll>(&on.node, silent).await;
    assert_eq!(
        said(&ran, "scroll"),
        [format!("scrollId[{id}], scroll[null]")]
    );
    let texts = said(&ran, "search[phase/query/scroll]");
    assert_eq!(texts.len(), 2);
    assert!(texts[0].ends_with("], scroll[null]"), "{texts:?}");

    let clear = ClearScrollRequest::Ids(vec![id]);
    let (cleared, ran) = traced::<ClearScroll>(&on.node, clear).await;
    assert_eq!(cleared.freed, 2);
    are(
        &ran,
        &[
            ("scroll/clear", 1),
            ("search[free_context/scroll] < scroll/clear", 2),
        ],
    );
    let (_, ran) = traced::<ClearScroll>(&on.node, ClearScrollRequest::All).await;
    are(
        &ran,
        &[
            ("scroll/clear", 1),
            ("search[clear_scroll_contexts] < scroll/clear", 1),
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scroll_over_one_shard_finds_and_reads_at_once() {
    let on = OnFiles::start().await;
    fill(&on.node, "books", 1, 40).await;
    let (first, ran) = traced::<SearchAction>(&on.node, begin("books")).await;
    are(&ran, &[("search", 1), ("search[phase/query] < search", 1)]);
    let next = ScrollRequest {
        scroll_id: first.scroll_id.unwrap(),
        keep_alive: Some(MINUTE),
    };
    let (page, ran) = traced::<Scroll>(&on.node, next).await;
    assert_eq!(page.hits.len(), 8);
    are(
        &ran,
        &[
            ("scroll", 1),
            ("search[phase/query+fetch/scroll] < scroll", 1),
        ],
    );
    let texts = said(&ran, "search[phase/query+fetch/scroll]");
    assert!(texts[0].ends_with("], scroll[Scroll{keepAlive=1m}]"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_point_in_time_opens_contexts_and_then_tells_them_their_time() {
    let on = OnFiles::start().await;
    fill(&on.node, "books", 2, 4).await;
    let create = CreatePointInTimeRequest {
        indices: target("books"),
        routing: None,
        keep_alive: Some(MINUTE),
        allow_partial: true,
    };
    let (made, ran) = traced::<CreatePointInTime>(&on.node, create).await;
    are(
        &ran,
        &[
            ("point_in_time/create", 1),
            ("search[create_context] < point_in_time/create", 2),
            ("search[update_context] < point_in_time/create", 2),
        ],
    );
    assert_eq!(
        said(&ran, "point_in_time/create"),
        ["indices[books], pointintime[1m], allowPartialPitCreation[true], "]
    );
    let (listed, ran) = traced::<ListPointsInTime>(&on.node, ()).await;
    assert_eq!(listed.len(), 1);
    are(
        &ran,
        &[
            ("point_in_time/readall", 1),
            ("point_in_time/readall[n] < point_in_time/readall", 1),
        ],
    );
    let delete = DeletePointInTimeRequest::Ids(vec![made.id]);
    let (_, ran) = traced::<DeletePointInTime>(&on.node, delete).await;
    // The contexts of one node go with one message.
    are(
        &ran,
        &[
            ("point_in_time/delete", 1),
            ("search[free_context/pit] < point_in_time/delete", 1),
        ],
    );
    assert_eq!(said(&ran, "search[free_context/pit]"), [""]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scroll_whose_first_page_is_cancelled_while_it_is_written_keeps_nothing() {
    let on = OnFiles::start().await;
    fill(&on.node, "books", 3, 30).await;
    for heavy in [false, true] {
        let weight = match heavy {
            true => |_: &SearchResponse| u64::MAX,
            false => |_: &SearchResponse| 0,
        };
        let (node, begun) = (Arc::clone(&on.node), begin("books"));
        let written = on
            .node
            .run_weighed::<SearchAction, ()>(
                begun,
                Caller::default(),
                weight,
                move |answer, task| {
                    assert!(answer?.scroll_id.is_some());
                    assert_eq!(node.open_search_contexts(), 3);
                    node.cancel(task, "by user request");
                    task.checkpoint().map_err(|stop| of_stop(&stop))
                },
            )
            .await;
        assert_eq!(written.unwrap_err().kind, Kind::TaskCancelled);
        // The clearing ran beneath the search, which has ended.
        assert_eq!(on.node.open_search_contexts(), 0);
    }
    // One that is written stays.
    let page = run::<SearchAction>(&on.node, begin("books")).await;
    assert_eq!(on.node.open_search_contexts(), 3);
    assert!(page.unwrap().scroll_id.is_some());
}

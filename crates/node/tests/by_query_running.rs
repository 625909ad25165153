//! By-query operations while they run: their pace, what a list shows of them, how they end early, and how they go on after a
//! restart.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use glasswork_content::Kind;
use glasswork_node::{
    Caller, Node,
    actions::{
        by_query::{
            ByQueryRequest, DeleteByQuery, Reindex, Slices, UNLIMITED, UpdateByQuery, Work,
        },
        tasks::pause::{Pause, PauseTask},
    },
};
use glasswork_tasks::{Filter, Pattern, View};
use support::{by_query::*, *};

const COPY: &str = r#"{"source": {"index": "many", "size": 5}, "dest": {"index": "copy"}}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throttled_operation_waits_between_pages_and_a_cancel_cuts_the_wait() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 2, 60).await;
    let running = spawn::<Reindex>(node, reindex(COPY, 1.0));
    // The first page is written at once, the second one waits five seconds.
    let (task, status) = until(node, |status| number(status, "throttled_until_millis") > 0).await;
    assert_eq!(
        (number(&status, "total"), number(&status, "created")),
        (60, 5)
    );
    assert_eq!(number(&status, "batches"), 1);
    assert!(number(&status, "throttled_until_millis") <= 5000);
    assert_eq!(at(&status, "requests_per_second").as_f64(), Some(1.0));
    assert_eq!(
        task.description.unwrap().text,
        "reindex from [many] to [copy]"
    );
    let begun = Instant::now();
    cancel(node, task.id).await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    let answer = running.await.unwrap().unwrap();
    assert_eq!(answer.status.canceled.as_deref(), Some("by user request"));
    assert_eq!(answer.status.figures.created, 5);
    assert!(answer.status.requests_per_second.is_infinite());
    assert_eq!(answer.status.throttled, Duration::ZERO);
    assert_eq!(answer.http_status(), 200);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_can_be_rethrottled_as_soon_as_its_id_is_known() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 20).await;
    // Years, at this pace.
    let id = node
        .start_stored::<Reindex>(reindex(COPY, 0.000_000_01), Caller::default())
        .await
        .unwrap();
    let answer = rethrottle(node, &id, UNLIMITED).await;
    assert!(
        answer.node_failures.is_empty() && answer.task_failures.is_empty(),
        "{answer:?}"
    );
    let stored = result(node, &id).await;
    assert_eq!(number(at(&stored, "response"), "created"), 20);
    assert_eq!(number(at(&stored, "response"), "throttled_millis"), 0);
    assert_eq!(at(&stored, "response.throttled").as_str(), Some("0s"));
    assert_eq!(number(at(&stored, "task.status"), "updated"), 0);
    // It has ended.
    let late = rethrottle(node, &id, 1.0).await;
    let cause = late.node_failures[0].cause.as_ref().unwrap();
    assert_eq!(cause.reason(), format!("task [{id}] is missing"));
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_by_query_operation_can_not_be_rethrottled() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 10).await;
    let slow = r#"{"query": {"script": {"script": {"source": "long s = 0; for (int i = 0; i < 2000000000; i++) { s += i % 7 } return s > 0"}}}}"#;
    let running = spawn::<DeleteByQuery>(node, by_query(Work::Delete, slow, UNLIMITED));
    let deadline = Instant::now() + PATIENCE;
    let search = loop {
        let filter = Filter {
            actions: vec![Pattern::new("indices:data/read/search")],
            ..Filter::default()
        };
        if let Some(task) = node.registry().list(&filter).tasks.into_iter().next() {
            break task;
        }
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(2)).await;
    };
    let answer = rethrottle(node, &search.id(), 3.0).await;
    assert_eq!(answer.task_failures[0].task, search.id());
    assert_eq!(answer.task_failures[0].reason.kind, Kind::IllegalArgument);
    // A search that is cancelled while it runs makes the operation fail, by itself or with the operation.
    cancel(node, search.parent().unwrap()).await;
    let failed = running.await.unwrap().unwrap_err();
    assert_eq!(failed.kind, Kind::SearchPhaseExecution);
    assert!(failed.has_kind(Kind::TaskCancelled));
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_script_that_works_long_ends_with_its_task() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 500).await;
    let body = r#"{"script": "for (int i = 0; i < 1000000; i++) { ctx._source.n += i }"}"#;
    let running = spawn::<UpdateByQuery>(node, by_query(Work::Update, body, UNLIMITED));
    let (task, _) = until(node, |status| number(status, "batches") == 1).await;
    let begun = Instant::now();
    cancel(node, task.id).await;
    assert!(begun.elapsed() < Duration::from_secs(2));
    let answer = running.await.unwrap().unwrap();
    assert_eq!(answer.status.figures.updated, 0);
    assert_eq!(answer.status.canceled.as_deref(), Some("by user request"));
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_fails_at_run_time_is_stored_and_what_makes_no_sense_is_not() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 10).await;
    let body = r#"{"source": {"index": "nowhere"}, "dest": {"index": "copy"}}"#;
    let id = node
        .start_stored::<Reindex>(reindex(body, UNLIMITED), Caller::default())
        .await
        .unwrap();
    let stored = result(node, &id).await;
    assert_eq!(
        at(&stored, "error.type").as_str(),
        Some("index_not_found_exception")
    );
    assert_eq!(
        at(&stored, "task.status.requests_per_second").as_f64(),
        Some(0.0)
    );
    let thrown = by_query(
        Work::Update,
        r#"{"script": "throw new IllegalArgumentException('no')"}"#,
        UNLIMITED,
    );
    let id = node
        .start_stored::<UpdateByQuery>(thrown, Caller::default())
        .await
        .unwrap();
    let stored = result(node, &id).await;
    assert_eq!(at(&stored, "error.caused_by.reason").as_str(), Some("no"));
    assert_eq!(number(at(&stored, "task.status"), "total"), 10);
    let refused = node
        .start_stored::<Reindex>(ByQueryRequest::reindex(), Caller::default())
        .await
        .unwrap_err();
    assert_eq!(refused.kind, Kind::ActionRequestValidation);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_that_is_deleted_in_the_middle_is_told_in_the_failures() {
    use glasswork_node::actions::indices::{DeleteIndex, DeleteIndexRequest};
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 20).await;
    let running = spawn::<Reindex>(node, reindex(COPY, 20.0));
    until(node, |status| number(status, "created") >= 5).await;
    let request = DeleteIndexRequest {
        target: target("many"),
    };
    run::<DeleteIndex>(node, request).await.unwrap();
    match running.await.unwrap() {
        Ok(answer) => assert!(!answer.search_failures.is_empty()),
        Err(failure) => assert_eq!(failure.kind, Kind::SearchPhaseExecution),
    }
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_goes_on_after_a_restart_and_does_nothing_twice() {
    let on = OnFiles::start().await;
    stock(&on.node, "many", 2, 60).await;
    let copying = on
        .node
        .start_stored::<Reindex>(reindex(COPY, 1.0), Caller::default())
        .await
        .unwrap();
    let body = r#"{"script": "ctx._source.n += 1000", "size": 5}"#;
    stock(&on.node, "other", 2, 40).await;
    let mut counting = by_query(Work::Update, body, 1.0);
    counting.search.indices = target("other");
    let counting = on
        .node
        .start_stored::<UpdateByQuery>(counting, Caller::default())
        .await
        .unwrap();
    let both_wait = |node: &Arc<Node>| {
        let tasks = node.registry();
        [&copying, &counting].iter().all(|id| {
            tasks.get(id.number).is_some_and(|task| {
                let status = task.snapshot(&View::DETAILED).status;
                let status = status.map(|status| json(std::str::from_utf8(&status).unwrap()));
                status.is_some_and(|status| number(&status, "throttled_until_millis") > 0)
            })
        })
    };
    let deadline = Instant::now() + PATIENCE;
    while !both_wait(&on.node) {
        assert!(Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    let on = on.restart().await;
    let node = &on.node;
    for id in [&copying, &counting] {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let answer = rethrottle(node, id, UNLIMITED).await;
            if answer.task_failures.is_empty() {
                assert!(answer.node_failures.is_empty(), "{answer:?}");
                break;
            }
            // It has not begun again yet.
            assert!(Instant::now() < deadline, "{answer:?}");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    let copied = result(node, &copying).await;
    let answer = at(&copied, "response");
    assert_eq!(number(answer, "total"), 60);
    assert_eq!(
        (number(answer, "created"), number(answer, "updated")),
        (60, 0)
    );
    let counted = result(node, &counting).await;
    let answer = at(&counted, "response");
    assert_eq!(
        (number(answer, "total"), number(answer, "updated")),
        (40, 40)
    );
    refresh(node, "copy").await;
    for n in 0..60 {
        let id = n.to_string();
        assert_eq!(
            get(node, "copy", &id).await.unwrap().found.unwrap().version,
            1
        );
        if n < 40 {
            let source = source(node, "other", &id).await.unwrap();
            assert_eq!(
                source,
                format!("{{\"n\":{},\"k\":\"k{}\"}}", n + 1000, n % 10)
            );
        }
    }
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_operation_holds_nothing_and_goes_on_behind_what_it_reached() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 2, 60).await;
    let id = node
        .start_stored::<Reindex>(reindex(COPY, 20.0), Caller::default())
        .await
        .unwrap();
    until(node, |status| number(status, "created") >= 5).await;
    let told = |paused| PauseTask {
        id: Some(id.clone()),
        paused,
        view: View::DETAILED,
    };
    let answer = run::<Pause>(node, told(true)).await.unwrap();
    assert!(answer.node_failures.is_empty() && answer.task_failures.is_empty());
    let task = node.registry().get(id.number).unwrap();
    let view = View {
        extended: true,
        ..View::DETAILED
    };
    let deadline = Instant::now() + PATIENCE;
    loop {
        let extended = task.snapshot(&view).extended.unwrap();
        if extended.wait.is_some_and(|(on, _)| on == "paused") {
            break;
        }
        assert!(Instant::now() < deadline, "it does not pause");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    assert_eq!(node.open_search_contexts(), 0);
    let answer = run::<Pause>(node, told(false)).await.unwrap();
    assert!(answer.node_failures.is_empty() && answer.task_failures.is_empty());
    rethrottle(node, &id, UNLIMITED).await;
    let stored = result(node, &id).await;
    let response = at(&stored, "response");
    assert_eq!(
        (number(response, "created"), number(response, "updated")),
        (60, 0)
    );
    assert_eq!(number(response, "total"), 60);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pause_cuts_a_long_wait() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 2, 60).await;
    let id = node
        .start_stored::<Reindex>(reindex(COPY, 0.001), Caller::default())
        .await
        .unwrap();
    until(node, |status| number(status, "throttled_until_millis") > 0).await;
    let told = |paused| PauseTask {
        id: Some(id.clone()),
        paused,
        view: View::DETAILED,
    };
    run::<Pause>(node, told(true)).await.unwrap();
    let deadline = Instant::now() + PATIENCE;
    while node.open_search_contexts() > 0 {
        assert!(Instant::now() < deadline, "it does not pause");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    rethrottle(node, &id, UNLIMITED).await;
    run::<Pause>(node, told(false)).await.unwrap();
    let stored = result(node, &id).await;
    let response = at(&stored, "response");
    assert_eq!(number(response, "created"), 60);
    assert_eq!(number(response, "updated"), 0);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_that_are_read_later_than_they_are_kept_open_lose_nothing() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 3, 60).await;
    let mut request = reindex(COPY, 50.0);
    request.options.scroll = Duration::from_millis(1);
    let answer = run::<Reindex>(node, request).await.unwrap();
    let figures = &answer.status.figures;
    assert_eq!(
        (figures.total, figures.created, figures.updated),
        (60, 60, 0)
    );
    assert!(answer.search_failures.is_empty());
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_smallest_pace_can_be_divided_and_set_again() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 2, 60).await;
    let least = f32::from_bits(1);
    let mut request = reindex(COPY, least);
    request.options.slices = Slices::Count(2);
    let id = node
        .start_stored::<Reindex>(request, Caller::default())
        .await
        .unwrap();
    let deadline = Instant::now() + PATIENCE;
    let slices = Filter {
        actions: vec![Pattern::new("indices:data/write/reindex")],
        ..Filter::default()
    };
    let waits = |task: &glasswork_tasks::Task| {
        let status = task.snapshot(&View::DETAILED).status;
        let status = status.map(|status| json(std::str::from_utf8(&status).unwrap()));
        status.is_some_and(|status| number(&status, "throttled_until_millis") > 0)
    };
    loop {
        let tasks = node.registry().list(&slices).tasks;
        let parts = tasks.iter().filter(|task| task.parent().is_some());
        if parts.filter(|task| waits(task)).count() == 2 {
            break;
        }
        assert!(Instant::now() < deadline, "the by-query slices don't wait");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    for rate in [least, least, UNLIMITED] {
        let answer = rethrottle(node, &id, rate).await;
        assert!(answer.node_failures.is_empty() && answer.task_failures.is_empty());
    }
    let stored = result(node, &id).await;
    assert_eq!(number(at(&stored, "response"), "created"), 60);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sorted_source_refuses_to_pause() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 20).await;
    let sorted =
        r#"{"source": {"index": "many", "size": 5, "sort": ["n"]}, "dest": {"index": "copy"}}"#;
    let id = node
        .start_stored::<Reindex>(reindex(sorted, 5.0), Caller::default())
        .await
        .unwrap();
    until(node, |status| number(status, "created") >= 5).await;
    let pause = PauseTask {
        id: Some(id.clone()),
        paused: true,
        view: View::DETAILED,
    };
    let answer = run::<Pause>(node, pause).await.unwrap();
    let refused = &answer.task_failures[0];
    assert!(
        refused.reason.reason().contains("sorted source"),
        "{refused:?}"
    );
    rethrottle(node, &id, UNLIMITED).await;
    let stored = result(node, &id).await;
    assert_eq!(number(at(&stored, "response"), "created"), 20);
    is_quiet(node).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_search_that_ends_early_is_held_to_what_it_found_over_a_pause() {
    let on = OnFiles::start().await;
    let node = &on.node;
    stock(node, "many", 1, 60).await;
    let early = r#"{"source": {"index": "many", "size": 5, "terminate_after": 20}, "dest": {"index": "copy"}}"#;
    let id = node
        .start_stored::<Reindex>(reindex(early, 5.0), Caller::default())
        .await
        .unwrap();
    until(node, |status| number(status, "created") >= 5).await;
    for paused in [true, false] {
        let told = PauseTask {
            id: Some(id.clone()),
            paused,
            view: View::DETAILED,
        };
        run::<Pause>(node, told).await.unwrap();
        let deadline = Instant::now() + PATIENCE;
        while paused && node.open_search_contexts() > 0 {
            assert!(Instant::now() < deadline, "it does not pause");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    }
    rethrottle(node, &id, UNLIMITED).await;
    let stored = result(node, &id).await;
    assert_eq!(number(at(&stored, "response"), "created"), 20);
    is_quiet(node).await;
}

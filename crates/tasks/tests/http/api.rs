//! Lists, single tasks, cancels, and what is refused.

use axum::{Router, body::Body as AxumBody, routing};
use glasswork_tasks::{ActionSpec, Guard, Start, http::TasksApi};
use http::Request;
use serde_json::{Value, json};
use std::time::Duration;
use tower_service::Service;

use super::{PATIENCE, ask, reason, registry, request, send, start, until, waits, whole};

#[tokio::test]
async fn a_list_tells_what_runs_grouped_as_it_is_asked_for() {
    let registry = registry();
    let parent = start(&registry, "shop:order");
    let pay = registry
        .declare(ActionSpec::cancellable("shop:pay", Duration::from_secs(1)))
        .unwrap();
    let child = Start::new(pay).child_of(parent.task());
    let _child = registry.start(child).unwrap();
    let api = TasksApi::new(&registry)
        .node_name("one")
        .address("10.0.0.7:8080");

    let (status, nodes) = ask(&api, "GET", "/_tasks?detailed").await;
    assert_eq!(status, 200);
    let node = &nodes["nodes"]["n1"];
    assert_eq!(
        (&node["name"], &node["host"]),
        (&json!("one"), &json!("10.0.0.7"))
    );
    assert_eq!(node["tasks"]["n1:1"]["description"], "does 0");
    assert_eq!(node["tasks"]["n1:2"]["parent_task_id"], "n1:1");

    let (_, parents) = ask(&api, "GET", "/_tasks?group_by=parents").await;
    assert_eq!(parents["tasks"]["n1:1"]["children"][0]["id"], 2);
    let (_, flat) = ask(&api, "GET", "/_tasks?group_by=none&actions=*pay").await;
    assert_eq!(flat["tasks"].as_array().unwrap().len(), 1);
    let (_, other) = ask(&api, "GET", "/_tasks?nodes=other").await;
    assert_eq!(other, json!({"nodes": {}}));
}

#[tokio::test]
async fn pages_follow_each_other_and_a_long_list_comes_whole() {
    let registry = registry();
    let guards: Vec<Guard> = (0..2500).map(|_| start(&registry, "shop:order")).collect();
    let api = TasksApi::new(&registry);

    let (_, list) = ask(&api, "GET", "/_tasks").await;
    assert_eq!(
        list["nodes"]["n1"]["tasks"].as_object().unwrap().len(),
        2500
    );
    let (_, flat) = ask(&api, "GET", "/_tasks?group_by=none").await;
    assert_eq!(flat["tasks"].as_array().unwrap().len(), 2500);

    let mut seen = 0;
    let mut next = String::new();
    loop {
        let target = format!("/_tasks?group_by=none&size=700{next}");
        let (_, page) = ask(&api, "GET", &target).await;
        seen += page["tasks"].as_array().unwrap().len();
        match page["next"].as_str() {
            Some(cursor) => next = format!("&after={cursor}"),
            None => break,
        }
    }
    assert_eq!(seen, guards.len());
}

#[tokio::test]
async fn one_task_is_told_while_it_runs_and_waited_for() {
    let registry = registry();
    let guard = start(&registry, "shop:order");
    let api = TasksApi::new(&registry);
    let (_, got) = ask(&api, "GET", "/_tasks/n1:1?extended").await;
    assert_eq!(
        (&got["completed"], &got["task"]["id"]),
        (&json!(false), &json!(1))
    );
    assert_eq!(got["task"]["glasswork"]["tree"]["tasks"], 1);

    let (status, late) = ask(&api, "GET", "/_tasks/n1:1?wait_for_completion&timeout=1ms").await;
    assert_eq!(status, 504);
    assert_eq!(
        reason(&late),
        "Timed out waiting for completion of [n1:1 shop:order]"
    );
    let (_, list) = ask(&api, "GET", "/_tasks?wait_for_completion&timeout=1ms").await;
    let failure = &list["node_failures"][0];
    assert_eq!(failure["caused_by"]["type"], "timeout_exception", "{list}");

    let asked = tokio::spawn({
        let api = api.clone();
        async move { ask(&api, "GET", "/_tasks/n1:1?wait_for_completion&timeout=1m").await }
    });
    until(|| waits(&registry) == 1).await;
    guard.succeed();
    let (_, ended) = tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(ended["completed"], true);
    let (status, gone) = ask(&api, "GET", "/_tasks/n1:1").await;
    assert_eq!(status, 404);
    assert_eq!(
        reason(&gone),
        "task [n1:1] isn't running and hasn't stored its results"
    );
}

#[tokio::test]
async fn a_cancel_is_previewed_reasoned_and_waited_for() {
    let registry = registry();
    let guard = start(&registry, "shop:order");
    let api = TasksApi::new(&registry);
    let (_, shown) = ask(&api, "POST", "/_tasks/_cancel?dry_run&actions=shop*").await;
    assert_eq!(shown["preview"]["tasks"], 1);
    assert!(!guard.task().is_cancelled());
    let token = shown["preview"]["token"].as_str().unwrap().to_owned();
    let later = start(&registry, "shop:order");

    let worker = tokio::spawn(async move {
        let reason = guard.task().cancelled().await;
        guard.fail("stopped", &*reason.text);
    });
    let target =
        format!("/_tasks/_cancel?token={token}&reason=too%20long&wait_for_completion&extended");
    let (_, cancelled) = ask(&api, "POST", &target).await;
    let task = &cancelled["nodes"]["n1"]["tasks"]["n1:1"];
    assert_eq!(task["glasswork"]["cancel"]["reason"], "too long");
    worker.await.unwrap();
    assert!(!later.task().is_cancelled(), "it began after the preview");

    let (_, past) = ask(&api, "GET", "/_tasks/_history?outcome=cancelled").await;
    assert_eq!(past["tasks"][0]["cancel"]["reason"], "too long");
    let (status, unknown) = ask(&api, "POST", "/_tasks/_cancel?token=nope").await;
    assert_eq!(
        (status, &unknown["error"]["type"]),
        (404, &json!("resource_not_found_exception"))
    );
    let (_, gone) = ask(&api, "POST", "/_tasks/n1:1/_cancel").await;
    assert_eq!(
        gone["node_failures"][0]["caused_by"]["reason"],
        "task [n1:1] is not found"
    );
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_in_the_words_of_the_wire() {
    let api = TasksApi::new(&registry());
    for (method, target, status, expected) in [
        ("GET", "/_tasks/x", 400, "malformed task id x"),
        ("GET", "/_tasks/n1:x", 400, "malformed task id n1:x"),
        (
            "GET",
            "/_tasks/unset",
            400,
            "Validation Failed: 1: task id is required;",
        ),
        (
            "GET",
            "/_tasks/other:1",
            404,
            "task [other:1] belongs to the node [other] which isn't part of the cluster and there is no record of the task",
        ),
        (
            "GET",
            "/_tasks?group_by=x",
            400,
            "[group_by] must be one of [nodes], [parents] or [none] but was [x]",
        ),
        (
            "GET",
            "/_tasks?detaled",
            400,
            "request [/_tasks] contains unrecognized parameter: [detaled] -> did you mean [detailed]?",
        ),
        (
            "GET",
            "/_tasks?size=0",
            400,
            "[size] must be greater than 0",
        ),
        (
            "GET",
            "/_tasks?size=9999999999",
            400,
            "Failed to parse int parameter [size] with value [9999999999]",
        ),
        (
            "GET",
            "/_tasks?sort=cpu",
            400,
            "[sort] needs a [size] of at most [10000]",
        ),
        (
            "GET",
            "/_tasks?after=x&size=1",
            400,
            "[after] must be the [next] of an earlier list but was [x]",
        ),
        (
            "GET",
            "/_tasks?pretty=maybe",
            400,
            "Failed to parse value [maybe] as only [true] or [false] are allowed.",
        ),
        (
            "GET",
            "/_tasks?x=%zz",
            400,
            "invalid escape sequence `%zz' at index 1 of: %zz",
        ),
        (
            "GET",
            "/_tasks?format=cbor",
            400,
            "[format] must be one of [json] or [yaml] but was [cbor]",
        ),
        (
            "GET",
            "/_tasks/_watch?size=1",
            400,
            "request [/_tasks/_watch] contains unrecognized parameter: [size]",
        ),
        (
            "GET",
            "/_tasks/n1:7/_watch",
            404,
            "task [n1:7] isn't running",
        ),
        (
            "GET",
            "/_tasks/_history?size=0",
            400,
            "[size] must be between [1] and [10000]",
        ),
        (
            "POST",
            "/_tasks/unset/_cancel",
            400,
            "Validation Failed: 1: task id is required;",
        ),
        (
            "POST",
            "/_tasks/n1:1/_cancel?nodes=n1",
            400,
            "Validation Failed: 1: task id cannot be used together with node ids;",
        ),
    ] {
        let (got, answer) = ask(&api, method, target).await;
        assert_eq!(
            (got, reason(&answer)),
            (status, expected),
            "{method} {target}"
        );
    }
    let long = format!("/_tasks/_cancel?reason={}", "x".repeat(257));
    let (status, _) = ask(&api, "POST", &long).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn other_paths_and_methods_are_told_apart() {
    let api = TasksApi::new(&registry());
    let (status, answer) = ask(&api, "GET", "/_search?q=x").await;
    let text = "no handler found for uri [/_search?q=x] and method [GET]";
    assert_eq!((status, &answer["error"]), (400, &json!(text)));
    for (method, target, allowed) in [
        ("PUT", "/_tasks", "GET"),
        ("BREW", "/_tasks", "GET"),
        ("DELETE", "/_tasks/n1:1", "GET"),
        ("HEAD", "/_tasks", "GET"),
        ("GET", "/_tasks/n1:1/_cancel", "POST"),
        ("PATCH", "/_tasks/_cancel", "POST, GET"),
        ("POST", "/", "HEAD, GET"),
    ] {
        let (status, headers, _) = whole(send(&api, request(method, target)).await).await;
        assert_eq!(status, 405, "{method} {target}");
        assert_eq!(headers["allow"], allowed, "{method} {target}");
    }
    let (status, headers, body) = whole(send(&api, request("HEAD", "/")).await).await;
    assert_eq!((status, body.len()), (200, 0));
    assert!(headers.contains_key("x-glasswork-version"));
    let (status, headers, _) = whole(send(&api, request("OPTIONS", "/_tasks/_cancel")).await).await;
    assert_eq!(
        (status, headers["allow"].as_bytes()),
        (200, &b"POST,GET"[..])
    );
    let (status, _, _) = whole(send(&api, request("OPTIONS", "/x")).await).await;
    assert_eq!(status, 200);
}

#[tokio::test]
async fn long_targets_are_refused_before_they_are_read() {
    let api = TasksApi::new(&registry());
    let query: String = (0..700).map(|at| format!("&p{at}=1")).collect();
    let (status, answer) = ask(&api, "GET", &format!("/_tasks?{query}")).await;
    assert_eq!(status, 400);
    assert_eq!(answer["error"]["type"], "too_long_http_line_exception");
    let deep = "/x".repeat(3000);
    assert_eq!(ask(&api, "GET", &deep).await.0, 400);
}

#[tokio::test]
async fn a_page_of_another_site_can_not_cancel() {
    let registry = registry();
    let guard = start(&registry, "shop:order");
    let api = TasksApi::new(&registry);
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ] {
        let mut foreign = request("POST", "/_tasks/_cancel");
        foreign.headers_mut().insert(name, value.parse().unwrap());
        assert_eq!(send(&api, foreign).await.status(), 403, "{name}");
    }
    assert!(!guard.task().is_cancelled());
}

#[tokio::test]
async fn the_callers_id_comes_back() {
    let api = TasksApi::new(&registry());
    let mut asked = request("GET", "/_tasks");
    asked
        .headers_mut()
        .insert("x-opaque-id", "mine".parse().unwrap());
    assert_eq!(send(&api, asked).await.headers()["x-opaque-id"], "mine");
}

#[tokio::test]
async fn it_is_mounted_in_a_router_with_one_line() {
    let registry = registry();
    let _runs = start(&registry, "shop:order");
    let mut nested: Router = Router::new()
        .route("/", routing::get(|| async { "welcome" }))
        .nest_service("/ops", TasksApi::new(&registry));
    let request = Request::get("/ops/_tasks/n1:1")
        .body(AxumBody::empty())
        .unwrap();
    let (status, _, body) = whole(nested.call(request).await.unwrap()).await;
    let got: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!((status, &got["task"]["id"]), (200, &json!(1)));

    let mut fallback: Router = Router::new()
        .route("/", routing::get(|| async { "welcome" }))
        .fallback_service(TasksApi::new(&registry));
    for (target, status) in [("/", 200), ("/_tasks", 200), ("/x", 400)] {
        let request = Request::get(target).body(AxumBody::empty()).unwrap();
        assert_eq!(
            fallback.call(request).await.unwrap().status(),
            status,
            "{target}"
        );
    }
}

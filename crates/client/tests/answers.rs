//! Answers of servers of several versions, and what is sent to get them.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

use glasswork_client::{
    CancelOptions, Client, Error, ListOptions, Rate, TaskId, Waited,
    fake::{Asked, FakeServer, Reply},
};
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

fn client(server: &FakeServer) -> Client {
    Client::builder(server.url()).build().unwrap()
}

fn id() -> TaskId {
    "n:12".parse().unwrap()
}

fn root(asked: &Asked, glasswork: bool) -> Option<Reply> {
    let said = Reply::json(
        r#"{"name":"node-1","cluster_name":"c","version":{"distribution":"opensearch","number":"3.8.0"},"tagline":"…"}"#,
    );
    let said = if glasswork {
        said.header("X-Glasswork-Version", "0.1.0")
    } else {
        said
    };
    (asked.path == "/").then_some(said)
}

#[tokio::test]
async fn a_list_of_an_old_server_has_no_cancelled_no_resources_and_other_roles() {
    let server = FakeServer::start(|_| {
        Reply::json(
            r#"{"nodes":{"n":{"name":"old","transport_address":"10.0.0.1:9300","host":"10.0.0.1","ip":"10.0.0.1:9300","roles":["data","ingest","master"],
            "tasks":{"n:1":{"node":"n","id":1,"type":"transport","action":"indices:data/read/search","start_time_in_millis":5,"running_time_in_nanos":7,
            "cancellable":true,"parent_task_id":"m:3","headers":{}}}},"gone":{"tasks":{}}}}"#,
        )
    });
    let list = client(&server)
        .list(&ListOptions::new().detailed())
        .await
        .unwrap();
    let task = &list.tasks[0];
    assert!(!task.cancelled && task.resource_stats.is_none() && task.cpu_time().is_none());
    assert_eq!(task.parent(), Some("m:3".parse().unwrap()));
    assert_eq!(
        (list.node_name("n"), list.node_name("gone")),
        (Some("old"), None)
    );
    assert_eq!(list.nodes["n"].roles[2], "master");
}

#[tokio::test]
async fn what_is_not_known_is_kept_and_written_again() {
    let said = json!({"node": "n", "id": 1, "type": "transport", "action": "a", "start_time_in_millis": 5, "running_time_in_nanos": -7,
        "cancellable": false, "cancelled": false, "headers": {"X-Opaque-Id": "x", "odd": 5}, "someday": {"a": [1]}});
    let body = json!({"nodes": {"n": {"tasks": {"n:1": said}}}, "next": "?"}).to_string();
    let server = FakeServer::start(move |_| Reply::json(body.clone()));
    let list = client(&server).list(&ListOptions::new()).await.unwrap();
    let task = &list.tasks[0];
    assert_eq!(task.running_time(), Duration::ZERO);
    assert_eq!(
        (task.header("x-opaque-id"), task.header("odd")),
        (Some("x"), None)
    );
    assert_eq!(serde_json::to_value(task).unwrap(), said);
}

#[tokio::test]
async fn filters_prefix_user_and_opaque_id_are_sent() {
    let server = FakeServer::start(|_| Reply::json(r#"{"nodes":{}}"#));
    let client = Client::builder(format!("{}/es/", server.url()))
        .user("ops", "secret")
        .opaque_id("me")
        .build()
        .unwrap();
    let options = ListOptions::new()
        .actions(["*search*", "a&b"])
        .nodes(["n 1"])
        .children_of(id())
        .detailed();
    client.list(&options).await.unwrap();
    let asked = &server.asked()[0];
    assert_eq!(asked.path, "/es/_tasks");
    assert_eq!(
        asked.query,
        "nodes=n%201&actions=*search*,a%26b&parent_task_id=n:12&detailed=true"
    );
    assert_eq!(
        asked.header("authorization"),
        Some("Basic b3BzOnNlY3JldA==")
    );
    assert_eq!(asked.header("x-opaque-id"), Some("me"));
}

#[tokio::test]
async fn extensions_are_asked_for_only_where_the_server_is_glasswork() {
    let list = |asked: &Asked| {
        Reply::json(match asked.query.contains("extended=true") {
            true => {
                r#"{"nodes":{"n":{"tasks":{"n:1":{"node":"n","id":1,"action":"a","glasswork":{"user":"ads","wait":{"on":"pool:search","since_in_millis":39000},
            "progress":{"done":2600,"total":4096,"unit":"docs","percent":63.4},"resources":{"cpu_time_in_nanos":5,"live_memory_in_bytes":6},"new":1}}}}}}"#
            }
            false => r#"{"nodes":{"n":{"tasks":{"n:1":{"node":"n","id":1,"action":"a"}}}}}"#,
        })
    };
    let plain = FakeServer::start(move |asked| root(asked, false).unwrap_or_else(|| list(asked)));
    let task = client(&plain)
        .list(&ListOptions::new().extended())
        .await
        .unwrap()
        .tasks
        .remove(0);
    assert!(task.glasswork.is_none());
    let glasswork =
        FakeServer::start(move |asked| root(asked, true).unwrap_or_else(|| list(asked)));
    let client = client(&glasswork);
    assert_eq!(
        client.server().await.unwrap().glasswork.as_deref(),
        Some("0.1.0")
    );
    let task = client
        .list(&ListOptions::new().extended())
        .await
        .unwrap()
        .tasks
        .remove(0);
    assert_eq!(task.progress().unwrap().total, Some(4096));
    assert_eq!(
        (task.cpu_time(), task.memory()),
        (Some(Duration::from_nanos(5)), Some(6))
    );
    let extended = task.glasswork.unwrap();
    assert_eq!(
        (extended.user.as_deref(), extended.wait.unwrap().on.as_str()),
        (Some("ads"), "pool:search")
    );
    assert_eq!(extended.other["new"], 1);
    let roots = glasswork
        .asked()
        .iter()
        .filter(|asked| asked.path == "/")
        .count();
    assert_eq!(roots, 1, "found out once");
}

#[tokio::test]
async fn a_glasswork_that_does_not_know_extended_yet_is_asked_without_it() {
    let server = FakeServer::start(|asked| {
        root(asked, true).unwrap_or_else(|| match asked.query.contains("extended") {
            true => Reply::error(
                400,
                "illegal_argument_exception",
                "request [/_tasks] contains unrecognized parameter: [extended]",
            ),
            false => Reply::json(r#"{"nodes":{}}"#),
        })
    });
    let client = client(&server);
    for _ in 0..3 {
        client.list(&ListOptions::new().extended()).await.unwrap();
    }
    assert_eq!(
        server
            .asked()
            .iter()
            .filter(|asked| asked.query.contains("extended"))
            .count(),
        1
    );
}

#[tokio::test]
async fn waiting_ends_with_the_task_or_with_the_patience() {
    let server = FakeServer::start(|asked| match asked.path.as_str() {
        "/_tasks/n:12" => {
            Reply::json(r#"{"completed":true,"task":{"node":"n","id":12},"response":{"took":1}}"#)
        }
        "/_tasks/n:13" => Reply::error(
            504,
            "timeout_exception",
            "Timed out waiting for completion of [x]",
        ),
        "/_tasks/n:14" => Reply::error(
            500,
            "receive_timeout_transport_exception",
            "timed out after [2001ms]",
        ),
        _ => Reply::status(503),
    });
    let client = client(&server);
    let wait = Duration::from_millis(1500);
    let ended = client.get_waiting(&id(), wait).await.unwrap();
    assert!(matches!(ended, Waited::Ended(answer) if answer.response == Some(json!({"took": 1}))));
    assert_eq!(
        server.asked()[0].query,
        "wait_for_completion=true&timeout=1500ms"
    );
    for other in ["n:13", "n:14"] {
        let waited = client
            .get_waiting(&other.parse().unwrap(), wait)
            .await
            .unwrap();
        assert_eq!(waited, Waited::StillRuns);
    }
    assert!(
        client
            .get_waiting(&"n:15".parse().unwrap(), wait)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn the_time_the_server_waits_comes_on_top_of_the_clients_patience() {
    let server =
        FakeServer::start(|_| Reply::json(r#"{"nodes":{}}"#).after(Duration::from_millis(300)));
    let client = Client::builder(server.url())
        .answer_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let cancel = CancelOptions::task(id());
    assert!(matches!(
        client.cancel(&cancel).await,
        Err(Error::TimedOut { .. })
    ));
    client
        .cancel(&cancel.wait(Duration::from_secs(20)))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_only_glasswork_has_is_refused_elsewhere_before_anything_is_done() {
    let server = FakeServer::start(|asked| {
        root(asked, false).unwrap_or_else(|| Reply::json(r#"{"nodes":{}}"#))
    });
    let client = client(&server);
    let reasoned = CancelOptions::task(id()).reason("too slow");
    assert!(matches!(
        client.cancel(&reasoned).await,
        Err(Error::NotOffered { .. })
    ));
    assert!(matches!(
        client.pause(&id()).await,
        Err(Error::NotOffered { .. })
    ));
    assert!(matches!(
        client.resume(&id()).await,
        Err(Error::NotOffered { .. })
    ));
    assert!(server.asked().iter().all(|asked| asked.method == "GET"));
}

#[tokio::test]
async fn glasswork_is_asked_to_pause_to_resume_and_to_cancel_with_a_reason() {
    let server = FakeServer::start(|asked| {
        root(asked, true).unwrap_or_else(|| Reply::json(r#"{"nodes":{}}"#))
    });
    let client = client(&server);
    client
        .cancel(&CancelOptions::task(id()).reason("too slow"))
        .await
        .unwrap();
    client.pause(&id()).await.unwrap();
    client.resume(&id()).await.unwrap();
    client
        .rethrottle(&id(), Rate::per_second(500.0).unwrap())
        .await
        .unwrap();
    let posts: Vec<String> = server
        .asked()
        .iter()
        .filter(|asked| asked.method == "POST")
        .map(|asked| format!("{}?{}", asked.path, asked.query))
        .collect();
    assert_eq!(
        posts,
        [
            "/_tasks/n:12/_cancel?reason=too%20slow",
            "/_tasks/n:12/_pause?",
            "/_tasks/n:12/_resume?",
            "/_reindex/n:12/_rethrottle?requests_per_second=500",
        ]
    );
}

#[tokio::test]
async fn nodes_and_health_are_read() {
    let server = FakeServer::start(|asked| match asked.path.as_str() {
        "/_nodes/http" => Reply::json(
            r#"{"_nodes":{"total":1},"cluster_name":"c","nodes":{"n":{"name":"a","transport_address":"h:1","host":"h","version":"2.19.0","roles":["data"],"http":{}}}}"#,
        ),
        _ => Reply::json(
            r#"{"cluster_name":"c","status":"yellow","number_of_nodes":3,"number_of_data_nodes":2,"timed_out":false}"#,
        ),
    });
    let client = client(&server);
    let nodes = client.nodes().await.unwrap();
    assert_eq!(
        (
            nodes[0].id.as_str(),
            nodes[0].name.as_str(),
            nodes[0].version.as_str()
        ),
        ("n", "a", "2.19.0")
    );
    let health = client.health().await.unwrap();
    assert_eq!(
        (health.status.as_str(), health.number_of_nodes),
        ("yellow", 3)
    );
    assert_eq!(health.other["timed_out"], false);
}

/// The folder of recorded answers beside the checkout; says so when it is missing.
fn golden() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("GLASSWORK_SHARED")
        .map_or(beside, PathBuf::from)
        .join("golden");
    if !folder.is_dir() {
        println!("skipped, there is no folder ../shared");
        return None;
    }
    Some(folder)
}

/// The status and the body of a recorded exchange.
fn recorded(text: &str) -> (u16, String) {
    let (_, answer) = text.split_once(">>>").unwrap();
    let status = answer.split_whitespace().nth(1).unwrap().parse().unwrap();
    let (_, body) = answer.split_once("\n\n").unwrap();
    (status, body.to_owned())
}

#[tokio::test]
async fn every_recorded_answer_of_opensearch_is_understood() {
    let Some(folder) = golden() else { return };
    let mut read = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let line = text
            .lines()
            .find(|line| !line.starts_with('#'))
            .unwrap_or_default();
        let is_list = line.starts_with("GET /_tasks?") || line.starts_with("GET /_tasks HTTP");
        let is_change = line.contains("/_cancel") || line.contains("/_rethrottle");
        let is_one = line.starts_with("GET /_tasks/") && !is_change;
        if !(is_list || is_change || is_one)
            || ["yaml", "group", "parents", "none", "filter"]
                .iter()
                .any(|part| name.contains(part))
        {
            continue;
        }
        let (status, body) = recorded(&text);
        let said: Value = serde_json::from_str(&body).unwrap_or_default();
        if status == 200 && said["nodes"].is_null() && said["task"].is_null() {
            continue;
        }
        let server = FakeServer::start(move |_| Reply::json(body.clone()).with_status(status));
        let client = client(&server);
        if is_one && said["nodes"].is_null() {
            match client.get_plain(&id()).await {
                Ok(answer) => assert_eq!(
                    serde_json::to_value(&answer.task).unwrap(),
                    said["task"],
                    "{name}"
                ),
                Err(error) => assert_eq!(error.status(), Some(status), "{name}: {error}"),
            }
        } else {
            match client.list(&ListOptions::new()).await {
                Ok(list) => {
                    let told = said["nodes"]
                        .as_object()
                        .unwrap()
                        .values()
                        .map(|node| node["tasks"].as_object().map_or(0, serde_json::Map::len));
                    assert_eq!(list.tasks.len(), told.sum::<usize>(), "{name}");
                }
                Err(error) => assert_eq!(error.status(), Some(status), "{name}: {error}"),
            }
        }
        read += 1;
    }
    assert!(read > 60, "only {read} recorded answers were found");
}

#[tokio::test]
async fn filters_of_glasswork_are_sent_to_it_and_evaluated_here_elsewhere() {
    let list = r#"{"nodes":{"n":{"tasks":{
        "n:1":{"node":"n","id":1,"action":"a","running_time_in_nanos":9000000000,"cancellable":true,"headers":{"X-Opaque-Id":"dash-1"}},
        "n:2":{"node":"n","id":2,"action":"a","running_time_in_nanos":9000000000,"cancellable":true,"cancelled":true,"headers":{"X-Opaque-Id":"dash-1"}},
        "n:3":{"node":"n","id":3,"action":"a","running_time_in_nanos":9000000000,"cancellable":false,"headers":{"X-Opaque-Id":"dash-1"}},
        "n:4":{"node":"n","id":4,"action":"a","running_time_in_nanos":1000000000,"cancellable":true,"headers":{"X-Opaque-Id":"dash-1"}},
        "n:5":{"node":"n","id":5,"action":"a","running_time_in_nanos":9000000000,"cancellable":true,"headers":{"X-Opaque-Id":"other"}},
        "n:6":{"node":"n","id":6,"action":"a","running_time_in_nanos":9000000000,"cancellable":true,"headers":{}}}}}}"#;
    let options = ListOptions::new()
        .opaque_id("dash-*")
        .cancelled(false)
        .cancellable(true)
        .older_than(Duration::from_secs(5));
    for (glasswork, query) in [
        (
            true,
            "x_opaque_id=dash-*&cancelled=false&cancellable=true&min_running_time=5000ms",
        ),
        (false, ""),
    ] {
        let server = FakeServer::start(move |asked| {
            root(asked, glasswork).unwrap_or_else(|| Reply::json(list))
        });
        let found = client(&server).list(&options).await.unwrap();
        let numbers: Vec<i64> = found.tasks.iter().map(|task| task.number).collect();
        assert_eq!(
            (numbers, server.asked()[1].query.as_str()),
            (vec![1], query)
        );
    }
}

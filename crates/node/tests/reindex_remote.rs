//! Reindex from another cluster: servers that answer well, badly, slowly or not at all, in this process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

#[path = "support/remote.rs"]
mod remote;

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use glasswork_client::fake::{FakeServer, Reply};
use glasswork_content::{Failure, Kind};
use glasswork_node::actions::{
    by_query::{Reindex, Slices},
    documents::{GetDocument, GetRequest},
    tasks::{CancelTasks, cancel::Cancel},
};
use remote::*;
use support::{OnFiles, run};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_document_is_copied_as_it_is() {
    let on = node(&[]).await;
    let server = FakeServer::start(|asked| cluster(asked, 10));
    let remote = r#", "username": "u", "password": "p w", "headers": {"X-One": "1"}"#;
    let done = reindex(&on, &format!("{}/prefix", server.url()), remote).await;
    // It serves no such prefix.
    assert_eq!(done.unwrap_err().status(), 404);
    let done = reindex(&on, &server.url(), remote).await.unwrap();
    let figures = done.status.figures;
    assert_eq!(
        (
            figures.total,
            figures.created,
            figures.batches,
            done.http_status()
        ),
        (10, 10, 3, 200)
    );
    let routed = GetRequest {
        routing: Some("r7".to_owned()),
        ..GetRequest::new("copy", "7")
    };
    let found = run::<GetDocument>(&on.node, routed).await;
    let found = found.unwrap().found.unwrap();
    assert_eq!(found.source.as_deref(), Some(&br#"{ "n" : 7 }"#[..]));
    let asked = server.asked();
    let lines: Vec<String> = asked[1..]
        .iter()
        .map(|asked| {
            format!(
                "{} {}?{} {}",
                asked.method,
                asked.path,
                asked.query,
                String::from_utf8_lossy(&asked.body)
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            "GET /? ",
            "POST /i/_search?scroll=300000ms&size=4&version=false&sort=_doc%3Aasc&allow_partial_search_results=false {\"query\":{\"match_all\":{}},\"_source\":true}",
            "POST /_search/scroll?scroll=300000ms {\"scroll_id\":\"4\"}",
            "POST /_search/scroll?scroll=300000ms {\"scroll_id\":\"8\"}",
            "POST /_search/scroll?scroll=300000ms {\"scroll_id\":\"10\"}",
            "DELETE /_search/scroll? {\"scroll_id\":[\"10\"]}",
        ]
    );
    assert!(asked.iter().all(
        |asked| asked.header("authorization") == Some("Basic dTpwIHc=")
            && asked.header("x-one") == Some("1")
    ));
    assert_eq!(server.connections(), 2, "one connection a reindex");
    is_quiet(&on.node);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_answer_is_an_error_that_says_what_came() {
    let on = node(&[]).await;
    let elsewhere = Arc::new(FakeServer::start(|asked| cluster(asked, 1)));
    let location = format!("{}/i/_search", elsewhere.url());
    // What the search is answered, the type and the status of the error, and what it says.
    let rows: Vec<(Reply, Kind, u16, &str)> = vec![
        (
            Reply::html("<h1>Welcome</h1>"),
            Kind::Exception,
            500,
            "Response didn't include Content-Type: body=<h1>Welcome</h1>",
        ),
        (
            Reply::json("<h1>"),
            Kind::Exception,
            500,
            "Error deserializing response, remote is likely not an OpenSearch instance",
        ),
        (
            Reply::json("{\"timed_out\": false"),
            Kind::Exception,
            500,
            "Error deserializing response, remote is likely not",
        ),
        (
            Reply::json("{}"),
            Kind::Exception,
            500,
            "Error parsing the response, remote is likely not an OpenSearch instance",
        ),
        (
            Reply::status(302).header("location", &location),
            Kind::Status,
            500,
            "redirect, which is not followed",
        ),
        (
            Reply::error(401, "security_exception", "who"),
            Kind::Status,
            401,
            "body={\"error\"",
        ),
        (
            Reply::error(
                403,
                "security_exception",
                "no Basic dTpzM2NyZXQ= and s3cret",
            ),
            Kind::Status,
            403,
            "no Basic <<>> and <<>>",
        ),
        (
            Reply::error(404, "index_not_found_exception", "no such index [i]"),
            Kind::Status,
            404,
            "no such index [i]",
        ),
        (
            Reply::error(500, "x", &"y".repeat(5000)),
            Kind::Status,
            500,
            "yyy…",
        ),
        (
            Reply::json("{}").header("content-encoding", "br"),
            Kind::Exception,
            500,
            "encoded as [br]",
        ),
        (
            Reply::json("x".repeat(1000)).cut_after(100),
            Kind::ConnectionClosed,
            500,
            "ended before the answer did",
        ),
        (
            Reply::json("x".repeat(1000)).hang_after(100),
            Kind::SocketTimeout,
            500,
            "1000 milliseconds timeout on connection to [http://127.0.0.1:",
        ),
        (
            Reply::json("{}").after(Duration::from_secs(30)),
            Kind::SocketTimeout,
            500,
            "1000 milliseconds timeout",
        ),
    ];
    for (reply, kind, status, says) in rows {
        let server = FakeServer::start(move |asked| match asked.path.as_str() {
            "/i/_search" => reply.clone(),
            _ => cluster(asked, 1),
        });
        let remote = r#", "socket_timeout": "1s", "username": "u", "password": "s3cret""#;
        let failure = reindex(&on, &server.url(), remote).await.unwrap_err();
        assert_eq!(
            (failure.kind, failure.status()),
            (kind, status),
            "{failure}"
        );
        assert!(failure.reason().contains(says), "{says}: {failure}");
        let all: Vec<&str> = failure.chain().map(Failure::reason).collect();
        assert!(!all.join(" ").contains("s3cret"), "{all:?}");
        assert!(failure.reason().len() < 2100, "{failure}");
        is_quiet(&on.node);
    }
    assert!(elsewhere.asked().is_empty(), "a redirect was followed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_http_or_too_much_or_not_there_is_an_error() {
    let on = node(&[]).await;
    let too_much =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 104857601\r\n\r\n{";
    let nobody = {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let plain = FakeServer::start(|asked| cluster(asked, 1));
    let rows = [
        (
            raw(b"\x15\x03\x01\x00\x02\x02\x16"),
            Kind::Protocol,
            "does not answer in HTTP",
        ),
        (
            raw(b""),
            Kind::ConnectionClosed,
            "ended before the answer did",
        ),
        (
            raw(too_much),
            Kind::IllegalArgument,
            "Remote responded with a chunk that was too large. Use a smaller batch size.",
        ),
        (nobody, Kind::HttpHostConnect, "Connection refused"),
        (
            plain.url().replace("http:", "https:"),
            Kind::SslHandshake,
            "does not speak TLS",
        ),
    ];
    for (url, kind, says) in rows {
        let failure = reindex(&on, &url, "").await.unwrap_err();
        assert_eq!(failure.kind, kind, "{failure}");
        assert!(failure.reason().contains(says), "{says}: {failure}");
    }
    is_quiet(&on.node);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_remote_that_goes_away_leaves_what_was_copied() {
    let on = node(&[]).await;
    let pages = AtomicUsize::new(0);
    let server = FakeServer::start(move |asked| {
        if asked.path == "/_search/scroll"
            && asked.method == "POST"
            && pages.fetch_add(1, Ordering::Relaxed) == 1
        {
            return cluster(asked, 20).cut_after(50);
        }
        cluster(asked, 20)
    });
    let failure = reindex(&on, &server.url(), "").await.unwrap_err();
    assert_eq!(failure.kind, Kind::ConnectionClosed, "{failure}");
    let last = server.asked().pop().unwrap();
    assert_eq!(
        (last.method.as_str(), last.path.as_str()),
        ("DELETE", "/_search/scroll")
    );
    let routed = GetRequest {
        routing: Some("r3".to_owned()),
        ..GetRequest::new("copy", "3")
    };
    let found = run::<GetDocument>(&on.node, routed).await;
    assert!(found.unwrap().found.is_some());
    is_quiet(&on.node);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_refused_for_lack_of_room_is_asked_again_and_counted() {
    let on = node(&[]).await;
    let refused = AtomicUsize::new(0);
    let server = FakeServer::start(move |asked| {
        if asked.path == "/i/_search" && refused.fetch_add(1, Ordering::Relaxed) < 2 {
            return Reply::error(429, "rejected_execution_exception", "full");
        }
        cluster(asked, 3)
    });
    let done = reindex(&on, &server.url(), "").await.unwrap();
    assert_eq!(
        (
            done.status.figures.search_retries,
            done.status.figures.created
        ),
        (2, 3)
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shards_that_failed_end_it() {
    let on = node(&[]).await;
    let server = FakeServer::start(|asked| match asked.path.as_str() {
        "/i/_search" => Reply::json(
            r#"{"_scroll_id": "s", "timed_out": false, "hits": {"total": 0, "hits": []}, "_shards": {"failures": [{"shard": 2, "index": "i",
                "node": "n", "reason": {"type": "rejected_execution_exception", "reason": "full"}}]}}"#,
        ),
        _ => cluster(asked, 1),
    });
    let done = reindex(&on, &server.url(), "").await.unwrap();
    assert_eq!((done.http_status(), done.search_failures.len()), (429, 1));
    assert_eq!(done.search_failures[0].shard, Some(2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_does_not_wait_for_the_other_side() {
    let on = node(&[]).await;
    // It answers the first page, and then nothing any more.
    let server = FakeServer::start(|asked| match asked.path.as_str() {
        "/_search/scroll" => cluster(asked, 20).after(Duration::from_secs(600)),
        _ => cluster(asked, 20),
    });
    let running = {
        let (node, url) = (Arc::clone(&on.node), server.url());
        let source = format!(r#""index": "i", "size": 4, "remote": {{"host": "{url}"}}"#);
        tokio::spawn(async move { run::<Reindex>(&node, request(&source, "").unwrap()).await })
    };
    let scrolled = || {
        server
            .asked()
            .iter()
            .any(|asked| asked.path == "/_search/scroll")
    };
    until("the second page is asked for", scrolled).await;
    let began = Instant::now();
    let cancel = CancelTasks {
        filter: glasswork_tasks::Filter {
            actions: vec![glasswork_tasks::Pattern::new("*reindex")],
            ..Default::default()
        },
        ..CancelTasks::default()
    };
    run::<Cancel>(&on.node, cancel).await.unwrap();
    let done = running.await.unwrap().unwrap();
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(done.status.canceled.as_deref(), Some("by user request"));
    assert_eq!(done.status.figures.created, 4);
    is_quiet(&on.node);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pace_keeps_the_scroll_open_for_longer() {
    let on = node(&[]).await;
    let server = FakeServer::start(|asked| cluster(asked, 8));
    let source = format!(
        r#""index": "i", "size": 4, "remote": {{"host": "{}"}}"#,
        server.url()
    );
    let mut request = request(&source, "").unwrap();
    request.options.requests_per_second = 40.0;
    let done = run::<Reindex>(&on.node, request).await.unwrap();
    assert_eq!(done.status.figures.created, 8);
    let asked = server.asked();
    let scroll = asked
        .iter()
        .find(|asked| asked.path == "/_search/scroll")
        .unwrap();
    assert_eq!(scroll.query, "scroll=300100ms");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_another_cluster_can_not_be_asked_is_refused() {
    let on = node(&[]).await;
    let old = FakeServer::start(|_| Reply::json(r#"{"version": {"number": "1.7.5"}}"#));
    let failure = reindex(&on, &old.url(), "").await.unwrap_err();
    assert!(
        failure
            .reason()
            .contains("Elasticsearch [1.7.5] is not supported"),
        "{failure}"
    );
    assert_eq!((failure.status(), old.asked().len()), (400, 1));
    let remote = r#""index": "i", "remote": {"host": "http://127.0.0.1:1"}"#;
    let asked = |more: &str| request(&format!("{remote}, {more}"), "").unwrap();
    for (more, says) in [
        (
            r#""slice": {"id": 0, "max": 2}"#,
            "reindex from remote sources doesn't support [slice]",
        ),
        (
            r#""min_score": 1"#,
            "reindex from remote sources doesn't support [min_score]",
        ),
        (
            r#""terminate_after": 1"#,
            "reindex from remote sources doesn't support [terminate_after]",
        ),
    ] {
        let failure = run::<Reindex>(&on.node, asked(more)).await.unwrap_err();
        assert!(failure.reason().contains(says), "{failure}");
    }
    let mut sliced = asked(r#""size": 1"#);
    sliced.options.slices = Slices::Count(2);
    let failure = run::<Reindex>(&on.node, sliced).await.unwrap_err();
    assert!(
        failure
            .reason()
            .contains("reindex from remote sources doesn't support slices > 1 but was [2]"),
        "{failure}"
    );
    let wrong = |remote: &str| {
        let remote =
            format!(r#""index": "i", "remote": {{"host": "http://127.0.0.1:1", {remote}}}"#);
        let failure = request(&remote, "").unwrap_err();
        failure
            .chain()
            .map(Failure::reason)
            .collect::<Vec<_>>()
            .join(" / ")
    };
    assert!(wrong(r#""headers": {"a b": "c"}"#).contains("[headers] can't have [a b]"));
    assert!(wrong(r#""headers": {"a": "b\r\nc: d"}"#).contains("[headers] can't have [a]"));
    assert!(
        wrong(r#""headers": {"Transfer-Encoding": "chunked"}"#).contains("[Transfer-Encoding]")
    );
    assert!(wrong(r#""password": "x""#).contains("[password] needs a [username]"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_hosts_of_the_list_are_opened() {
    let on = OnFiles::with(&[("reindex.remote.allowlist", "127.0.0.1:1, other:*")]).await;
    let server = FakeServer::start(|asked| cluster(asked, 1));
    let failure = reindex(&on, &server.url(), "").await.unwrap_err();
    assert!(
        failure
            .reason()
            .contains("not allowlisted in reindex.remote.allowlist"),
        "{failure}"
    );
    assert_eq!(server.connections(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_checked_as_the_settings_say() {
    let server = FakeServer::start_tls(|asked| cluster(asked, 5));
    let on = node(&[]).await;
    let failure = reindex(&on, &server.url(), "").await.unwrap_err();
    assert_eq!(failure.kind, Kind::SslHandshake);
    assert!(
        failure.reason().contains("signed by nobody who is trusted"),
        "{failure}"
    );
    assert!(server.asked().is_empty());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, server.certificate().unwrap()).unwrap();
    let authorities = (
        "reindex.ssl.certificate_authorities",
        file.to_str().unwrap(),
    );
    for settings in [
        vec![authorities],
        vec![
            authorities,
            ("reindex.ssl.verification_mode", "certificate"),
        ],
        vec![("reindex.ssl.verification_mode", "none")],
    ] {
        let on = node(&settings).await;
        let done = reindex(&on, &server.url(), "").await.unwrap();
        assert_eq!(done.status.figures.created, 5);
    }
    std::fs::write(&file, "nothing").unwrap();
    let on = node(&[authorities]).await;
    let failure = reindex(&on, &server.url(), "").await.unwrap_err();
    assert!(
        failure.reason().contains("there is no certificate"),
        "{failure}"
    );
}

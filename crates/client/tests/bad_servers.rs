//! Servers as they should not be: every one ends in an error of one line, in time and within bounds.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

use glasswork_client::{
    Builder, CancelOptions, Client, ConnectError, Error, ListOptions, TaskList,
    fake::{FakeServer, Reply},
};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    time::{Duration, Instant},
};

const SOON: Duration = Duration::from_millis(200);

fn client(server: &FakeServer) -> Builder {
    Client::builder(server.url())
}

async fn list(builder: Builder) -> Result<TaskList, Error> {
    builder.build().unwrap().list(&ListOptions::new()).await
}

/// The error of a list, whose text must be one safe line.
async fn failed(builder: Builder) -> (Error, String) {
    let error = list(builder).await.unwrap_err();
    let text = error.to_string();
    assert!(
        !text.chars().any(char::is_control) && text.len() < 2000,
        "{text:?}"
    );
    (error, text)
}

#[tokio::test]
async fn a_server_that_is_slow_or_hangs_is_waited_for_only_so_long() {
    for reply in [
        Reply::json("{}").after(Duration::from_secs(60)),
        Reply::json(r#"{"nodes":{}}"#).hang_after(5),
        Reply::json(r#"{"nodes":{}}"#).hang_after(0),
    ] {
        let server = FakeServer::start(move |_| reply.clone());
        let began = Instant::now();
        let (error, text) = failed(client(&server).answer_timeout(SOON)).await;
        assert!(matches!(error, Error::TimedOut { .. }), "{error}");
        assert!(error.is_passing());
        assert!(text.ends_with("did not answer within 200 ms"), "{text}");
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn an_address_at_which_nobody_listens_is_said_to_be_so() {
    let free = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let (error, text) = failed(Client::builder(format!("http://{free}"))).await;
    assert!(matches!(
        error,
        Error::Connect {
            cause: ConnectError::Unreachable(_),
            ..
        }
    ));
    assert_eq!(
        text,
        format!("http://{free} can't be reached: connection refused")
    );
}

#[tokio::test]
async fn a_host_that_is_not_there_is_said_to_be_so() {
    // RFC 6761: names under `.invalid` lead nowhere.
    let (error, text) = failed(Client::builder("http://nobody.invalid")).await;
    assert!(
        matches!(
            error,
            Error::Connect {
                cause: ConnectError::NoSuchHost(_),
                ..
            }
        ),
        "{text}"
    );
}

#[tokio::test]
async fn a_page_instead_of_json_is_quoted() {
    let server = FakeServer::start(|_| Reply::html("<html>\n<h1>\u{1b}[31mWelcome to nginx</h1>"));
    let (error, text) = failed(client(&server)).await;
    assert!(matches!(error, Error::NotJson { status: 200, .. }));
    assert!(
        text.contains(r"<html>\n<h1>\x1b[31mWelcome to nginx"),
        "{text}"
    );
}

#[tokio::test]
async fn refusals_carry_status_type_reason_and_when_to_come_again() {
    let denied = r#"{"error":{"root_cause":[],"type":"security_exception","reason":"no permissions for [cluster:monitor/tasks/lists]"},"status":403}"#;
    let cases = [
        (Reply::status(401).body("Unauthorized"), 401, None),
        (
            Reply::json(denied).with_status(403),
            403,
            Some("security_exception"),
        ),
        (
            Reply::error(429, "circuit_breaking_exception", "too much").header("retry-after", "7"),
            429,
            Some("circuit_breaking_exception"),
        ),
        (
            Reply::html("<h1>Bad gateway</h1>").with_status(502),
            502,
            None,
        ),
        (
            Reply::error(503, "cluster_manager_not_discovered_exception", "none"),
            503,
            Some("cluster_manager_not_discovered_exception"),
        ),
        (Reply::status(504), 504, None),
        (
            Reply::status(301).header("location", "https://elsewhere"),
            301,
            None,
        ),
    ];
    for (reply, status, kind) in cases {
        let server = FakeServer::start(move |_| reply.clone());
        let (error, text) = failed(client(&server)).await;
        let refusal = error.refusal().unwrap();
        assert_eq!(
            (refusal.status, refusal.kind.as_deref()),
            (status, kind),
            "{text}"
        );
        assert_eq!(error.is_denied(), matches!(status, 401 | 403));
        assert_eq!(error.is_passing(), matches!(status, 429 | 502..=504));
        if status == 429 {
            assert_eq!(refusal.retry_after, Some(Duration::from_secs(7)));
            assert!(
                text.contains("come again in 7 s: circuit_breaking_exception: too much"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn half_an_answer_is_no_answer() {
    let whole = r#"{"nodes":{"n":{"tasks":{}}}}"#;
    let server = FakeServer::start(move |_| Reply::json(whole).cut_after(10));
    let (error, _) = failed(client(&server)).await;
    assert!(matches!(error, Error::Broken { .. }), "{error}");
    let server = FakeServer::start(move |_| Reply::json(&whole[..10]));
    let (error, text) = failed(client(&server)).await;
    assert!(
        matches!(error, Error::NotJson { .. }) && text.contains("it ends early"),
        "{text}"
    );
    let server = FakeServer::start(|_| Reply::json(""));
    assert!(failed(client(&server)).await.1.contains("it is empty"));
}

#[tokio::test]
async fn json_of_another_shape_is_told_apart_from_no_json() {
    for body in [
        "[]",
        "null",
        "{}",
        r#"{"nodes":[]}"#,
        r#"{"nodes":{"n":{"tasks":{"n:1":{"node":7}}}}}"#,
    ] {
        let server = FakeServer::start(move |_| Reply::json(body));
        let (error, text) = failed(client(&server)).await;
        assert!(matches!(error, Error::Unexpected { .. }), "{body}: {text}");
    }
}

#[tokio::test]
async fn what_is_no_http_is_not_understood_whoever_speaks_first() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || {
        let mut streams = Vec::new();
        for number in 0..20 {
            let (mut stream, _) = listener.accept().unwrap();
            if number % 2 == 0 {
                // It waits for being asked.
                stream.read_exact(&mut [0]).unwrap();
            }
            stream.write_all(b"SSH-2.0-OpenSSH_9.6\r\n\r\n").unwrap();
            streams.push(stream);
        }
        streams
    });
    for _ in 0..20 {
        let (error, text) = failed(Client::builder(format!("http://{address}"))).await;
        assert!(
            matches!(error, Error::Broken { .. }) && text.contains("perhaps it wants https"),
            "{text}"
        );
    }
    drop(serving.join().unwrap());
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_limit_compressed_or_not() {
    let large = format!(r#"{{"nodes":{{}},"x":"{}"}}"#, "x".repeat(1 << 20));
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(large.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    assert!(packed.len() < 10_000);
    let plain = Reply::json(large);
    let gzip = Reply::json("")
        .body(packed)
        .header("content-encoding", "gzip");
    for reply in [plain, gzip] {
        let answered = reply.clone();
        let server = FakeServer::start(move |_| answered.clone());
        let (error, _) = failed(client(&server).gzip(true).max_answer(100_000)).await;
        assert!(
            matches!(error, Error::TooLarge { limit: 100_000, .. }),
            "{error}"
        );
        assert!(list(client(&server).gzip(true)).await.is_ok());
        assert_eq!(server.asked()[0].header("accept-encoding"), Some("gzip"));
    }
    let damaged = Reply::json("no gzip at all").header("content-encoding", "gzip");
    let server = FakeServer::start(move |_| damaged.clone());
    assert!(
        failed(client(&server).gzip(true))
            .await
            .1
            .contains("damaged")
    );
    let unasked = Reply::json("{}").header("content-encoding", "br");
    let server = FakeServer::start(move |_| unasked.clone());
    assert!(failed(client(&server)).await.1.contains("not asked for"));
}

#[tokio::test]
async fn a_certificate_is_trusted_if_its_authority_is_or_if_the_user_insists() {
    let server = FakeServer::start_tls(|_| Reply::json(r#"{"nodes":{}}"#));
    let (error, text) = failed(client(&server)).await;
    assert!(
        matches!(
            error,
            Error::Connect {
                cause: ConnectError::Certificate(_),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(text.contains("signed by nobody who is trusted"), "{text}");
    assert!(!error.is_passing());
    assert!(list(client(&server).insecure(true)).await.is_ok());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, server.certificate().unwrap()).unwrap();
    assert!(list(client(&server).ca_file(&file)).await.is_ok());
    let by_address = server.url().replace("localhost", "[::ffff:127.0.0.1]");
    let (error, _) = failed(Client::builder(by_address).ca_file(&file)).await;
    assert!(matches!(error, Error::Connect { .. }), "{error:?}");
    std::fs::write(&file, "no certificate").unwrap();
    assert!(client(&server).ca_file(&file).build().is_err());
}

#[tokio::test]
async fn https_to_a_server_without_tls_is_said_to_be_that() {
    let server = FakeServer::start(|_| Reply::json("{}"));
    let (error, text) = failed(Client::builder(server.url().replace("http:", "https:"))).await;
    assert!(
        matches!(
            error,
            Error::Connect {
                cause: ConnectError::Tls(_),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(text.contains("does not speak TLS"), "{text}");
}

#[tokio::test]
async fn connections_are_kept_and_given_up_with_bad_answers() {
    let server = FakeServer::start(|asked| match asked.path.as_str() {
        "/_cluster/health" => Reply::json("{}").cut_after(1),
        _ => Reply::json(r#"{"nodes":{}}"#),
    });
    let client = client(&server).build().unwrap();
    for _ in 0..5 {
        client.list(&ListOptions::new()).await.unwrap();
    }
    assert_eq!(server.connections(), 1);
    client.health().await.unwrap_err();
    client.list(&ListOptions::new()).await.unwrap();
    // The kept connection ended without an answer: what changes nothing was asked once more, on another, and that one
    // is not kept either.
    let asked = server.asked();
    assert_eq!(
        asked
            .iter()
            .filter(|asked| asked.path == "/_cluster/health")
            .count(),
        2
    );
    assert_eq!(server.connections(), 3);
}

#[tokio::test]
async fn a_kept_connection_that_the_server_closed_is_opened_again_without_asking_twice() {
    let server =
        FakeServer::start(|_| Reply::json(r#"{"nodes":{}}"#).header("connection", "close"));
    let client = client(&server).build().unwrap();
    for _ in 0..3 {
        client.cancel(&CancelOptions::actions(["x"])).await.unwrap();
    }
    assert_eq!((server.connections(), server.asked().len()), (3, 3));
}

#[tokio::test]
async fn a_hundred_thousand_tasks_and_a_description_of_ten_megabytes_are_read() {
    let mut body = String::from(r#"{"nodes":{"n":{"name":"node-1","tasks":{"#);
    for number in 0..100_000 {
        body.push_str(&format!(r#""n:{number}":{{"node":"n","id":{number},"type":"direct","action":"a","headers":{{}}}},"#));
    }
    let long = "y".repeat(10 << 20);
    body.push_str(&format!(r#""n:-5":{{"node":"n/?#\u001b[1m","id":-5,"action":"\u0000","description":"{long}"}}}}}}}}}}"#));
    let server = FakeServer::start(move |_| Reply::json(body.clone()));
    let list = list(client(&server)).await.unwrap();
    assert_eq!(list.tasks.len(), 100_001);
    let odd = list.tasks.last().unwrap();
    assert_eq!((odd.number, odd.node.as_str()), (-5, "n/?#\u{1b}[1m"));
    assert_eq!(odd.description.as_ref().unwrap().len(), 10 << 20);
    assert_eq!(glasswork_client::sanitise(&odd.node), r"n/?#\x1b[1m");
}

#[tokio::test]
async fn odd_ids_go_escaped_into_the_path() {
    let server = FakeServer::start(|_| Reply::error(404, "resource_not_found_exception", "none"));
    let client = client(&server).build().unwrap();
    let error = client
        .get_plain(&"../a b?c#d\u{1b}é:7".parse().unwrap())
        .await
        .unwrap_err();
    assert!(error.is_not_found());
    let asked = &server.asked()[0];
    assert_eq!(
        (asked.path.as_str(), asked.query.as_str()),
        ("/_tasks/..%2Fa%20b%3Fc%23d%1B%C3%A9:7", "")
    );
}

//! A server of answers in place of a real one: what the thread makes of each.

use super::*;
use crate::view::Shown;
use glasswork_client::fake::{Asked, FakeServer, Reply};
use serde_json::json;
use std::sync::{
    atomic::{AtomicUsize, Ordering},
    mpsc::{Receiver, sync_channel},
};

/// What comes of asking this server every ten milliseconds.
fn ask(server: &FakeServer, timeout: Duration) -> (Connection, Receiver<Event>) {
    let client = Client::builder(server.url()).answer_timeout(timeout);
    let client = client.opaque_id("own").build().expect("a client");
    let wanted = Wanted {
        options: ListOptions::new(),
        every: Duration::from_millis(10),
        paused: false,
        visible: Vec::new(),
        asked: 0,
    };
    let (events, happened) = sync_channel(64);
    let connection = Connection::start(client, wanted, events).expect("a thread");
    (connection, happened)
}

fn next(happened: &Receiver<Event>) -> Update {
    match happened.recv_timeout(Duration::from_secs(60)) {
        Ok(Event::Update(update)) => update,
        _ => panic!("the connection has ended"),
    }
}

fn listed(happened: &Receiver<Event>) -> Listing {
    loop {
        match next(happened) {
            Update::Listed { list, .. } => return list,
            Update::Failed(line) => panic!("{line}"),
            _ => {}
        }
    }
}

fn is_root(asked: &Asked) -> Option<Reply> {
    (asked.path == "/").then(|| Reply::json(r#"{"version":{"number":"3.8.0"}}"#))
}

#[test]
fn whatever_a_server_answers_is_one_line_and_it_is_asked_again() {
    let error = |status| Reply::error(status, "x_exception", "not\u{1b}[2J\nnow");
    let cases = [
        (Reply::html("<html>\u{1b}[31m<h1>nginx</h1>"), "no JSON"),
        (Reply::status(401).body("Unauthorized"), "answered 401"),
        (error(403), "answered 403"),
        (error(429).header("retry-after", "1"), "come again in 1 s"),
        (error(500), "answered 500"),
        (Reply::html("").with_status(502), "answered 502"),
        (error(503), "answered 503"),
        (Reply::status(504), "answered 504"),
        (Reply::json("{\"nodes\":{\"n\":{\"tas"), "it ends early"),
        (Reply::json("{\"nodes\":{}}").cut_after(4), "ended before"),
        (
            Reply::json("{\"nodes\":{}}").hang_after(4),
            "did not answer",
        ),
        (Reply::json("{\"nodes\":[]}"), "invalid type"),
        (
            Reply::json("").header("content-encoding", "br"),
            "not asked for",
        ),
    ];
    for (bad, said) in cases {
        let lists = AtomicUsize::new(0);
        let reply = bad.clone();
        let server = FakeServer::start(move |asked| {
            // What breaks off on a kept connection is asked once more by the client itself.
            let bad = || match lists.fetch_add(1, Ordering::Relaxed) {
                0 | 1 => reply.clone(),
                _ => Reply::json(r#"{"nodes":{}}"#),
            };
            is_root(asked).unwrap_or_else(bad)
        });
        // Long enough for what is answered, on a busy machine, too.
        let (connection, happened) = ask(&server, Duration::from_secs(2));
        match next(&happened) {
            Update::Failed(line) => {
                assert!(
                    line.contains(said) && line.contains("asked again"),
                    "{line}"
                );
                assert!(!line.chars().any(char::is_control), "{line:?}");
            }
            update => panic!("{said}: {update:?}"),
        }
        while !matches!(next(&happened), Update::Listed { .. }) {}
        drop(connection);
    }
}

#[test]
fn a_certificate_of_nobody_is_said_and_asked_again() {
    let server = FakeServer::start_tls(|_| Reply::json(r#"{"nodes":{}}"#));
    let (_connection, happened) = ask(&server, Duration::from_secs(30));
    for _ in 0..2 {
        match next(&happened) {
            Update::Failed(line) => assert!(line.contains("nobody who is trusted"), "{line}"),
            update => panic!("{update:?}"),
        }
    }
}

#[test]
fn a_hundred_thousand_odd_tasks_are_rows_and_a_description_of_ten_megabytes_is_cut() {
    let mut body = String::from(r#"{"nodes":{"n":{"name":"node-1","tasks":{"#);
    for number in 0..100_000 {
        body.push_str(&format!(r#""n:{number}":{{"node":"n","id":{number},"action":"a","headers":{{"X-Opaque-Id":"o"}}}},"#));
    }
    body.push_str(r#""n:-5":{"node":"n/?#\u001b[1m","id":-5,"action":"\u0000","headers":{"X-Opaque-Id":"own"}},"#);
    body.push_str(r#""n:-6":{"node":"n/?#\u001b[1m","id":-6,"action":"\u0000","parent_task_id":"::","running_time_in_nanos":-9}}}}}"#);
    let detail = json!({"completed": false, "task": {"node": "n", "id": 7, "action": "a", "description": "é".repeat(5 << 20)}});
    let detail = detail.to_string();
    let server = FakeServer::start(move |asked| {
        let answer = || match asked.path.as_str() {
            "/_tasks" => Reply::json(body.clone()),
            _ => Reply::json(detail.clone()),
        };
        is_root(asked).unwrap_or_else(answer)
    });
    let (connection, happened) = ask(&server, Duration::from_secs(60));
    let list = listed(&happened);
    assert_eq!((list.tasks.len(), list.own, list.more), (100_001, 1, 0));
    let odd = list.tasks.last().expect("a task");
    assert_eq!(
        (odd.node(), odd.number(), odd.running_time()),
        ("n/?#\u{1b}[1m", -6, Duration::ZERO)
    );
    let again = Wanted {
        options: ListOptions::new(),
        every: Duration::from_millis(10),
        paused: false,
        visible: vec!["n:7".parse().expect("an id")],
        asked: 1,
    };
    connection.want(again);
    let details = loop {
        if let Update::Details(tasks) = next(&happened) {
            break tasks;
        }
    };
    let described = details[0].description.as_ref().expect("it is told");
    assert!(described.len() < 20 << 10);
}

#[test]
fn slow_and_large_lists_are_asked_for_less_often() {
    let every = Duration::from_secs(2);
    let millis = Duration::from_millis;
    assert_eq!(pace(every, millis(150), 1000), every);
    assert_eq!(pace(every, millis(250), 1000), millis(2500));
    assert_eq!(pace(every, millis(100), LARGE + 1), LARGE_PACE);
    assert_eq!(pace(every, millis(900), LARGE + 1), millis(9000));
    assert_eq!(pace(every, Duration::from_secs(30), 0), LONGEST);
}

#[test]
fn a_server_that_fails_is_asked_more_and_more_seldom() {
    let error = Error::TimedOut {
        url: "http://h:1".to_owned(),
        after: Duration::from_secs(1),
    };
    let every = Duration::from_secs(2);
    let after = |failures| after_failure(every, failures, &error).as_secs();
    assert_eq!((after(1), after(2), after(3), after(50)), (2, 4, 8, 32));
}

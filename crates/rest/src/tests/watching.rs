//! Server-sent events of tasks: over a real socket, with one node and with two.

use std::{net::SocketAddr, time::Duration};

use glasswork_content::json::Node as Json;
use glasswork_node::Node;
use glasswork_substrate::memory::World;
use glasswork_tasks::{Guard, Headers, Start};
use std::sync::Arc;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use super::{
    client::{Client, PATIENCE},
    endpoints::member,
    tasks::{id, json, serve},
};

/// A stream of events as a client reads it.
struct Stream {
    socket: TcpStream,
    raw: Vec<u8>,
    text: Vec<u8>,
    over: bool,
}

#[derive(Debug)]
struct Sent {
    event: String,
    id: u64,
    data: Json,
}

impl Sent {
    fn task(&self) -> String {
        id(self.data.get("task").unwrap())
    }
}

impl Stream {
    async fn open(address: SocketAddr, target: &str, headers: &str) -> Self {
        let mut socket = TcpStream::connect(address).await.unwrap();
        let request = format!("GET {target} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
        socket.write_all(request.as_bytes()).await.unwrap();
        let mut stream = Self {
            socket,
            raw: Vec::new(),
            text: Vec::new(),
            over: false,
        };
        let end = loop {
            if let Some(at) = stream.raw.windows(4).position(|four| four == b"\r\n\r\n") {
                break at + 4;
            }
            assert!(stream.more().await, "a head");
        };
        let head = String::from_utf8(stream.raw.drain(..end).collect()).unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(
            head.to_ascii_lowercase()
                .contains("content-type: text/event-stream"),
            "{head}"
        );
        assert_eq!(stream.block().await.as_deref(), Some(": watching"));
        stream
    }

    async fn more(&mut self) -> bool {
        let mut buffer = [0; 16 << 10];
        let read = timeout(PATIENCE, self.socket.read(&mut buffer))
            .await
            .expect("bytes or an end")
            .unwrap();
        self.raw.extend_from_slice(&buffer[..read]);
        read > 0
    }

    /// Takes the chunks that are whole.
    fn unchunk(&mut self) {
        while let Some(line) = self.raw.windows(2).position(|two| two == b"\r\n") {
            let length = std::str::from_utf8(&self.raw[..line]).unwrap();
            let length = usize::from_str_radix(length, 16).unwrap();
            if self.raw.len() < line + 4 + length {
                return;
            }
            self.over |= length == 0;
            self.text
                .extend_from_slice(&self.raw[line + 2..line + 2 + length]);
            self.raw.drain(..line + 4 + length);
        }
    }

    /// The text up to the next empty line; none at the end.
    async fn block(&mut self) -> Option<String> {
        loop {
            self.unchunk();
            if let Some(at) = self.text.windows(2).position(|two| two == b"\n\n") {
                let block = self.text.drain(..at + 2).collect();
                let block = String::from_utf8(block).unwrap();
                return Some(block.trim_end().to_owned());
            }
            if self.over || !self.more().await {
                return None;
            }
        }
    }

    async fn next(&mut self) -> Option<Sent> {
        loop {
            let block = self.block().await?;
            if block.starts_with(':') {
                continue;
            }
            let field = |name: &str| {
                let values: Vec<&str> = block
                    .lines()
                    .filter_map(|line| line.strip_prefix(name))
                    .collect();
                assert_eq!(values.len(), 1, "{block}");
                values[0].to_owned()
            };
            assert_eq!(block.lines().count(), 3, "{block}");
            return Some(Sent {
                event: field("event: "),
                id: field("id: ").parse().unwrap(),
                data: json(field("data: ").as_bytes()),
            });
        }
    }
}

fn search(node: &Node, opaque: &str) -> Guard {
    let action = node.registry().action("indices:data/read/search").unwrap();
    let headers = Arc::new(Headers::new([("X-Opaque-Id", opaque)]));
    node.registry()
        .start(Start::new(action).user("ads").headers(headers))
        .unwrap()
}

#[tokio::test]
async fn what_happens_on_every_node_is_told_in_one_order() {
    let world = World::new(1);
    let (one, two) = (member(&world, "n1").await, member(&world, "n2").await);
    let server = serve(&one).await;
    let mut all = Stream::open(server.address(), "/_tasks/_watch?x_opaque_id=dash*", "").await;
    let mut unlike = Stream::open(
        server.address(),
        "/_tasks/_watch?actions=*search&user=bob",
        "",
    )
    .await;
    search(&two, "dash-1").succeed();
    let first = all.next().await.unwrap();
    assert!(first.task().starts_with("n2:"));
    let running = search(&two, "dash-7\r\ndata: no\u{2028}\u{1b}[31m");
    let here = search(&one, "dash-8");
    search(&one, "other").succeed();
    let wanted = [
        running.task().id().to_string(),
        here.task().id().to_string(),
    ];
    two.registry()
        .cancel(running.task().number(), "too slow")
        .unwrap();
    running.succeed();
    here.fail("x_exception", "no");
    let (mut seen, mut last) = (Vec::new(), first.id);
    while seen.len() < 5 {
        let sent = all.next().await.unwrap();
        assert!(sent.id > last, "in order");
        last = sent.id;
        if wanted.contains(&sent.task()) {
            let outcome = sent.data.get("outcome").and_then(Json::as_str);
            seen.push((sent.task(), sent.event.clone(), outcome.map(str::to_owned)));
        }
    }
    let of = |at: usize| -> Vec<(&str, Option<&str>)> {
        seen.iter()
            .filter(|(task, ..)| *task == wanted[at])
            .map(|(_, event, outcome)| (event.as_str(), outcome.as_deref()))
            .collect()
    };
    assert_eq!(
        of(0),
        [
            ("started", None),
            ("cancel_requested", None),
            ("ended", Some("cancelled"))
        ]
    );
    assert_eq!(of(1), [("started", None), ("ended", Some("failed"))]);
    let nothing = timeout(Duration::from_millis(50), unlike.next()).await;
    assert!(nothing.is_err(), "no task of bob");

    // What was told before is told again to one who names an earlier event.
    let mut again = Stream::open(
        server.address(),
        "/_tasks/_watch?x_opaque_id=dash-8&extended",
        &format!("Last-Event-ID: {}\r\n", first.id),
    )
    .await;
    let sent = again.next().await.unwrap();
    assert_eq!(
        (sent.event.as_str(), sent.task()),
        ("started", wanted[1].clone())
    );
    let extended = sent.data.get("task").unwrap().get("glasswork").unwrap();
    assert_eq!(extended.get("user").unwrap().as_str(), Some("ads"));

    let mut stranger =
        Stream::open(server.address(), "/_tasks/_watch", "Last-Event-ID: 17\r\n").await;
    let sent = stranger.next().await.unwrap();
    assert_eq!(sent.event, "missed");
    assert!(sent.data.get("count").is_some());
    one.end_watching();
    while all.next().await.is_some() {}
}

#[tokio::test]
async fn one_task_is_watched_until_it_has_ended() {
    let world = World::new(1);
    let (one, two) = (member(&world, "n1").await, member(&world, "n2").await);
    let server = serve(&one).await;
    for node in [&one, &two] {
        let running = search(node, "x");
        let target = format!("/_tasks/{}/_watch", running.task().id());
        let mut stream = Stream::open(server.address(), &target, "").await;
        running.succeed();
        let mut last = None;
        while let Some(sent) = stream.next().await {
            last = Some(sent.event);
        }
        assert_eq!(last.as_deref(), Some("ended"), "{target}");
    }
    let mut client = Client::connect(server.address()).await;
    for (id, status) in [
        ("n1:999999", 404),
        ("gone:1", 404),
        ("foo", 400),
        ("unset", 400),
    ] {
        let answer = client.get(&format!("/_tasks/{id}/_watch")).await;
        assert_eq!(answer.status, status, "{id}: {}", answer.text());
    }
    client
        .send("GET /_tasks/_watch HTTP/1.1\r\nHost: x\r\nLast-Event-ID: x\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.unwrap().status, 400);
}

#[tokio::test]
async fn a_slow_reader_misses_events_and_is_told_how_many() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let mut slow = Stream::open(server.address(), "/_tasks/_watch?x_opaque_id=flood", "").await;
    let long = "flood".to_owned();
    // More than the ring, the socket and the pieces on their way hold.
    for _ in 0..60 {
        for _ in 0..1500 {
            search(&node, &long).succeed();
        }
        tokio::task::yield_now().await;
    }
    let (mut told, mut missed) = (0, 0);
    while told + missed < 180_000 {
        let sent = slow.next().await.unwrap();
        match sent.event.as_str() {
            "missed" => missed += sent.data.get("count").unwrap().as_i64().unwrap(),
            _ => told += 1,
        }
        // What the watch itself does is counted among the missed.
        if missed > 0 && told > 100 {
            break;
        }
    }
    assert!(missed > 0 && told > 100, "told {told}, missed {missed}");
}

#[tokio::test]
async fn a_watch_is_a_task_that_ends_with_its_client_or_a_cancel() {
    let node = member(&World::new(1), "n1").await;
    let server = serve(&node).await;
    let watch = node
        .registry()
        .action("cluster:monitor/tasks/watch")
        .unwrap();
    let live = || node.registry().counts(watch).live();
    let stream = Stream::open(server.address(), "/_tasks/_watch", "").await;
    assert_eq!(live(), 1);
    drop(stream);
    let deadline = Instant::now() + PATIENCE;
    while live() > 0 {
        assert!(
            Instant::now() < deadline,
            "the watch goes on without its client"
        );
        tokio::task::yield_now().await;
    }
    let mut stream = Stream::open(server.address(), "/_tasks/_watch", "").await;
    let mut client = Client::connect(server.address()).await;
    client
        .send("POST /_tasks/_cancel?actions=*watch&wait_for_completion HTTP/1.1\r\nHost: x\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.unwrap().status, 200);
    assert_eq!(live(), 0);
    while stream.next().await.is_some() {}
}

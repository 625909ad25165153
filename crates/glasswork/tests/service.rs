//! The tools before a service that is no search node: the example of `glasswork-tasks`, served in this process.

#![allow(
    clippy::unwrap_used,
    reason = "what a test can't go on without fails it"
)]

mod browser;
mod cli;
#[allow(
    dead_code,
    unreachable_pub,
    reason = "the example is a program of its own"
)]
#[path = "../../tasks/examples/service.rs"]
mod example;
mod harness;

use browser::Browser;
use cli::{Cli, terminal::Terminal};
use harness::{Answer, Node, eventually};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Write},
    process::Stdio,
    thread,
};
use tokio::runtime::Runtime;

/// The example, on a free port; stopped when dropped.
struct Service {
    url: String,
    runtime: Option<Runtime>,
}

impl Service {
    fn start() -> Self {
        let runtime = Runtime::new().unwrap();
        let bind = tokio::net::TcpListener::bind("127.0.0.1:0");
        let listener = runtime.block_on(bind).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let app = example::app().unwrap();
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self {
            url,
            runtime: Some(runtime),
        }
    }

    fn send(&self, method: &str, path: &str, opaque_id: &str) -> Answer {
        send(&self.url, method, path, opaque_id)
    }

    /// A computation that takes far longer than any test.
    fn compute(&self, opaque_id: &'static str) -> thread::JoinHandle<Answer> {
        let url = self.url.clone();
        let asked = thread::spawn(move || send(&url, "GET", "/primes/100000000000", opaque_id));
        eventually("it runs", || {
            let list = self.send("GET", &format!("/_tasks?x_opaque_id={opaque_id}"), "");
            list.text.contains(opaque_id).then_some(())
        });
        asked
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn send(url: &str, method: &str, path: &str, opaque_id: &str) -> Answer {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .build()
        .into();
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(format!("{url}{path}"))
        .header("x-opaque-id", opaque_id)
        .body(())
        .unwrap();
    let mut answer = agent.run(request).unwrap();
    Answer {
        status: answer.status().as_u16(),
        headers: Vec::new(),
        text: answer.body_mut().read_to_string().unwrap(),
    }
}

#[test]
fn top_attaches_to_a_service_and_a_cancel_from_it_ends_the_request() {
    let service = Service::start();
    let asked = service.compute("dash-77");
    let cli = Cli::to(&service.url);
    let Some(terminal) = Terminal::start(&cli, "--every 1s -f opaque:dash-77") else {
        service.send("POST", "/_tasks/_cancel", "");
        asked.join().unwrap();
        return;
    };
    terminal.shows("GET /primes");
    terminal.shows("example (Glasswork");
    terminal.press(&["w", "x"]);
    terminal.shows("would end");
    terminal.press(&["y"]);
    let answer = asked.join().unwrap();
    assert_eq!(
        (answer.status, &*answer.text),
        (409, "cancelled task with reason: by user request")
    );
    terminal.shows("no task matches");
    terminal.press(&["h"]);
    terminal.shows("OUTCOME");
    terminal.shows("cancelled");
    terminal.press(&["h", "q"]);
    terminal.ended(0);
}

#[test]
fn the_command_line_lists_watches_and_cancels_what_a_service_does() {
    let service = Service::start();
    let id = service.send("POST", "/reports/monthly", "").text;
    let cli = Cli::to(&service.url);
    let list = cli.ok(&[
        "tasks",
        "ls",
        "-f",
        "action:report",
        "--columns",
        "id,action,progress,description",
    ]);
    assert!(
        list.contains(&id) && list.contains("the monthly report"),
        "{list}"
    );
    let told = cli.json(&["tasks", "ls", "--json"]);
    assert!(told.to_string().contains("\"unit\":\"pages\""), "{told}");
    let why = cli.ok(&["tasks", "why", &id]);
    assert!(why.contains(&id), "{why}");

    let mut watching = cli
        .command(&["tasks", "watch", &id, "--json", "--every", "10ms"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("\"completed\":false"), "{first}");
    let cancel = ["tasks", "cancel", "-f", "action:report", "--wait", "--yes"];
    let stopped = cli.ok(&cancel);
    assert!(stopped.contains(&id), "{stopped}");
    let last = lines.map_while(Result::ok).last().unwrap();
    assert!(last.contains("\"completed\":true"), "{last}");
    assert_eq!(watching.wait().unwrap().code(), Some(0));
    let rest = cli.ok(&["tasks", "ls", "-f", "action:report"]);
    assert!(!rest.contains(&id), "{rest}");
}

#[test]
fn the_console_shows_a_service_and_stops_its_work() {
    let Some(mut browser) = Browser::start("service", 1300, 800) else {
        return;
    };
    let service = Service::start();
    let asked = service.compute("through");
    let mut console = harness::binary()
        .args(["console", "--to", &service.url])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut out = BufReader::new(console.stdout.take().unwrap());
    out.read_line(&mut line).unwrap();
    let mut words = line.split_whitespace();
    browser.open(words.find(|word| word.starts_with("http")).unwrap());
    browser.until("document.querySelector('gw-table.main').innerText.includes('through')");
    for key in ["/", "Enter", "x"] {
        browser.press(key);
        if key == "/" {
            browser.write("label:through");
        }
    }
    browser.until("document.querySelector('dialog[open]')");
    browser.press("Tab");
    browser.press("y");
    browser.until("document.querySelector('.notices').innerText.includes('Gone')");
    assert_eq!(asked.join().unwrap().status, 409);
    // It is ours, and may have ended by itself.
    drop(console.kill());
    drop(console.wait());
}

#[test]
fn a_client_that_hangs_up_ends_its_request() {
    let service = Service::start();
    let mut socket = std::net::TcpStream::connect(&service.url["http://".len()..]).unwrap();
    let request = "GET /primes/100000000000 HTTP/1.1\r\nhost: x\r\nx-opaque-id: gone\r\n\r\n";
    socket.write_all(request.as_bytes()).unwrap();
    let listed = || service.send("GET", "/_tasks?x_opaque_id=gone", "").text;
    eventually("it runs", || listed().contains("gone").then_some(()));
    drop(socket);
    eventually("it is gone", || (!listed().contains("gone")).then_some(()));
    let past = service
        .send("GET", "/_tasks/_history?x_opaque_id=gone", "")
        .json();
    assert_eq!(past["tasks"][0]["cancel"]["reason"], "client disconnected");
}

/// Without what differs from server to server: the name of its node.
fn without_names(answer: &Answer, node: &str) -> Value {
    let text = answer.text.replace(node, "NODE");
    serde_json::from_str(&text).unwrap_or(Value::String(text))
}

#[test]
fn a_service_refuses_in_the_words_of_a_node() {
    let node = Node::start();
    let list = node.get("/_tasks?group_by=none").json();
    let node_id = list["tasks"][0]["node"].as_str().unwrap().to_owned();
    // What a node says of a task that is gone depends on whether any result was ever stored.
    node.index("books", 1, 1);
    let stored = node
        .post("/books/_forcemerge?wait_for_completion=false", "")
        .json();
    let id = stored["task"].as_str().unwrap().to_owned();
    node.get(&format!("/_tasks/{id}?wait_for_completion"));
    let service = Service::start();
    for (method, path) in [
        ("GET", "/_tasks/x"),
        ("GET", "/_tasks/NODE:x"),
        ("GET", "/_tasks/NODE:999999999"),
        ("GET", "/_tasks/other:1"),
        ("GET", "/_tasks/unset"),
        ("GET", "/_tasks/NODE:999999999/_watch"),
        ("GET", "/_tasks?group_by=x"),
        ("GET", "/_tasks?detaled"),
        ("GET", "/_tasks?timeout=5"),
        ("GET", "/_tasks?size=x"),
        ("GET", "/_tasks?sort=age"),
        ("GET", "/_tasks?nodes=nobody"),
        ("GET", "/_tasks?actions=nothing&group_by=parents"),
        ("GET", "/_tasks?actions=nothing&group_by=none&size=1"),
        ("GET", "/_tasks?a=%zz"),
        ("GET", "/_tasks/_history?outcome=x"),
        ("GET", "/_tasks/_history?actions=nothing"),
        ("POST", "/_tasks/_cancel?actions=nothing"),
        ("POST", "/_tasks/_cancel?token=x"),
        ("POST", "/_tasks/_cancel?token=x&dry_run"),
        ("POST", "/_tasks/NODE:999999999/_cancel"),
        ("POST", "/_tasks/other:1/_cancel"),
        ("POST", "/_tasks/unset/_cancel"),
        ("POST", "/_tasks/NODE:1/_cancel?nodes=x"),
        ("PUT", "/_tasks"),
        ("GET", "/_tasks/NODE:1/_cancel"),
        ("POST", "/_tasks"),
    ] {
        let expected = node.request(method, &path.replace("NODE", &node_id), &[], None);
        let got = service.send(method, &path.replace("NODE", "example-1"), "");
        assert_eq!(
            (got.status, without_names(&got, "example-1")),
            (expected.status, without_names(&expected, &node_id)),
            "{method} {path}"
        );
    }
}

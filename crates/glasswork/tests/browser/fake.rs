//! A server made of answers, which also sends the console: for what no real node shows on demand.

use serde_json::{Value, json};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// Answers a request: method and target with its query. `None` is 404.
pub type Answers = dyn Fn(&str, &str) -> Option<(u16, String)> + Send + Sync;

/// A server; it ends with the process.
pub struct Fake {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
}

/// Says that a server is Glasswork.
const GLASSWORK: &str = "content-type: application/json\r\nx-glasswork-version: 0.1.0\r\n";
const OPENSEARCH: &str = "content-type: application/json\r\n";

impl Fake {
    /// One that says it is Glasswork.
    pub fn glasswork(
        answers: impl Fn(&str, &str) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        Self::with(GLASSWORK, answers)
    }

    /// One that is any OpenSearch.
    pub fn start(
        answers: impl Fn(&str, &str) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        Self::with(OPENSEARCH, answers)
    }

    fn with(
        head: &'static str,
        answers: impl Fn(&str, &str) -> Option<(u16, String)> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let answers: Arc<Answers> = Arc::new(answers);
        let noted = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (answers, noted) = (Arc::clone(&answers), Arc::clone(&noted));
                thread::spawn(move || serve(stream, head, &*answers, &noted));
            }
        });
        Self { address, asked }
    }

    pub fn console(&self) -> String {
        format!("http://{}/_console", self.address)
    }

    /// What was asked so far, without the console's own files: `GET /_tasks?…`.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request after the other, until the other end is gone.
fn serve(mut stream: TcpStream, head: &str, answers: &Answers, noted: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let mut words = line.split_whitespace();
        let (method, target) = (
            words.next().unwrap_or("").to_owned(),
            words.next().unwrap_or("").to_owned(),
        );
        let mut length = 0;
        loop {
            let mut header = String::new();
            if reader.read_line(&mut header).unwrap_or(0) <= 2 {
                break;
            }
            if let Some(value) = header.to_ascii_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
        }
        let mut body = vec![0; length];
        if reader.read_exact(&mut body).is_err() {
            return;
        }
        let sent = if target.starts_with("/_console") {
            console(&mut stream, &target)
        } else {
            noted.lock().unwrap().push(format!("{method} {target}"));
            let (status, text) = answers(&method, &target)
                .unwrap_or((404, r#"{"error":"no such thing"}"#.to_owned()));
            send(&mut stream, status, head, text.as_bytes())
        };
        if sent.is_err() {
            return;
        }
    }
}

fn console(stream: &mut TcpStream, target: &str) -> std::io::Result<()> {
    let answer = glasswork_console::answer(target, false, None);
    let mut head = format!("content-type: {}\r\n", answer.content_type);
    for (name, value) in glasswork_console::HEADERS {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    send(stream, answer.status, &head, &answer.body)
}

fn send(stream: &mut TcpStream, status: u16, head: &str, body: &[u8]) -> std::io::Result<()> {
    write!(
        stream,
        "HTTP/1.1 {status} Said\r\n{head}content-length: {}\r\n\r\n",
        body.len()
    )?;
    stream.write_all(body)
}

/// `GET /` of an OpenSearch.
pub fn banner() -> String {
    json!({"name": "node-0", "cluster_name": "fake", "version": {"distribution": "opensearch", "number": "2.19.1"}}).to_string()
}

/// A task as OpenSearch lists it.
pub fn task(number: u64, action: &str) -> Value {
    json!({
        "node": "n1", "id": number, "type": "transport", "action": action,
        "start_time_in_millis": 1_795_509_598_424_u64, "running_time_in_nanos": number * 1_000_000,
        "cancellable": true, "cancelled": false, "headers": {"X-Opaque-Id": format!("dash-{}", number % 7)},
    })
}

/// A list grouped by nodes, of one node.
pub fn listed(tasks: impl IntoIterator<Item = Value>) -> String {
    let tasks: serde_json::Map<String, Value> = tasks
        .into_iter()
        .map(|task| (format!("n1:{}", task["id"]), task))
        .collect();
    json!({"nodes": {"n1": {"name": "node-0", "host": "127.0.0.1", "roles": ["data"], "tasks": tasks}}}).to_string()
}

//! What every end-to-end test starts from: a real node in its own process, spoken to over a real socket.

#![allow(
    dead_code,
    unreachable_pub,
    reason = "each test file uses its part of the harness"
)]

pub mod long;
pub mod opensearch;

use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use ureq::{Agent, tls::TlsConfig};

/// A node in a process of its own; killed when dropped.
pub struct Node {
    process: Child,
    pub url: String,
    pub pid: u32,
    agent: Agent,
    data: Data,
    arguments: Vec<String>,
    authorization: Option<String>,
}

enum Data {
    Own(TempDir),
    Given(PathBuf),
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {}", self.text))
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self
            .headers
            .iter()
            .filter(|(key, _)| key.eq_ignore_ascii_case(name));
        found.next().map(|(_, value)| value.as_str())
    }
}

/// The binary under test.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glasswork"));
    for name in [
        "HOST",
        "PORT",
        "DATA",
        "NAME",
        "CLUSTER_NAME",
        "SAMPLES",
        "INSECURE",
        "CONFIG",
        "LOG",
        "URL",
        "USER",
    ] {
        command.env_remove(format!("GLASSWORK_{name}"));
    }
    command.env_remove("OPENSEARCH_INITIAL_ADMIN_PASSWORD");
    command
}

/// The folder with recorded answers and books beside the checkout; says so when it is missing.
pub fn shared(test: &str) -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let folder = std::env::var_os("GLASSWORK_SHARED").map_or(beside, PathBuf::from);
    if !folder.is_dir() {
        println!("{test}: skipped, there is no folder ../shared");
        return None;
    }
    Some(folder)
}

impl Node {
    /// A node on a free port with an empty data folder.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// The same with further arguments.
    pub fn with(arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::launch(Data::Own(folder), arguments)
    }

    /// A node on the data in `folder`.
    pub fn on(folder: &Path, arguments: &[&str]) -> Self {
        Self::launch(Data::Given(folder.to_owned()), arguments)
    }

    fn launch(data: Data, arguments: &[&str]) -> Self {
        let folder = match &data {
            Data::Own(folder) => folder.path().to_owned(),
            Data::Given(folder) => folder.clone(),
        };
        let mut process = binary()
            .args(["serve", "--port", "0", "--data"])
            .arg(folder)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let pid = process.id();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .split_whitespace()
            .find(|word| word.starts_with("http"))
            .unwrap_or_else(|| panic!("the node did not say its address but {line:?}"))
            .to_owned();
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .tls_config(TlsConfig::builder().disable_verification(true).build())
            .timeout_global(Some(Duration::from_secs(60)))
            .build()
            .into();
        let arguments = arguments
            .iter()
            .map(|argument| (*argument).to_owned())
            .collect();
        Self {
            process,
            url,
            pid,
            agent,
            data,
            arguments,
            authorization: None,
        }
    }

    /// From now on, every request is sent with this `Authorization`.
    pub fn authorize(&mut self, header: &str) {
        self.authorization = Some(header.to_owned());
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        self.url.split("://").nth(1).unwrap()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.request("GET", path, &[], None)
    }

    pub fn post(&self, path: &str, body: &str) -> Answer {
        self.request("POST", path, &[], Some(body))
    }

    pub fn put(&self, path: &str, body: &str) -> Answer {
        self.request("PUT", path, &[], Some(body))
    }

    pub fn delete(&self, path: &str) -> Answer {
        self.request("DELETE", path, &[], None)
    }

    pub fn bulk(&self, path: &str, body: &str) -> Answer {
        self.request(
            "POST",
            path,
            &[("content-type", "application/x-ndjson")],
            Some(body),
        )
    }

    /// Any request; a body without a content type is JSON.
    pub fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Answer {
        self.try_request(method, path, headers, body)
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The same where the node may be gone.
    pub fn try_request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> Result<Answer, ureq::Error> {
        let mut request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let typed = headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        if body.is_some() && !typed {
            request = request.header("content-type", "application/json");
        }
        let mut response = match body {
            Some(body) => self.agent.run(request.body(body.to_owned())?)?,
            None => self.agent.run(request.body(())?)?,
        };
        let header = |(name, value): (&ureq::http::HeaderName, &ureq::http::HeaderValue)| {
            (
                name.as_str().to_owned(),
                String::from_utf8_lossy(value.as_bytes()).into_owned(),
            )
        };
        let headers = response.headers().iter().map(header).collect();
        let text = response
            .body_mut()
            .with_config()
            .limit(1 << 30)
            .read_to_string()?;
        Ok(Answer {
            status: response.status().as_u16(),
            headers,
            text,
        })
    }

    /// Ends the node at once, as a crash would, and starts it on what it left.
    pub fn crash_and_restart(mut self) -> Self {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
        let arguments: Vec<_> = self.arguments.iter().map(String::as_str).collect();
        let authorization = self.authorization.clone();
        let mut node = Self::launch(
            std::mem::replace(&mut self.data, Data::Given(PathBuf::new())),
            &arguments,
        );
        node.authorization = authorization;
        node
    }

    /// Sends the polite signal and waits for the end.
    pub fn terminate(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        let sent = Command::new("kill")
            .args(["-TERM", &self.pid.to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
        let status = eventually("the node ends", || self.process.try_wait().unwrap());
        (status, began.elapsed())
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix("VmRSS:"))
            .unwrap();
        line.split_whitespace()
            .next()
            .unwrap()
            .parse::<u64>()
            .unwrap()
            * 1024
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended before, which is what some tests are about.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Asks until there is an answer, for at most 30 s.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            began.elapsed() < Duration::from_secs(30),
            "{what}: not within 30 s"
        );
        thread::yield_now();
        thread::park_timeout(Duration::from_millis(5));
    }
}

/// Runs the binary to its end; gives its exit code, stdout and stderr.
pub fn run(command: &mut Command) -> (i32, String, String) {
    let mut process = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut error = process.stderr.take().unwrap();
    let reading = thread::spawn(move || {
        let mut text = String::new();
        error.read_to_string(&mut text).unwrap();
        text
    });
    let mut text = String::new();
    process
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut text)
        .unwrap();
    let status = process.wait().unwrap();
    (status.code().unwrap_or(-1), text, reading.join().unwrap())
}

/// A query that runs for about a minute unless it is cancelled, inside one document.
pub const SLOW: &str = r#"{"query":{"script":{"script":{"source":"long s = 0; for (int i = 0; i < 2000000000; i++) { s += i % 7 } return s > 0"}}}}"#;

impl Node {
    /// An index with one document a shard or more, refreshed.
    pub fn index(&self, name: &str, shards: u32, documents: u32) {
        let made = self.put(
            &format!("/{name}"),
            &format!(r#"{{"settings":{{"number_of_shards":{shards}}}}}"#),
        );
        assert_eq!(made.status, 200, "{}", made.text);
        let lines: String = (0..documents)
            .map(|n| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{{\"n\":{n}}}\n"))
            .collect();
        let filled = self.bulk(&format!("/{name}/_bulk?refresh=true"), &lines);
        assert_eq!(filled.json()["errors"], false, "{}", filled.text);
    }

    /// Starts a search that runs until it is cancelled; its answer comes from the thread.
    pub fn slow_search(&self, path: &str, opaque_id: &str) -> thread::JoinHandle<Answer> {
        self.in_background("POST", path, opaque_id, SLOW)
    }

    /// Sends a request from a thread of its own.
    pub fn in_background(
        &self,
        method: &str,
        path: &str,
        opaque_id: &str,
        body: &str,
    ) -> thread::JoinHandle<Answer> {
        let agent = self.agent.clone();
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .header("x-opaque-id", opaque_id)
            .header(
                "content-type",
                if path.contains("msearch") {
                    "application/x-ndjson"
                } else {
                    "application/json"
                },
            )
            .body(body.to_owned())
            .unwrap();
        thread::spawn(move || {
            let mut response = agent.run(request).unwrap();
            let text = response.body_mut().read_to_string().unwrap();
            Answer {
                status: response.status().as_u16(),
                headers: Vec::new(),
                text,
            }
        })
    }

    /// All live tasks that carry this `X-Opaque-Id`, detailed.
    pub fn tasks_of(&self, opaque_id: &str) -> Vec<Value> {
        let listed = self.get("/_tasks?group_by=none&detailed").json();
        let tasks = listed["tasks"].as_array().unwrap().iter();
        tasks
            .filter(|task| task["headers"]["X-Opaque-Id"] == opaque_id)
            .cloned()
            .collect()
    }

    /// Waits until a task of this `X-Opaque-Id` runs whose action matches exactly, and gives it.
    pub fn await_task(&self, opaque_id: &str, action: &str) -> Value {
        eventually(&format!("{action} of {opaque_id} runs"), || {
            self.tasks_of(opaque_id)
                .into_iter()
                .find(|task| task["action"] == action)
        })
    }
}

/// `node:number` of a task.
pub fn id(task: &Value) -> String {
    format!("{}:{}", task["node"].as_str().unwrap(), task["id"])
}

/// The keys of an object in their order.
pub fn keys(value: &Value) -> Vec<&str> {
    value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

//! The real OpenSearch, where `../shared/tools/opensearch-up` and Java are. It takes a few minutes the first time.

use super::shared;
use serde_json::{Value, json};
use std::{path::PathBuf, process::Command};

/// A server on loopback, stopped when dropped.
pub struct OpenSearch {
    tool: PathBuf,
    port: String,
}

impl OpenSearch {
    /// `None`, with a line that says so, where it can't be had.
    pub fn start(test: &str) -> Option<Self> {
        let tool = shared(test)?.join("tools/opensearch-up");
        if !tool.is_file() || Command::new("java").arg("-version").output().is_err() {
            println!("{test}: skipped, there is no ../shared/tools/opensearch-up or no Java");
            return None;
        }
        let free = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        // Its own ports are PORT and PORT+100.
        let port = free.min(65_000).to_string();
        let server = Self { tool, port };
        let started = Command::new(&server.tool)
            .args(["--port", &server.port])
            .output()
            .unwrap();
        assert!(
            started.status.success(),
            "{}",
            String::from_utf8_lossy(&started.stderr)
        );
        Some(server)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn send(&self, method: &str, path: &str, body: &str) -> Value {
        let request = ureq::http::Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url()))
            .header(
                "content-type",
                if path.contains("_bulk") {
                    "application/x-ndjson"
                } else {
                    "application/json"
                },
            )
            .body(body.to_owned())
            .unwrap();
        let agent: ureq::Agent = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .build()
            .into();
        let text = agent
            .run(request)
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap();
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}"))
    }

    /// A reindex that is held to a rate of one document a second.
    pub fn reindex(&self, into: &str, slices: u32) -> String {
        let path =
            format!("/_reindex?wait_for_completion=false&requests_per_second=1&slices={slices}");
        let body = json!({"source": {"index": "books", "size": 5}, "dest": {"index": into}});
        self.send("POST", &path, &body.to_string())["task"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

impl Drop for OpenSearch {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = Command::new(&self.tool)
            .args(["--stop", "--port", &self.port])
            .status();
    }
}

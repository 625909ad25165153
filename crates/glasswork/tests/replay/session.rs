//! A session of recorded exchanges with a node that has work to do.

use std::{
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use super::{
    exchange::{Answer, Exchange, Ids, node_id},
    list::Findings,
};
use crate::harness::{Node, shared};

/// What is recorded, and what was found so far.
pub(crate) struct Replay {
    folder: PathBuf,
    pub(crate) node: Node,
    ids: Ids,
    findings: Findings,
}

impl Replay {
    /// A fresh node with 5,000 documents over two shards in `many`; nothing where there are no recordings.
    pub(crate) fn begin(test: &str) -> Option<Self> {
        let folder = shared(test)?;
        let node = Node::with(&["--name", "node-0", "--cluster-name", "glasswork-reference"]);
        let replay = Self {
            folder: folder.join("golden"),
            ids: Ids::of_node(&node_id(node.address())),
            node,
            findings: Findings::begin(),
        };
        replay.fill();
        Some(replay)
    }

    fn fill(&self) {
        let body = r#"{"settings": {"number_of_shards": 2, "number_of_replicas": 0}}"#;
        self.node.put("/many", body);
        let mut lines = String::new();
        for n in 0..5000 {
            lines.push_str(&format!(
                "{{\"index\": {{\"_index\": \"many\", \"_id\": \"{n}\"}}}}\n{{\"n\": {n}, \"title\": \"Book {n}\", \"year\": {}}}\n",
                1900 + n % 120
            ));
        }
        assert_eq!(self.post("/_bulk?refresh", &lines)["errors"], json!(false));
    }

    /// Sends a recorded request, about `task` where it names one, and compares the answer.
    pub(crate) fn case(&mut self, name: &str, task: &str) -> Value {
        let recorded = self.recorded(name).about(task);
        let found = recorded.send(self.node.address(), &self.ids);
        self.findings.compare(name, &recorded.answer, &found);
        serde_json::from_str(&found.body).unwrap_or_default()
    }

    /// Sends a recorded request from a thread of its own; [`Self::finish`] waits for its answer.
    pub(crate) fn case_meanwhile(&self, name: &'static str) -> Meanwhile {
        let (recorded, address) = (self.recorded(name), self.node.address().to_owned());
        let ids = Ids::of_node(&node_id(&address));
        let sending = thread::spawn(move || (recorded.send(&address, &ids), recorded));
        Meanwhile { name, sending }
    }

    /// Compares the answer to a request that was sent meanwhile.
    pub(crate) fn finish(&mut self, meanwhile: Meanwhile) {
        let (found, recorded) = meanwhile.sending.join().unwrap();
        self.findings
            .compare(meanwhile.name, &recorded.answer, &found);
    }

    fn recorded(&self, name: &str) -> Exchange {
        Exchange::read(&self.folder, name).unwrap_or_else(|| panic!("{name} is not recorded"))
    }

    /// Says what answers alike; fails where something no longer does.
    pub(crate) fn tell(&self) {
        self.findings.tell();
    }

    /// A request that is not compared.
    pub(crate) fn post(&self, path: &str, body: &str) -> Value {
        let answer = self.node.post(path, body);
        serde_json::from_str(&answer.text).unwrap_or_default()
    }

    /// The same without a body.
    pub(crate) fn get(&self, path: &str) -> Value {
        serde_json::from_str(&self.node.get(path).text).unwrap_or_default()
    }

    /// Starts an operation over what is refreshed.
    pub(crate) fn start(&self, path: &str, body: &str) -> String {
        self.post("/_refresh", "");
        let answer = self.post(path, body);
        answer["task"]
            .as_str()
            .unwrap_or_else(|| panic!("{path}: {answer}"))
            .to_owned()
    }

    /// The same with an `X-Opaque-Id`.
    pub(crate) fn start_as(&self, path: &str, body: &str, opaque: &str) -> String {
        self.post("/_refresh", "");
        let headers = [("X-Opaque-Id", opaque)];
        let answer = self.node.request("POST", path, &headers, Some(body)).json();
        answer["task"].as_str().unwrap().to_owned()
    }

    /// The status of a task that runs.
    pub(crate) fn status(&self, task: &str) -> Value {
        self.get(&format!("/_tasks/{task}"))["task"]["status"].take()
    }

    /// Waits until a task has ended.
    pub(crate) fn gone(&self, task: &str) {
        until(|| self.get(&format!("/_tasks/{task}"))["completed"] == json!(true));
    }

    /// The by-query slices of a task.
    pub(crate) fn children(&self, task: &str) -> Vec<String> {
        let list = self.get(&format!("/_tasks?group_by=none&parent_task_id={task}"));
        let tasks = list["tasks"].as_array().cloned().unwrap_or_default();
        tasks
            .iter()
            .filter(|task| task["action"].as_str().unwrap_or("").ends_with("byquery"))
            .map(|task| format!("{}:{}", task["node"].as_str().unwrap(), task["id"]))
            .collect()
    }
}

/// A request on its way.
pub(crate) struct Meanwhile {
    name: &'static str,
    sending: thread::JoinHandle<(Answer, Exchange)>,
}

/// Waits for at most 30 s until something is so.
pub(crate) fn until(mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !done() {
        assert!(Instant::now() < deadline, "it never came to be");
        thread::park_timeout(Duration::from_millis(10));
    }
}

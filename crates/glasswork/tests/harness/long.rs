//! What tests of long-running work share: starting it, waiting for its stored result, looking at what it did.

use super::{Answer, Node};
use serde_json::{Value, json};
use std::{collections::BTreeMap, thread};

/// How often the rounds of a test are repeated; `cargo xtask soak` asks for more than the test itself.
pub fn rounds(regular: u64) -> u64 {
    asked("GLASSWORK_SOAK_ROUNDS").unwrap_or(regular)
}

/// How many seconds a storm lasts.
pub fn seconds(regular: u64) -> u64 {
    asked("GLASSWORK_SOAK_SECONDS").unwrap_or(regular)
}

fn asked(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

/// Random numbers that repeat with their seed (xorshift64*).
pub struct Random(u64);

impl Random {
    /// Numbers that follow from `GLASSWORK_SOAK_SEED`, else from `regular`.
    pub fn seeded(regular: u64) -> Self {
        let seed = asked("GLASSWORK_SOAK_SEED").unwrap_or(regular);
        println!("GLASSWORK_SOAK_SEED={seed}");
        Self::new(seed)
    }

    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// One below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % limit
    }

    /// One of these.
    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }
}

/// A document as it is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub version: u64,
    pub source: Value,
}

impl Node {
    /// An index of documents `0…`, made by `source`, and refreshed.
    pub fn filled(&self, name: &str, shards: u32, documents: u64, source: impl Fn(u64) -> Value) {
        let settings = json!({"settings": {"number_of_shards": shards, "number_of_replicas": 0}});
        let made = self.put(&format!("/{name}"), &settings.to_string());
        assert_eq!(made.status, 200, "{}", made.text);
        let lines: String = (0..documents)
            .map(|n| format!("{{\"index\":{{\"_id\":\"{n}\"}}}}\n{}\n", source(n)))
            .collect();
        let filled = self.bulk(&format!("/{name}/_bulk?refresh=true"), &lines);
        assert_eq!(filled.json()["errors"], false, "{}", filled.text);
    }

    /// Starts an operation without waiting for it; gives its id.
    pub fn start_task(&self, path: &str, body: &Value, opaque_id: &str) -> String {
        let headers = [("x-opaque-id", opaque_id)];
        let body = body.to_string();
        let answer = self.request("POST", path, &headers, Some(&body));
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        let answer = answer.json();
        assert_eq!(super::keys(&answer), ["task"], "only the id is told");
        answer["task"].as_str().unwrap().to_owned()
    }

    /// The same from a thread, where the node may be gone before it answers.
    pub fn start_task_meanwhile(
        &self,
        path: &str,
        body: &Value,
        opaque_id: &str,
    ) -> thread::JoinHandle<Option<String>> {
        let agent = self.agent.clone();
        let request = ureq::http::Request::builder()
            .method("POST")
            .uri(format!("{}{path}", self.url))
            .header("x-opaque-id", opaque_id)
            .header("content-type", "application/json")
            .body(body.to_string())
            .unwrap();
        thread::spawn(move || {
            let mut response = agent.run(request).ok()?;
            let text = response.body_mut().read_to_string().ok()?;
            let status = response.status().as_u16();
            assert_eq!(status, 200, "{text}");
            let answer: Value = serde_json::from_str(&text).ok()?;
            Some(answer["task"].as_str().unwrap().to_owned())
        })
    }

    /// A task now, running or stored.
    pub fn task(&self, id: &str) -> Answer {
        self.get(&format!("/_tasks/{id}"))
    }

    /// The status of a task that runs.
    pub fn status(&self, id: &str) -> Value {
        self.task(id).json()["task"]["status"].take()
    }

    /// Waits for the end of a task; gives what it stored.
    pub fn ended(&self, id: &str) -> Value {
        let path = format!("/_tasks/{id}?wait_for_completion=true&timeout=50s");
        let answer = self.get(&path);
        assert_eq!(answer.status, 200, "{id}: {}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["completed"], true, "{answer}");
        answer
    }

    /// The tasks below one, directly.
    pub fn children(&self, id: &str) -> Vec<Value> {
        let path = format!("/_tasks?group_by=none&detailed&parent_task_id={id}");
        let list = self.get(&path).json();
        list["tasks"].as_array().unwrap().clone()
    }

    /// Every document of an index, by its id; none where there is no such index.
    pub fn documents(&self, index: &str) -> BTreeMap<String, Found> {
        let refreshed = self.post(&format!("/{index}/_refresh?ignore_unavailable=true"), "");
        assert_eq!(refreshed.status, 200, "{}", refreshed.text);
        let path = format!("/{index}/_search?ignore_unavailable=true&size=10000&version=true");
        let answer = self.post(&path, "{}");
        assert_eq!(answer.status, 200, "{}", answer.text);
        let answer = answer.json();
        assert_eq!(answer["_shards"]["failed"], 0, "{answer}");
        let hits = answer["hits"]["hits"].as_array().unwrap();
        let found = hits.iter().map(|hit| {
            let found = Found {
                version: hit["_version"].as_u64().unwrap(),
                source: hit["_source"].clone(),
            };
            (hit["_id"].as_str().unwrap().to_owned(), found)
        });
        let by_id: BTreeMap<_, _> = found.collect();
        assert_eq!(by_id.len(), hits.len(), "an id is found twice");
        by_id
    }

    /// What the task stored, which was written exactly once.
    pub fn stored_once(&self, id: &str) -> Value {
        let answer = self.get(&format!("/.tasks/_doc/{id}"));
        assert_eq!(answer.status, 200, "{id}: {}", answer.text);
        let mut answer = answer.json();
        assert_eq!(answer["_version"], 1, "{id} was stored more than once");
        answer["_source"].take()
    }

    /// Nothing runs but the list itself, and nothing keeps a view open.
    pub fn is_quiet(&self) {
        super::eventually("nothing runs but the list", || {
            let left = self.get("/_tasks?group_by=none").json();
            (left["tasks"].as_array().unwrap().len() == 2).then_some(())
        });
        // With room for one alone, one can be opened only if there is none.
        let limit = |most: Value| {
            let body = json!({"transient": {"search.max_open_scroll_context": most}});
            let set = self.put("/_cluster/settings", &body.to_string());
            assert_eq!(set.status, 200, "{}", set.text);
        };
        limit(json!(1));
        let path = "/.tasks/_search?scroll=1m&ignore_unavailable=true";
        let opened = self.post(path, "{}");
        assert_eq!(opened.status, 200, "a view is kept open: {}", opened.text);
        let opened = opened.json();
        if opened["_shards"]["total"] == 1 {
            let body = json!({"scroll_id": opened["_scroll_id"]}).to_string();
            let cleared = self.request("DELETE", "/_search/scroll", &[], Some(&body));
            assert_eq!(cleared.status, 200, "{}", cleared.text);
        }
        limit(Value::Null);
    }
}

/// `created + updated + deleted + noops + version_conflicts` of a status or a response.
pub fn reached(counts: &Value) -> u64 {
    let names = [
        "created",
        "updated",
        "deleted",
        "noops",
        "version_conflicts",
    ];
    names.iter().map(|name| count(counts, name)).sum()
}

/// One count of a status or a response.
pub fn count(counts: &Value, name: &str) -> u64 {
    counts[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name}: {counts}"))
}

/// 60 documents in `source`, and what the acceptance cases call *throttled*: one document a second, five a batch.
pub const THROTTLED: &str = "wait_for_completion=false&requests_per_second=1";

impl Node {
    /// The 60 documents of [`THROTTLED`] work.
    pub fn sixty(&self) {
        self.filled("source", 2, 60, |n| json!({"n": n}));
    }

    /// A throttled reindex of `source` into `target`.
    pub fn throttled_reindex(&self, further: &str, opaque_id: &str) -> String {
        let body = json!({"source": {"index": "source", "size": 5}, "dest": {"index": "target"}});
        self.start_task(&format!("/_reindex?{THROTTLED}{further}"), &body, opaque_id)
    }

    /// A throttled update by query that counts `n` up, of what is refreshed first.
    pub fn throttled_update(&self, further: &str, opaque_id: &str) -> String {
        self.post("/source/_refresh", "");
        let body = json!({"script": {"source": "ctx._source.n += 100"}});
        let path = format!("/source/_update_by_query?{THROTTLED}&scroll_size=5{further}");
        self.start_task(&path, &body, opaque_id)
    }

    /// A throttled delete by query of everything that is refreshed first.
    pub fn throttled_delete(&self, further: &str, opaque_id: &str) -> String {
        self.post("/source/_refresh", "");
        let body = json!({"query": {"match_all": {}}});
        let path = format!("/source/_delete_by_query?{THROTTLED}&scroll_size=5{further}");
        self.start_task(&path, &body, opaque_id)
    }

    /// Waits until a task that is not divided has written a batch.
    pub fn first_batch(&self, id: &str) {
        super::eventually(&format!("{id} writes its first batch"), || {
            (reached(&self.status(id)) > 0).then_some(())
        });
    }

    /// Waits until a throttled task that is not divided has written a batch, has its next page and waits with that.
    pub fn first_wait(&self, id: &str) {
        super::eventually(&format!("{id} waits after its first batch"), || {
            let status = self.status(id);
            let waits = status["throttled_until_millis"] != 0;
            (waits && reached(&status) > 0).then_some(())
        });
    }
}

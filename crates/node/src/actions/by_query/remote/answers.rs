//! What another cluster answers to a search: pages of documents, read token by token; their sources stay as they are written.

use bytes::Bytes;
use glasswork_content::{
    Failure, Kind, Limits, Node as Json, Reader, Token, Value, json::Position,
};
use glasswork_tasks::Checkpoint;

use super::super::{
    response::SearchFailure,
    source::{Document, Page},
};

/// Documents between two checkpoints.
const CHECK_EVERY: usize = 128;

/// Characters that are kept of what another cluster says about an error.
const KEPT: usize = 2000;

/// What is wrong with an answer that can't be one of OpenSearch's.
pub(super) fn not_opensearch(cause: Failure) -> Failure {
    let why = match cause.kind {
        Kind::XContentParse | Kind::IllegalArgument => "Error parsing the response",
        _ => "Error deserializing response",
    };
    let why = format!("{why}, remote is likely not an OpenSearch instance");
    Failure::new(Kind::Exception, why).caused_by(cause)
}

/// Reads the answer to a search or a scroll: the page, and the scroll that goes on behind it.
///
/// # Errors
/// `exception` for what is no such answer, and why the task has to stop.
pub(super) fn page(body: &[u8], task: &impl Checkpoint) -> Result<(Page, Option<String>), Failure> {
    let mut answer = Answer {
        reader: Reader::new(body, &Limits::DEFAULT),
        task,
        page: Page::default(),
        scroll_id: None,
        stopped: false,
    };
    match answer.read() {
        Ok(()) => Ok((answer.page, answer.scroll_id)),
        Err(failure) if answer.stopped => Err(failure),
        Err(failure) => Err(not_opensearch(failure)),
    }
}

struct Answer<'a, C> {
    reader: Reader<'a>,
    task: &'a C,
    page: Page,
    scroll_id: Option<String>,
    /// The task has to stop: no fault of the answer.
    stopped: bool,
}

impl<C: Checkpoint> Answer<'_, C> {
    fn read(&mut self) -> Result<(), Failure> {
        self.begins_object("search_response")?;
        let (mut timed_out, mut has_hits, mut error) = (None, false, None);
        while let Some(key) = self.key()? {
            match key.as_str() {
                "error" => error = Some(self.reader.node()?),
                "timed_out" => match self.reader.next()? {
                    Token::Bool(flag) => timed_out = Some(flag),
                    _ => return Err(self.wrong("search_response", "timed_out")),
                },
                "_scroll_id" => self.scroll_id = Some(self.text("search_response", &key)?),
                "hits" => {
                    self.hits()?;
                    has_hits = true;
                }
                "_shards" => self.shards()?,
                _ => self.reader.skip_value()?,
            }
        }
        let end = self.reader.next()?;
        if end != Token::End {
            return Err(self.wrong("search_response", "more than one value"));
        }
        if let Some(error) = error.filter(|error| !error.is_null()) {
            // It failed as a whole.
            self.page = Page::default();
            self.page.failures.push(SearchFailure {
                index: None,
                shard: None,
                node: None,
                reason: failure_of(&error),
            });
            return Ok(());
        }
        let (Some(timed_out), true) = (timed_out, has_hits) else {
            let missing = if has_hits { "timed_out" } else { "hits" };
            return Err(self.required(&[missing]));
        };
        self.page.timed_out = timed_out;
        if self.scroll_id.is_none() && !self.page.documents.is_empty() {
            // Without it what comes behind this page would silently be left out.
            return Err(self.required(&["_scroll_id"]));
        }
        Ok(())
    }

    fn hits(&mut self) -> Result<(), Failure> {
        self.begins_object("hits")?;
        let (mut total, mut has_list) = (None, false);
        while let Some(key) = self.key()? {
            match key.as_str() {
                "total" => total = Some(self.total()?),
                "hits" => {
                    self.list()?;
                    has_list = true;
                }
                _ => self.reader.skip_value()?,
            }
        }
        let (Some(total), true) = (total, has_list) else {
            let missing = if has_list { "total" } else { "hits" };
            return Err(self.required(&[missing]));
        };
        self.page.total = total;
        Ok(())
    }

    /// A number, as versions before 7 say, or `{"value": 1, "relation": "eq"}`.
    fn total(&mut self) -> Result<u64, Failure> {
        match self.reader.next()? {
            Token::Number(number) => {
                let total = number.as_u64();
                total.ok_or_else(|| self.wrong("hits", "total"))
            }
            Token::BeginObject => {
                let mut total = None;
                while let Some(key) = self.key()? {
                    match key.as_str() {
                        "value" => total = self.unsigned("hits", &key)?,
                        _ => self.reader.skip_value()?,
                    }
                }
                total.ok_or_else(|| self.required(&["value"]))
            }
            _ => Err(self.wrong("hits", "total")),
        }
    }

    fn list(&mut self) -> Result<(), Failure> {
        self.begins_array("hits")?;
        loop {
            match self.reader.next()? {
                Token::EndArray => return Ok(()),
                Token::BeginObject => {}
                _ => return Err(self.wrong("hits", "hits")),
            }
            let hit = self.hit()?;
            self.page.documents.push(hit);
            if self.page.documents.len().is_multiple_of(CHECK_EVERY)
                && let Err(stop) = self.task.checkpoint()
            {
                self.stopped = true;
                return Err(crate::of_stop(&stop));
            }
        }
    }

    fn hit(&mut self) -> Result<Document, Failure> {
        let (mut index, mut id, mut routing, mut version) = (None, None, None, None);
        let mut source = None;
        while let Some(key) = self.key()? {
            match key.as_str() {
                "_index" => index = Some(self.text("hit", &key)?),
                "_id" => id = Some(self.text("hit", &key)?),
                "_routing" => routing = Some(self.text("hit", &key)?),
                "_version" => version = self.unsigned("hit", &key)?,
                "_source" => {
                    let first = self.reader.next()?;
                    if first != Token::BeginObject {
                        return Err(self.wrong("hit", "_source"));
                    }
                    let raw = self.reader.raw_rest_of(&first)?;
                    source = Some(Bytes::copy_from_slice(raw));
                }
                _ => self.reader.skip_value()?,
            }
        }
        let (Some(index), Some(id)) = (index, id) else {
            return Err(self.required(&["_index", "_id"]));
        };
        Ok(Document {
            index: index.into(),
            id: id.into(),
            routing: routing.map(Into::into),
            source,
            seq_no: 0,
            primary_term: 0,
            version,
            shard: 0,
        })
    }

    fn shards(&mut self) -> Result<(), Failure> {
        self.begins_object("_shards")?;
        while let Some(key) = self.key()? {
            if key != "failures" {
                self.reader.skip_value()?;
                continue;
            }
            self.begins_array("_shards")?;
            loop {
                let first = self.reader.next()?;
                if first == Token::EndArray {
                    break;
                }
                let failed = self.reader.node_from(first)?;
                self.page.failures.push(failed_shard(&failed));
            }
        }
        Ok(())
    }

    /// The next key, or the end of the object.
    fn key(&mut self) -> Result<Option<String>, Failure> {
        match self.reader.next()? {
            Token::Key(key) => Ok(Some(key.into_owned())),
            Token::EndObject => Ok(None),
            _ => Err(self.wrong("search_response", "an object")),
        }
    }

    fn text(&mut self, of: &str, key: &str) -> Result<String, Failure> {
        match self.reader.next()? {
            Token::String(text) => Ok(text.into_owned()),
            Token::Number(number) => Ok(number.text().to_owned()),
            _ => Err(self.wrong(of, key)),
        }
    }

    /// A number from 0; nothing for −1, which stands for none.
    fn unsigned(&mut self, of: &str, key: &str) -> Result<Option<u64>, Failure> {
        match self.reader.next()? {
            Token::Number(number) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => Ok(Some(number)),
                (None, Some(-1)) => Ok(None),
                _ => Err(self.wrong(of, key)),
            },
            _ => Err(self.wrong(of, key)),
        }
    }

    fn begins_object(&mut self, of: &str) -> Result<(), Failure> {
        match self.reader.next()? {
            Token::BeginObject => Ok(()),
            _ => Err(self.wrong(of, "START_OBJECT")),
        }
    }

    fn begins_array(&mut self, of: &str) -> Result<(), Failure> {
        match self.reader.next()? {
            Token::BeginArray => Ok(()),
            _ => Err(self.wrong(of, "START_ARRAY")),
        }
    }

    fn wrong(&mut self, of: &str, what: &str) -> Failure {
        let at = self.reader.position();
        Failure::content_parse(format!("[{of}] failed to parse field [{what}]"), at)
    }

    fn required(&mut self, keys: &[&str]) -> Failure {
        let at: Position = self.reader.position();
        Failure::content_parse(format!("Required [{}]", keys.join(", ")), at)
    }
}

fn failed_shard(failed: &Json) -> SearchFailure {
    let field = |key: &str| failed.as_object().and_then(|object| object.get(key));
    let text = |key: &str| field(key).and_then(Json::as_str).map(short);
    let shard = field("shard").and_then(|node| match &node.value {
        Value::Long(shard) => u32::try_from(*shard).ok(),
        _ => None,
    });
    let reason = match field("reason") {
        Some(reason) => failure_of(reason),
        None => unknown("null"),
    };
    SearchFailure {
        index: text("index"),
        shard,
        node: text("node"),
        reason,
    }
}

/// An error that another cluster tells, as one of this: of another kind, where there is no such one here.
fn failure_of(said: &Json) -> Failure {
    let Some(object) = said.as_object() else {
        return unknown(&said.to_text().unwrap_or_default());
    };
    let text = |key: &str| object.get(key).and_then(Json::as_str).map(short);
    let (Some(kind), reason) = (text("type"), text("reason").unwrap_or_default()) else {
        return unknown(&reason_of(object));
    };
    let failure = match kind.as_str() {
        "es_rejected_execution_exception" | "rejected_execution_exception" => {
            Failure::rejected(reason)
        }
        "parsing_exception" => Failure::new(Kind::Parsing, reason),
        _ => Failure::new(Kind::Runtime, format!("{kind}: {reason}")),
    };
    match object.get("caused_by").filter(|cause| !cause.is_null()) {
        // No deeper than the reader goes.
        Some(cause) => failure.caused_by(failure_of(cause)),
        None => failure,
    }
}

fn reason_of(object: &glasswork_content::Object) -> String {
    let reason = object.get("reason").and_then(Json::as_str);
    reason.map(short).unwrap_or_default()
}

fn unknown(reason: &str) -> Failure {
    let reason = short(reason);
    Failure::new(
        Kind::Runtime,
        format!("Unknown remote exception with reason=[{reason}]"),
    )
}

fn short(text: &str) -> String {
    text.chars().take(KEPT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use glasswork_tasks::NoCheckpoint;

    fn read(body: &str) -> Result<(Page, Option<String>), Failure> {
        page(body.as_bytes(), &NoCheckpoint)
    }

    #[test]
    fn a_page_is_read_and_sources_stay_as_they_are() {
        let (page, scroll) = read(
            r#"{"_scroll_id": "s", "took": 3, "timed_out": false, "_shards": {"total": 1, "failed": 0}, "hits": {"total": {"value": 2,
                "relation": "eq"}, "max_score": null, "hits": [
                {"_index": "a", "_type": "_doc", "_id": "1", "_routing": "r", "_version": 7, "_source": { "n" : [1.50, {}] }, "sort": [0]},
                {"_index": "a", "_id": "2", "_version": -1}]}}"#,
        )
        .unwrap();
        assert_eq!(scroll.as_deref(), Some("s"));
        assert_eq!((page.total, page.timed_out), (2, false));
        let [first, second] = page.documents.as_slice() else {
            panic!("{page:?}");
        };
        assert_eq!(
            first.source.as_deref(),
            Some(&b"{ \"n\" : [1.50, {}] }"[..])
        );
        assert_eq!(
            (first.routing.as_deref(), first.version),
            (Some("r"), Some(7))
        );
        assert_eq!((second.source.as_ref(), second.version), (None, None));
        let (page, _) = read(r#"{"timed_out": true, "hits": {"total": 0, "hits": []}}"#).unwrap();
        assert!(page.timed_out && page.documents.is_empty());
    }

    #[test]
    fn failures_are_taken_over() {
        let (page, _) = read(
            r#"{"_scroll_id": "s", "timed_out": false, "hits": {"total": 0, "hits": []}, "_shards": {"failures": [
                {"shard": 3, "index": "i", "node": "n", "reason": {"type": "odd_exception", "reason": "why", "caused_by": {"type":
                "rejected_execution_exception", "reason": "full"}}}, {"reason": "text"}]}}"#,
        )
        .unwrap();
        assert_eq!(page.failures[0].shard, Some(3));
        assert_eq!(page.failures[0].reason.reason(), "odd_exception: why");
        assert!(page.failures[0].reason.has_kind(Kind::RejectedExecution));
        assert_eq!(
            page.failures[1].reason.reason(),
            "Unknown remote exception with reason=[text]"
        );
        let (page, _) = read(r#"{"error": {"type": "x", "reason": "y"}, "status": 500}"#).unwrap();
        assert_eq!(page.failures[0].reason.reason(), "x: y");
    }

    #[test]
    fn what_is_no_answer_says_so() {
        let hit = r#"{"_scroll_id":"s","timed_out":false,"hits":{"total":1,"hits":[HIT]}}"#;
        let bad = [
            "",
            "[]",
            "{}",
            "<html>",
            "{\"timed_out\": false",
            r#"{"timed_out": "no"}"#,
            r#"{"timed_out": false, "hits": {"hits": []}}"#,
            r#"{"timed_out": false, "hits": {"total": 0}}"#,
            r#"{"timed_out": false, "hits": {"total": 1, "hits": [{"_index": "i", "_id": "1"}]}}"#,
            r#"{"timed_out": false, "hits": {"total": 0, "hits": []}} {}"#,
            &hit.replace("HIT", "1"),
            &hit.replace("HIT", "{\"_index\": \"i\"}"),
            &hit.replace(
                "HIT",
                "{\"_index\": \"i\", \"_id\": \"1\", \"_source\": []}",
            ),
            &hit.replace("HIT", "{\"_index\": [], \"_id\": \"1\"}"),
            &"[".repeat(100_000),
        ];
        for body in bad {
            let failure = read(body).expect_err(body);
            assert_eq!(failure.kind, Kind::Exception, "{body}");
            assert!(
                failure
                    .reason()
                    .ends_with("remote is likely not an OpenSearch instance"),
                "{failure}"
            );
        }
    }

    #[test]
    fn a_cancelled_task_is_no_fault_of_the_answer() {
        struct Cancelled;
        impl Checkpoint for Cancelled {
            fn checkpoint(&self) -> Result<(), glasswork_tasks::Stop> {
                Err(glasswork_tasks::Stop::Cancelled("enough".into()))
            }
            fn charge(&self, _: u64) -> Result<(), glasswork_tasks::Stop> {
                Ok(())
            }
            fn release(&self, _: u64) {}
        }
        let hits = vec![r#"{"_index":"i","_id":"1"}"#; CHECK_EVERY].join(",");
        let body = format!(
            r#"{{"_scroll_id":"s","timed_out":false,"hits":{{"total":1,"hits":[{hits}]}}}}"#
        );
        let failure = page(body.as_bytes(), &Cancelled).unwrap_err();
        assert_eq!(failure.kind, Kind::TaskCancelled);
    }
}

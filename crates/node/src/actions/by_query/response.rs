//! What a by-query operation answers when it has ended.

use glasswork_content::{Failure, Render};
use serde::{Deserialize, Serialize};

use super::status::{ByQueryStatus, Shown};
use crate::actions::documents::BulkItemFailure;

/// The status for an operation that ran out of time (`408 Request Timeout`).
const TIMED_OUT: u16 = 408;

/// The answer of reindex, update by query and delete by query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByQueryResponse {
    /// Milliseconds it took; of several by-query slices the slowest one's.
    pub took_millis: u64,
    /// Whether a search ran into its timeout, which ends the operation.
    pub timed_out: bool,
    /// The counts at the end.
    pub status: ByQueryStatus,
    /// Writes that failed; the batch they were in was the last one.
    pub write_failures: Vec<BulkItemFailure>,
    /// Shards that could not be searched, which ends the operation.
    pub search_failures: Vec<SearchFailure>,
}

/// A shard that could not be searched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchFailure {
    /// The index, where it is known.
    pub index: Option<String>,
    /// The shard, where it is known.
    pub shard: Option<u32>,
    /// The node, where it is known.
    pub node: Option<String>,
    /// Why.
    pub reason: Failure,
}

impl ByQueryResponse {
    /// One answer of those of all by-query slices, in their order.
    pub fn merged(answers: Vec<Self>, canceled: Option<String>) -> Self {
        let mut merged = Self {
            took_millis: 0,
            timed_out: false,
            status: ByQueryStatus::default(),
            write_failures: Vec::new(),
            search_failures: Vec::new(),
        };
        let mut slices = Vec::with_capacity(answers.len());
        for answer in answers {
            merged.took_millis = merged.took_millis.max(answer.took_millis);
            merged.timed_out |= answer.timed_out;
            merged.write_failures.extend(answer.write_failures);
            merged.search_failures.extend(answer.search_failures);
            slices.push(Some(Ok(answer.status)));
        }
        merged.status = ByQueryStatus::merged(slices, canceled);
        merged
    }

    /// The HTTP status: the highest of the failures', 408 when it ran out of time, else 200.
    pub fn http_status(&self) -> u16 {
        let writes = self
            .write_failures
            .iter()
            .map(|failed| failed.failure.status());
        let searches = self
            .search_failures
            .iter()
            .map(|failed| failed.reason.status());
        let least = if self.timed_out { TIMED_OUT } else { 200 };
        writes.chain(searches).fold(least, u16::max)
    }

    /// Writes the object.
    pub fn render(&self, out: &mut Render, shown: Shown) {
        out.object();
        out.field_unsigned("took", self.took_millis);
        out.field_bool("timed_out", self.timed_out);
        self.status.render_fields(out, shown);
        out.field_array("failures");
        for failed in &self.write_failures {
            out.object();
            out.field_str("index", &failed.index);
            if let Some(id) = &failed.id {
                out.field_str("id", id);
            }
            out.key("cause");
            failed.failure.render(out);
            out.field_unsigned("status", u64::from(failed.failure.status()));
            out.end_object();
        }
        for failed in &self.search_failures {
            failed.render(out);
        }
        out.end_array();
        out.end_object();
    }
}

impl SearchFailure {
    fn render(&self, out: &mut Render) {
        out.object();
        if let Some(index) = &self.index {
            out.field_str("index", index);
        }
        if let Some(shard) = self.shard {
            out.field_long("shard", i64::from(shard));
        }
        if let Some(node) = &self.node {
            out.field_str("node", node);
        }
        out.field_unsigned("status", u64::from(self.reason.status()));
        out.key("reason");
        self.reason.render(out);
        out.end_object();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(took_millis: u64) -> ByQueryResponse {
        ByQueryResponse {
            took_millis,
            timed_out: false,
            status: ByQueryStatus::default(),
            write_failures: Vec::new(),
            search_failures: Vec::new(),
        }
    }

    fn failed(failure: Failure) -> BulkItemFailure {
        BulkItemFailure {
            index: "copy".into(),
            id: Some("1".into()),
            failure: Box::new(failure),
        }
    }

    #[test]
    fn the_status_is_the_highest_failure_s() {
        let mut response = answer(1);
        assert_eq!(response.http_status(), 200);
        response.timed_out = true;
        assert_eq!(response.http_status(), 408);
        response
            .write_failures
            .push(failed(Failure::illegal_argument("no")));
        assert_eq!(response.http_status(), 408);
        response.search_failures.push(SearchFailure {
            index: Some("many".into()),
            shard: Some(1),
            node: None,
            reason: Failure::index_not_found("many"),
        });
        assert_eq!(response.http_status(), 408);
        response
            .write_failures
            .push(failed(Failure::illegal_state("no")));
        assert_eq!(response.http_status(), 500);
    }

    #[test]
    fn the_slowest_slice_is_how_long_it_took() {
        let mut second = answer(7);
        second
            .write_failures
            .push(failed(Failure::illegal_argument("no")));
        let merged = ByQueryResponse::merged(vec![answer(3), second], None);
        assert_eq!((merged.took_millis, merged.status.slices.len()), (7, 2));
        let mut out = Render::compact();
        merged.render(&mut out, Shown::WithoutCreated);
        let json = String::from_utf8(out.finish()).unwrap();
        assert!(json.ends_with(
            "\"failures\":[{\"index\":\"copy\",\"id\":\"1\",\"cause\":{\"type\":\"illegal_argument_exception\",\"reason\":\"no\"},\"status\":400}]}"
        ));
    }
}

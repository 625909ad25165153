//! What a search on one shard sees: the view, what its fields mean, the limits, and the way to stop.

use std::{sync::Arc, time::Duration};

use glasswork_content::{Failure, Kind, RootCauses};
use glasswork_engine::View;

use crate::{analysis::Analysis, interrupt::Interrupt, mapping::Mapping, request::ShardSlice};

/// Everything one shard's part of a search works with. Cheap to clone: all parts are shared.
#[derive(Clone)]
pub struct Context {
    /// The point in time that is searched.
    pub view: Arc<View>,
    /// What the fields of this index mean.
    pub mapping: Arc<Mapping>,
    /// The analyzers of this index.
    pub analysis: Arc<Analysis>,
    /// Name and identity of the index, for hits and errors.
    pub index: IndexRef,
    /// Number of the shard in its index.
    pub shard: u32,
    /// The instant that `now` means in date math, milliseconds since the epoch.
    pub now_millis: i64,
    /// What of the shard belongs to the slice that is searched; no slices, no matter.
    pub slice: Option<ShardSlice>,
    /// Upper bounds of what one search may ask for.
    pub limits: Limits,
    /// Asked by every loop; remembers why the search had to stop.
    pub interrupt: Arc<Interrupt>,
}

/// Which index a shard belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IndexRef {
    /// Concrete name.
    pub name: Arc<str>,
    /// Universally unique id, as in the metadata.
    pub uuid: Arc<str>,
}

/// Upper bounds of one search, named as OpenSearch's settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// `index.max_result_window`: greatest `from + size`.
    pub max_result_window: u64,
    /// `index.max_terms_count`: greatest number of values in a `terms` query.
    pub max_terms_count: usize,
    /// `indices.query.bool.max_clause_count`: greatest number of leaf clauses.
    pub max_clause_count: usize,
    /// `index.max_docvalue_fields_search`: greatest number of `docvalue_fields`.
    pub max_docvalue_fields: usize,
    /// `index.max_script_fields`: greatest number of `script_fields`.
    pub max_script_fields: usize,
    /// `index.max_regex_length`: greatest length of an expression of a `regexp` query.
    pub max_regex_length: usize,
    /// `search.max_buckets`: greatest number of aggregation buckets in an answer.
    pub max_buckets: u64,
    /// `search.default_search_timeout`: the `timeout` of a request that says none.
    pub default_timeout: Option<Duration>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_result_window: 10_000,
            max_terms_count: 65_536,
            max_clause_count: 1_024,
            max_docvalue_fields: 100,
            max_script_fields: 32,
            max_regex_length: 1_000,
            max_buckets: 65_535,
            default_timeout: None,
        }
    }
}

impl Context {
    /// Wraps what is wrong with a query for this index as `query_shard_exception`, with the index's name and id.
    pub fn query_failure(&self, failure: Failure) -> Failure {
        match failure.kind {
            Kind::QueryShard => {
                let mut failure = self.with_index(failure);
                // The cause of a broken query string is Lucene's complaint, which is never told as a root cause.
                if failure
                    .cause
                    .as_ref()
                    .is_some_and(|cause| cause.kind == Kind::OpenSearchParse)
                {
                    let root = Failure {
                        cause: None,
                        ..failure.clone()
                    };
                    failure.root_causes = RootCauses::Listed(vec![root]);
                }
                failure
            }
            Kind::Parsing | Kind::TaskCancelled | Kind::CircuitBreaking | Kind::Exception => {
                failure
            }
            _ => {
                let reason = format!("failed to create query: {}", failure.reason());
                self.with_index(Failure::new(Kind::QueryShard, reason).caused_by(failure))
            }
        }
    }

    fn with_index(&self, failure: Failure) -> Failure {
        if failure.meta("index").is_some() {
            return failure;
        }
        failure
            .with_text("index", &*self.index.name)
            .with_text("index_uuid", &*self.index.uuid)
    }
}

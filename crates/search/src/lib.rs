//! What a search means: mappings, analysis, queries, aggregations, and what a hit shows.
//!
//! The engine stores typed documents and knows no mapping; this crate gives fields their meaning. [`mapping`] turns JSON
//! documents into typed ones and query values into bounds, [`analysis`] turns text into tokens, `query` and `aggs` are the
//! two languages (a file a query, a file an aggregation), `shard` runs a request over one view and `reduce` joins what the
//! shards answered.

pub mod aggs;
pub mod analysis;
mod collect;
pub mod context;
pub mod fetch;
#[cfg(test)]
mod fixture;
mod growing_body;
pub mod interrupt;
pub mod mapping;
pub mod query;
pub mod reduce;
pub mod request;
pub mod scan;
mod scripting;
pub mod shard;

pub use context::Context;
pub use fetch::filter_source;
pub use scripting::UserScript;

use glasswork_content::{Failure, Kind};
use glasswork_tasks::Stop;

/// What a stopped search answers with.
pub fn failure(stop: Stop) -> Failure {
    match stop {
        Stop::Cancelled(reason) => Failure::task_cancelled(&reason),
        Stop::TimedOut => Failure::timeout("Time exceeded"),
        Stop::Memory { wanted, limit, .. } => {
            Failure::circuit_breaking(stop.to_string(), wanted, limit, "TRANSIENT")
        }
    }
}

/// A failure of the index below: it cannot be read, or contradicts itself.
pub(crate) fn broken(error: &dyn std::error::Error) -> Failure {
    Failure::new(Kind::Exception, error.to_string())
}

#[cfg(test)]
mod tests;

//! What a search means: mappings, analysis, queries, aggregations, and what a hit shows.
//!
//! The engine stores typed documents and knows no mapping; this crate gives fields their meaning. [`mapping`] turns JSON
//! documents into typed ones and query values into bounds, [`analysis`] turns text into tokens, `query` and `aggs` are the
//! two languages (a file a query, a file an aggregation), `shard` runs a request over one view and `reduce` joins what the
//! shards answered.

pub mod analysis;
pub mod mapping;

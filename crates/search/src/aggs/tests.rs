//! What aggregations answer, on small shards: the recorded answers of the real server, laws of merging, cancelling.

mod fixture;
mod laws;
mod recorded;
mod stopping;

//! What aggregations answer, on small shards.

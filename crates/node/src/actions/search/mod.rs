//! Searches: the coordinating action, what it asks of each shard, and several at once.
//!
//! ```text
//! indices:data/read/search                     resolves, asks every shard, reduces, has the hits fetched
//!   …[can_match]                               several shards sorted by a field: which of them can match at all
//!   …[phase/query]                             one shard; when it is the only one it also fetches
//!   …[phase/fetch/id]                          the hits of one shard, out of the context that its query phase kept
//!   …[free_context]                            contexts whose shard has no hit on the page
//! indices:data/read/msearch                    one search each
//! ```

mod can_match;
mod contexts;
mod coordinate;
mod fetch;
mod free;
mod msearch;
mod query;
mod request;

pub use msearch::{MultiSearch, MultiSearchRequest, MultiSearchResponse};
pub use request::{SearchAction, SearchRequest};

pub(crate) use can_match::CanMatch;
pub(crate) use contexts::Contexts;
pub(crate) use fetch::FetchPhase;
pub(crate) use free::FreeContext;
pub(crate) use query::QueryPhase;

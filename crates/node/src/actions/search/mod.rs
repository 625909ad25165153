//! Searches: the coordinating action, what it asks of each shard, and several at once.
//!
//! ```text
//! indices:data/read/search                     resolves, asks every shard, reduces, has the hits fetched
//!   …[can_match]                               several shards sorted by a field: which of them can match at all
//!   …[phase/query]                             one shard; when it is the only one it also fetches
//!   …[phase/fetch/id]                          the hits of one shard, out of the context that its query phase kept
//!   …[free_context]                            contexts whose shard has no hit on the page
//! indices:data/read/msearch                    one search each
//! indices:data/read/scroll                     the next page; contexts live from one to the next
//!   …[phase/query/scroll]                        one of several shards
//!   …[phase/fetch/id/scroll]                     the hits of one shard
//!   …[phase/query+fetch/scroll]                  both at once: a single shard, and every shard of a scan
//! indices:data/read/scroll/clear               ends scrolls: …[free_context/scroll] one, …[clear_scroll_contexts] all of a node
//! ```

mod can_match;
mod clear_scroll;
mod contexts;
mod coordinate;
mod cursor;
mod fetch;
mod free;
mod gathering;
mod ids;
mod msearch;
mod opening;
mod paging;
mod point_in_time;
mod query;
mod request;
mod scanning;
mod scroll;
mod targets;

pub use clear_scroll::{ClearScroll, ClearScrollRequest, ClearScrollResponse};
pub use glasswork_search::scan::ShardBounds;
pub use msearch::{MultiSearch, MultiSearchRequest, MultiSearchResponse};
pub use point_in_time::{
    CreatePointInTime, CreatePointInTimeRequest, CreatePointInTimeResponse, DeletePointInTime,
    DeletePointInTimeRequest, DeletedPointInTime, ListPointsInTime, ListedPointInTime,
};
pub use request::{Scan, SearchAction, SearchRequest};
pub use scroll::{Scroll, ScrollRequest};

pub(crate) use can_match::CanMatch;
pub(crate) use clear_scroll::{ClearScrollContexts, FreeScroll};
pub(crate) use contexts::Contexts;
pub(crate) use fetch::FetchPhase;
pub(crate) use free::FreeContext;
pub(crate) use paging::{FetchScroll, QueryFetchScroll, QueryScroll};
pub(crate) use point_in_time::{
    CreateContext, FreePointInTime, ListPointsInTimeNode, UpdateContext,
};
pub(crate) use query::QueryPhase;

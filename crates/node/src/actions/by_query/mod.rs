//! Operations over everything that a query finds: reindex, update by query, delete by query, and their pace.
//!
//! ```text
//! indices:data/write/reindex | update/byquery | delete/byquery
//!   indices:admin/shards/search_shards           slices=auto: into how many it is divided
//!   … the same action                            one each by-query slice; under it, or under the operation itself:
//!     indices:data/read/search                   the first page, in the order of `_seq_no`
//!     indices:data/write/bulk                    what is written for a page
//!     indices:data/read/scroll                   the next page, meanwhile where nothing limits the pace
//!     indices:admin/refresh                      at the end, when asked for
//!     indices:data/read/scroll/clear             in any case
//! cluster:admin/reindex/rethrottle → […][n]      another pace
//! ```
//!
//! [`request`] is what is asked and [`body`] how it is read; [`operation`] decides who works, [`leader`] divides, [`worker`] does
//! the work with [`source`] or [`remote`], [`apply`] and [`write`](mod@write) at the pace of [`throttle`]; [`state`] is what lists see, [`status`] and
//! [`response`] how it looks; [`resume`] is what survives a crash.

mod apply;
mod body;
mod leader;
mod operation;
mod remote;
mod request;
mod response;
mod resume;
mod rethrottle;
mod retry;
mod script;
mod search_shards;
mod source;
mod state;
mod status;
mod throttle;
mod worker;
mod write;

pub use body::{SIZE_DEPRECATED, SORT_DEPRECATED, no_pipeline};
pub use remote::RemoteSource;
pub use request::{
    ByQueryOptions, ByQueryRequest, DEFAULT_SCROLL, DEFAULT_SCROLL_SIZE, Destination, Slices, Work,
};
pub use response::{ByQueryResponse, SearchFailure};
pub use rethrottle::{Rethrottle, RethrottleRequest};
pub use status::{ByQueryStatus, Figures, Shown};
pub use throttle::UNLIMITED;

pub(crate) use remote::check_settings;
pub(crate) use rethrottle::RethrottleNode;
pub(crate) use search_shards::{SearchShards, SearchShardsRequest};
pub(crate) use state::Runs;

use glasswork_content::{Failure, Render};
use glasswork_tasks::Task;
use std::{fmt::Write, sync::Arc};

use crate::{
    Node,
    action::{Action, Description, Spec, StoredAction},
    actions::table,
};

/// The rows of the operations that can be rethrottled.
const KINDS: &[&Spec] = &[
    &table::REINDEX,
    &table::UPDATE_BY_QUERY,
    &table::DELETE_BY_QUERY,
];

/// The three operations differ in what they are asked for, not in how they run.
macro_rules! operations {
    ($($(#[$doc:meta])* $name:ident: $spec:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name;

        impl Action for $name {
            const SPEC: &'static Spec = &table::$spec;
            type Request = ByQueryRequest;
            type Response = ByQueryResponse;

            fn validate(request: &ByQueryRequest) -> Result<(), Failure> {
                operation::validate(request)
            }

            fn describe(request: &ByQueryRequest) -> Description {
                Some(description(request))
            }

            async fn run(
                node: Arc<Node>,
                task: Task,
                request: ByQueryRequest,
            ) -> Result<ByQueryResponse, Failure> {
                operation::operate(node, task, request).await
            }
        }

        impl StoredAction for $name {
            const TELLS_WHEN_BEGUN: bool = true;
            const DURABLE: bool = true;

            fn render(response: &ByQueryResponse, out: &mut Render) -> Result<(), Failure> {
                response.render(out, Shown::Everything);
                Ok(())
            }
        }
    )*};
}

operations! {
    /// Writes documents elsewhere; its request is a [`Work::Reindex`].
    Reindex: REINDEX;
    /// Writes documents again in their place; its request is a [`Work::Update`].
    UpdateByQuery: UPDATE_BY_QUERY;
    /// Deletes documents; its request is a [`Work::Delete`].
    DeleteByQuery: DELETE_BY_QUERY;
}

fn description(request: &ByQueryRequest) -> Arc<dyn glasswork_tasks::Describe> {
    // What is not said is not kept twice.
    let told = ByQueryRequest {
        search: crate::actions::search::SearchRequest::new(
            request.search.indices.clone(),
            Default::default(),
        ),
        ..request.clone()
    };
    Arc::new(move |out: &mut dyn Write| told.describe(out))
}

//! Every action with its name, whether and how soon it ends after a cancel, and why not where it can't be cancelled.
//!
//! To add one: a `Spec` here, a file in the family's folder with `impl Action` (its `SPEC` names the row), and a line in
//! [`ALL`]:
//!
//! ```text
//! pub const REFRESH: Spec = Spec::uncancellable("indices:admin/refresh", 60_000, "a refresh is short and leaves nothing half done");
//! pub const SEARCH: Spec = Spec::cancellable("indices:data/read/search", 100).measured().ends_with_its_client();
//! pub const ALL: &[Served] = &[Served::of::<indices::refresh::Refresh>(), …];
//! ```

mod document;

pub use document::document;

use crate::{
    action::{Action, Spec, StoredAction},
    actions::{by_query, cluster, documents as docs, indices, metrics, search, tasks},
    durable::Found,
};
use glasswork_content::Failure;

const SHORT: &str = "it is short and leaves nothing half done";
const WRITES: &str = "a write that has begun is finished, so that its outcome is known";

// Documents.
pub(crate) const INDEX: Spec = Spec::uncancellable("indices:data/write/index", 60_000, WRITES);
pub(crate) const DELETE: Spec = Spec::uncancellable("indices:data/write/delete", 60_000, WRITES);
pub(crate) const UPDATE: Spec = Spec::uncancellable("indices:data/write/update", 60_000, WRITES);
pub(crate) const UPDATE_SHARD: Spec =
    Spec::uncancellable("indices:data/write/update[s]", 60_000, WRITES);
pub(crate) const BULK: Spec = Spec::uncancellable("indices:data/write/bulk", 60_000, WRITES);
pub(crate) const BULK_SHARD: Spec =
    Spec::uncancellable("indices:data/write/bulk[s]", 60_000, WRITES);
pub(crate) const BULK_PRIMARY: Spec =
    Spec::uncancellable("indices:data/write/bulk[s][p]", 60_000, WRITES);
pub(crate) const GET: Spec = Spec::uncancellable("indices:data/read/get", 10_000, SHORT);
pub(crate) const GET_SHARD: Spec = Spec::uncancellable("indices:data/read/get[s]", 10_000, SHORT);
pub(crate) const MGET: Spec = Spec::uncancellable("indices:data/read/mget", 10_000, SHORT);
pub(crate) const MGET_SHARD: Spec =
    Spec::uncancellable("indices:data/read/mget[shard]", 10_000, SHORT);
pub(crate) const MGET_SHARD_PART: Spec =
    Spec::uncancellable("indices:data/read/mget[shard][s]", 10_000, SHORT);

// Operations over what a query finds.
pub(crate) const REINDEX: Spec = Spec::cancellable("indices:data/write/reindex", 1_000);
pub(crate) const UPDATE_BY_QUERY: Spec =
    Spec::cancellable("indices:data/write/update/byquery", 1_000);
pub(crate) const DELETE_BY_QUERY: Spec =
    Spec::cancellable("indices:data/write/delete/byquery", 1_000);
pub(crate) const SEARCH_SHARDS: Spec =
    Spec::uncancellable("indices:admin/shards/search_shards", 10_000, SHORT);
pub(crate) const RETHROTTLE: Spec =
    Spec::uncancellable("cluster:admin/reindex/rethrottle", 10_000, SHORT);
pub(crate) const RETHROTTLE_NODE: Spec =
    Spec::uncancellable("cluster:admin/reindex/rethrottle[n]", 10_000, SHORT);

// Searches.
pub(crate) const SEARCH: Spec = Spec::cancellable("indices:data/read/search", 100)
    .measured()
    .ends_with_its_client();
pub(crate) const MULTI_SEARCH: Spec = Spec::cancellable("indices:data/read/msearch", 100)
    .measured()
    .ends_with_its_client();
pub(crate) const SEARCH_QUERY: Spec =
    Spec::cancellable("indices:data/read/search[phase/query]", 100).measured();
pub(crate) const SEARCH_FETCH: Spec =
    Spec::cancellable("indices:data/read/search[phase/fetch/id]", 100).measured();
pub(crate) const SEARCH_CAN_MATCH: Spec =
    Spec::cancellable("indices:data/read/search[can_match]", 100).measured();
pub(crate) const SEARCH_FREE_CONTEXT: Spec = Spec::uncancellable(
    "indices:data/read/search[free_context]",
    10_000,
    "it clears up after a search",
);

pub(crate) const SCROLL: Spec = Spec::cancellable("indices:data/read/scroll", 100).measured();
pub(crate) const SEARCH_QUERY_SCROLL: Spec =
    Spec::cancellable("indices:data/read/search[phase/query/scroll]", 100).measured();
pub(crate) const SEARCH_QUERY_FETCH_SCROLL: Spec =
    Spec::cancellable("indices:data/read/search[phase/query+fetch/scroll]", 100).measured();
pub(crate) const SEARCH_FETCH_SCROLL: Spec =
    Spec::cancellable("indices:data/read/search[phase/fetch/id/scroll]", 100).measured();
const CLEARS: &str = "it clears up after searches";
pub(crate) const CLEAR_SCROLL: Spec =
    Spec::uncancellable("indices:data/read/scroll/clear", 30_000, CLEARS);
pub(crate) const SEARCH_FREE_SCROLL: Spec = Spec::uncancellable(
    "indices:data/read/search[free_context/scroll]",
    10_000,
    CLEARS,
);
pub(crate) const SEARCH_CLEAR_SCROLLS: Spec = Spec::uncancellable(
    "indices:data/read/search[clear_scroll_contexts]",
    10_000,
    CLEARS,
);
const KEEPS: &str = "it only keeps what is there already";
pub(crate) const CREATE_POINT_IN_TIME: Spec =
    Spec::uncancellable("indices:data/read/point_in_time/create", 60_000, KEEPS);
pub(crate) const SEARCH_CREATE_CONTEXT: Spec =
    Spec::uncancellable("indices:data/read/search[create_context]", 30_000, KEEPS);
pub(crate) const SEARCH_UPDATE_CONTEXT: Spec =
    Spec::uncancellable("indices:data/read/search[update_context]", 10_000, KEEPS);
pub(crate) const DELETE_POINT_IN_TIME: Spec =
    Spec::uncancellable("indices:data/read/point_in_time/delete", 30_000, CLEARS);
pub(crate) const SEARCH_FREE_POINT_IN_TIME: Spec =
    Spec::uncancellable("indices:data/read/search[free_context/pit]", 10_000, CLEARS);
pub(crate) const LIST_POINTS_IN_TIME: Spec =
    Spec::uncancellable("indices:data/read/point_in_time/readall", 10_000, SHORT);
pub(crate) const LIST_POINTS_IN_TIME_NODE: Spec =
    Spec::uncancellable("indices:data/read/point_in_time/readall[n]", 10_000, SHORT);

// Indices.
pub(crate) const CREATE_INDEX: Spec = Spec::uncancellable("indices:admin/create", 30_000, SHORT);
pub(crate) const AUTO_CREATE: Spec =
    Spec::uncancellable("indices:admin/auto_create", 30_000, SHORT);
pub(crate) const GET_INDEX: Spec = Spec::uncancellable("indices:admin/get", 10_000, SHORT);
pub(crate) const DELETE_INDEX: Spec = Spec::uncancellable("indices:admin/delete", 30_000, SHORT);
pub(crate) const OPEN_INDEX: Spec = Spec::uncancellable("indices:admin/open", 60_000, SHORT);
pub(crate) const CLOSE_INDEX: Spec = Spec::uncancellable("indices:admin/close", 60_000, SHORT);
pub(crate) const GET_MAPPING: Spec =
    Spec::uncancellable("indices:admin/mappings/get", 10_000, SHORT);
pub(crate) const GET_FIELD_MAPPING: Spec =
    Spec::uncancellable("indices:admin/mappings/fields/get", 10_000, SHORT);
pub(crate) const PUT_MAPPING: Spec =
    Spec::uncancellable("indices:admin/mapping/put", 30_000, SHORT);
pub(crate) const AUTO_PUT_MAPPING: Spec =
    Spec::uncancellable("indices:admin/mapping/auto_put", 30_000, SHORT);
pub(crate) const GET_SETTINGS: Spec =
    Spec::uncancellable("indices:monitor/settings/get", 10_000, SHORT);
pub(crate) const UPDATE_SETTINGS: Spec =
    Spec::uncancellable("indices:admin/settings/update", 30_000, SHORT);
pub(crate) const UPDATE_ALIASES: Spec = Spec::uncancellable("indices:admin/aliases", 30_000, SHORT);
pub(crate) const GET_ALIASES: Spec =
    Spec::uncancellable("indices:admin/aliases/get", 10_000, SHORT);
pub(crate) const REFRESH: Spec = Spec::uncancellable("indices:admin/refresh", 60_000, SHORT);
pub(crate) const REFRESH_SHARD: Spec =
    Spec::uncancellable("indices:admin/refresh[s]", 60_000, SHORT);
pub(crate) const REFRESH_PRIMARY: Spec =
    Spec::uncancellable("indices:admin/refresh[s][p]", 60_000, SHORT);
pub(crate) const FLUSH: Spec = Spec::uncancellable("indices:admin/flush", 60_000, SHORT);
pub(crate) const FLUSH_SHARD: Spec = Spec::uncancellable("indices:admin/flush[s]", 60_000, SHORT);
pub(crate) const FLUSH_PRIMARY: Spec =
    Spec::uncancellable("indices:admin/flush[s][p]", 60_000, SHORT);
pub(crate) const FORCE_MERGE: Spec = Spec::uncancellable(
    "indices:admin/forcemerge",
    3_600_000,
    "the reference can't cancel it either; its shards merge to the end",
);
pub(crate) const FORCE_MERGE_NODE: Spec = Spec::uncancellable(
    "indices:admin/forcemerge[n]",
    3_600_000,
    "its shards merge to the end",
);
pub(crate) const INDICES_STATS: Spec = Spec::uncancellable("indices:monitor/stats", 10_000, SHORT);
pub(crate) const INDICES_STATS_NODE: Spec =
    Spec::uncancellable("indices:monitor/stats[n]", 10_000, SHORT);

// Tasks.
pub(crate) const TASKS_DELETE: Spec =
    Spec::uncancellable("cluster:admin/tasks/delete", 60_000, WRITES);
pub(crate) const TASKS_PAUSE: Spec =
    Spec::uncancellable("cluster:admin/tasks/pause", 10_000, SHORT);
pub(crate) const TASKS_PAUSE_NODE: Spec =
    Spec::uncancellable("cluster:admin/tasks/pause[n]", 10_000, SHORT);
pub(crate) const TASKS_RETENTION: Spec = Spec::cancellable("internal:tasks/retention", 1_000);
const WAITS: &str = "it only waits for other tasks, and answers within the time it is given";
pub(crate) const METRICS: Spec =
    Spec::uncancellable("cluster:monitor/prometheus/metrics", 10_000, SHORT);
pub(crate) const TASKS_LIST: Spec =
    Spec::uncancellable("cluster:monitor/tasks/lists", 60_000, WAITS);
pub(crate) const TASKS_LIST_NODE: Spec =
    Spec::uncancellable("cluster:monitor/tasks/lists[n]", 60_000, WAITS);
pub(crate) const TASK_GET: Spec = Spec::uncancellable("cluster:monitor/task/get", 60_000, WAITS);
pub(crate) const TASKS_HISTORY: Spec =
    Spec::uncancellable("cluster:monitor/tasks/history", 10_000, SHORT);
pub(crate) const TASKS_HISTORY_NODE: Spec =
    Spec::uncancellable("cluster:monitor/tasks/history[n]", 10_000, SHORT);
pub(crate) const TASKS_CANCEL: Spec = Spec::uncancellable(
    "cluster:admin/tasks/cancel",
    60_000,
    "a cancel is never cut short",
);
pub(crate) const TASKS_CANCEL_NODE: Spec = Spec::uncancellable(
    "cluster:admin/tasks/cancel[n]",
    60_000,
    "a cancel is never cut short",
);
pub(crate) const TASKS_PREVIEW_NODE: Spec =
    Spec::uncancellable("cluster:admin/tasks/preview[n]", 10_000, SHORT);
pub(crate) const TASKS_WATCH: Spec =
    Spec::cancellable("cluster:monitor/tasks/watch", 1_000).ends_with_its_client();
pub(crate) const TASKS_WATCH_NODE: Spec = Spec::uncancellable(
    "internal:tasks/watch[n]",
    15_000,
    "it waits for events a few seconds at most",
);
pub(crate) const TASKS_TREES_NODE: Spec =
    Spec::uncancellable("cluster:monitor/tasks/trees[n]", 10_000, SHORT);
pub(crate) const TASKS_BAN: Spec =
    Spec::uncancellable("internal:admin/tasks/ban", 10_000, "it is part of a cancel");

/// An action as the node keeps it: its row, and how a request for it from another node is served.
#[derive(Clone, Copy)]
pub struct Served {
    /// Its row.
    pub spec: &'static Spec,
    /// Serves a request that came over the `Bus`.
    pub(crate) serve: crate::door::Serve,
}

impl Served {
    /// The entry of `A`.
    pub(crate) const fn of<A: Action>() -> Self {
        Self {
            spec: A::SPEC,
            serve: crate::door::serve::<A>,
        }
    }
}

impl std::fmt::Debug for Served {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.spec.fmt(formatter)
    }
}

// The cluster.
pub(crate) const HEALTH: Spec = Spec::uncancellable(
    "cluster:monitor/health",
    60_000,
    "it only waits, and ends with its timeout",
);
pub(crate) const CLUSTER_STATE: Spec = Spec::uncancellable("cluster:monitor/state", 10_000, SHORT);
pub(crate) const UPDATE_CLUSTER_SETTINGS: Spec =
    Spec::uncancellable("cluster:admin/settings/update", 30_000, SHORT);
pub(crate) const PENDING_TASKS: Spec =
    Spec::uncancellable("cluster:monitor/task", 1_000, "it answers at once");
pub(crate) const NODES_INFO: Spec =
    Spec::uncancellable("cluster:monitor/nodes/info", 10_000, SHORT);
pub(crate) const NODES_INFO_NODE: Spec =
    Spec::uncancellable("cluster:monitor/nodes/info[n]", 10_000, SHORT);
pub(crate) const NODES_STATS: Spec =
    Spec::uncancellable("cluster:monitor/nodes/stats", 10_000, SHORT);
pub(crate) const NODES_STATS_NODE: Spec =
    Spec::uncancellable("cluster:monitor/nodes/stats[n]", 10_000, SHORT);
pub(crate) const ANALYZE: Spec = Spec::uncancellable("indices:admin/analyze", 10_000, SHORT);
pub(crate) const ANALYZE_SHARD: Spec =
    Spec::uncancellable("indices:admin/analyze[s]", 10_000, SHORT);

/// `GET /`.
pub const MAIN: Spec = Spec::uncancellable("cluster:monitor/main", 1_000, "it answers at once");

/// All actions of this node.
pub const ALL: &[Served] = &[
    Served::of::<cluster::main::Main>(),
    Served::of::<cluster::health::Health>(),
    Served::of::<cluster::state::ClusterState>(),
    Served::of::<cluster::settings::UpdateClusterSettings>(),
    Served::of::<cluster::pending_tasks::PendingTasks>(),
    Served::of::<cluster::nodes_info::NodesInfo>(),
    Served::of::<cluster::nodes_info::NodesInfoNode>(),
    Served::of::<cluster::nodes_stats::NodesStats>(),
    Served::of::<cluster::nodes_stats::NodesStatsNode>(),
    Served::of::<indices::Analyze>(),
    Served::of::<indices::AnalyzeShard>(),
    Served::of::<metrics::Metrics>(),
    Served::of::<tasks::list::List>(),
    Served::of::<tasks::list_node::ListNode>(),
    Served::of::<tasks::get::Get>(),
    Served::of::<tasks::history::History>(),
    Served::of::<tasks::history::HistoryNode>(),
    Served::of::<tasks::cancel::Cancel>(),
    Served::of::<tasks::cancel_node::CancelNode>(),
    Served::of::<tasks::preview::PreviewNode>(),
    Served::of::<tasks::watch::Watch>(),
    Served::of::<crate::watching::WatchNode>(),
    Served::of::<tasks::trees::TreesNode>(),
    Served::of::<tasks::ban::Ban>(),
    Served::of::<tasks::delete::Delete>(),
    Served::of::<tasks::pause::Pause>(),
    Served::of::<tasks::results::retention::Retention>(),
    Served::of::<tasks::pause::PauseNode>(),
    Served::of::<docs::IndexDocument>(),
    Served::of::<docs::DeleteDocument>(),
    Served::of::<docs::UpdateDocument>(),
    Served::of::<docs::UpdateShard>(),
    Served::of::<docs::Bulk>(),
    Served::of::<docs::BulkShard>(),
    Served::of::<docs::BulkPrimary>(),
    Served::of::<docs::GetDocument>(),
    Served::of::<docs::GetShard>(),
    Served::of::<docs::MultiGet>(),
    Served::of::<docs::MultiGetShard>(),
    Served::of::<docs::MultiGetShardPart>(),
    Served::of::<by_query::Reindex>(),
    Served::of::<by_query::UpdateByQuery>(),
    Served::of::<by_query::DeleteByQuery>(),
    Served::of::<by_query::SearchShards>(),
    Served::of::<by_query::Rethrottle>(),
    Served::of::<by_query::RethrottleNode>(),
    Served::of::<search::SearchAction>(),
    Served::of::<search::MultiSearch>(),
    Served::of::<search::QueryPhase>(),
    Served::of::<search::FetchPhase>(),
    Served::of::<search::CanMatch>(),
    Served::of::<search::FreeContext>(),
    Served::of::<search::Scroll>(),
    Served::of::<search::QueryScroll>(),
    Served::of::<search::QueryFetchScroll>(),
    Served::of::<search::FetchScroll>(),
    Served::of::<search::ClearScroll>(),
    Served::of::<search::FreeScroll>(),
    Served::of::<search::ClearScrollContexts>(),
    Served::of::<search::CreatePointInTime>(),
    Served::of::<search::CreateContext>(),
    Served::of::<search::UpdateContext>(),
    Served::of::<search::DeletePointInTime>(),
    Served::of::<search::FreePointInTime>(),
    Served::of::<search::ListPointsInTime>(),
    Served::of::<search::ListPointsInTimeNode>(),
    Served::of::<indices::CreateIndex>(),
    Served::of::<indices::AutoCreate>(),
    Served::of::<indices::GetIndex>(),
    Served::of::<indices::DeleteIndex>(),
    Served::of::<indices::OpenIndex>(),
    Served::of::<indices::CloseIndex>(),
    Served::of::<indices::GetMapping>(),
    Served::of::<indices::GetFieldMapping>(),
    Served::of::<indices::PutMapping>(),
    Served::of::<indices::AutoPutMapping>(),
    Served::of::<indices::GetSettings>(),
    Served::of::<indices::UpdateSettings>(),
    Served::of::<indices::UpdateAliases>(),
    Served::of::<indices::GetAliases>(),
    Served::of::<indices::Refresh>(),
    Served::of::<indices::RefreshShard>(),
    Served::of::<indices::RefreshPrimary>(),
    Served::of::<indices::Flush>(),
    Served::of::<indices::FlushShard>(),
    Served::of::<indices::FlushPrimary>(),
    Served::of::<indices::ForceMerge>(),
    Served::of::<indices::ForceMergeNode>(),
    Served::of::<indices::IndicesStats>(),
    Served::of::<indices::IndicesStatsNode>(),
];

/// A durable action: how a run of an earlier process goes on.
#[derive(Clone, Copy)]
pub struct Durable {
    /// Its row.
    pub spec: &'static Spec,
    pub(crate) resume: fn(&std::sync::Arc<crate::Node>, Found) -> Result<(), Failure>,
}

impl Durable {
    /// The entry of `A`.
    pub(crate) const fn of<A: StoredAction>() -> Self {
        assert!(A::DURABLE, "only what says so is durable");
        Self {
            spec: A::SPEC,
            resume: crate::door::resume::<A>,
        }
    }
}

impl std::fmt::Debug for Durable {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.spec.fmt(formatter)
    }
}

/// All durable actions: those with [`StoredAction::DURABLE`].
pub const DURABLE: &[Durable] = &[
    Durable::of::<indices::ForceMerge>(),
    Durable::of::<by_query::Reindex>(),
    Durable::of::<by_query::UpdateByQuery>(),
    Durable::of::<by_query::DeleteByQuery>(),
];

/// The durable action of this name.
pub(crate) fn durable(name: &str) -> Option<&'static Durable> {
    #[cfg(test)]
    let mut all = DURABLE.iter().chain(crate::tests::actions::DURABLE);
    #[cfg(not(test))]
    let mut all = DURABLE.iter();
    all.find(|durable| durable.spec.name == name)
}

/// All actions, and in tests theirs too.
fn all() -> impl Iterator<Item = &'static Served> {
    #[cfg(test)]
    return ALL.iter().chain(crate::tests::actions::ALL);
    #[cfg(not(test))]
    ALL.iter()
}

/// Declares every action to the node's registry.
pub(crate) fn declare(
    registry: &glasswork_tasks::Registry,
) -> Result<(), glasswork_tasks::DeclareError> {
    for served in all() {
        registry.declare(served.spec.declaration())?;
    }
    for spec in crate::shards::INTERNAL
        .iter()
        .chain(&[&crate::durable::LOST, &crate::watching::FEED])
    {
        registry.declare(spec.declaration())?;
    }
    Ok(())
}

/// The action of this name.
pub(crate) fn find(name: &str) -> Option<&'static Served> {
    all().find(|served| served.spec.name == name)
}

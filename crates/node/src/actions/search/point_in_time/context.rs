//! `…search[create_context]` keeps the view of a shard; `…search[update_context]` tells it which point in time it is of, and
//! for how long it is kept.

use std::{sync::Arc, time::Duration};

use glasswork_content::Failure;
use glasswork_search::query::Query;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::{
        indices::ShardId,
        search::{
            contexts::{About, ContextId},
            opening::still_open,
            query,
        },
        table,
    },
};

/// For how long a context waits to be told its point in time.
const UNTIL_TOLD: Duration = Duration::from_secs(60);
/// Setting: how many points in time a node keeps.
const MAX_OPEN: &str = "search.max_open_pit_context";

/// A view to keep.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NewContext {
    pub(crate) shard: ShardId,
    /// What the aliases let through.
    pub(crate) filter: Option<Query>,
}

/// Keeps the view of a shard.
#[derive(Debug)]
pub(crate) struct CreateContext;

impl Action for CreateContext {
    const SPEC: &'static Spec = &table::SEARCH_CREATE_CONTEXT;
    type Request = NewContext;
    type Response = ContextId;

    fn describe(request: &NewContext) -> Description {
        query::describe(&request.shard)
    }

    async fn run(node: Arc<Node>, task: Task, request: NewContext) -> Result<ContextId, Failure> {
        let shard = node.shard(&request.shard.uuid, request.shard.shard).await?;
        let limit = node.setting(MAX_OPEN).parse().unwrap_or(300);
        let keeper = Arc::clone(&node);
        // A shard that was not searched for long makes its last writes visible first.
        let run = move |_: &Task| {
            let view = query::view(&shard)?;
            let contexts = keeper.contexts();
            let NewContext { shard: id, filter } = request;
            let id = contexts.open_point_in_time(id, view, filter, UNTIL_TOLD, limit)?;
            if let Err(gone) = still_open(&keeper, &shard) {
                contexts.free(&id);
                return Err(gone);
            }
            Ok(id)
        };
        node.pools().search.run(&task, run).await
    }
}

/// What a context is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PointUpdate {
    pub(crate) context: ContextId,
    pub(crate) about: About,
    pub(crate) keep_alive: Duration,
}

/// Tells a context which point in time it is of.
#[derive(Debug)]
pub(crate) struct UpdateContext;

impl Action for UpdateContext {
    const SPEC: &'static Spec = &table::SEARCH_UPDATE_CONTEXT;
    type Request = PointUpdate;
    type Response = ();

    async fn run(node: Arc<Node>, _task: Task, request: PointUpdate) -> Result<(), Failure> {
        super::check_point_keep_alive(&node, request.keep_alive)?;
        let used = node.contexts().look(&request.context)?;
        *used.reader.point_in_time()?.about.lock() = Some(request.about);
        used.reader.set_keep_alive(request.keep_alive);
        Ok(())
    }
}

//! `indices:admin/refresh`: makes writes visible to searches.

use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::{
        documents::{Phase, Phases},
        table,
    },
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

use super::{
    BroadcastResponse, ShardId, Target,
    broadcast::{each_shard, on_primary},
};

/// `POST [/{index}]/_refresh`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefreshRequest {
    /// Which indices.
    pub target: Target,
}

/// Makes writes visible to searches.
#[derive(Debug)]
pub struct Refresh;

impl Action for Refresh {
    const SPEC: &'static Spec = &table::REFRESH;
    type Request = RefreshRequest;
    type Response = BroadcastResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: RefreshRequest,
    ) -> Result<BroadcastResponse, Failure> {
        each_shard::<RefreshShard>(&node, &task, &request.target).await
    }
}

fn describe(shard: &ShardId) -> Description {
    let shard = shard.clone();
    Some(Arc::new(move |out: &mut dyn Write| {
        write!(out, "BasicReplicationRequest{{{shard}}}")
    }))
}

/// `indices:admin/refresh[s]`: finds the primary and has it do so.
#[derive(Debug)]
pub(crate) struct RefreshShard;

impl Action for RefreshShard {
    const SPEC: &'static Spec = &table::REFRESH_SHARD;
    type Request = ShardId;
    type Response = ();

    fn describe(request: &ShardId) -> Description {
        describe(request)
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardId) -> Result<(), Failure> {
        let phases = Phases::of(&task, Phase::WaitingOnPrimary);
        let done = on_primary::<Self, RefreshPrimary>(&node, &task, request).await;
        phases.enter(Phase::Finished);
        done
    }
}

/// `indices:admin/refresh[s][p]`: does so on the primary.
#[derive(Debug)]
pub(crate) struct RefreshPrimary;

impl Action for RefreshPrimary {
    const SPEC: &'static Spec = &table::REFRESH_PRIMARY;
    type Request = ShardId;
    type Response = ();

    fn describe(request: &ShardId) -> Description {
        describe(request)
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardId) -> Result<(), Failure> {
        let phases = Phases::of(&task, Phase::Primary);
        let shard = node.shard(&request.uuid, request.shard).await?;
        let done = node
            .pools()
            .management
            .run(&task, move |_| shard.refresh())
            .await;
        phases.enter(Phase::Finished);
        done
    }
}

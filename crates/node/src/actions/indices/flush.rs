//! `indices:admin/flush`: makes segments durable and trims the logs.

use crate::{
    Node,
    action::{Action, Description, Spec},
    actions::{
        documents::{Phase, Phases},
        table,
    },
    shards::{LocalShard, on_pool},
};
use glasswork_content::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

use super::{
    BroadcastResponse, ShardId, Target,
    broadcast::{each_shard, on_primary},
};

/// `POST [/{index}]/_flush`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlushRequest {
    /// Which indices.
    pub target: Target,
}

/// Makes segments durable and trims the logs.
#[derive(Debug)]
pub struct Flush;

impl Action for Flush {
    const SPEC: &'static Spec = &table::FLUSH;
    type Request = FlushRequest;
    type Response = BroadcastResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: FlushRequest,
    ) -> Result<BroadcastResponse, Failure> {
        each_shard::<FlushShard>(&node, &task, &request.target).await
    }
}

fn describe(shard: &ShardId) -> Description {
    let shard = shard.clone();
    Some(Arc::new(move |out: &mut dyn Write| {
        write!(out, "flush {{{shard}}}")
    }))
}

/// `indices:admin/flush[s]`: finds the primary and has it do so.
#[derive(Debug)]
pub(crate) struct FlushShard;

impl Action for FlushShard {
    const SPEC: &'static Spec = &table::FLUSH_SHARD;
    type Request = ShardId;
    type Response = ();

    fn describe(request: &ShardId) -> Description {
        describe(request)
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardId) -> Result<(), Failure> {
        let phases = Phases::of(&task, Phase::WaitingOnPrimary);
        let done = on_primary::<Self, FlushPrimary>(&node, &task, request).await;
        phases.enter(Phase::Finished);
        done
    }
}

/// `indices:admin/flush[s][p]`: does so on the primary.
#[derive(Debug)]
pub(crate) struct FlushPrimary;

impl Action for FlushPrimary {
    const SPEC: &'static Spec = &table::FLUSH_PRIMARY;
    type Request = ShardId;
    type Response = ();

    fn describe(request: &ShardId) -> Description {
        describe(request)
    }

    async fn run(node: Arc<Node>, task: Task, request: ShardId) -> Result<(), Failure> {
        let phases = Phases::of(&task, Phase::Primary);
        let shard = node.shard(&request.uuid, request.shard).await?;
        let done = flush(&node, &task, shard).await;
        phases.enter(Phase::Finished);
        done
    }
}

/// Makes the segments of a shard durable.
pub(super) async fn flush(node: &Node, task: &Task, shard: Arc<LocalShard>) -> Result<(), Failure> {
    let flushed = Arc::clone(&shard);
    let flushing = async move { flushed.engine().flush().await };
    on_pool(&node.pools().management, task, flushing)
        .await?
        .map_err(|error| shard.failure(&error))
}

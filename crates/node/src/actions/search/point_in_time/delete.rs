//! `indices:data/read/point_in_time/delete`: ends points in time, some by their ids or all of the cluster.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use glasswork_content::{Failure, Render};
use glasswork_tasks::{NodeId, Task};
use serde::{Deserialize, Serialize};

use super::list;
use crate::{
    Node,
    action::{Action, Spec},
    actions::{
        search::{contexts::ContextId, ids::PointId, scroll::available},
        table,
    },
};

/// `DELETE /_search/point_in_time`
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum DeletePointInTimeRequest {
    /// Every point in time of every node.
    All,
    /// These.
    Ids(Vec<String>),
}

/// What became of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeletedPointInTime {
    /// Whether it is gone. One that was not there is.
    pub successful: bool,
    /// Its id.
    pub id: String,
}

impl DeletedPointInTime {
    /// Writes `{"successful":true,"pit_id":"…"}`.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.field_bool("successful", self.successful);
        out.field_str("pit_id", &self.id);
        out.end_object();
    }
}

/// Ends points in time.
#[derive(Debug)]
pub struct DeletePointInTime;

impl Action for DeletePointInTime {
    const SPEC: &'static Spec = &table::DELETE_POINT_IN_TIME;
    type Request = DeletePointInTimeRequest;
    type Response = Vec<DeletedPointInTime>;

    fn validate(request: &DeletePointInTimeRequest) -> Result<(), Failure> {
        match request {
            DeletePointInTimeRequest::Ids(ids) if ids.is_empty() => {
                Err(Failure::validation(["no pit ids specified"]))
            }
            _ => Ok(()),
        }
    }

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: DeletePointInTimeRequest,
    ) -> Result<Vec<DeletedPointInTime>, Failure> {
        let ids = match request {
            DeletePointInTimeRequest::Ids(ids) => ids,
            DeletePointInTimeRequest::All => {
                let known = list::all(&node, &task).await?;
                known.into_iter().map(|point| point.id).collect()
            }
        };
        let mut by_node: BTreeMap<NodeId, Vec<ContextId>> = BTreeMap::new();
        let mut nodes = Vec::with_capacity(ids.len());
        for id in &ids {
            let shards = PointId::read(id)?.shards;
            let mut of_this = Vec::new();
            for shard in shards {
                let place = shard.place;
                // What a node that is gone had kept is gone too.
                if available(&node, &place).is_ok() {
                    of_this.push(place.node.clone());
                    by_node.entry(place.node).or_default().push(place.context);
                }
            }
            nodes.push(of_this);
        }
        let freeing = by_node.into_iter().map(|(at, contexts)| {
            let (node, task) = (&node, &task);
            async move {
                let freed = node
                    .call_closing::<FreePointInTime>(task, &at, contexts)
                    .await;
                freed.is_err().then_some(at)
            }
        });
        let failed: Vec<NodeId> = join_all(freeing).await.into_iter().flatten().collect();
        Ok(ids
            .into_iter()
            .zip(nodes)
            .map(|(id, nodes)| DeletedPointInTime {
                successful: !nodes.iter().any(|node| failed.contains(node)),
                id,
            })
            .collect())
    }
}

/// `…search[free_context/pit]`: ends contexts of one node; answers how many there were.
#[derive(Debug)]
pub(crate) struct FreePointInTime;

impl Action for FreePointInTime {
    const SPEC: &'static Spec = &table::SEARCH_FREE_POINT_IN_TIME;
    type Request = Vec<ContextId>;
    type Response = u64;

    async fn run(node: Arc<Node>, _task: Task, request: Vec<ContextId>) -> Result<u64, Failure> {
        let freed = request.iter().filter(|id| node.contexts().free(id));
        Ok(freed.count() as u64)
    }
}

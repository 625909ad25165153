//! What a cancel would end, without ending it: on every node, with everything below, under a token.

use super::{NodeTasks, Preview, TasksResponse, Which, cancel::CancelTasks, failed_node};
use crate::{Action, Node, NodeInfo, actions::table, random_id};
use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{Filter, NodeId, Snapshot, Task, TaskId, View, wire};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

/// How deep a tree may go from node to node and be shown.
const DEEPEST: usize = 8;

/// Which tasks of a node are shown.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum From {
    /// Those that fit.
    Matching(Filter),
    /// This one, when it fits.
    One(u64, Filter),
    /// The children of these tasks of other nodes.
    Children(Vec<TaskId>),
}

/// Shows tasks of a node, with everything cancellable below them there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PreviewNodeRequest {
    /// Which.
    pub from: From,
    /// Under which token.
    pub token: Arc<str>,
    /// How much of each.
    pub view: View,
}

/// A node's part of a preview.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PreviewNodeResponse {
    /// The tasks.
    pub tasks: Vec<Snapshot>,
    /// Those of them that have children on other nodes, and where.
    pub elsewhere: Vec<(TaskId, NodeId)>,
}

/// The action.
pub struct PreviewNode;

impl Action for PreviewNode {
    const SPEC: &'static crate::Spec = &table::TASKS_PREVIEW_NODE;
    type Request = PreviewNodeRequest;
    type Response = PreviewNodeResponse;

    async fn run(
        node: Arc<Node>,
        _own: Task,
        request: PreviewNodeRequest,
    ) -> Result<PreviewNodeResponse, Failure> {
        let registry = node.registry();
        let mut tasks = match request.from {
            From::Matching(filter) => registry.list(&filter).tasks,
            From::One(number, filter) => {
                vec![wire::cancellable(registry, number, &filter)?]
            }
            From::Children(parents) => parents
                .iter()
                .flat_map(|parent| registry.children_of_remote(parent))
                .collect(),
        };
        tasks = wire::preview(registry, node.previews(), tasks, &request.token);
        let elsewhere = tasks.iter().flat_map(|task| {
            let nodes = task.remote_children().into_iter();
            nodes.map(|(node, _)| (task.id(), node))
        });
        Ok(PreviewNodeResponse {
            elsewhere: elsewhere.collect(),
            tasks: registry.snapshots(&tasks, &request.view),
        })
    }
}

/// Shows what `request` would cancel on `targets` and beneath.
pub(super) async fn preview(
    node: &Arc<Node>,
    task: &Task,
    targets: Vec<&NodeInfo>,
    request: CancelTasks,
) -> TasksResponse {
    let token: Arc<str> = random_id().into();
    let view = View {
        extended: true,
        ..request.view
    };
    let from = match &request.which {
        Which::One(Some(id)) => From::One(id.number, request.filter.clone()),
        Which::One(None) | Which::Matching => From::Matching(request.filter.clone()),
    };
    let mut asked: Vec<(NodeId, From)> = targets
        .into_iter()
        .map(|target| (target.id.clone(), from.clone()))
        .collect();
    let mut found: BTreeMap<NodeId, BTreeMap<u64, Snapshot>> = BTreeMap::new();
    let mut response = TasksResponse::default();
    for _ in 0..DEEPEST {
        let answers = asked.into_iter().map(|(target, from)| {
            let part = PreviewNodeRequest {
                from,
                token: Arc::clone(&token),
                view,
            };
            async move {
                let answer = node
                    .call_within::<PreviewNode>(task, &target, part, request.timeout)
                    .await;
                (target, answer)
            }
        });
        let mut children: BTreeMap<NodeId, Vec<TaskId>> = BTreeMap::new();
        for (target, answer) in join_all(answers).await {
            match answer {
                Ok(part) => {
                    let tasks = found.entry(target).or_default();
                    let before: HashSet<u64> = tasks.keys().copied().collect();
                    for (parent, at) in part.elsewhere {
                        if !before.contains(&parent.number) {
                            children.entry(at).or_default().push(parent);
                        }
                    }
                    tasks.extend(part.tasks.into_iter().map(|task| (task.id.number, task)));
                }
                Err(cause) => response.node_failures.push(failed_node(&target, cause)),
            }
        }
        asked = children
            .into_iter()
            .map(|(at, parents)| (at, From::Children(parents)))
            .collect();
        if asked.is_empty() {
            break;
        }
    }
    let members = node.members();
    let info = |id: &NodeId| members.iter().find(|member| member.id == *id).cloned();
    for (id, tasks) in found {
        if let (false, Some(node)) = (tasks.is_empty(), info(&id)) {
            let tasks = tasks.into_values().collect();
            response.nodes.push(NodeTasks { node, tasks });
        }
    }
    response.preview = Some(Preview::of(token, &response.nodes));
    response
}

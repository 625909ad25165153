//! `cluster:monitor/tasks/trees[n]`: what runs on a node below tasks of other nodes, summed up, so that the `tree` of a task
//! counts what is below it on all nodes.

use crate::{Action, Node, actions::table};
use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{Branch, NodeId, Snapshot, Task, TaskId};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

/// How deep a tree may go from node to node and be counted.
const DEEPEST: usize = 8;
/// How long a node may take; what it does not tell is not counted.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks for what is below these tasks of other nodes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TreesNodeRequest {
    /// The tasks.
    pub parents: Vec<TaskId>,
}

/// The action.
pub struct TreesNode;

impl Action for TreesNode {
    const SPEC: &'static crate::Spec = &table::TASKS_TREES_NODE;
    type Request = TreesNodeRequest;
    type Response = Vec<(TaskId, Branch)>;

    async fn run(
        node: Arc<Node>,
        _own: Task,
        request: TreesNodeRequest,
    ) -> Result<Vec<(TaskId, Branch)>, Failure> {
        let parents = request.parents.into_iter().collect();
        Ok(node.registry().below_remote(&parents).into_iter().collect())
    }
}

impl Node {
    /// Adds what is below `tasks` on other nodes to their trees, asked for `own`. Nothing is asked where nothing is.
    pub async fn count_other_nodes(self: &Arc<Self>, own: &Task, tasks: &mut [Snapshot]) {
        // What is above each task that is looked for: the places of the tasks whose trees it counts in.
        let mut asked: BTreeMap<NodeId, BTreeMap<TaskId, Vec<usize>>> = BTreeMap::new();
        let mut known: HashSet<(TaskId, NodeId)> = HashSet::new();
        for (at, task) in tasks.iter().enumerate() {
            let Some(extended) = &task.extended else {
                continue;
            };
            for (parent, node) in &extended.elsewhere {
                known.insert((parent.clone(), node.clone()));
                let parents = asked.entry(node.clone()).or_default();
                parents.entry(parent.clone()).or_default().push(at);
            }
        }
        for _ in 0..DEEPEST {
            if asked.is_empty() {
                return;
            }
            let answers = asked.into_iter().map(|(at, parents)| async move {
                let request = TreesNodeRequest {
                    parents: parents.keys().cloned().collect(),
                };
                let answer = self
                    .call_within::<TreesNode>(own, &at, request, Some(PATIENCE))
                    .await;
                let branches = answer.unwrap_or_else(|failure| {
                    tracing::debug!(node = %at, %failure, "trees are told without this node");
                    Vec::new()
                });
                (parents, branches)
            });
            let mut next: BTreeMap<NodeId, BTreeMap<TaskId, Vec<usize>>> = BTreeMap::new();
            for (parents, branches) in join_all(answers).await {
                for (parent, branch) in branches {
                    let Some(places) = parents.get(&parent) else {
                        continue;
                    };
                    for at in places {
                        if let Some(extended) = &mut tasks[*at].extended {
                            extended.tree = extended.tree.plus(branch.tree);
                        }
                    }
                    for (below, node) in branch.elsewhere {
                        if known.insert((below.clone(), node.clone())) {
                            let parents = next.entry(node).or_default();
                            parents.entry(below).or_default().extend(places);
                        }
                    }
                }
            }
            asked = next;
        }
    }
}

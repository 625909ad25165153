//! `cluster:monitor/tasks/trees[n]`: what runs on a node at or below tasks, summed up, so that the `tree` of a task counts what is
//! below it on all nodes, and `root_task_id` finds it.

use super::failed_node;
use crate::{Action, Node, actions::table};
use futures_util::future::join_all;
use glasswork_content::failure::Failure;
use glasswork_tasks::{Branch, Filter, NodeId, Snapshot, Task, TaskId};
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

/// Asks for what is at or below these tasks.
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
        Ok(node.registry().below_these(&parents).into_iter().collect())
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

    /// Finds out, for `own`, which tasks at or below the filter's root have children on other nodes, however many nodes away from the
    /// root, and writes them into the filter. Answers which nodes could not tell.
    pub async fn find_branches(self: &Arc<Self>, own: &Task, filter: &mut Filter) -> Vec<Failure> {
        let mut failures = Vec::new();
        let Some(root) = filter.root.clone() else {
            return failures;
        };
        let members = self.members();
        let mut found: HashSet<TaskId> = HashSet::new();
        let mut known: HashSet<(TaskId, NodeId)> = HashSet::new();
        let mut asked = BTreeMap::from([(root.node.clone(), vec![root])]);
        // What a node that left ran has ended with it.
        asked.retain(|at, _| members.iter().any(|member| member.id == *at));
        for _ in 0..DEEPEST {
            let answers = asked.into_iter().map(|(at, parents)| async move {
                let request = TreesNodeRequest { parents };
                let answer = self
                    .call_within::<TreesNode>(own, &at, request, Some(PATIENCE))
                    .await;
                (at, answer)
            });
            let mut next: BTreeMap<NodeId, Vec<TaskId>> = BTreeMap::new();
            for (at, answer) in join_all(answers).await {
                let branches = match answer {
                    Ok(branches) => branches,
                    Err(cause) => {
                        failures.push(failed_node(&at, cause));
                        continue;
                    }
                };
                for (_, branch) in branches {
                    if branch.is_cut() {
                        failures.push(failed_node(&at, too_wide(branch.elsewhere.len())));
                    }
                    for (task, node) in branch.elsewhere {
                        if known.insert((task.clone(), node.clone())) {
                            found.insert(task.clone());
                            next.entry(node).or_default().push(task);
                        }
                    }
                }
            }
            asked = next;
            if asked.is_empty() {
                break;
            }
        }
        failures.extend(asked.keys().map(|at| failed_node(at, too_deep())));
        filter.branches = found.into_iter().collect();
        failures
    }
}

/// Adds what nodes could not tell of a tree; a node that has failed already is told once.
pub(super) fn add_untold(failures: &mut Vec<Failure>, untold: Vec<Failure>) {
    for failure in untold {
        let node = failure.meta("node_id");
        if failures.iter().all(|other| other.meta("node_id") != node) {
            failures.push(failure);
        }
    }
}

fn too_wide(tasks: usize) -> Failure {
    Failure::illegal_state(format!(
        "more than [{tasks}] tasks of the tree have children on other nodes; not all of it was looked for"
    ))
}

fn too_deep() -> Failure {
    Failure::illegal_state(format!(
        "the tree goes from node to node more than [{DEEPEST}] times; not all of it was looked for"
    ))
}

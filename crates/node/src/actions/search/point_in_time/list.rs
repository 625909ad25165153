//! `indices:data/read/point_in_time/readall`: the points in time of the cluster.

use std::{collections::BTreeMap, sync::Arc};

use futures_util::future::join_all;
use glasswork_content::{Failure, Render};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::{
    Node,
    action::{Action, Spec},
    actions::{search::contexts::About, table},
};

/// A point in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedPointInTime {
    /// Its id.
    pub id: String,
    /// When it was made, milliseconds since 1970.
    pub created: i64,
    /// For how many milliseconds it is kept without use.
    pub keep_alive: u64,
}

impl ListedPointInTime {
    /// Writes `{"pit_id":"…","creation_time":…,"keep_alive":60000}`.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.field_str("pit_id", &self.id);
        out.field_long("creation_time", self.created);
        out.field_unsigned("keep_alive", self.keep_alive);
        out.end_object();
    }
}

/// Lists them, the oldest first.
#[derive(Debug)]
pub struct ListPointsInTime;

impl Action for ListPointsInTime {
    const SPEC: &'static Spec = &table::LIST_POINTS_IN_TIME;
    type Request = ();
    type Response = Vec<ListedPointInTime>;

    async fn run(
        node: Arc<Node>,
        task: Task,
        _request: (),
    ) -> Result<Vec<ListedPointInTime>, Failure> {
        all(&node, &task).await
    }
}

/// The points in time of every node. What a node that can't be reached keeps is not among them.
///
/// # Errors
/// When no node can be asked.
pub(super) async fn all(node: &Arc<Node>, task: &Task) -> Result<Vec<ListedPointInTime>, Failure> {
    let members = node.members();
    let asking = members
        .iter()
        .map(|member| node.call::<ListPointsInTimeNode>(task, &member.id, ()));
    let answers = join_all(asking).await;
    let mut known: BTreeMap<About, u64> = BTreeMap::new();
    let (mut answered, mut last) = (0, None);
    for answer in answers {
        match answer {
            Ok(points) => {
                answered += 1;
                for (about, keep_alive) in points {
                    let longest = known.entry(about).or_default();
                    *longest = keep_alive.max(*longest);
                }
            }
            Err(failure) => {
                tracing::warn!(%failure, "a node does not tell its points in time");
                last = Some(failure);
            }
        }
    }
    match last {
        Some(failure) if answered == 0 => Err(failure),
        _ => Ok(known
            .into_iter()
            .map(|(about, keep_alive)| ListedPointInTime {
                id: about.id,
                created: about.created,
                keep_alive,
            })
            .collect()),
    }
}

/// Lists those that have contexts on one node.
#[derive(Debug)]
pub(crate) struct ListPointsInTimeNode;

impl Action for ListPointsInTimeNode {
    const SPEC: &'static Spec = &table::LIST_POINTS_IN_TIME_NODE;
    type Request = ();
    type Response = Vec<(About, u64)>;

    async fn run(node: Arc<Node>, _task: Task, _request: ()) -> Result<Vec<(About, u64)>, Failure> {
        Ok(node.contexts().points_in_time())
    }
}

//! Puts the pages of several nodes together to one page.

use std::{cmp::Ordering, collections::HashMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{NodeInfo, NodeTasks, TasksResponse};
use crate::{BadCursor, Cursor, Filter, Key, NodeId, Snapshot};

/// Where a list over several nodes was cut: behind this place of this node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListCursor {
    /// The node of the last task shown.
    pub node: NodeId,
    /// Its place there.
    pub cursor: Cursor,
}

impl fmt::Display for ListCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.node, self.cursor)
    }
}

impl FromStr for ListCursor {
    type Err = BadCursor;

    fn from_str(text: &str) -> Result<Self, BadCursor> {
        // A text without a colon is no cursor of a node either.
        let (node, cursor) = text.split_once(':').unwrap_or((text, ""));
        Ok(Self {
            node: node.into(),
            cursor: cursor.parse()?,
        })
    }
}

/// What to ask `node` so that the list goes on behind `after`; nothing when all its tasks were shown.
#[must_use]
pub fn filter_for(node: &NodeId, filter: &Filter, after: Option<&ListCursor>) -> Option<Filter> {
    let Some(after) = after else {
        return Some(filter.clone());
    };
    let by_node = matches!(filter.sort.by, Key::Id);
    let cursor = match node.cmp(&after.node) {
        Ordering::Equal => Some(after.cursor.clone()),
        Ordering::Less if by_node => return None,
        Ordering::Greater if by_node => None,
        // Among equal keys the nodes come in order: on earlier nodes those are done, on later ones none is.
        Ordering::Less => Some(after.cursor.behind_equals(filter.sort)),
        Ordering::Greater => Some(after.cursor.before_equals(filter.sort)),
    };
    Some(Filter {
        after: cursor,
        ..filter.clone()
    })
}

/// One node's page.
pub struct Part {
    /// The node.
    pub node: NodeInfo,
    /// Its tasks.
    pub tasks: Vec<Snapshot>,
    /// With a page size: the place of each task.
    pub cursors: Vec<Cursor>,
    /// The node has more.
    pub more: bool,
}

/// One answer of all pages, cut to the size that was asked for.
#[must_use]
pub fn merge(mut parts: Vec<Part>, filter: &Filter) -> TasksResponse {
    parts.sort_by(|a, b| a.node.id.cmp(&b.node.id));
    let mut response = TasksResponse::default();
    let Some(size) = filter.size else {
        let shown = parts.into_iter().filter(|part| !part.tasks.is_empty());
        response.nodes = shown
            .map(|part| NodeTasks {
                node: part.node,
                tasks: part.tasks,
            })
            .collect();
        return response;
    };
    let mut places: Vec<(usize, usize)> = parts
        .iter()
        .enumerate()
        .flat_map(|(node, part)| (0..part.tasks.len()).map(move |task| (node, task)))
        .collect();
    if !matches!(filter.sort.by, Key::Id) {
        let cursor = |&(node, task): &(usize, usize)| (&parts[node].cursors[task], node);
        places.sort_by(|a, b| {
            let ((a, at), (b, bt)) = (cursor(a), cursor(b));
            let order = a.compare_keys(b);
            let order = if filter.sort.descending {
                order.reverse()
            } else {
                order
            };
            let numbers = a.compare_numbers(b);
            let numbers = if filter.sort.descending {
                numbers.reverse()
            } else {
                numbers
            };
            order.then(at.cmp(&bt)).then(numbers)
        });
    }
    let more = places.len() > size || parts.iter().any(|part| part.more);
    places.truncate(size);
    if more && let Some(&(node, task)) = places.last() {
        response.next = Some(ListCursor {
            node: parts[node].node.id.clone(),
            cursor: parts[node].cursors[task].clone(),
        });
    }
    let mut shown: Vec<Vec<bool>> = parts
        .iter()
        .map(|part| vec![false; part.tasks.len()])
        .collect();
    places
        .iter()
        .for_each(|&(node, task)| shown[node][task] = true);
    let mut new_places = HashMap::new();
    for (at, part) in parts.into_iter().enumerate() {
        let mut tasks = Vec::new();
        for (task, snapshot) in part.tasks.into_iter().enumerate() {
            if shown[at][task] {
                new_places.insert((at, task), (response.nodes.len(), tasks.len()));
                tasks.push(snapshot);
            }
        }
        if !tasks.is_empty() {
            response.nodes.push(NodeTasks {
                node: part.node,
                tasks,
            });
        }
    }
    response.order = places
        .iter()
        .filter_map(|place| new_places.get(place).copied())
        .collect();
    response
}

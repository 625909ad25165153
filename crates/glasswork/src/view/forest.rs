//! Tasks as trees: children below their parents, across nodes.

use super::{Row, Shown, Sort};
use glasswork_client::{NodeSummary, Task, TaskId};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Levels that are drawn with branches; below them the level is written as a number.
const DRAWN: usize = 16;
/// Levels that are nested in JSON; what is deeper stands in the last of them, and tells its parent itself.
const NESTED: usize = 64;

/// Tasks by who started whom. A task whose parent is not among them is a root, as is one of a circle of parents, which no
/// honest server tells.
pub(crate) struct Forest<'a, T> {
    tasks: &'a [T],
    nodes: &'a BTreeMap<String, NodeSummary>,
    roots: Vec<usize>,
    children: HashMap<usize, Vec<usize>>,
    by_id: HashMap<TaskId, usize>,
}

impl<'a, T: Shown> Forest<'a, T> {
    /// The trees of these tasks; siblings in the given order.
    pub(crate) fn of(tasks: &'a [T], nodes: &'a BTreeMap<String, NodeSummary>, sort: Sort) -> Self {
        Self::chosen(tasks, nodes, sort, |_| true)
    }

    /// The trees of those tasks of a list that are to be kept; one whose parent is not is a root.
    pub(crate) fn chosen(
        tasks: &'a [T],
        nodes: &'a BTreeMap<String, NodeSummary>,
        sort: Sort,
        keep: impl Fn(&T) -> bool,
    ) -> Self {
        let mut order: Vec<usize> = (0..tasks.len())
            .filter(|place| keep(&tasks[*place]))
            .collect();
        let by_id: HashMap<TaskId, usize> = order
            .iter()
            .map(|&place| (tasks[place].id(), place))
            .collect();
        let row = |place: usize| row(nodes, &tasks[place]);
        order.sort_by(|left, right| sort.compare(&row(*left), &row(*right)));
        let mut forest = Self {
            tasks,
            nodes,
            roots: Vec::new(),
            children: HashMap::new(),
            by_id,
        };
        for &place in &order {
            let parent = tasks[place]
                .parent()
                .and_then(|id| forest.by_id.get(&id).copied());
            match parent {
                Some(parent) if parent != place => {
                    forest.children.entry(parent).or_default().push(place)
                }
                _ => forest.roots.push(place),
            }
        }
        forest.break_circles(&order);
        forest
    }

    /// The rows of all trees.
    pub(crate) fn rows(&self) -> Vec<Row<'a, T>> {
        self.walk(&self.roots)
    }

    /// The rows of one task and everything below it; `None` if it is not there.
    pub(crate) fn rows_below(&self, id: &TaskId) -> Option<Vec<Row<'a, T>>> {
        Some(self.walk(&[*self.by_id.get(id)?]))
    }

    /// The places in the list of all trees' tasks as they are drawn, with their branches and whether something is below;
    /// what is below a folded one is left out.
    pub(crate) fn places(&self, folded: &HashSet<TaskId>) -> Vec<(usize, String, bool)> {
        let mut places = Vec::new();
        self.visit(&self.roots, |place, branch| {
            let below = !self.children_of(place).is_empty();
            places.push((place, branch, below));
            !(below && !folded.is_empty() && folded.contains(&self.tasks[place].id()))
        });
        places
    }

    /// How many tasks are below this one.
    pub(crate) fn count_below(&self, id: &TaskId) -> usize {
        self.rows_below(id).map_or(0, |rows| rows.len() - 1)
    }

    /// Whether a task above this one is among `ids`.
    pub(crate) fn is_below(&self, task: &T, ids: &HashSet<TaskId>) -> bool {
        let mut seen = HashSet::new();
        let mut above = task.parent();
        while let Some(id) = above {
            if ids.contains(&id) {
                return true;
            }
            let Some(&place) = self.by_id.get(&id) else {
                return false;
            };
            if !seen.insert(place) {
                return false;
            }
            above = self.tasks[place].parent();
        }
        false
    }

    fn children_of(&self, place: usize) -> &[usize] {
        self.children.get(&place).map_or(&[], Vec::as_slice)
    }

    fn walk(&self, roots: &[usize]) -> Vec<Row<'a, T>> {
        let mut rows = Vec::new();
        self.visit(roots, |place, branch| {
            rows.push(Row {
                branch,
                ..row(self.nodes, &self.tasks[place])
            });
            true
        });
        rows
    }

    /// Goes through trees as they are drawn: each task with its branches. What is below one goes unvisited where the answer
    /// is no.
    fn visit(&self, roots: &[usize], mut deeper: impl FnMut(usize, String) -> bool) {
        // The place, its level, and the branches drawn before it and before what is below it.
        let mut open: Vec<(usize, usize, String, String)> = roots
            .iter()
            .rev()
            .map(|&root| (root, 0, String::new(), String::new()))
            .collect();
        while let Some((place, level, branch, below)) = open.pop() {
            if !deeper(place, branch) {
                continue;
            }
            let children = self.children_of(place);
            for (number, &child) in children.iter().enumerate().rev() {
                let last = number + 1 == children.len();
                let (branch, next) = if level + 1 > DRAWN {
                    (format!("…{} ", level + 1), String::new())
                } else {
                    let (here, further) = if last {
                        ("└ ", "  ")
                    } else {
                        ("├ ", "│ ")
                    };
                    (format!("{below}{here}"), format!("{below}{further}"))
                };
                open.push((child, level + 1, branch, next));
            }
        }
    }

    /// Makes a root of one task of each circle and takes it from its parent.
    fn break_circles(&mut self, order: &[usize]) {
        let mut reached = HashSet::new();
        let mut open = self.roots.clone();
        for &place in order {
            while let Some(place) = open.pop() {
                if reached.insert(place) {
                    open.extend(self.children.get(&place).into_iter().flatten());
                }
            }
            if reached.contains(&place) {
                continue;
            }
            let parent = self.tasks[place]
                .parent()
                .and_then(|id| self.by_id.get(&id).copied());
            if let Some(siblings) = parent.and_then(|parent| self.children.get_mut(&parent)) {
                siblings.retain(|sibling| *sibling != place);
            }
            self.roots.push(place);
            open.push(place);
        }
    }
}

impl Forest<'_, Task> {
    /// A task as the server told it, its children in `children`; all roots without an id.
    pub(crate) fn json(&self, id: Option<&TaskId>) -> Value {
        let roots = match id {
            Some(id) => self.by_id.get(id).copied().into_iter().collect(),
            None => self.roots.clone(),
        };
        // Parents first; each task goes into one above it, its parent unless that is nested too deep already.
        let mut order = Vec::new();
        let mut inside: HashMap<usize, Vec<usize>> = HashMap::new();
        let mut open: Vec<(usize, usize, usize)> =
            roots.iter().map(|&root| (root, 0, root)).collect();
        while let Some((place, level, holder)) = open.pop() {
            order.push(place);
            if level > 0 {
                inside.entry(holder).or_default().push(place);
            }
            let holder = if level < NESTED { place } else { holder };
            let children = self.children_of(place).iter().rev();
            open.extend(children.map(|&child| (child, level + 1, holder)));
        }
        let mut made: HashMap<usize, Value> = HashMap::new();
        for place in order.into_iter().rev() {
            let mut task = serde_json::to_value(&self.tasks[place]).unwrap_or_default();
            let below: Vec<Value> = inside
                .get(&place)
                .into_iter()
                .flatten()
                .filter_map(|child| made.remove(child))
                .collect();
            if !below.is_empty() {
                task["children"] = Value::Array(below);
            }
            made.insert(place, task);
        }
        roots.iter().filter_map(|root| made.remove(root)).collect()
    }
}

fn row<'a, T: Shown>(nodes: &'a BTreeMap<String, NodeSummary>, task: &'a T) -> Row<'a, T> {
    let node = nodes.get(task.node());
    Row::of(task, node.and_then(|node| node.name.as_deref()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Column, Paint, Table};
    use glasswork_client::TaskList;
    use proptest::prelude::*;
    use serde_json::json;

    fn list(told: &[(i64, Option<i64>)]) -> TaskList {
        let task = |&(number, parent): &(i64, Option<i64>)| {
            let mut task = json!({"node": "n", "id": number, "action": format!("action-{number}"), "running_time_in_nanos": 1000 - number});
            if let Some(parent) = parent {
                task["parent_task_id"] = json!(format!("n:{parent}"));
            }
            serde_json::from_value(task).expect("a task")
        };
        TaskList {
            tasks: told.iter().map(task).collect(),
            ..TaskList::default()
        }
    }

    #[test]
    fn children_stand_below_their_parents() {
        let list = list(&[
            (5, Some(1)),
            (1, None),
            (2, Some(1)),
            (3, Some(2)),
            (4, Some(2)),
            (6, Some(99)),
            (7, Some(5)),
        ]);
        let forest = Forest::of(&list.tasks, &list.nodes, Sort::OLDEST);
        let table = Table {
            columns: vec![Column::Id, Column::Action, Column::Parent],
            width: Some(80),
            wide: false,
            paint: Paint::OFF,
        };
        insta::assert_snapshot!(table.draw(&forest.rows()));
        let two: TaskId = "n:2".parse().expect("an id");
        assert_eq!(forest.count_below(&two), 2);
        assert_eq!(forest.json(Some(&two))[0]["children"][1]["id"], 4);
        let below = |number: i64, id: &str| {
            let task = list
                .tasks
                .iter()
                .find(|task| task.number == number)
                .expect("it is there");
            forest.is_below(task, &HashSet::from([id.parse().expect("an id")]))
        };
        assert!(below(3, "n:1") && !below(1, "n:1") && !below(6, "n:1"));
    }

    #[test]
    fn a_chain_of_thousands_is_drawn_without_a_stack() {
        let told: Vec<_> = (1..20_000)
            .map(|number| (number, (number > 1).then_some(number - 1)))
            .collect();
        let list = list(&told);
        let forest = Forest::of(&list.tasks, &list.nodes, Sort::OLDEST);
        let rows = forest.rows();
        assert_eq!(rows.len(), told.len());
        assert_eq!(rows[19_998].branch, "…19998 ");
        let json = forest.json(None).to_string();
        assert_eq!(json.matches("\"children\"").count(), NESTED);
        assert_eq!(json.matches("\"action\"").count(), told.len());
    }

    proptest! {
        #[test]
        fn every_task_is_drawn_once_whatever_the_parents_are(parents in proptest::collection::vec(proptest::option::of(0_i64..12), 0..10)) {
            let told: Vec<_> = (0..).zip(parents).collect();
            let list = list(&told);
            let forest = Forest::of(&list.tasks, &list.nodes, Sort::OLDEST);
            let mut drawn: Vec<i64> = forest.rows().iter().map(|row| row.task.number).collect();
            drawn.sort_unstable();
            prop_assert_eq!(drawn, told.iter().map(|(number, _)| *number).collect::<Vec<_>>());
            prop_assert_eq!(forest.json(None).as_array().map(Vec::len), Some(forest.roots.len()));
        }
    }
}

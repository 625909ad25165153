//! Tasks put beneath the tasks that started them.

use std::collections::HashMap;

use crate::{Snapshot, TaskId};

/// The trees of a list: a task whose parent is not in the list is a root. Lists keep the order in which they were
/// given.
pub struct Forest<'a> {
    tasks: Vec<&'a Snapshot>,
    roots: Vec<usize>,
    children: Vec<Vec<usize>>,
}

/// A step of a walk.
pub enum Step<'a> {
    /// A task; its children follow when `has_children`.
    Enter {
        /// The task.
        task: &'a Snapshot,
        /// Whether it is no root.
        nested: bool,
        /// Whether it has children.
        has_children: bool,
    },
    /// What belongs to the task entered last and not left is over.
    Leave {
        /// Whether it had children.
        had_children: bool,
    },
}

impl<'a> Forest<'a> {
    /// Plants the tasks.
    #[must_use]
    pub fn of(tasks: impl IntoIterator<Item = &'a Snapshot>) -> Self {
        let tasks: Vec<&Snapshot> = tasks.into_iter().collect();
        let places: HashMap<&TaskId, usize> = tasks
            .iter()
            .enumerate()
            .map(|(at, task)| (&task.id, at))
            .collect();
        let mut roots = Vec::new();
        let mut children = vec![Vec::new(); tasks.len()];
        for (at, task) in tasks.iter().enumerate() {
            match task.parent.as_ref().and_then(|parent| places.get(parent)) {
                Some(parent) if *parent != at => children[*parent].push(at),
                _ => roots.push(at),
            }
        }
        Self {
            tasks,
            roots,
            children,
        }
    }

    /// Siblings by the time they started, as a table shows them.
    #[must_use]
    pub fn by_start(mut self) -> Self {
        let started = |at: &usize| self.tasks[*at].start_millis;
        self.roots.sort_by_key(started);
        for siblings in &mut self.children {
            siblings.sort_by_key(started);
        }
        self
    }

    /// Walks from each root downwards, without recursion: how deep a tree is is not ours to say.
    ///
    /// # Errors
    /// Those of `visit`, which end the walk.
    pub fn walk<E>(&self, mut visit: impl FnMut(Step<'a>) -> Result<(), E>) -> Result<(), E> {
        for root in &self.roots {
            let mut path = vec![(*root, 0)];
            self.enter(*root, false, &mut visit)?;
            while let Some((at, next)) = path.last_mut() {
                if let Some(child) = self.children[*at].get(*next).copied() {
                    *next += 1;
                    self.enter(child, true, &mut visit)?;
                    path.push((child, 0));
                } else {
                    visit(Step::Leave {
                        had_children: !self.children[*at].is_empty(),
                    })?;
                    path.pop();
                }
            }
        }
        Ok(())
    }

    fn enter<E>(
        &self,
        at: usize,
        nested: bool,
        visit: &mut impl FnMut(Step<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        visit(Step::Enter {
            task: self.tasks[at],
            nested,
            has_children: !self.children[at].is_empty(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::{convert::Infallible, sync::Arc};

    use crate::{NodeId, Origin};

    use super::*;

    fn task(number: u64, parent: Option<u64>, start_millis: i64) -> Snapshot {
        let id = |number| TaskId::new(NodeId::from("N"), number);
        Snapshot {
            id: id(number),
            origin: Origin::Transport,
            action: "a".into(),
            status: None,
            description: None,
            start_millis,
            running_nanos: 0,
            cancellable: false,
            cancelled_millis: None,
            parent: parent.map(id),
            headers: Arc::default(),
            resources: None,
            extended: None,
        }
    }

    fn told(forest: &Forest<'_>) -> String {
        let mut text = String::new();
        let told: Result<(), Infallible> = forest.walk(|step| {
            match step {
                Step::Enter { task, nested, .. } => {
                    text.push_str(&format!(
                        "{}{}(",
                        if nested { "" } else { " " },
                        task.id.number
                    ));
                }
                Step::Leave { .. } => text.push(')'),
            }
            Ok(())
        });
        told.unwrap();
        text
    }

    #[test]
    fn children_stand_beneath_their_parents_and_orphans_are_roots() {
        let tasks = [
            task(1, None, 0),
            task(2, Some(1), 0),
            task(3, Some(2), 0),
            task(4, Some(9), 0),
            task(5, Some(1), 0),
        ];
        assert_eq!(told(&Forest::of(&tasks)), " 1(2(3())5()) 4()");
    }

    #[test]
    fn siblings_can_be_told_by_their_start() {
        let tasks = [
            task(1, None, 5),
            task(2, Some(1), 9),
            task(3, Some(1), 7),
            task(4, None, 1),
        ];
        assert_eq!(told(&Forest::of(&tasks).by_start()), " 4() 1(3()2())");
    }

    #[test]
    fn a_task_that_names_itself_as_parent_does_no_harm() {
        assert_eq!(told(&Forest::of(&[task(1, Some(1), 0)])), " 1()");
    }

    #[test]
    fn a_very_deep_tree_is_walked() {
        let tasks: Vec<Snapshot> = (1..100_000)
            .map(|number| task(number, number.checked_sub(1), 0))
            .collect();
        assert_eq!(
            told(&Forest::of(&tasks)).len(),
            tasks
                .iter()
                .map(|t| t.id.number.to_string().len() + 2)
                .sum::<usize>()
                + 1
        );
    }
}

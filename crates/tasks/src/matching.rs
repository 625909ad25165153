//! A filter made ready for many tasks: what can be answered from the hot fields is answered there, so that most tasks are
//! passed over without being touched.

use std::collections::HashSet;

use crate::{
    Filter, TaskId,
    action::Actions,
    body::{Body, Parent},
    headers::short_hash,
    id::NodeId,
    page::{
        CANCELLABLE, CANCELLED, Hot, INTERNAL, Marks, PROVISIONAL, action_of, parent_key,
        whole_mark,
    },
};

pub(crate) struct Matcher<'a> {
    filter: &'a Filter,
    actions: &'a Actions,
    now: u64,
    marks: Marks,
    /// Which actions fit, by number, as far as they were known when this was made; empty = all, or the marks tell.
    fitting: Vec<bool>,
    none: bool,
    parent: Option<u64>,
    branches: HashSet<&'a TaskId>,
    started_before: u64,
    /// The hot fields alone decide.
    hot_only: bool,
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(filter: &'a Filter, actions: &'a Actions, node: &NodeId, now: u64) -> Self {
        let mut marks = Marks::ALL.with(PROVISIONAL, false);
        let asked = [
            (INTERNAL, (!filter.internal).then_some(false)),
            (CANCELLABLE, filter.cancellable),
            (CANCELLED, filter.cancelled),
        ];
        for (bit, wanted) in asked {
            if let Some(wanted) = wanted {
                marks = marks.with(bit, wanted);
            }
        }
        if let Some(user) = &filter.user {
            marks = marks.of_user(short_hash(user));
        }
        if let Some(exact) = filter
            .opaque_id
            .as_ref()
            .and_then(|pattern| pattern.exact())
        {
            marks = marks.of_opaque_id(short_hash(exact));
        }
        let mut fitting = Vec::new();
        let mut none = false;
        if !filter.actions.is_empty() {
            fitting = actions.fitting(&filter.actions);
            let mut numbers = (0..)
                .zip(&fitting)
                .filter(|(_, fits)| **fits)
                .map(|(number, _)| number);
            match (numbers.next(), numbers.next()) {
                (None, _) => none = true,
                (Some(only), None) => {
                    marks = marks.of_action(only);
                    fitting = Vec::new();
                }
                (Some(_), Some(_)) => {}
            }
        }
        let least = filter.min_running.map_or(0, |least| {
            u64::try_from(least.as_nanos()).unwrap_or(u64::MAX)
        });
        Self {
            filter,
            actions,
            now,
            marks,
            fitting,
            none,
            parent: filter
                .parent
                .as_ref()
                .map(|parent| parent_key(parent.node == *node, parent.number)),
            branches: filter.branches.iter().collect(),
            started_before: now.saturating_sub(least),
            hot_only: filter.parent.is_none()
                && filter.user.is_none()
                && filter.opaque_id.is_none()
                && filter.overdue.is_none()
                && filter.root.is_none(),
        }
    }

    /// What the marks of a task must be.
    pub(crate) fn marks(&self) -> Marks {
        self.marks
    }

    /// Whether no task can fit.
    pub(crate) fn fits_none(&self) -> bool {
        self.none
    }

    /// Whether a task whose marks fit may fit, as far as its other hot fields tell.
    #[inline]
    pub(crate) fn may_fit(&self, hot: &Hot<'_>) -> bool {
        self.action_fits(action_of(hot.mark))
            && self.parent.is_none_or(|parent| hot.parent() == parent)
            && (self.filter.min_running.is_none() || hot.start_nanos() <= self.started_before)
    }

    #[inline]
    fn action_fits(&self, action: u16) -> bool {
        if self.fitting.is_empty() {
            return true;
        }
        self.fitting
            .get(usize::from(action))
            .copied()
            .unwrap_or_else(|| {
                let name = &self.actions.get(crate::Action(action)).spec.name;
                self.filter
                    .actions
                    .iter()
                    .any(|pattern| pattern.matches(name))
            })
    }

    /// Whether a task fits that was not found by a walk.
    pub(crate) fn fits_alone(&self, body: &Body) -> bool {
        let mark = whole_mark(body);
        !self.none
            && self.marks.fit(mark)
            && self.action_fits(action_of(mark))
            && (self.filter.min_running.is_none() || body.start_nanos <= self.started_before)
            && self.fits(body)
    }

    /// Whether a task that may fit does.
    pub(crate) fn fits(&self, body: &Body) -> bool {
        let filter = self.filter;
        self.hot_only
            || (filter
                .parent
                .as_ref()
                .is_none_or(|id| body.parent_id().as_ref() == Some(id))
                && filter.opaque_id.as_ref().is_none_or(|pattern| {
                    body.headers
                        .as_ref()
                        .and_then(|headers| headers.opaque_id())
                        .is_some_and(|id| pattern.matches(id))
                })
                && filter.user.as_ref().is_none_or(|user| {
                    body.who.as_ref().and_then(|who| who.user.as_ref()) == Some(user)
                })
                && filter
                    .overdue
                    .is_none_or(|wanted| wanted == body.overdue(self.now))
                && filter
                    .root
                    .as_ref()
                    .is_none_or(|root| body.root_id() == *root || self.is_below(body, root)))
    }

    /// Whether `ancestor`, which may be any task, is above `body` (or `body` itself) as far as this node and the branches know.
    fn is_below(&self, body: &Body, ancestor: &TaskId) -> bool {
        let mut body = body;
        loop {
            if body.number == ancestor.number && body.shared().node == ancestor.node {
                return true;
            }
            match &body.parent {
                Parent::Local(parent) => body = parent,
                Parent::Remote(id) => {
                    return **id == *ancestor || self.branches.contains(&**id);
                }
                Parent::None => return false,
            }
        }
    }
}

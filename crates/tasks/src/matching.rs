//! A filter made ready for many tasks: what can be answered from the hot fields is answered there, so that most tasks are
//! passed over without being touched.

use crate::{
    Filter, TaskId,
    action::Actions,
    body::{Body, Parent},
    headers::short_hash,
    id::NodeId,
    page::{
        CANCELLABLE, CANCELLED, Hot, INTERNAL, PROVISIONAL, action_of, opaque_of, parent_key,
        user_of, whole_mark,
    },
};

pub(crate) struct Matcher<'a> {
    filter: &'a Filter,
    actions: &'a Actions,
    now: u64,
    /// These bits of a mark must have these values.
    mask: u64,
    value: u64,
    /// Which actions fit, by number, as far as they were known when this was made; empty = all.
    fitting: Vec<bool>,
    parent: Option<u64>,
    started_before: u64,
    user: Option<u32>,
    opaque: Option<u32>,
    /// The hot fields alone decide.
    hot_only: bool,
}

impl<'a> Matcher<'a> {
    pub(crate) fn new(filter: &'a Filter, actions: &'a Actions, node: &NodeId, now: u64) -> Self {
        let (mut mask, mut value) = (PROVISIONAL, 0);
        let mut ask = |bit: u64, wanted: Option<bool>| {
            if let Some(wanted) = wanted {
                mask |= bit;
                value |= if wanted { bit } else { 0 };
            }
        };
        ask(INTERNAL, (!filter.internal).then_some(false));
        ask(CANCELLABLE, filter.cancellable);
        ask(CANCELLED, filter.cancelled);
        let fitting = if filter.actions.is_empty() {
            Vec::new()
        } else {
            actions.fitting(&filter.actions)
        };
        let least = filter.min_running.map_or(0, |least| {
            u64::try_from(least.as_nanos()).unwrap_or(u64::MAX)
        });
        Self {
            filter,
            actions,
            now,
            mask,
            value,
            fitting,
            parent: filter
                .parent
                .as_ref()
                .map(|parent| parent_key(parent.node == *node, parent.number)),
            started_before: now.saturating_sub(least),
            user: filter.user.as_deref().map(short_hash),
            opaque: filter
                .opaque_id
                .as_ref()
                .and_then(|pattern| pattern.exact())
                .map(short_hash),
            hot_only: filter.parent.is_none()
                && filter.user.is_none()
                && filter.opaque_id.is_none()
                && filter.overdue.is_none()
                && filter.root.is_none(),
        }
    }

    /// Whether the task may fit, as far as its hot fields tell.
    pub(crate) fn may_fit(&self, hot: &Hot<'_>) -> bool {
        self.mark_fits(hot.mark)
            && self.parent.is_none_or(|parent| hot.parent() == parent)
            && (self.filter.min_running.is_none() || hot.start_nanos() <= self.started_before)
    }

    fn mark_fits(&self, mark: u64) -> bool {
        mark & self.mask == self.value
            && self.action_fits(action_of(mark))
            && self.user.is_none_or(|user| user_of(mark) == user)
            && self.opaque.is_none_or(|opaque| opaque_of(mark) == opaque)
    }

    fn action_fits(&self, action: u16) -> bool {
        if self.filter.actions.is_empty() {
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
        self.mark_fits(whole_mark(body))
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
                    .is_none_or(|root| body.root_id() == *root || is_below(body, root)))
    }
}

/// Whether `ancestor`, which may be any task, is above `body` (or `body` itself) as far as this node knows.
fn is_below(body: &Body, ancestor: &TaskId) -> bool {
    let mut body = body;
    loop {
        if body.number == ancestor.number && body.shared().node == ancestor.node {
            return true;
        }
        match &body.parent {
            Parent::Local(parent) => body = parent,
            Parent::Remote(id) => return **id == *ancestor,
            Parent::None => return false,
        }
    }
}

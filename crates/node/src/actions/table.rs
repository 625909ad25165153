//! Every action with its name, whether and how soon it ends after a cancel, and why not where it can't be cancelled.
//!
//! A line here, a file with the action beside it, and the name in [`ALL`]: that is all it takes to add one.

use crate::{
    Node,
    action::{Action, Spec},
};
use std::sync::Arc;

/// An action as the node keeps it: its row, and how a request for it from another node is served.
#[derive(Clone, Copy)]
pub struct Served {
    /// Its row.
    pub spec: &'static Spec,
    /// Serves a request that came over the `Bus`.
    pub(crate) serve: crate::door::Serve,
}

impl Served {
    /// The entry of `A`.
    pub(crate) const fn of<A: Action>() -> Self {
        Self {
            spec: A::SPEC,
            serve: crate::door::serve::<A>,
        }
    }
}

impl std::fmt::Debug for Served {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.spec.fmt(formatter)
    }
}

/// All actions of this node.
pub const ALL: &[Served] = &[];

/// Declares every action to the node's registry.
pub(crate) fn declare(
    registry: &glasswork_tasks::Registry,
) -> Result<(), glasswork_tasks::DeclareError> {
    for served in ALL {
        registry.declare(served.spec.declaration())?;
    }
    Ok(())
}

/// The action of this name.
pub(crate) fn find(name: &str) -> Option<&'static Served> {
    ALL.iter().find(|served| served.spec.name == name)
}

/// Keeps the type of a served future in one place.
pub(crate) type Host = Arc<Node>;

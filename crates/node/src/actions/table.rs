//! Every action with its name, whether and how soon it ends after a cancel, and why not where it can't be cancelled.
//!
//! To add one: a `Spec` here, a file in the family's folder with `impl Action` (its `SPEC` names the row), and a line in
//! [`ALL`]:
//!
//! ```ignore
//! pub const REFRESH: Spec = Spec::uncancellable("indices:admin/refresh", 60_000, "a refresh is short and leaves nothing half done");
//! pub const SEARCH: Spec = Spec::cancellable("indices:data/read/search", 100).measured().ends_with_its_client();
//! pub const ALL: &[Served] = &[Served::of::<indices::refresh::Refresh>(), …];
//! ```

use crate::{
    action::{Action, Spec},
    actions::cluster,
};

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

/// `GET /`.
pub const MAIN: Spec = Spec::uncancellable("cluster:monitor/main", 1_000, "it answers at once");

/// All actions of this node.
pub const ALL: &[Served] = &[Served::of::<cluster::main::Main>()];

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

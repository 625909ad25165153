//! Who may do what: the door asks before an action runs.

use crate::action::Spec;
use glasswork_content::failure::Failure;

/// Decides whether a request may run. Asked once a request, on the node that received it, inside its task.
pub trait Authority: Send + Sync {
    /// Lets `user` (none when nobody has to say who they are) perform an action.
    ///
    /// # Errors
    /// `security_exception` when they may not.
    fn permit(&self, user: Option<&str>, action: &'static Spec) -> Result<(), Failure>;
}

/// Everybody who came in may do everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct Everything;

impl Authority for Everything {
    fn permit(&self, _user: Option<&str>, _action: &'static Spec) -> Result<(), Failure> {
        Ok(())
    }
}

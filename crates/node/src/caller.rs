//! Who asks from outside, and what every task of the request carries.

use glasswork_tasks::Headers;
use std::{sync::Arc, time::Duration};

/// The header that [`Caller::deadline`] comes from, as it stands in the headers of tasks.
pub const X_TASK_DEADLINE: &str = "X-Task-Deadline";

/// The origin of a request.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    /// The headers that its tasks carry.
    pub headers: Arc<Headers>,
    /// The user that was authenticated; `None` when security is off.
    pub user: Option<Arc<str>>,
    /// Where the request came from, for people.
    pub connection: Option<Arc<str>>,
    /// How long the whole request may take.
    pub deadline: Option<Duration>,
}

//! Points in time: views that are kept for searches to come.
//!
//! ```text
//! indices:data/read/point_in_time/create    …search[create_context] on every shard, then …search[update_context] with the id
//! indices:data/read/point_in_time/delete    …search[free_context/pit]
//! indices:data/read/point_in_time/readall   …readall[n] on every node
//! ```

mod context;
mod create;
mod delete;
mod list;

pub use create::{CreatePointInTime, CreatePointInTimeRequest, CreatePointInTimeResponse};
pub use delete::{DeletePointInTime, DeletePointInTimeRequest, DeletedPointInTime};
pub use list::{ListPointsInTime, ListedPointInTime};

pub(crate) use context::{CreateContext, UpdateContext};
pub(crate) use delete::FreePointInTime;
pub(crate) use list::ListPointsInTimeNode;

use std::time::Duration;

use glasswork_content::Failure;

use super::opening::check_keep_alive_by;
use crate::Node;

/// Setting: for how long at most a point in time is kept without use.
const MAX_KEEP_ALIVE: &str = "point_in_time.max_keep_alive";

/// Refuses to keep a point in time for longer than the cluster allows.
///
/// # Errors
/// 400 `illegal_argument_exception`.
pub(super) fn check_point_keep_alive(node: &Node, keep_alive: Duration) -> Result<(), Failure> {
    check_keep_alive_by(node, keep_alive, MAX_KEEP_ALIVE)
}

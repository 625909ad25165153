//! What stops a task, as the failure that its caller sees.

use glasswork_content::failure::{Failure, Kind};

use crate::{StartError, Stop};

/// The failure of work that met `stop` at a checkpoint.
#[must_use]
pub fn of_stop(stop: &Stop) -> Failure {
    match stop {
        Stop::Cancelled(_) => Failure::new(Kind::TaskCancelled, stop.to_string()),
        Stop::TimedOut => Failure::timeout(stop.to_string()),
        Stop::Memory { wanted, limit, .. } => {
            Failure::circuit_breaking(stop.to_string(), *wanted, *limit, "TRANSIENT")
        }
    }
}

/// The failure of a task that could not begin.
#[must_use]
pub fn of_start(error: &StartError) -> Failure {
    match error {
        StartError::ParentCancelled(_) | StartError::CancelledBeforeStart(_) => {
            Failure::new(Kind::TaskCancelled, error.to_string())
        }
        StartError::NumbersExhausted(_) => {
            Failure::new(Kind::ProcessClusterEventTimeout, error.to_string())
        }
        StartError::NotResumable(..) => Failure::illegal_argument(error.to_string()),
    }
}

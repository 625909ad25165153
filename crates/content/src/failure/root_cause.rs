//! Which failures an error body lists as its root causes (`OpenSearchException.guessRootCauses`).

use super::kind::Origin;
use super::{Failure, RootCauses};

impl Failure {
    /// The failures that an error body lists as `root_cause`: those named explicitly, otherwise the innermost of
    /// OpenSearch's own exceptions reached without a gap, otherwise this one.
    pub fn root_causes(&self) -> Vec<&Failure> {
        let mut current = self;
        loop {
            if let RootCauses::Listed(causes) = &current.root_causes {
                return causes.iter().collect();
            }
            let Some(cause) = current.cause.as_deref() else {
                return vec![current];
            };
            let goes_on = match current.kind.origin() {
                Origin::Own => cause.kind.origin() == Origin::Own,
                Origin::Content => cause.kind.origin() != Origin::Foreign,
                Origin::Foreign => false,
            };
            if !goes_on {
                return vec![current];
            }
            current = cause;
        }
    }
}

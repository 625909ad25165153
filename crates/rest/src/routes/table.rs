//! The table: one line an endpoint file.

use super::Route;

/// Every route of the node, by endpoint file.
pub(crate) const TABLE: &[&[Route]] = &[];

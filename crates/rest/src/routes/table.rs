//! The table: one line an endpoint file.

use super::Route;
use crate::handlers;

/// Every route of the node, by endpoint file.
pub(crate) const TABLE: &[&[Route]] = &[handlers::root::ROUTES];

//! The nodes of the cluster.

pub(crate) mod info;

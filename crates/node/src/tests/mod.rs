//! Several nodes in one process over the substrate in memory: what a cluster does with tasks.

pub(crate) mod actions;
mod cancelling;
mod cluster;
mod faults;
mod figures;
mod homes;
mod kept;
mod listing;
mod races;
mod stored;
mod timing;
mod transport;

use cluster::Cluster;

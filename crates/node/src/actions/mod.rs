//! What a node can do: a folder a family of actions, a file an action; all of them in one [`table`].

pub mod by_query;
pub mod cluster;
pub mod documents;
pub mod indices;
pub mod metrics;
pub mod search;
pub mod table;
pub mod tasks;

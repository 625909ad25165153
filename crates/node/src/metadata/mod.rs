//! What the cluster knows of its indices: one immutable snapshot in memory, assembled from keys of the `Kv`, changed by
//! compare-and-set.
//!
//! An operation takes [`Node::metadata`](crate::Node::metadata) once and reads everything from that snapshot.

mod alias;
mod aliases;
mod blocks;
mod changes;
mod date_names;
mod definitions;
mod expression;
mod index;
mod java_order;
mod names;
mod new_index;
mod parts;
mod resolve;
mod settings;
mod snapshot;
mod store;
mod stored;

pub use alias::Alias;
pub use definitions::{Changes, Definition, INDEX_SETTINGS, Takes, defaults_of};
pub(crate) use expression::closed;
pub use expression::{Expand, ExpressionOptions, IndexExpression};
pub use index::{Blocks, Index, IndexOptions, Place};
pub use names::{check_alias_name, check_index_name};
pub use resolve::{SearchTarget, WriteTarget};
pub use settings::{SettingValue, Settings, SettingsChange, parse_settings};
pub use snapshot::Metadata;

pub(crate) use changes::{NewIndex, check_update};
pub(crate) use date_names::dated;
pub(crate) use store::Store;

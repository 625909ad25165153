//! How metadata is kept in the `Kv`: one key for the directory of all indices, one for each index, one for each shard.
//!
//! ```text
//! directory              name → uuid, open or closed, aliases          an index exists when it stands here
//! index.<uuid>           settings, mapping                            written before the directory names it
//! shard.<uuid>.<n>       node and term of the primary                 written before the directory names it
//! settings               settings of the cluster
//! ```
//! Values are postcard behind a format version.

use glasswork_content::Failure;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::BTreeMap;

use super::{Alias, Settings};

/// The format version that is written.
const FORMAT: u8 = 1;

/// The key of the [`Directory`].
pub(super) const DIRECTORY: &str = "directory";
/// The key of the cluster's settings.
pub(super) const SETTINGS: &str = "settings";
/// What keys of [`Record`]s begin with.
pub(super) const INDEX_PREFIX: &str = "index.";
/// What keys of [`super::Place`]s begin with.
pub(super) const SHARD_PREFIX: &str = "shard.";

pub(super) fn index_key(uuid: &str) -> String {
    format!("{INDEX_PREFIX}{uuid}")
}

pub(super) fn shard_key(uuid: &str, shard: u32) -> String {
    format!("{SHARD_PREFIX}{uuid}.{shard}")
}

/// Which indices there are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Directory {
    /// By name.
    pub(super) indices: BTreeMap<String, Listed>,
}

/// An index in the directory.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) uuid: String,
    pub(super) open: bool,
    pub(super) aliases: BTreeMap<String, Alias>,
}

/// What an index is, beside its name, state and aliases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Record {
    /// Its settings as they are shown.
    pub(super) settings: Settings,
    /// `Mapping::to_bytes`.
    pub(super) mapping: Vec<u8>,
    /// Grows with each change of the mapping.
    pub(super) mapping_version: u64,
}

/// The value of a key.
pub(super) fn encode<T: Serialize>(value: &T) -> bytes::Bytes {
    let mut bytes = vec![FORMAT];
    bytes.extend(postcard::to_stdvec(value).expect("plain data always serialises"));
    bytes.into()
}

/// Reads the value of a key.
pub(super) fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, Failure> {
    let damaged =
        |why: String| Failure::illegal_state(format!("metadata [{key}] can't be read: {why}"));
    match bytes.split_first() {
        Some((&FORMAT, rest)) => {
            postcard::from_bytes(rest).map_err(|error| damaged(error.to_string()))
        }
        Some((format, _)) => Err(damaged(format!("format {format}"))),
        None => Err(damaged("it is empty".to_owned())),
    }
}

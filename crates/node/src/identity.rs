//! Who a node and its cluster are: random ids, made once; a node's is kept in its data folder, a cluster's in its keys.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use glasswork_substrate::{Kv, KvError};
use glasswork_tasks::NodeId;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Why a node has no identity.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file can't be read or written.
    #[error("{path}: {error}")]
    File {
        /// The file.
        path: PathBuf,
        /// What went wrong.
        error: io::Error,
    },
    /// The file holds something else.
    #[error("{0} holds no node id")]
    NotAnId(PathBuf),
}

/// The id of the node whose data lies in `folder`; made at its first start.
///
/// # Errors
/// The file `node.id` can't be read, written, or holds something else.
pub fn node_id(folder: &Path) -> Result<NodeId, IdentityError> {
    let path = folder.join("node.id");
    match fs::read_to_string(&path) {
        Ok(text) => {
            let text = text.trim();
            let known = URL_SAFE_NO_PAD
                .decode(text)
                .is_ok_and(|bytes| bytes.len() == 16);
            if known {
                Ok(NodeId::from(text))
            } else {
                Err(IdentityError::NotAnId(path))
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let id = random_id();
            let keep = || {
                let fresh = path.with_extension("id.new");
                fs::write(&fresh, format!("{id}\n"))?;
                fs::File::open(&fresh)?.sync_all()?;
                fs::rename(&fresh, &path)?;
                fs::File::open(folder)?.sync_all()
            };
            keep().map_err(|error| IdentityError::File {
                path: path.clone(),
                error,
            })?;
            Ok(NodeId::from(id.as_str()))
        }
        Err(error) => Err(IdentityError::File { path, error }),
    }
}

/// The id of the cluster whose keys these are; made when the first node asks.
///
/// # Errors
/// The key can't be read or written.
pub(crate) async fn cluster_uuid(kv: &Arc<dyn Kv>) -> Result<String, KvError> {
    const KEY: &str = "cluster";
    loop {
        if let Some(entry) = kv.get(KEY).await? {
            return Ok(String::from_utf8_lossy(&entry.value).into_owned());
        }
        match kv.create(KEY, Bytes::from(random_id())).await {
            // Whether it was ours or another's: what lies there now is it.
            Ok(_) | Err(KvError::Conflict { .. } | KvError::Unknown(_)) => {}
            Err(error) => return Err(error),
        }
    }
}

/// 16 random bytes as 22 characters of base64url: a node, an index, a cluster.
pub fn random_id() -> String {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    // OpenSearch's ids never begin with a dash, so that no tool takes one for an option.
    bytes[0] &= 0x7f;
    URL_SAFE_NO_PAD.encode(bytes)
}

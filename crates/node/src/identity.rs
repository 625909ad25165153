//! Random ids, and the one of the cluster: made once, kept in its keys. A node's own is kept by its substrate.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use glasswork_substrate::{Kv, KvError};
use std::sync::Arc;

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

//! What `index.blocks.*` refuse.

use glasswork_content::{Failure, Kind};

use super::Blocks;

/// One block: number, text, and whether the refusal is a 429.
type Block = (u8, &'static str, bool);

const READ_ONLY: Block = (5, "index read-only (api)", false);
const READ: Block = (7, "index read (api)", false);
const WRITE: Block = (8, "index write (api)", false);
const METADATA: Block = (9, "index metadata (api)", false);
const ALLOW_DELETE: Block = (
    12,
    "disk usage exceeded flood-stage watermark, index has read-only-allow-delete block",
    true,
);

impl Blocks {
    /// Refuses a write of documents.
    ///
    /// # Errors
    /// 403 or 429 `cluster_block_exception`.
    pub fn check_write(&self, index: &str) -> Result<(), Failure> {
        refuse(
            index,
            &[
                (self.read_only, READ_ONLY),
                (self.write, WRITE),
                (self.read_only_allow_delete, ALLOW_DELETE),
            ],
        )
    }

    /// Refuses a read of documents.
    ///
    /// # Errors
    /// 403 `cluster_block_exception`.
    pub fn check_read(&self, index: &str) -> Result<(), Failure> {
        refuse(index, &[(self.read, READ)])
    }

    /// Refuses a change of metadata.
    ///
    /// # Errors
    /// 403 or 429 `cluster_block_exception`.
    pub fn check_metadata(&self, index: &str) -> Result<(), Failure> {
        refuse(
            index,
            &[
                (self.read_only, READ_ONLY),
                (self.metadata, METADATA),
                (self.read_only_allow_delete, ALLOW_DELETE),
            ],
        )
    }

    /// Refuses a deletion of the index.
    ///
    /// # Errors
    /// 403 `cluster_block_exception`.
    pub fn check_delete(&self, index: &str) -> Result<(), Failure> {
        refuse(
            index,
            &[(self.read_only, READ_ONLY), (self.metadata, METADATA)],
        )
    }
}

fn refuse(index: &str, blocks: &[(bool, Block)]) -> Result<(), Failure> {
    let active: Vec<&Block> = blocks
        .iter()
        .filter(|(active, _)| *active)
        .map(|(_, block)| block)
        .collect();
    if active.is_empty() {
        return Ok(());
    }
    let mut why = format!("index [{index}] blocked by: ");
    for (number, text, too_many) in active {
        let status = if *too_many {
            "TOO_MANY_REQUESTS"
        } else {
            "FORBIDDEN"
        };
        why.push_str(&format!("[{status}/{number}/{text}];"));
    }
    Err(Failure::new(Kind::ClusterBlock, why))
}

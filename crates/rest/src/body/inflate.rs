//! Compressed request bodies.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::server::{UploadError, Whole};

/// Unpacks a gzip body, at most `limit` bytes of it.
///
/// # Errors
/// When it is longer, when all bodies together are too long, or when it is no gzip.
pub(crate) fn inflate(packed: Whole, limit: usize) -> Result<Whole, UploadError> {
    let mut decoder = MultiGzDecoder::new(&packed.bytes[..]);
    let mut held = packed.held;
    let mut bytes = Vec::new();
    // Piece by piece, so that a bomb is stopped where it passes a limit, not after it has gone off.
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = decoder
            .read(&mut piece)
            .map_err(|error| UploadError::Broken(error.to_string()))?;
        if read == 0 {
            break;
        }
        if bytes.len() + read > limit {
            return Err(UploadError::TooLong(limit));
        }
        held.more(read)?;
        bytes.extend_from_slice(&piece[..read]);
    }
    Ok(Whole {
        bytes: Bytes::from(bytes),
        held,
    })
}

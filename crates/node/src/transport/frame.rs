//! The frames on the bus.

use bytes::{BufMut, Bytes, BytesMut};
use glasswork_content::failure::Failure;
use glasswork_substrate::Revision;
use glasswork_tasks::{Headers, TaskId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::sync::Arc;

/// What comes before the bytes of a request.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    /// [`super::PROTOCOL`] of the sender; stays the first field for ever.
    pub(super) protocol: u16,
    /// The task for which this is asked.
    pub(super) parent: TaskId,
    /// The task at the top of its tree.
    pub(super) root: TaskId,
    pub(super) headers: Arc<Headers>,
    pub(super) user: Option<Arc<str>>,
    /// Time left.
    pub(super) remaining_millis: Option<u64>,
    /// The metadata that the sender went by: the newest change of it.
    pub(super) metadata: Revision,
    /// It clears up after its parent.
    pub(super) closing: bool,
    /// Its parent is background work, and so is it.
    pub(super) internal: bool,
    /// Where the bytes are.
    pub(super) body: Body,
}

/// Where the bytes of a message are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Body {
    /// Behind the head.
    Here,
    /// In parts that were or have to be moved by themselves.
    Parts {
        /// What they belong to.
        transfer: u128,
        /// Length of all parts together in bytes.
        length: u64,
    },
}

/// What comes before the bytes of an answer.
pub(super) type ReplyHead = Result<Body, Failure>;

/// A head and bytes as one message.
pub(super) fn join(head: &impl Serialize, body: &[u8]) -> Result<Bytes, postcard::Error> {
    let head = postcard::to_stdvec(head)?;
    let mut message = BytesMut::with_capacity(4 + head.len() + body.len());
    message.put_u32(u32::try_from(head.len()).map_err(|_| postcard::Error::SerializeBufferFull)?);
    message.put_slice(&head);
    message.put_slice(body);
    Ok(message.freeze())
}

/// The head and the bytes of a message.
pub(super) fn split<H: DeserializeOwned>(message: &Bytes) -> Result<(H, Bytes), postcard::Error> {
    let end = || postcard::Error::DeserializeUnexpectedEnd;
    let (length, rest) = message.split_first_chunk::<4>().ok_or_else(end)?;
    let length = usize::try_from(u32::from_be_bytes(*length)).map_err(|_| end())?;
    let head = rest.get(..length).ok_or_else(end)?;
    Ok((postcard::from_bytes(head)?, message.slice(4 + length..)))
}

/// The first field of a head, whatever follows it.
pub(super) fn first<H: DeserializeOwned>(message: &Bytes) -> Result<H, postcard::Error> {
    let head = message
        .get(4..)
        .ok_or(postcard::Error::DeserializeUnexpectedEnd)?;
    Ok(postcard::take_from_bytes(head)?.0)
}

/// One part on its way to a node: which transfer, where it belongs, and then its bytes.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct PutPart {
    pub(super) transfer: u128,
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Asks for one part.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct GetPart {
    pub(super) transfer: u128,
    pub(super) offset: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_split_where_it_was_joined() {
        let message = join(
            &Body::Parts {
                transfer: 7,
                length: 9,
            },
            b"bytes",
        )
        .unwrap();
        let (head, body): (Body, Bytes) = split(&message).unwrap();
        assert_eq!(
            (head, &*body),
            (
                Body::Parts {
                    transfer: 7,
                    length: 9
                },
                b"bytes".as_slice()
            )
        );
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for length in 0..40 {
            for fill in [0, 1, 0xff] {
                let message = Bytes::from(vec![fill; length]);
                assert!(split::<Head>(&message).is_err() || length > 4);
            }
        }
    }
}

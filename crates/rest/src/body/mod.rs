//! Request bodies: read within bounds, decompressed, and given to handlers as trees, lines or bytes.

pub(crate) mod content_type;
mod inflate;
mod lines;

use bytes::Bytes;
use glasswork_content::{
    failure::Failure,
    json::{self, Limits, Node},
};

pub use content_type::MediaType;
pub(crate) use inflate::inflate;
pub use lines::{Line, Lines};

use crate::server::Held;

/// The body of a request.
#[derive(Debug)]
pub struct RequestBody {
    bytes: Bytes,
    media: MediaType,
    /// The body's share of the memory for bodies; the bytes may be cloned, the share ends with this value.
    _held: Option<Held>,
}

impl RequestBody {
    pub(crate) fn new(bytes: Bytes, media: MediaType, held: Option<Held>) -> Self {
        Self {
            bytes,
            media,
            _held: held,
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its bytes, decompressed. Slices of them share the memory.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What it is written in.
    pub fn media(&self) -> MediaType {
        self.media
    }

    /// It as a tree; `None` when there is none.
    ///
    /// # Errors
    /// The reference's 400 for malformed JSON or YAML, or for what is too deep or too large.
    pub fn tree(&self) -> Result<Option<Node>, Failure> {
        if self.is_empty() {
            return Ok(None);
        }
        self.parse().map(Some)
    }

    /// It as a tree.
    ///
    /// # Errors
    /// 400 `parse_exception` `request body is required` when there is none; else as [`RequestBody::tree`].
    pub fn required_tree(&self) -> Result<Node, Failure> {
        self.require()?;
        self.parse()
    }

    /// Refuses an absent body.
    ///
    /// # Errors
    /// 400 `parse_exception` `request body is required`.
    pub fn require(&self) -> Result<(), Failure> {
        if self.is_empty() {
            Err(Failure::parse("request body is required"))
        } else {
            Ok(())
        }
    }

    /// It as JSON bytes, for endpoints that keep a document as it was sent: YAML is written as JSON.
    ///
    /// # Errors
    /// As [`RequestBody::tree`], for YAML only.
    pub fn json(&self) -> Result<Bytes, Failure> {
        match self.media {
            MediaType::Yaml if !self.is_empty() => Ok(Bytes::from(self.parse()?.to_json())),
            _ => Ok(self.bytes.clone()),
        }
    }

    /// Its lines, for bulk and multi-search.
    pub fn lines(&self) -> Lines<'_> {
        Lines::new(&self.bytes)
    }

    fn parse(&self) -> Result<Node, Failure> {
        match self.media {
            MediaType::Yaml => json::parse_yaml(&self.bytes, &Limits::DEFAULT),
            _ => json::parse(&self.bytes, &Limits::DEFAULT),
        }
    }
}

//! What a handler answers: status, content type, body, and headers beyond those that every answer has.

use bytes::Bytes;
use http::HeaderName;
use tokio::sync::mpsc;

use crate::server::BrokenOff;

/// The content type of JSON answers.
pub const JSON: &str = "application/json; charset=UTF-8";
/// The content type of YAML answers.
pub const YAML: &str = "application/yaml";
/// The content type of tables.
pub const TEXT: &str = "text/plain; charset=UTF-8";

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The content type.
    pub content_type: &'static str,
    /// The body.
    pub body: Body,
    /// Whether the body is compressed.
    pub gzip: bool,
    /// Further headers.
    pub headers: Vec<(HeaderName, String)>,
    /// Deprecations, one `Warning` header each: the text only.
    pub warnings: Vec<String>,
}

/// The body of an answer.
#[derive(Debug)]
pub enum Body {
    /// All of it.
    Whole(Bytes),
    /// All of it, in several parts because it is long.
    Parts(Vec<Bytes>),
    /// In pieces, as they are made. The maker awaits each `send`, so that a slow client slows it down and a client
    /// that is gone ends it (the channel is closed). After an error the connection is broken off.
    Pieces(mpsc::Receiver<Result<Bytes, BrokenOff>>),
}

impl Reply {
    /// An answer with a body that is complete.
    pub fn new(status: u16, content_type: &'static str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            content_type,
            body: Body::Whole(body.into()),
            gzip: false,
            headers: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// An answer in pieces. Ends when the sender is dropped.
    pub fn pieces(
        status: u16,
        content_type: &'static str,
        pieces: mpsc::Receiver<Result<Bytes, BrokenOff>>,
    ) -> Self {
        Self {
            body: Body::Pieces(pieces),
            ..Self::new(status, content_type, Bytes::new())
        }
    }

    /// A text.
    pub fn text(status: u16, text: impl Into<String>) -> Self {
        Self::new(status, TEXT, text.into().into_bytes())
    }

    /// A status alone, as `HEAD` endpoints answer.
    pub fn status(status: u16) -> Self {
        Self::new(status, TEXT, Bytes::new())
    }

    /// With a further header.
    pub fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With the warning that something used is deprecated.
    pub fn warning(mut self, text: impl Into<String>) -> Self {
        self.warnings.push(text.into());
        self
    }
}

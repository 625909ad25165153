//! What passes between a connection and the one who answers: a request with its unread body, and the answer's body.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use glasswork_node::Connections;
use http_body::{Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout},
};

use super::limits::Limits;

/// Answers requests. The server calls it from many tasks at once.
pub trait Dispatch: Send + Sync + 'static {
    /// Where its connections are counted.
    fn connections(&self) -> &Arc<Connections>;

    /// Answers one request, or hangs up on it. Dropped when the client is gone before the answer.
    fn dispatch(
        self: Arc<Self>,
        exchange: Exchange,
    ) -> Pin<Box<dyn Future<Output = Result<http::Response<Download>, HangUp>> + Send>>;
}

/// The connection is closed without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the request deserves no answer")]
pub struct HangUp;

/// One request.
#[derive(Debug)]
pub struct Exchange {
    /// Method, target, version and headers.
    pub head: http::request::Parts,
    /// The body, not read yet.
    pub upload: Upload,
    /// Where it came from.
    pub connection: Arc<Connection>,
}

/// A client's connection.
#[derive(Debug)]
pub struct Connection {
    /// Its name for people: the other end, and a number that is unique while the server lives.
    pub label: Arc<str>,
    /// The other end.
    pub peer: SocketAddr,
    /// Whether it is encrypted.
    pub encrypted: bool,
}

/// The body of a request on its way in.
#[derive(Debug)]
pub struct Upload {
    incoming: Incoming,
    patience: Duration,
    rate: u64,
    bodies: Arc<Bodies>,
}

/// Why a body was not read to its end.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// It is longer than allowed.
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    /// All bodies together are.
    #[error("bodies of [{wanted}] bytes at a time are more than the limit of [{limit}] bytes")]
    TooMany {
        /// Bytes had this one been taken.
        wanted: usize,
        /// Bytes that may be held.
        limit: usize,
    },
    /// The client was too slow.
    #[error("the body came too slowly")]
    TooSlow,
    /// The client went away or sent a malformed body.
    #[error("the body broke off: {0}")]
    Broken(String),
}

/// Bytes of a refused body that are read for the sake of its answer, and for how long.
const DISCARDED: usize = 8 << 20;
const DISCARDING: Duration = Duration::from_secs(5);

/// The first minute of a body is free of a rate.
const GRACE: Duration = Duration::from_secs(60);

impl Upload {
    pub(super) fn new(incoming: Incoming, limits: &Limits, bodies: Arc<Bodies>) -> Self {
        Self {
            incoming,
            patience: limits.body,
            rate: limits.body_rate,
            bodies,
        }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        http_body::Body::is_end_stream(&self.incoming)
    }

    /// Refuses it unread when it says itself that it is too long.
    ///
    /// # Errors
    /// When its announced length is more than `limit` bytes.
    pub fn check_announced(&self, limit: usize) -> Result<(), UploadError> {
        if http_body::Body::size_hint(&self.incoming).lower() > limit as u64 {
            return Err(UploadError::TooLong(limit));
        }
        Ok(())
    }

    /// Reads and drops it, within bounds, beside the answer: a connection that is closed over unread bytes is reset,
    /// and the answer with it.
    pub fn discard(mut self) {
        if self.is_empty() {
            return;
        }
        tokio::spawn(async move {
            let dropping = async {
                let mut left = DISCARDED;
                while let Some(Ok(frame)) = self.incoming.frame().await {
                    left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
                    if left == 0 {
                        break;
                    }
                }
            };
            // Whether it ends or the time is over: nobody waits for it.
            drop(timeout(DISCARDING, dropping).await);
        });
    }

    /// Reads it whole, at most `limit` bytes.
    ///
    /// # Errors
    /// As soon as it is too long (by its announced length before anything is read), too slow or broken. What is left
    /// of it can be discarded.
    pub async fn read(&mut self, limit: usize) -> Result<Whole, UploadError> {
        self.check_announced(limit)?;
        let announced = http_body::Body::size_hint(&self.incoming);
        let mut held = Held::new(&self.bodies);
        let mut whole = BytesMut::new();
        let mut first: Option<Bytes> = None;
        let started = Instant::now();
        loop {
            let frame = timeout(self.patience, self.incoming.frame())
                .await
                .map_err(|_| UploadError::TooSlow)?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|error| UploadError::Broken(error.to_string()))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if first.as_ref().map_or(0, Bytes::len) + whole.len() + data.len() > limit {
                return Err(UploadError::TooLong(limit));
            }
            held.more(data.len())?;
            match first.take() {
                // The usual body comes in one piece and is not copied.
                None if whole.is_empty() => first = Some(data),
                None => whole.extend_from_slice(&data),
                Some(before) => {
                    let expected = announced.exact().unwrap_or(0) as usize;
                    whole
                        .reserve((before.len() + data.len()).max(expected.min(limit).min(1 << 20)));
                    whole.extend_from_slice(&before);
                    whole.extend_from_slice(&data);
                }
            }
            let needed = Duration::from_secs(whole.len() as u64 / self.rate.max(1));
            if started.elapsed() > GRACE + needed {
                return Err(UploadError::TooSlow);
            }
        }
        Ok(Whole {
            bytes: first.unwrap_or_else(|| whole.freeze()),
            held,
        })
    }
}

/// A body that was read, and its share of the memory for bodies until it is dropped.
#[derive(Debug)]
pub struct Whole {
    /// Its bytes as they were sent.
    pub bytes: Bytes,
    /// The share. A decompressed body asks it for more.
    pub held: Held,
}

/// The memory that request bodies take, over all connections.
#[derive(Debug)]
pub(crate) struct Bodies {
    used: AtomicUsize,
    limit: usize,
}

impl Bodies {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            used: AtomicUsize::new(0),
            limit,
        }
    }
}

/// A share of the memory for request bodies, given back when dropped.
#[derive(Debug)]
pub struct Held {
    bodies: Arc<Bodies>,
    bytes: usize,
}

impl Held {
    fn new(bodies: &Arc<Bodies>) -> Self {
        Self {
            bodies: Arc::clone(bodies),
            bytes: 0,
        }
    }

    /// Takes `bytes` more.
    ///
    /// # Errors
    /// When all bodies together would be over the limit; nothing is taken then.
    pub fn more(&mut self, bytes: usize) -> Result<(), UploadError> {
        let before = self.bodies.used.fetch_add(bytes, Ordering::Relaxed);
        if before + bytes > self.bodies.limit {
            self.bodies.used.fetch_sub(bytes, Ordering::Relaxed);
            return Err(UploadError::TooMany {
                wanted: before + bytes,
                limit: self.bodies.limit,
            });
        }
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.bodies.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

/// The body of an answer on its way out.
#[derive(Debug)]
pub enum Download {
    /// All of it.
    Whole(Bytes),
    /// All of it, in parts.
    Parts(VecDeque<Bytes>),
    /// Piece by piece, as they come. The sender waits while the client is slow; a client that is gone closes the
    /// channel. A sender that ends with an error breaks the connection off, so that the client knows.
    Pieces(mpsc::Receiver<Result<Bytes, BrokenOff>>),
}

/// The answer could not be finished.
#[derive(Debug, thiserror::Error)]
#[error("the answer broke off: {0}")]
pub struct BrokenOff(pub String);

impl http_body::Body for Download {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        match self.get_mut() {
            Self::Whole(bytes) if bytes.is_empty() => Poll::Ready(None),
            Self::Whole(bytes) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(bytes))))),
            Self::Parts(parts) => Poll::Ready(parts.pop_front().map(|part| Ok(Frame::data(part)))),
            Self::Pieces(pieces) => pieces
                .poll_recv(context)
                .map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Parts(parts) => parts.is_empty(),
            Self::Pieces(_) => false,
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Parts(parts) => {
                SizeHint::with_exact(parts.iter().map(|part| part.len() as u64).sum())
            }
            Self::Pieces(_) => SizeHint::default(),
        }
    }
}

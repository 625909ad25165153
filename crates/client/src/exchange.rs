//! One request and its answer: bounded in time and size, decompressed, read as JSON.

use crate::{
    client::Inner,
    error::{Error, Refusal},
    url::Target,
};
use bytes::{Bytes, BytesMut};
use flate2::write::GzDecoder;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use serde::de::DeserializeOwned;
use std::{io::Write, time::Duration};
use tokio::{sync::mpsc, time::timeout};

/// A header by which Glasswork tells its version, and so that it has the extensions.
pub(crate) const GLASSWORK: &str = "x-glasswork-version";

/// Pieces of a body that wait for being read.
const PIECES: usize = 4;

/// What a server answered, with a status below 400.
pub(crate) struct Answer {
    status: u16,
    pub(crate) headers: HeaderMap,
    body: Bytes,
}

impl Answer {
    /// The body's bytes, decompressed.
    pub(crate) fn size(&self) -> usize {
        self.body.len()
    }
}

impl Inner {
    /// Asks, and reads the answer as JSON. `wait` is how long the server itself was asked to wait.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        method: Method,
        target: &Target,
        wait: Duration,
    ) -> Result<T, Error> {
        let answer = self.ask(method, target, wait).await?;
        self.read(&answer)
    }

    /// Asks, and gives the whole answer.
    pub(crate) async fn ask(
        &self,
        method: Method,
        target: &Target,
        wait: Duration,
    ) -> Result<Answer, Error> {
        let after = self.answer_timeout.saturating_add(wait);
        match timeout(after, self.exchange(method, target)).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::TimedOut {
                url: self.url(),
                after,
            }),
        }
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, answer: &Answer) -> Result<T, Error> {
        serde_json::from_slice(&answer.body).map_err(|error| {
            let beginning = &answer.body[..answer.body.len().min(800)];
            not_json(self.url(), answer.status, &error, beginning)
        })
    }

    /// Asks, and has the body's pieces read as they arrive, on a thread where reading may block; whether they are compressed
    /// is told with them. Bounded in time as a whole.
    pub(crate) async fn stream<T: Send + 'static>(
        &self,
        method: Method,
        target: &Target,
        read: impl FnOnce(mpsc::Receiver<Bytes>, bool) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let after = self.answer_timeout;
        match timeout(after, self.exchange_pieces(method, target, read)).await {
            Ok(answered) => answered,
            Err(_) => Err(Error::TimedOut {
                url: self.url(),
                after,
            }),
        }
    }

    async fn exchange_pieces<T: Send + 'static>(
        &self,
        method: Method,
        target: &Target,
        read: impl FnOnce(mpsc::Receiver<Bytes>, bool) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (response, sender) = self.connector.send(self.request(method, target)?).await?;
        let (head, mut body) = response.into_parts();
        if head.status.is_redirection() || head.status.as_u16() >= 400 {
            let body = self.collect(&head.headers, body).await?;
            self.connector.keep(sender);
            return Err(self.refused(head.status, &head.headers, &body));
        }
        let gzip = self.is_gzip(&head.headers)?;
        let (pieces, coming) = mpsc::channel(PIECES);
        let reading = tokio::task::spawn_blocking(move || read(coming, gzip));
        loop {
            match body.frame().await {
                None => {
                    self.connector.keep(sender);
                    break;
                }
                Some(frame) => {
                    let frame = frame.map_err(|error| self.connector.broken(&error))?;
                    // Whoever reads has stopped: it knows why.
                    if let Ok(data) = frame.into_data()
                        && pieces.send(data).await.is_err()
                    {
                        break;
                    }
                }
            }
        }
        drop(pieces);
        match reading.await {
            Ok(read) => Ok(read),
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    fn refused(&self, status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Error {
        Error::Refused(Box::new(Refusal::read(
            self.url(),
            status.as_u16(),
            retry_after(headers),
            body,
        )))
    }

    /// Whether a body is compressed.
    fn is_gzip(&self, headers: &HeaderMap) -> Result<bool, Error> {
        let encoding = headers.get(header::CONTENT_ENCODING);
        match encoding.map(HeaderValue::as_bytes) {
            None | Some(b"identity") => Ok(false),
            Some(b"gzip") => Ok(true),
            Some(_) => Err(Error::Broken {
                url: self.url(),
                reason: "it answers in a compression that was not asked for".to_owned(),
            }),
        }
    }

    async fn exchange(&self, method: Method, target: &Target) -> Result<Answer, Error> {
        let (response, sender) = self.connector.send(self.request(method, target)?).await?;
        let (head, body) = response.into_parts();
        let body = self.collect(&head.headers, body).await?;
        self.connector.keep(sender);
        let status = head.status.as_u16();
        if head.status.is_redirection() || status >= 400 {
            return Err(self.refused(head.status, &head.headers, &body));
        }
        Ok(Answer {
            status,
            headers: head.headers,
            body,
        })
    }

    pub(crate) fn request(
        &self,
        method: Method,
        target: &Target,
    ) -> Result<Request<Empty<Bytes>>, Error> {
        let base = &self.connector.base;
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{}", base.prefix, target.as_str()))
            .header(header::HOST, base.authority())
            .header(header::ACCEPT, "application/json")
            .header(
                header::USER_AGENT,
                concat!("glasswork/", env!("CARGO_PKG_VERSION")),
            );
        if self.gzip {
            request = request.header(header::ACCEPT_ENCODING, "gzip");
        }
        let named = [
            (header::AUTHORIZATION, &self.authorization),
            (
                http::HeaderName::from_static("x-opaque-id"),
                &self.opaque_id,
            ),
        ];
        for (name, value) in named {
            if let Some(value) = value {
                request = request.header(name, value);
            }
        }
        request.body(Empty::new()).map_err(|error| Error::Broken {
            url: self.url(),
            reason: format!("the request can't be written: {error}"),
        })
    }

    /// The whole body, decompressed, up to the limit.
    pub(crate) async fn collect(
        &self,
        headers: &HeaderMap,
        mut body: Incoming,
    ) -> Result<Bytes, Error> {
        let too_large = || Error::TooLarge {
            url: self.url(),
            limit: self.max_answer,
        };
        let mut sink = match self.is_gzip(headers)? {
            false => Sink::Plain(BytesMut::new()),
            true => Sink::Gzip(Box::new(GzDecoder::new(Bounded {
                taken: Vec::new(),
                limit: self.max_answer,
            }))),
        };
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.connector.broken(&error))?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            match &mut sink {
                Sink::Plain(taken) if taken.len() + data.len() > self.max_answer => {
                    return Err(too_large());
                }
                Sink::Plain(taken) => taken.extend_from_slice(&data),
                Sink::Gzip(decoder) => {
                    if let Err(error) = decoder.write_all(&data) {
                        return Err(match error.kind() {
                            std::io::ErrorKind::FileTooLarge => too_large(),
                            _ => self.bad_gzip(),
                        });
                    }
                }
            }
        }
        match sink {
            Sink::Plain(taken) => Ok(taken.freeze()),
            Sink::Gzip(mut decoder) => match decoder.try_finish() {
                Ok(()) => Ok(Bytes::from(std::mem::take(&mut decoder.get_mut().taken))),
                Err(error) if error.kind() == std::io::ErrorKind::FileTooLarge => Err(too_large()),
                Err(_) => Err(self.bad_gzip()),
            },
        }
    }

    pub(crate) fn bad_gzip(&self) -> Error {
        Error::Broken {
            url: self.url(),
            reason: "its compressed answer is damaged".to_owned(),
        }
    }
}

/// What it means that an answer can't be read; `beginning` is quoted.
pub(crate) fn not_json(
    url: String,
    status: u16,
    error: &serde_json::Error,
    beginning: &[u8],
) -> Error {
    if error.is_data() {
        return Error::Unexpected {
            url,
            reason: error.to_string(),
        };
    }
    Error::NotJson {
        url,
        status,
        problem: match error.is_eof() {
            true if !beginning.is_empty() => "it ends early".to_owned(),
            true => "it is empty".to_owned(),
            false => error.to_string(),
        },
        said: crate::excerpt(String::from_utf8_lossy(beginning).trim(), 200),
    }
}

enum Sink {
    Plain(BytesMut),
    Gzip(Box<GzDecoder<Bounded>>),
}

/// Takes bytes up to a limit.
struct Bounded {
    taken: Vec<u8>,
    limit: usize,
}

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.taken.len() + bytes.len() > self.limit {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.taken.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// `Retry-After` in seconds; its other form, a date, is left to the user's patience.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?;
    text.trim().parse().ok().map(Duration::from_secs)
}

//! The connection to another cluster: opened within a time, kept for the next request, each answer bounded in time and size.
//!
//! Nothing is followed: an answer that points elsewhere is an error. Dropping a request that is under way closes the connection.

use bytes::{Bytes, BytesMut};
use glasswork_content::{Failure, Kind};
use glasswork_tasks::{Checkpoint, Task};
use http_body_util::{BodyExt, Full};
use hyper::{
    Method, Request, Response,
    body::{Body, Incoming},
    client::conn::http1::{self, SendRequest},
    header::{self, HeaderMap, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use std::{io, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    task::AbortHandle,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};

use super::{RemoteSource, tls};

/// Bytes of an answer, as OpenSearch takes them.
const LARGEST_ANSWER: usize = 100 << 20;

/// Characters of an answer that an error shows.
const SHOWN: usize = 2000;

/// What is asked.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ask {
    pub(super) method: Method,
    /// The path behind the prefix, and the query string.
    pub(super) target: String,
    /// JSON.
    pub(super) body: Option<Bytes>,
}

/// An answer with a status below 300, in JSON. Its memory is charged to the task as long as it lives.
pub(super) struct Answer {
    pub(super) body: Bytes,
    _charged: Charged,
}

/// One connection at a time to one address.
pub(super) struct Connection {
    remote: RemoteSource,
    /// Those of every request.
    headers: HeaderMap,
    tls: Option<TlsConnector>,
    open: Option<Open>,
}

/// A connection on which one request at a time is asked; closed when dropped.
struct Open {
    sender: SendRequest<Full<Bytes>>,
    driver: AbortHandle,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Connection {
    /// # Errors
    /// The certificate authorities of `reindex.ssl.certificate_authorities` can't be read.
    pub(super) async fn new(
        remote: RemoteSource,
        settings: &tls::SslSettings,
    ) -> Result<Self, Failure> {
        let tls = match remote.scheme.as_str() {
            "https" => Some(settings.connector().await?),
            _ => None,
        };
        Ok(Self {
            headers: remote.request_headers()?,
            remote,
            tls,
            open: None,
        })
    }

    /// Asks, and gives the whole answer.
    ///
    /// # Errors
    /// The other side can't be reached, does not answer in time, in HTTP or in JSON, answers too much, or answers an error:
    /// `status_exception` with its status.
    pub(super) async fn ask(&mut self, task: &Task, ask: &Ask) -> Result<Answer, Failure> {
        // Taken: what is given up on the way is closed, not used again.
        let kept = match self.open.take() {
            Some(mut open) => open.sender.ready().await.is_ok().then_some(open),
            None => None,
        };
        let open = match kept {
            Some(open) => open,
            None => self.connect().await?,
        };
        let after = limit(self.remote.socket_timeout);
        let exchange = timeout(after, self.exchange(open, task, ask)).await;
        exchange.unwrap_or_else(|_| {
            Err(Failure::new(
                Kind::SocketTimeout,
                format!(
                    "{} milliseconds timeout on connection to [{}]",
                    after.as_millis(),
                    self.remote.url()
                ),
            ))
        })
    }

    async fn exchange(
        &mut self,
        mut open: Open,
        task: &Task,
        ask: &Ask,
    ) -> Result<Answer, Failure> {
        let request = self.request(ask)?;
        let response = match open.sender.try_send_request(request).await {
            Ok(response) => response,
            Err(mut failed) => match failed.take_message() {
                // The other side had closed it while nothing was asked.
                Some(unsent) => {
                    open = self.connect().await?;
                    let sent = open.sender.send_request(unsent).await;
                    sent.map_err(|error| self.broken(&error))?
                }
                None => return Err(self.broken(&failed.into_error())),
            },
        };
        let (head, body) = response.into_parts();
        let head = Response::from_parts(head, ());
        let (body, charged) = self.collect(task, body).await?;
        self.open = Some(open);
        self.judge(ask, &head, &body)?;
        Ok(Answer {
            body,
            _charged: charged,
        })
    }

    fn request(&self, ask: &Ask) -> Result<Request<Full<Bytes>>, Failure> {
        let prefix = self.remote.path_prefix.as_deref().unwrap_or_default();
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(format!("{}{}", prefix.trim_end_matches('/'), ask.target))
            .body(Full::new(ask.body.clone().unwrap_or_default()))
            .map_err(|error| {
                let why = format!("[{prefix}] can't be the prefix of a path: {error}");
                Failure::illegal_argument(why)
            })?;
        request.headers_mut().clone_from(&self.headers);
        if ask.body.is_some() {
            let json = HeaderValue::from_static("application/json");
            request.headers_mut().insert(header::CONTENT_TYPE, json);
        }
        Ok(request)
    }

    /// The whole body, charged to `task` as it comes.
    async fn collect(&self, task: &Task, mut body: Incoming) -> Result<(Bytes, Charged), Failure> {
        let mut charged = Charged {
            task: task.clone(),
            bytes: 0,
        };
        let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
        if announced > LARGEST_ANSWER {
            return Err(too_large(announced));
        }
        let mut taken = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.broken(&error))?;
            // Trailers say nothing here.
            let Ok(data) = frame.into_data() else {
                continue;
            };
            if taken.len() + data.len() > LARGEST_ANSWER {
                return Err(too_large(taken.len() + data.len()));
            }
            charged.more(data.len())?;
            taken.extend_from_slice(&data);
        }
        Ok((taken.freeze(), charged))
    }

    /// Whether an answer is one that can be read.
    fn judge(&self, ask: &Ask, head: &Response<()>, body: &[u8]) -> Result<(), Failure> {
        let status = head.status();
        if !status.is_success() {
            let said = format!("body={}", self.shown(body));
            let reason = match status.as_u16() {
                300..400 => {
                    format!("Remote answered with a redirect, which is not followed. {said}")
                }
                400..600 => said,
                code => format!("Couldn't extract status [{code}]. {said}"),
            };
            let cause = format!(
                "method [{}], host [{}], URI [{}], status line [HTTP/1.1 {status}]",
                ask.method,
                self.remote.url(),
                ask.target
            );
            let cause = Failure::new(Kind::Response, cause);
            return Err(Failure::new(Kind::Status, reason).caused_by(cause));
        }
        let text = |name| {
            let value = head.headers().get(name).map(HeaderValue::to_str);
            value.and_then(Result::ok)
        };
        if let Some(encoding) = text(header::CONTENT_ENCODING).filter(|name| *name != "identity") {
            return Err(Failure::new(
                Kind::Exception,
                format!("Response is encoded as [{encoding}], which was not asked for"),
            ));
        }
        let media = text(header::CONTENT_TYPE).unwrap_or_default();
        let media = media.split(';').next().unwrap_or_default().trim();
        if media.eq_ignore_ascii_case("application/json") || media.ends_with("+json") {
            return Ok(());
        }
        Err(Failure::new(
            Kind::Exception,
            format!(
                "Response didn't include Content-Type: body={}",
                self.shown(body)
            ),
        ))
    }

    /// The beginning of an answer. One that repeats the secret is not shown with it.
    fn shown(&self, body: &[u8]) -> String {
        // The secret may stand across the end of what is shown: it is looked for in a little more.
        let beginning = &body[..body.len().min(SHOWN * 8)];
        let text = self
            .remote
            .without_secrets(&String::from_utf8_lossy(beginning));
        match text.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &text[..end]),
            None => text,
        }
    }

    async fn connect(&self) -> Result<Open, Failure> {
        let within = limit(self.remote.connect_timeout);
        match timeout(within, self.open()).await {
            Ok(opened) => opened,
            Err(_) => Err(Failure::new(
                Kind::ConnectTimeout,
                format!(
                    "Connect to {} failed: {} milliseconds timeout",
                    self.remote.url(),
                    within.as_millis()
                ),
            )),
        }
    }

    async fn open(&self) -> Result<Open, Failure> {
        let host = self
            .remote
            .host
            .trim_start_matches('[')
            .trim_end_matches(']');
        let addresses: Vec<_> = tokio::net::lookup_host((host, self.remote.port))
            .await
            .map_err(|error| {
                let why = format!("{host}: {}", short(&error));
                Failure::new(Kind::UnknownHost, why)
            })?
            .collect();
        let stream = TcpStream::connect(&*addresses).await.map_err(|error| {
            let why = format!("Connect to {} failed: {}", self.remote.url(), short(&error));
            Failure::new(Kind::HttpHostConnect, why)
        })?;
        // Small requests leave at once. A socket that can't do this still works.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return self.speak(stream).await;
        };
        let unreachable = |why: String| {
            let why = format!("{}: {why}", self.remote.url());
            Failure::new(Kind::SslHandshake, why)
        };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| unreachable(error.to_string()))?;
        let stream = tls
            .connect(name, stream)
            .await
            .map_err(|error| unreachable(tls::refused(&error)))?;
        self.speak(stream).await
    }

    async fn speak<S>(&self, stream: S) -> Result<Open, Failure>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| self.broken(&error))?;
        let driver = tokio::spawn(async move {
            // Its failure is also told to the request that was asked on it.
            let _ = connection.await;
        });
        Ok(Open {
            sender,
            driver: driver.abort_handle(),
        })
    }

    /// What a failure of an open connection means.
    fn broken(&self, error: &hyper::Error) -> Failure {
        let url = self.remote.url();
        if error.is_parse() {
            let hint = match self.remote.scheme.as_str() {
                "http" => "; perhaps it wants https",
                _ => "",
            };
            let why = format!("[{url}] does not answer in HTTP{hint}");
            return Failure::new(Kind::Protocol, why);
        }
        let why = match error.is_incomplete_message() || error.is_body_write_aborted() {
            true => format!("Connection to [{url}] ended before the answer did"),
            false => {
                let mut said = error.to_string();
                let mut source = std::error::Error::source(error);
                while let Some(cause) = source {
                    said = format!("{said}: {cause}");
                    source = cause.source();
                }
                format!("Connection to [{url}] broke: {said}")
            }
        };
        Failure::new(Kind::ConnectionClosed, why)
    }
}

/// Bytes charged to a task as long as this lives.
struct Charged {
    task: Task,
    bytes: u64,
}

impl Charged {
    fn more(&mut self, bytes: usize) -> Result<(), Failure> {
        let bytes = bytes as u64;
        let charged = self.task.charge(bytes);
        charged.map_err(|stop| crate::of_stop(&stop))?;
        self.bytes += bytes;
        Ok(())
    }
}

impl Drop for Charged {
    fn drop(&mut self) {
        self.task.release(self.bytes);
    }
}

impl RemoteSource {
    /// `http://host:9200`
    pub(super) fn url(&self) -> String {
        format!("{}://{}:{}", self.scheme, self.host, self.port)
    }

    /// The headers of every request.
    ///
    /// # Errors
    /// 400 for names and values that can't be sent, and for those that say how the request itself is sent.
    pub(super) fn request_headers(&self) -> Result<HeaderMap, Failure> {
        const OWN: &[HeaderName] = &[
            header::HOST,
            header::CONNECTION,
            header::CONTENT_LENGTH,
            header::TRANSFER_ENCODING,
            header::CONTENT_TYPE,
            header::ACCEPT_ENCODING,
            header::EXPECT,
            header::UPGRADE,
            header::TE,
            header::TRAILER,
        ];
        let wrong = |name: &str| {
            Failure::illegal_argument(format!("[headers] can't have [{}]", name.escape_debug()))
        };
        let value = |name: &str, text: &str| {
            let value = HeaderValue::from_str(text);
            value.map_err(|_| wrong(name))
        };
        let mut headers = HeaderMap::new();
        let authority = format!("{}:{}", self.host, self.port);
        let authority = HeaderValue::from_str(&authority).map_err(|_| {
            Failure::illegal_argument(format!("[host] can't be [{}]", self.host.escape_debug()))
        })?;
        headers.insert(header::HOST, authority);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        let agent = concat!("glasswork/", env!("CARGO_PKG_VERSION"));
        headers.insert(header::USER_AGENT, HeaderValue::from_static(agent));
        for (name, text) in &self.headers {
            let key = HeaderName::try_from(name.as_str()).map_err(|_| wrong(name))?;
            if OWN.contains(&key) {
                return Err(wrong(name));
            }
            headers.insert(key, value(name, text)?);
        }
        if let Some(basic) = self.basic() {
            let mut basic = value("authorization", &format!("Basic {basic}"))?;
            basic.set_sensitive(true);
            headers.insert(header::AUTHORIZATION, basic);
        }
        Ok(headers)
    }
}

/// Nothing is without limit but what is asked to be.
fn limit(time: Duration) -> Duration {
    if time.is_zero() { Duration::MAX } else { time }
}

fn too_large(bytes: usize) -> Failure {
    let why = "Remote responded with a chunk that was too large. Use a smaller batch size.";
    let cause = format!(
        "entity content is too long [{bytes}] for the configured buffer limit [{LARGEST_ANSWER}]"
    );
    Failure::illegal_argument(why).caused_by(Failure::new(Kind::ContentTooLong, cause))
}

/// An operating system's error without its number.
fn short(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_owned(),
        None => text,
    }
}

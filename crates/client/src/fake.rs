//! A server made of answers, in this process: for tests and examples of programs that use this crate.
//!
//! It answers well, badly, slowly or not at all.
//!
//! ```
//! use glasswork_client::{Client, Error, fake::{FakeServer, Reply}};
//! let server = FakeServer::start(|_| Reply::html("<h1>Welcome to nginx</h1>"));
//! let client = Client::builder(server.url()).build()?;
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! let error = client.health().await.unwrap_err();
//! assert!(matches!(error, Error::NotJson { status: 200, .. }));
//! # });
//! # Ok::<(), glasswork_client::ConfigError>(())
//! ```

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, pem::PemObject},
};
use std::{
    io,
    net::{SocketAddr, TcpListener},
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
    thread::{self, JoinHandle},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::oneshot,
};
use tokio_rustls::TlsAcceptor;

/// What a client asked.
#[derive(Debug, Clone)]
pub struct Asked {
    /// `GET`, `POST`, …
    pub method: String,
    /// The path, as it was sent.
    pub path: String,
    /// What follows the `?`, as it was sent.
    pub query: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body, as it was sent.
    pub body: Bytes,
}

impl Asked {
    /// The first header of this name (in lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.headers.iter().filter(|(key, _)| key == name);
        found.next().map(|(_, value)| value.as_str())
    }
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    delay: Option<Duration>,
    end: End,
}

/// How the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Well,
    /// The connection ends after this many bytes.
    CutAfter(usize),
    /// After this many bytes nothing more comes, and the connection stays.
    HangAfter(usize),
}

impl Reply {
    fn new(status: u16, content_type: &str, body: Bytes) -> Self {
        Self {
            status,
            headers: vec![("content-type".to_owned(), content_type.to_owned())],
            body,
            delay: None,
            end: End::Well,
        }
    }

    /// 200 with JSON.
    pub fn json(body: impl Into<String>) -> Self {
        Self::new(
            200,
            "application/json; charset=UTF-8",
            Bytes::from(body.into()),
        )
    }

    /// 200 with a page.
    pub fn html(body: impl Into<String>) -> Self {
        Self::new(200, "text/html", Bytes::from(body.into()))
    }

    /// A status with an empty body.
    #[must_use]
    pub fn status(status: u16) -> Self {
        Self::new(status, "text/plain", Bytes::new())
    }

    /// The usual error of OpenSearch.
    #[must_use]
    pub fn error(status: u16, kind: &str, reason: &str) -> Self {
        let cause = serde_json::json!({"type": kind, "reason": reason});
        let body = serde_json::json!({"error": {"root_cause": [cause], "type": kind, "reason": reason}, "status": status});
        Self::json(body.to_string()).with_status(status)
    }

    /// The same with this status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    /// The same with a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The same with these bytes as its body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The same, begun only after a while.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = Some(delay);
        self
    }

    /// The same, ended with the connection after so many bytes of its body.
    #[must_use]
    pub fn cut_after(mut self, bytes: usize) -> Self {
        self.end = End::CutAfter(bytes);
        self
    }

    /// The same, that stops after so many bytes of its body and never ends.
    #[must_use]
    pub fn hang_after(mut self, bytes: usize) -> Self {
        self.end = End::HangAfter(bytes);
        self
    }
}

/// A server in a thread of its own; it ends when this is dropped.
pub struct FakeServer {
    address: SocketAddr,
    certificate: Option<String>,
    state: Arc<State>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

struct State {
    answer: Box<dyn Fn(&Asked) -> Reply + Send + Sync>,
    asked: Mutex<Vec<Asked>>,
    connections: AtomicUsize,
}

impl FakeServer {
    /// Listens on a free port of the loopback interface.
    pub fn start(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::launch(Box::new(answer), None)
    }

    /// The same under TLS, with a certificate for `localhost` that it signs itself.
    ///
    /// # Panics
    /// When no certificate can be made.
    pub fn start_tls(answer: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).expect("a certificate can be made");
        let key = PrivateKeyDer::from_pem_slice(made.signing_key.serialize_pem().as_bytes())
            .expect("the key was just written");
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .expect("the provider knows today's versions")
                .with_no_client_auth()
                .with_single_cert(vec![made.cert.der().clone()], key)
                .expect("key and certificate were made together");
        let tls = (TlsAcceptor::from(Arc::new(config)), made.cert.pem());
        Self::launch(Box::new(answer), Some(tls))
    }

    fn launch(
        answer: Box<dyn Fn(&Asked) -> Reply + Send + Sync>,
        tls: Option<(TlsAcceptor, String)>,
    ) -> Self {
        let listener =
            TcpListener::bind(("127.0.0.1", 0)).expect("the loopback interface has a free port");
        listener
            .set_nonblocking(true)
            .expect("a socket can be made not to block");
        let address = listener
            .local_addr()
            .expect("a listening socket has an address");
        let state = Arc::new(State {
            answer,
            asked: Mutex::default(),
            connections: AtomicUsize::new(0),
        });
        let (stop, stopped) = oneshot::channel();
        let (acceptor, certificate) = tls.unzip();
        let shared = Arc::clone(&state);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime can be made");
            runtime.block_on(async {
                tokio::select! {
                    () = serve(listener, acceptor, shared) => {}
                    // Told to stop, or the handle is gone: both end it.
                    _ = stopped => {}
                }
            });
        });
        Self {
            address,
            certificate,
            state,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    /// Its address, for [`Client::builder`](crate::Client::builder).
    #[must_use]
    pub fn url(&self) -> String {
        match self.certificate {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// Its certificate in PEM form, under TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&str> {
        self.certificate.as_deref()
    }

    /// What it was asked so far.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.state
            .asked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// How many connections it was asked on so far.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }
}

impl Drop for FakeServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended by itself.
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            // A panic there was the answering closure's; the client saw a closed connection.
            let _ = thread.join();
        }
    }
}

async fn serve(listener: TcpListener, tls: Option<TlsAcceptor>, state: Arc<State>) {
    let listener = tokio::net::TcpListener::from_std(listener).expect("the runtime has I/O");
    while let Ok((stream, _)) = listener.accept().await {
        state.connections.fetch_add(1, Ordering::Relaxed);
        let (tls, state) = (tls.clone(), Arc::clone(&state));
        tokio::spawn(async move {
            match tls {
                None => converse(stream, state).await,
                Some(tls) => {
                    // A client that doesn't trust the certificate leaves here.
                    if let Ok(stream) = tls.accept(stream).await {
                        converse(stream, state).await;
                    }
                }
            }
        });
    }
}

async fn converse(stream: impl AsyncRead + AsyncWrite + Unpin, state: Arc<State>) {
    let service = service_fn(|request: http::Request<hyper::body::Incoming>| {
        let state = Arc::clone(&state);
        async move { answer(&state, request).await }
    });
    // Clients may leave at any time.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(
    state: &State,
    request: http::Request<hyper::body::Incoming>,
) -> Result<http::Response<Paced>, hyper::Error> {
    let (request, body) = request.into_parts();
    let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
        (
            name.as_str().to_owned(),
            String::from_utf8_lossy(value.as_bytes()).into_owned(),
        )
    };
    let asked = Asked {
        method: request.method.to_string(),
        path: request.uri.path().to_owned(),
        query: request.uri.query().unwrap_or_default().to_owned(),
        headers: request.headers.iter().map(text).collect(),
        body: body.collect().await?.to_bytes(),
    };
    let reply = (state.answer)(&asked);
    state
        .asked
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(asked);
    if let Some(delay) = reply.delay {
        tokio::time::sleep(delay).await;
    }
    let mut response = http::Response::builder().status(reply.status);
    for (name, value) in &reply.headers {
        response = response.header(name, value);
    }
    let body = Paced {
        length: reply.body.len() as u64,
        body: Some(reply.body),
        end: reply.end,
    };
    Ok(response
        .body(body)
        .expect("the test gave a status and headers that exist"))
}

/// A body that ends as it was told to.
struct Paced {
    body: Option<Bytes>,
    length: u64,
    end: End,
}

impl Body for Paced {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(body) = self.body.take() {
            let kept = match self.end {
                End::Well => body,
                End::CutAfter(bytes) | End::HangAfter(bytes) => body.slice(..bytes.min(body.len())),
            };
            return Poll::Ready(Some(Ok(Frame::data(kept))));
        }
        match self.end {
            End::Well => Poll::Ready(None),
            End::CutAfter(_) => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
            End::HangAfter(_) => Poll::Pending,
        }
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

//! One connection: handshake, then requests one after the other until it closes.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use glasswork_node::OpenConnection;
use http_body::{Body, Frame, SizeHint};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    sync::watch,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{
    exchange::{Bodies, BrokenOff, Connection, Dispatch, Download, Exchange, HangUp, Upload},
    guarded::{Guarded, Phase},
    limits::Limits,
};

/// What all connections of a server share.
pub(super) struct Shared<D> {
    pub(super) acceptor: Option<TlsAcceptor>,
    pub(super) limits: Limits,
    pub(super) bodies: Arc<Bodies>,
    pub(super) dispatch: Arc<D>,
    pub(super) stopping: watch::Receiver<bool>,
}

/// A head may be longer than allowed by this much and still be answered in our own words; longer ones get the HTTP
/// library's 4xx.
const READ_BUFFER: usize = 64 << 10;

/// The first byte of a TLS handshake.
const HANDSHAKE: u8 = 0x16;

/// Serves a connection until it is closed.
pub(super) async fn serve<D: Dispatch>(
    shared: Arc<Shared<D>>,
    socket: TcpStream,
    peer: SocketAddr,
    open: OpenConnection,
) {
    if let Err(error) = socket.set_nodelay(true) {
        tracing::debug!(%peer, %error, "the connection was gone at once");
        return;
    }
    let connection = Arc::new(Connection {
        label: format!("{peer}#{}", open.number()).into(),
        peer,
        encrypted: shared.acceptor.is_some(),
    });
    let Some(acceptor) = &shared.acceptor else {
        return talk(&shared, socket, connection).await;
    };
    match timeout(shared.limits.head, handshake(acceptor, socket)).await {
        Ok(Some(encrypted)) => talk(&shared, encrypted, connection).await,
        Ok(None) => {}
        Err(_) => tracing::debug!(%peer, "the TLS handshake took too long"),
    }
}

async fn handshake(
    acceptor: &TlsAcceptor,
    mut socket: TcpStream,
) -> Option<tokio_rustls::server::TlsStream<TcpStream>> {
    let mut first = [0];
    match socket.peek(&mut first).await {
        Ok(1) if first[0] != HANDSHAKE => {
            let text = "This address speaks https. Ask with https:// in place of http://.";
            say_and_close(&mut socket, "400 Bad Request", text, 400).await;
            None
        }
        Ok(1) => match acceptor.accept(socket).await {
            Ok(encrypted) => Some(encrypted),
            Err(error) => {
                tracing::debug!(%error, "a TLS handshake failed");
                None
            }
        },
        Ok(_) | Err(_) => None,
    }
}

async fn talk<D: Dispatch, S>(shared: &Arc<Shared<D>>, socket: S, connection: Arc<Connection>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let phase = Arc::new(Phase::default());
    let socket = Guarded::new(socket, Arc::clone(&phase), &shared.limits);
    let service = service_fn(|request: http::Request<Incoming>| {
        let busy = Busy::begin(&phase);
        let (head, incoming) = request.into_parts();
        let exchange = Exchange {
            head,
            upload: Upload::new(incoming, &shared.limits, Arc::clone(&shared.bodies)),
            connection: Arc::clone(&connection),
        };
        let answer = Arc::clone(&shared.dispatch).dispatch(exchange);
        async move {
            Ok::<_, HangUp>(answer.await?.map(|download| Outgoing {
                download,
                _busy: busy,
            }))
        }
    });
    let mut serving = std::pin::pin!(
        http1::Builder::new()
            .max_buf_size(
                READ_BUFFER.max(2 * (shared.limits.header_size + shared.limits.initial_line))
            )
            .auto_date_header(false)
            .title_case_headers(true)
            // Guarded keeps the time; the library's timer would also close idle connections.
            .header_read_timeout(None)
            .serve_connection(TokioIo::new(socket), service)
    );
    let mut stopping = shared.stopping.clone();
    let ended = tokio::select! {
        ended = serving.as_mut() => ended,
        // An error means that the server is gone: this connection is closing as well.
        _ = stopping.changed() => {
            serving.as_mut().graceful_shutdown();
            serving.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %connection.peer, %error, "a connection ended early");
    }
}

/// A request is being answered, from its head to the last byte of its answer.
struct Busy(Arc<Phase>);

impl Busy {
    fn begin(phase: &Arc<Phase>) -> Self {
        phase.begin();
        Self(Arc::clone(phase))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.end();
    }
}

struct Outgoing {
    download: Download,
    _busy: Busy,
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        Pin::new(&mut self.get_mut().download).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.download.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.download.size_hint()
    }
}

/// Tells a client that there are too many.
pub(super) async fn turn_away(mut socket: TcpStream) {
    say_and_close(
        &mut socket,
        "503 Service Unavailable",
        "Too many connections",
        503,
    )
    .await;
}

/// Sends a whole answer on a connection that speaks no HTTP of ours, and closes it.
async fn say_and_close(socket: &mut TcpStream, status_line: &str, text: &str, status: u16) {
    let body = format!(r#"{{"error":"{text}","status":{status}}}"#);
    let answer = format!(
        "HTTP/1.1 {status_line}\r\ncontent-type: application/json; charset=UTF-8\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    );
    let farewell = async {
        socket.write_all(answer.as_bytes()).await?;
        socket.shutdown().await?;
        // What the client still sends is read and dropped: closing over unread bytes resets the connection, and the
        // answer with it.
        let mut drain = [0; 4096];
        for _ in 0..16 {
            socket.readable().await?;
            if matches!(socket.try_read(&mut drain), Ok(0)) {
                break;
            }
        }
        Ok::<_, std::io::Error>(())
    };
    // A client that does not take its answer is left alone.
    drop(timeout(Duration::from_secs(1), farewell).await);
}

//! Connections to the server: opened within a time, kept alive, used again.

use crate::{
    error::{ConnectError, Error},
    url::BaseUrl,
};
use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Empty;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    sync::oneshot,
    time::timeout,
};
use tokio_rustls::TlsConnector;

/// Connections that are kept while nothing is asked.
const MAX_IDLE: usize = 8;

/// A connection on which one request at a time is asked.
pub(crate) type Sender = SendRequest<Empty<Bytes>>;

/// Why a connection ended, where it failed by itself.
type Ended = oneshot::Receiver<hyper::Error>;

/// Opens connections to one server and keeps those that can be used again.
pub(crate) struct Connector {
    pub(crate) base: BaseUrl,
    tls: Option<TlsConnector>,
    connect_timeout: Duration,
    idle: Mutex<Vec<Sender>>,
}

impl Connector {
    pub(crate) fn new(base: BaseUrl, tls: Option<TlsConnector>, connect_timeout: Duration) -> Self {
        Self {
            base,
            tls,
            connect_timeout,
            idle: Mutex::new(Vec::new()),
        }
    }

    /// Sends the request; gives the answer's head and the connection, which is given back with [`Connector::keep`] once the
    /// body was read.
    ///
    /// A kept connection may have been closed by the server just now. A request that did not leave is sent again on
    /// another one; one that may have left is sent again only if it changes nothing.
    pub(crate) async fn send(
        &self,
        mut request: Request<Empty<Bytes>>,
    ) -> Result<(Response<Incoming>, Sender), Error> {
        loop {
            let kept = self.take().await;
            let (mut sender, fresh) = match kept {
                Some(sender) => (sender, None),
                None => {
                    let (sender, ended) = self.open().await?;
                    (sender, Some(ended))
                }
            };
            let again = request.clone();
            match sender.try_send_request(request).await {
                Ok(response) => return Ok((response, sender)),
                Err(mut failed) => {
                    let unsent = failed.take_message();
                    let error = failed.into_error();
                    match (unsent, fresh) {
                        (Some(back), None) => request = back,
                        (None, None) if again.method() == Method::GET => request = again,
                        (_, None) => return Err(self.broken(&error)),
                        (_, Some(ended)) => return Err(self.never_begun(&error, ended).await),
                    }
                }
            }
        }
    }

    /// Keeps a connection whose last answer was read to its end.
    pub(crate) fn keep(&self, sender: Sender) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if !sender.is_closed() && idle.len() < MAX_IDLE {
            idle.push(sender);
        }
    }

    /// What a failure of a connection means.
    pub(crate) fn broken(&self, error: &hyper::Error) -> Error {
        let reason = if error.is_incomplete_message() {
            "the connection ended before the answer did".to_owned()
        } else if error.is_parse() {
            return self.no_http();
        } else {
            let mut said = error.to_string();
            let mut source = std::error::Error::source(error);
            while let Some(cause) = source {
                said = format!("{said}: {cause}");
                source = cause.source();
            }
            said
        };
        Error::Broken {
            url: self.base.to_string(),
            reason,
        }
    }

    /// What it means that a new connection failed at its first request. A server that speaks before it is asked (as SSH does)
    /// ends the connection before the request leaves; why, the connection itself knows.
    async fn never_begun(&self, error: &hyper::Error, ended: Ended) -> Error {
        if !error.is_canceled() {
            return self.broken(error);
        }
        let own = ended.await.ok();
        let told = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
        match own.as_ref().or(told) {
            // It was neither the network nor an end: what came was no answer to anything.
            Some(cause) if std::error::Error::source(cause).is_none() && !cause.is_closed() => {
                self.no_http()
            }
            Some(cause) => self.broken(cause),
            None => self.broken(error),
        }
    }

    fn no_http(&self) -> Error {
        let hint = if self.base.secure {
            ""
        } else {
            "; perhaps it wants https"
        };
        Error::Broken {
            url: self.base.to_string(),
            reason: format!("it does not answer in HTTP{hint}"),
        }
    }

    async fn take(&self) -> Option<Sender> {
        loop {
            let mut sender = {
                let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
                idle.pop()?
            };
            if sender.ready().await.is_ok() {
                return Some(sender);
            }
        }
    }

    async fn open(&self) -> Result<(Sender, Ended), Error> {
        let opened = timeout(self.connect_timeout, self.connect()).await;
        opened
            .unwrap_or(Err(ConnectError::TimedOut(self.connect_timeout)))
            .map_err(|cause| Error::Connect {
                url: self.base.to_string(),
                cause,
            })
    }

    async fn connect(&self) -> Result<(Sender, Ended), ConnectError> {
        let host = self.base.host.as_str();
        let addresses: Vec<_> = tokio::net::lookup_host((host, self.base.port))
            .await
            .map_err(|error| ConnectError::NoSuchHost(error.to_string()))?
            .collect();
        let stream = TcpStream::connect(&*addresses)
            .await
            .map_err(|error| ConnectError::Unreachable(short(&error)))?;
        // Small requests leave at once. A socket that can't do this still works.
        let _ = stream.set_nodelay(true);
        let Some(tls) = &self.tls else {
            return speak(stream).await;
        };
        let name = ServerName::try_from(host.to_owned())
            .map_err(|error| ConnectError::NoSuchHost(error.to_string()))?;
        let stream = tls.connect(name, stream).await.map_err(refused_tls)?;
        speak(stream).await
    }
}

async fn speak<S>(stream: S) -> Result<(Sender, Ended), ConnectError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (sender, connection) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| ConnectError::Unreachable(error.to_string()))?;
    let (end, ended) = oneshot::channel();
    // Ends with the connection. Its failure is also told to the request that was asked on it.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            // Only the first request listens.
            let _ = end.send(error);
        }
    });
    Ok((sender, ended))
}

fn refused_tls(error: io::Error) -> ConnectError {
    let Some(cause) = error
        .get_ref()
        .and_then(|cause| cause.downcast_ref::<rustls::Error>())
    else {
        return ConnectError::Tls(short(&error));
    };
    match cause {
        rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer) => {
            ConnectError::Certificate("it is signed by nobody who is trusted".to_owned())
        }
        rustls::Error::InvalidCertificate(reason) => ConnectError::Certificate(reason.to_string()),
        rustls::Error::InvalidMessage(_) => ConnectError::Tls("it does not speak TLS".to_owned()),
        other => ConnectError::Tls(other.to_string()),
    }
}

/// An operating system's error without its number.
fn short(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(at) => text[..at].to_lowercase(),
        None => text,
    }
}

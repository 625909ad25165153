//! The HTTP server: listens, bounds what a client may take, and hands complete request heads to a [`Dispatch`].
//!
//! It knows HTTP and nothing of OpenSearch.

mod connection;
mod exchange;
mod guarded;
mod limits;
pub(crate) mod tls;

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use connection::Shared;
pub use exchange::{
    BrokenOff, Connection, Dispatch, Download, Exchange, HangUp, Held, Upload, UploadError, Whole,
};
pub use limits::Limits;
pub use tls::{Identity, TlsError};

use exchange::Bodies;

/// A listening server. Dropping it stops it at once; [`Server::drain`] lets requests finish.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    accepting: Option<JoinHandle<JoinSet<()>>>,
}

impl Server {
    /// Listens on `address` (port 0 picks a free one) and answers through `dispatch` from then on; encrypted when
    /// there is an `identity`.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub async fn start(
        address: SocketAddr,
        identity: Option<Identity>,
        limits: Limits,
        dispatch: Arc<impl Dispatch>,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (stop, stopping) = watch::channel(false);
        let shared = Arc::new(Shared {
            acceptor: identity.map(Identity::into_acceptor),
            bodies: Arc::new(Bodies::new(limits.bodies)),
            limits,
            dispatch,
            stopping: stopping.clone(),
        });
        let accepting = tokio::spawn(accept(listener, shared, stopping));
        Ok(Self {
            address,
            stop,
            accepting: Some(accepting),
        })
    }

    /// The address it listens on, with the port that was picked.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening, lets running requests finish for at most `within`, then closes every connection.
    pub async fn drain(mut self, within: Duration) {
        self.stop.send_replace(true);
        let Some(accepting) = self.accepting.take() else {
            return;
        };
        match accepting.await {
            Ok(mut connections) => {
                let finished = timeout(within, async {
                    while connections.join_next().await.is_some() {}
                })
                .await;
                if finished.is_err() {
                    tracing::warn!(
                        open = connections.len(),
                        "closing connections whose requests did not finish in time"
                    );
                    connections.shutdown().await;
                }
            }
            Err(error) => tracing::error!(%error, "the listener failed"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(accepting) = self.accepting.take() {
            // Ends the listener, and with it the set that holds the connections.
            accepting.abort();
        }
    }
}

async fn accept<D: Dispatch>(
    listener: TcpListener,
    shared: Arc<Shared<D>>,
    mut stopping: watch::Receiver<bool>,
) -> JoinSet<()> {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            // An error means that the server is gone, which also ends the listening.
            _ = stopping.changed() => return connections,
            Some(ended) = connections.join_next(), if !connections.is_empty() => {
                if let Err(error) = ended {
                    tracing::error!(%error, "a connection's task failed");
                }
            }
            accepted = listener.accept() => match accepted {
                Ok((socket, peer)) => admit(&mut connections, &shared, socket, peer),
                Err(error) => {
                    // Out of descriptors, or a client that left before it was accepted.
                    tracing::warn!(%error, "could not accept a connection");
                    sleep(Duration::from_millis(20)).await;
                }
            },
        }
    }
}

fn admit<D: Dispatch>(
    connections: &mut JoinSet<()>,
    shared: &Arc<Shared<D>>,
    socket: TcpStream,
    peer: SocketAddr,
) {
    let counted = shared.dispatch.connections();
    match counted.open(shared.limits.connections) {
        Some(open) => connections.spawn(connection::serve(Arc::clone(shared), socket, peer, open)),
        None => connections.spawn(connection::turn_away(socket)),
    };
}

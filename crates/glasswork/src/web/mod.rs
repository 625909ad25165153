//! `glasswork console`: the web console for any OpenSearch, through a proxy on this machine that only its page can use.

mod guard;
mod proxy;

use crate::{
    arguments::ConsoleArguments,
    exit::Code,
    tasks::{self, TasksError},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use glasswork_client::{Client, Error};
use glasswork_rest::server::{Limits, Server};
use proxy::Proxy;
use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};

/// Why there is no console.
#[derive(Debug, thiserror::Error)]
enum ConsoleError {
    #[error(transparent)]
    Client(#[from] TasksError),
    #[error(transparent)]
    Server(#[from] Error),
    #[error("can't listen on {address}: {error}")]
    Address {
        address: SocketAddr,
        error: io::Error,
    },
    #[error("the system gives no random bytes: {0}")]
    Random(getrandom::Error),
    #[error(transparent)]
    System(#[from] io::Error),
}

impl ConsoleError {
    fn code(&self) -> Code {
        match self {
            Self::Client(error) => error.code(),
            Self::Server(error) if error.is_denied() => Code::Denied,
            Self::Server(_) => Code::Unreachable,
            Self::Address { .. } => Code::Address,
            Self::Random(_) | Self::System(_) => Code::Failure,
        }
    }
}

/// Runs until it is told to stop.
pub(crate) fn run(arguments: &ConsoleArguments) -> Code {
    match execute(arguments) {
        Ok(()) => Code::Success,
        Err(error) => {
            eprintln!("glasswork console: {error}");
            error.code()
        }
    }
}

fn execute(arguments: &ConsoleArguments) -> Result<(), ConsoleError> {
    let client = tasks::client(&arguments.server)?;
    let runtime = Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve(arguments.port, client));
    // A look-up of a name that hangs must not keep the process.
    runtime.shutdown_background();
    served
}

async fn serve(port: u16, client: Client) -> Result<(), ConsoleError> {
    let (mut terminated, mut interrupted) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    // A server that can't be reached, or wants another password, is told here and not in a browser.
    client.server().await?;
    let token = token().map_err(ConsoleError::Random)?;
    let proxy = Arc::new(Proxy::new(client.clone(), token.clone()));
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let limits = Limits {
        connections: 64,
        content_length: 0,
        ..Limits::default()
    };
    let server = Server::start(address, None, limits, Arc::clone(&proxy))
        .await
        .map_err(|error| ConsoleError::Address { address, error })?;
    proxy.listens_on(server.address().port());
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "console http://{}{}#token={token} for {}",
        server.address(),
        glasswork_console::PATH,
        client.url()
    )?;
    out.flush()?;
    drop(out);
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    server.drain(Duration::from_secs(1)).await;
    Ok(())
}

/// 32 random bytes, to be written in an address.
fn token() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

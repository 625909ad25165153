//! `glasswork serve`: starts a node, says when it is ready, and ends it politely.

mod logging;
mod meter;
mod options;
mod walk;

use crate::{arguments::ServeArguments, exit, load::LoadError, settings::SettingsError};
use glasswork_node::{Config, CpuMeter, Node, StartError, Substrate};
use glasswork_rest::{
    Api,
    auth::{Exposed, Gate, HashError, PasswordHash, Security, Wish, security},
    server::{Identity, Limits, Server, TlsError},
};
use glasswork_substrate::files::{FilesSubstrate, OpenError, RealDisk};
use options::Options;
use std::{
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};
use tempfile::TempDir;
use tokio::{
    runtime::Builder,
    signal::unix::{SignalKind, signal},
};

/// How long running requests may go on after the node was told to stop.
const DRAIN: Duration = Duration::from_millis(4500);
/// The user that `--admin-password` is for.
const ADMIN: &str = "admin";

/// Why a node did not start or did not end well.
#[derive(Debug, thiserror::Error)]
enum ServeError {
    #[error(transparent)]
    Settings(#[from] SettingsError),
    #[error("{}", .0.reason())]
    Limits(glasswork_content::Failure),
    #[error(transparent)]
    Exposed(#[from] Exposed),
    #[error("{path}: {error}")]
    Folder { path: PathBuf, error: io::Error },
    #[error(transparent)]
    Data(#[from] OpenError),
    #[error(transparent)]
    Node(#[from] StartError),
    #[error(transparent)]
    Password(#[from] HashError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("can't listen on {address}: {error}")]
    Address {
        address: SocketAddr,
        error: io::Error,
    },
    #[error("the samples can't be loaded: {0}")]
    Samples(#[from] LoadError),
    #[error(transparent)]
    System(#[from] io::Error),
}

impl ServeError {
    fn code(&self) -> exit::Code {
        match self {
            Self::Settings(_) | Self::Limits(_) | Self::Exposed(_) | Self::Tls(_) => {
                exit::Code::Configuration
            }
            Self::Folder { .. } | Self::Data(_) | Self::Node(_) => exit::Code::Data,
            Self::Address { .. } => exit::Code::Address,
            Self::Password(_) | Self::Samples(_) | Self::System(_) => exit::Code::Failure,
        }
    }
}

/// Runs `glasswork serve` until the node ends and says how that was.
pub(crate) fn run(arguments: ServeArguments) -> exit::Code {
    let served = Options::of(arguments)
        .map_err(ServeError::from)
        .and_then(|options| {
            logging::start(options.log);
            let runtime = Builder::new_multi_thread()
                .enable_all()
                .thread_name("glasswork-io")
                .build()?;
            runtime.block_on(serve(options))
        });
    match served {
        Ok(()) => exit::Code::Success,
        Err(error) => {
            eprintln!("glasswork serve: {error}");
            error.code()
        }
    }
}

async fn serve(options: Options) -> Result<(), ServeError> {
    let began = Instant::now();
    let (mut terminated, mut interrupted) = (
        signal(SignalKind::terminate())?,
        signal(SignalKind::interrupt())?,
    );
    let decided = security(Wish {
        address: options.host,
        password: options.admin_password.is_some(),
        identity: false,
        insecure: options.insecure,
    })?;
    if options.password_shown {
        tracing::warn!(
            "the process list shows the password given by --admin-password; OPENSEARCH_INITIAL_ADMIN_PASSWORD does not"
        );
    }
    let folder = Folder::of(options.data.as_deref())?;
    let substrate = FilesSubstrate::open(folder.path(), Arc::new(RealDisk))?;
    let config = config(&options, &substrate, folder.path());
    let node = Node::start(
        config,
        Substrate {
            logs: substrate.logs,
            kv: substrate.kv,
            bus: substrate.bus,
        },
    )
    .await?;
    let server = listen(&options, decided, folder.path(), Arc::clone(&node)).await?;
    let url = url(decided, server.address());
    if options.samples {
        let (url, password) = (url.clone(), options.admin_password.clone());
        let loaded =
            tokio::task::spawn_blocking(move || walk::load_samples(&url, password.as_deref()));
        loaded.await.map_err(io::Error::other)??;
    }
    say_ready(&options, &url, began)?;
    if options.samples {
        eprint!("{}", walk::walk(&url, decided.authentication));
    }
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
    tracing::info!("stopping");
    // Watchers would never finish.
    node.end_watching();
    server.drain(DRAIN).await;
    node.stop().await;
    Ok(())
}

fn config(options: &Options, substrate: &FilesSubstrate, folder: &Path) -> Config {
    Config {
        id: substrate.node().into(),
        name: options.name.clone(),
        cluster_name: options.cluster_name.clone(),
        transport_address: SocketAddr::new(options.host, options.transport_port).to_string(),
        http_address: SocketAddr::new(options.host, *options.ports.start()).to_string(),
        data: folder.join("shards"),
        attributes: options.attributes.clone(),
        settings: options.settings.clone(),
        meter: Arc::new(CpuMeter::new(meter::allocated_bytes)),
        memory_limit: memory_limit(),
    }
}

/// The first free port of the range, encrypted and guarded as decided.
async fn listen(
    options: &Options,
    decided: Security,
    folder: &Path,
    node: Arc<Node>,
) -> Result<Server, ServeError> {
    let gate = match &options.admin_password {
        Some(password) if decided.authentication => Some(Gate::new([(
            ADMIN.to_owned(),
            PasswordHash::new(password)?,
        )])?),
        _ => None,
    };
    let limits = Limits::of(&options.settings).map_err(ServeError::Limits)?;
    let api = Arc::new(Api::new(node, gate, limits.clone()));
    let mut failed = None;
    for port in options.ports.clone() {
        let address = SocketAddr::new(options.host, port);
        let identity = match decided.tls {
            true => Some(Identity::kept_in(&folder.join("tls"), &names(options))?),
            false => None,
        };
        match Server::start(address, identity, limits.clone(), Arc::clone(&api)).await {
            Ok(server) => return Ok(server),
            Err(error) => failed = Some(ServeError::Address { address, error }),
        }
    }
    Err(failed.expect("a range of ports holds at least one"))
}

/// What the node's own certificate is good for.
fn names(options: &Options) -> Vec<String> {
    vec![
        "localhost".to_owned(),
        options.name.clone(),
        options.host.to_string(),
    ]
}

fn url(decided: Security, address: SocketAddr) -> String {
    let scheme = if decided.tls { "https" } else { "http" };
    format!("{scheme}://{address}")
}

/// The one line on stdout: where, which process, since when.
fn say_ready(options: &Options, url: &str, began: Instant) -> io::Result<()> {
    let pid = std::process::id();
    let took = began.elapsed().as_millis();
    let since = SystemTime::now() - began.elapsed();
    let started = since
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default()
        .as_millis();
    let mut out = io::stdout().lock();
    match options.log {
        crate::arguments::LogFormat::Text => {
            let started =
                glasswork_content::text::iso_millis(i64::try_from(started).unwrap_or(i64::MAX));
            writeln!(
                out,
                "ready {url} pid {pid} started {started} after {took} ms"
            )?;
        }
        crate::arguments::LogFormat::Json => {
            let line = serde_json::json!({"ready": url, "pid": pid, "start_time_in_millis": started, "took": took});
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}

/// Memory that the node may use, in bytes: the control group's limit, else half of what the machine has.
fn memory_limit() -> u64 {
    let read = |path: &str| std::fs::read_to_string(path).ok();
    let group = read("/sys/fs/cgroup/memory.max").and_then(|text| text.trim().parse::<u64>().ok());
    let machine = read("/proc/meminfo").and_then(|text| {
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("MemTotal:"))?
            .trim();
        line.split_whitespace().next()?.parse::<u64>().ok()
    });
    let half = machine.map_or(1 << 30, |kilobytes| kilobytes * 1024 / 2);
    group.map_or(half, |limit| limit.min(half))
}

/// Where the data lies.
enum Folder {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Folder {
    fn of(path: Option<&Path>) -> Result<Self, ServeError> {
        match path {
            Some(path) => {
                let failed = |error| ServeError::Folder {
                    path: path.to_owned(),
                    error,
                };
                std::fs::create_dir_all(path).map_err(failed)?;
                Ok(Self::Kept(path.to_owned()))
            }
            None => Ok(Self::Temporary(
                tempfile::Builder::new().prefix("glasswork-").tempdir()?,
            )),
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(path) => path,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

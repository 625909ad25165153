//! The command line, parsed once; nothing reads flags later.

pub(crate) mod context;
mod quantity;
pub(crate) mod server;
pub(crate) mod tasks;
pub(crate) mod top;

pub(crate) use quantity::{bytes, duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use context::ContextArguments;
use server::ServerArguments;
use std::path::PathBuf;
use tasks::TasksArguments;
use top::TopArguments;

/// A search node that speaks the OpenSearch REST wire and whose every operation is a task.
#[derive(Debug, Parser)]
#[command(name = "glasswork", version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Runs a node until it is told to stop.
    Serve(ServeArguments),
    /// Loads a file of JSON lines into an index of any OpenSearch, by bulk requests.
    Load(LoadArguments),
    /// Shows, explains and stops what runs on a server: Glasswork or any OpenSearch.
    Tasks(Box<TasksArguments>),
    /// Shows what runs on a server on the whole terminal, live, and stops it: Glasswork or any OpenSearch.
    Top(Box<TopArguments>),
    /// Opens the web console for a server: Glasswork or any OpenSearch.
    Console(Box<ConsoleArguments>),
    /// Names clusters, for --to.
    Context(ContextArguments),
    /// Writes the completions of a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Writes the manual page of glasswork or of one of its commands.
    Man {
        /// The command, as `tasks cancel`.
        command: Vec<String>,
    },
}

/// `glasswork serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Address to listen on; anything but loopback needs TLS and a password.
    #[arg(long, env = "GLASSWORK_HOST")]
    pub(crate) host: Option<String>,
    /// Port to listen on; 0 takes a free one and prints it [default: 9200].
    #[arg(long, env = "GLASSWORK_PORT")]
    pub(crate) port: Option<u16>,
    /// Folder for everything that lasts; without it the data is gone when the node ends.
    #[arg(long, env = "GLASSWORK_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// The node's name [default: the machine's name].
    #[arg(long, env = "GLASSWORK_NAME")]
    pub(crate) name: Option<String>,
    /// The cluster's name [default: glasswork].
    #[arg(long, env = "GLASSWORK_CLUSTER_NAME")]
    pub(crate) cluster_name: Option<String>,
    /// Turns on TLS and asks for this password of the user `admin`. The process list shows it; the environment does not.
    #[arg(
        long,
        env = "OPENSEARCH_INITIAL_ADMIN_PASSWORD",
        hide_env_values = true
    )]
    pub(crate) admin_password: Option<String>,
    /// Loads a few hundred real books into the index `books` and says what to try.
    #[arg(long, env = "GLASSWORK_SAMPLES", num_args = 0..=1, default_missing_value = "true", default_value = "false")]
    pub(crate) samples: bool,
    /// Listens without TLS and password on any address. Whoever reaches it may do everything.
    #[arg(long, env = "GLASSWORK_INSECURE", num_args = 0..=1, default_missing_value = "true", default_value = "false")]
    pub(crate) insecure: bool,
    /// A YAML file of settings, as opensearch.yml.
    #[arg(long, env = "GLASSWORK_CONFIG", value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// How the node's log on stderr is written.
    #[arg(long, env = "GLASSWORK_LOG", value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log: LogFormat,
    /// A setting, as OpenSearch takes it; may be repeated.
    #[arg(short = 'E', value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `glasswork console`.
#[derive(Debug, Args)]
pub(crate) struct ConsoleArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// The port on 127.0.0.1 where the page is; 0 takes a free one. The address that is printed has a token in it without
    /// which nothing is answered.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
}

/// `glasswork load`.
#[derive(Debug, Args)]
pub(crate) struct LoadArguments {
    /// A file with one JSON object a line.
    pub(crate) file: PathBuf,
    /// The index to load into; created by the first document where it is missing.
    #[arg(long)]
    pub(crate) index: String,
    /// The server.
    #[arg(long, env = "GLASSWORK_URL", default_value = "http://127.0.0.1:9200")]
    pub(crate) url: String,
    /// `name:password` for basic authentication.
    #[arg(long, env = "GLASSWORK_USER", hide_env_values = true)]
    pub(crate) user: Option<String>,
    /// Takes any certificate.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Documents a request.
    #[arg(long, default_value_t = 1000)]
    pub(crate) batch: usize,
    /// Starts at the first line, whatever an earlier run reached.
    #[arg(long)]
    pub(crate) restart: bool,
}

//! `glasswork tasks`: see what runs on a server, and stop it. A file a command.

mod ask;
mod cancel;
mod explain;
mod export;
mod get;
mod history;
mod look;
mod ls;
mod out;
mod pace;
mod report;
mod steer;
mod tree;
mod watch;
mod why;

use crate::{
    arguments::tasks::{TasksArguments, TasksCommand},
    contexts::ContextsError,
    exit::Code,
    view::Paint,
};
pub(crate) use ask::client;
pub(crate) use get::pane;
use glasswork_client::{Client, ConfigError, Error, TaskId};
use std::{io, path::PathBuf};
pub(crate) use why::facts;

/// What every command has: whom to ask and how to show it.
struct Session {
    client: Client,
    paint: Paint,
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TasksError {
    #[error(transparent)]
    Server(#[from] Error),
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error(transparent)]
    Contexts(#[from] ContextsError),
    #[error(
        "the user {user} needs a password: --password-command, GLASSWORK_PASSWORD, or a terminal to be asked on"
    )]
    NoPassword { user: String },
    #[error("the password command {0}")]
    PasswordCommand(String),
    #[error(
        "a password does not belong on the command line, where everybody sees it: give the user's name alone"
    )]
    PasswordShown,
    #[error("there is no task {0} on this server")]
    NoSuchTask(TaskId),
    #[error("there is no terminal here: `glasswork tasks ls` needs none")]
    NoTerminal,
    #[error("to stop tasks without being asked, say --yes")]
    NotAsked,
    #[error("nothing was stopped")]
    Declined,
    #[error("{}: {error}", .path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{} is there already; --force overwrites it", .0.display())]
    Exists(PathBuf),
    #[error("the output can't be written: {0}")]
    Output(io::Error),
    #[error(transparent)]
    System(io::Error),
}

impl TasksError {
    pub(crate) fn code(&self) -> Code {
        match self {
            Self::Server(error) if error.is_denied() => Code::Denied,
            Self::Server(error) if error.is_not_found() => Code::NotFound,
            Self::Server(Error::NotOffered { .. }) => Code::Refused,
            Self::Server(_) => Code::Unreachable,
            Self::NoPassword { .. } | Self::PasswordCommand(_) => Code::Denied,
            Self::NoSuchTask(_) => Code::NotFound,
            Self::Config(_)
            | Self::Contexts(_)
            | Self::PasswordShown
            | Self::NotAsked
            | Self::NoTerminal
            | Self::Exists(_)
            | Self::File { .. } => Code::Usage,
            Self::Declined | Self::Output(_) | Self::System(_) => Code::Failure,
        }
    }
}

/// Runs `glasswork tasks` and says how it ended.
pub(crate) fn run(arguments: TasksArguments) -> Code {
    match execute(arguments) {
        Ok(code) => code,
        // Whoever reads the output has seen enough.
        Err(TasksError::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            Code::Success
        }
        Err(error) => {
            eprintln!("glasswork tasks: {error}");
            error.code()
        }
    }
}

fn execute(arguments: TasksArguments) -> Result<Code, TasksError> {
    let client = ask::client(&arguments.server)?;
    let session = Session {
        client,
        paint: Paint::of(arguments.color),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(TasksError::System)?;
    let code = runtime.block_on(async {
        match arguments.command {
            TasksCommand::Ls(arguments) => ls::run(&session, &arguments).await,
            TasksCommand::Get(arguments) => get::run(&session, &arguments).await,
            TasksCommand::Tree(arguments) => tree::run(&session, &arguments).await,
            TasksCommand::Watch(arguments) => watch::run(&session, &arguments).await,
            TasksCommand::Why(arguments) => why::run(&session, &arguments).await,
            TasksCommand::Cancel(arguments) => cancel::run(&session, &arguments).await,
            TasksCommand::Pause(arguments) => steer::pause(&session, &arguments.id).await,
            TasksCommand::Resume(arguments) => steer::resume(&session, &arguments.id).await,
            TasksCommand::Rethrottle(arguments) => steer::rethrottle(&session, &arguments).await,
            TasksCommand::History(arguments) => history::run(&session, &arguments).await,
            TasksCommand::Export(arguments) => export::run(&session, &arguments).await,
        }
    });
    // A look-up of a name that hangs must not keep the process.
    runtime.shutdown_background();
    code
}

//! Whom to ask: from the flags, the environment and the contexts, put together once.

use super::TasksError;
use crate::{
    arguments::server::ServerArguments,
    contexts::{Context, Contexts},
    password,
};
use console::Term;
use glasswork_client::{Client, excerpt, sanitise};
use std::{
    env,
    process::{Command, Stdio},
    time::{Duration, SystemTime},
};

/// Where to ask when nothing says it.
const USUAL: &str = "http://127.0.0.1:9200";
/// A password is read up to this many bytes of a command's output.
const MAX_PASSWORD: usize = 64 << 10;

/// The client of the server that the user means.
pub(crate) fn client(arguments: &ServerArguments) -> Result<Client, TasksError> {
    let context = context(arguments)?;
    let said = env_text("GLASSWORK_USER");
    let (said_user, said_password) = match said
        .as_deref()
        .map(|said| said.split_once(':').unwrap_or((said, "")))
    {
        Some((user, password)) => (
            Some(user.to_owned()),
            Some(password.to_owned()).filter(|password| !password.is_empty()),
        ),
        None => (None, None),
    };
    if arguments
        .user
        .as_ref()
        .is_some_and(|user| user.contains(':'))
    {
        return Err(TasksError::PasswordShown);
    }
    let remote = !is_loopback(&context.url);
    let mut builder = Client::builder(&context.url)
        .insecure(arguments.insecure || context.insecure)
        .answer_timeout(arguments.timeout)
        .connect_timeout(arguments.timeout.min(Duration::from_secs(10)))
        .gzip(remote)
        .opaque_id(own_id());
    if let Some(file) = arguments.ca_file.as_ref().or(context.ca_file.as_ref()) {
        builder = builder.ca_file(file);
    }
    if let Some(user) = arguments.user.clone().or(context.user).or(said_user) {
        let password = password(
            &user,
            arguments.password_command.as_deref(),
            env_text("GLASSWORK_PASSWORD").or(said_password),
            context.password_command.as_deref(),
        )?;
        if remote && context.url.to_ascii_lowercase().starts_with("http:") {
            eprintln!(
                "glasswork: the password goes unencrypted to {}",
                sanitise(&context.url)
            );
        }
        builder = builder.user(user, password);
    }
    Ok(builder.build()?)
}

/// The server and what is known of it.
fn context(arguments: &ServerArguments) -> Result<Context, TasksError> {
    let at = |url: &str| Context {
        url: url.to_owned(),
        ..Context::default()
    };
    if let Some(to) = &arguments.to {
        return match to.contains("://") {
            true => Ok(at(to)),
            false => Ok(Contexts::load()?.get(to)?.clone()),
        };
    }
    if let Some(url) = env_text("GLASSWORK_URL") {
        return Ok(at(&url));
    }
    // Without a home there are no contexts, and none was asked for.
    let contexts = match Contexts::load() {
        Err(crate::contexts::ContextsError::Nowhere) => Contexts::default(),
        contexts => contexts?,
    };
    match &contexts.current {
        Some(name) => Ok(contexts.get(name)?.clone()),
        None => Ok(at(USUAL)),
    }
}

/// The user's password: from the command that was given, from the environment, from the context's command, or asked for.
fn password(
    user: &str,
    command: Option<&str>,
    environment: Option<String>,
    context: Option<&str>,
) -> Result<String, TasksError> {
    match (command, environment, context) {
        (Some(command), _, _) | (None, None, Some(command)) => from_command(command),
        (None, Some(password), _) => Ok(password),
        (None, None, None) => from_terminal(user),
    }
}

/// The first line that the command writes. It may ask on the terminal.
fn from_command(command: &str) -> Result<String, TasksError> {
    let failed = TasksError::PasswordCommand;
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(format!("can't be run: {error}")))?;
    if !output.status.success() {
        return Err(failed(format!("failed ({})", output.status)));
    }
    let text = &output.stdout[..output.stdout.len().min(MAX_PASSWORD)];
    let text = std::str::from_utf8(text).map_err(|_| failed("wrote no UTF-8".to_owned()))?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(line.to_owned()),
        _ => Err(failed("wrote nothing".to_owned())),
    }
}

fn from_terminal(user: &str) -> Result<String, TasksError> {
    let no_password = || TasksError::NoPassword {
        user: excerpt(user, 100),
    };
    if !Term::stderr().is_term() || !std::io::IsTerminal::is_terminal(&std::io::stdin()) {
        return Err(no_password());
    }
    password::ask(&format!("Password of {}: ", excerpt(user, 100))).map_err(TasksError::System)
}

/// By this the command knows its own tasks.
fn own_id() -> String {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    format!("glasswork-{}-{:x}", std::process::id(), now.as_nanos())
}

fn is_loopback(url: &str) -> bool {
    let host = url.split("://").nth(1).unwrap_or_default();
    ["127.", "localhost", "[::1]"]
        .iter()
        .any(|local| host.starts_with(local))
}

fn env_text(name: &str) -> Option<String> {
    env::var(name).ok().filter(|text| !text.is_empty())
}

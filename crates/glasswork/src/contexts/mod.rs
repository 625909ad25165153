//! Clusters by name: `glasswork context`, and the file in which they are kept.

mod file;

pub(crate) use file::{Context, Contexts, ContextsError};

use crate::{
    arguments::context::{AddArguments, ContextCommand},
    exit::Code,
};
use glasswork_client::{Client, ConfigError, sanitise};

/// Runs `glasswork context` and says how it ended.
pub(crate) fn run(command: ContextCommand) -> Code {
    match execute(command) {
        Ok(()) => Code::Success,
        Err(error) => {
            eprintln!("glasswork context: {error}");
            Code::Usage
        }
    }
}

/// Why a command did not do what it should.
#[derive(Debug, thiserror::Error)]
enum CommandError {
    #[error(transparent)]
    File(#[from] ContextsError),
    #[error(transparent)]
    Server(#[from] ConfigError),
    #[error("`{0}` is no name of a context: letters, digits, `.`, `-` and `_`")]
    Name(String),
    #[error("`{0}` is there already; --replace changes it")]
    Exists(String),
    #[error("a password is never kept: give the user's name alone")]
    Password,
}

fn execute(command: ContextCommand) -> Result<(), CommandError> {
    let mut contexts = Contexts::load()?;
    match command {
        ContextCommand::Add(arguments) => add(&mut contexts, arguments)?,
        ContextCommand::Ls => {
            print!("{}", shown(&contexts));
            return Ok(());
        }
        ContextCommand::Use { name } => {
            contexts.get(&name)?;
            contexts.current = Some(name);
        }
        ContextCommand::Rm { name } => {
            contexts.get(&name)?;
            contexts.contexts.remove(&name);
            if contexts.current.as_ref() == Some(&name) {
                contexts.current = None;
            }
        }
    }
    contexts.save()?;
    Ok(())
}

fn add(contexts: &mut Contexts, arguments: AddArguments) -> Result<(), CommandError> {
    let name = arguments.name;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    if name.is_empty() || !name.bytes().all(fits) {
        return Err(CommandError::Name(sanitise(&name).into_owned()));
    }
    if contexts.contexts.contains_key(&name) && !arguments.replace {
        return Err(CommandError::Exists(name));
    }
    if arguments
        .user
        .as_ref()
        .is_some_and(|user| user.contains(':'))
    {
        return Err(CommandError::Password);
    }
    let mut checked = Client::builder(&arguments.url).insecure(arguments.insecure);
    if let Some(file) = &arguments.ca_file {
        checked = checked.ca_file(file);
    }
    checked.build()?;
    // A relative path would mean another file from another folder.
    let ca_file = arguments
        .ca_file
        .map(|file| std::path::absolute(&file).unwrap_or(file));
    let context = Context {
        url: arguments.url,
        user: arguments.user,
        password_command: arguments.password_command,
        ca_file,
        insecure: arguments.insecure,
    };
    contexts.contexts.insert(name.clone(), context);
    contexts.current.get_or_insert(name);
    Ok(())
}

/// One line a context: a star before the one in use, name, URL, user.
fn shown(contexts: &Contexts) -> String {
    let width = contexts.contexts.keys().map(String::len).max().unwrap_or(0);
    let line = |(name, context): (&String, &Context)| {
        let star = if contexts.current.as_ref() == Some(name) {
            '*'
        } else {
            ' '
        };
        let user = context
            .user
            .as_ref()
            .map(|user| format!("  user {user}"))
            .unwrap_or_default();
        let insecure = if context.insecure {
            "  any certificate"
        } else {
            ""
        };
        let text = format!("{star} {name:width$}  {}{user}{insecure}", context.url);
        format!("{}\n", sanitise(&text))
    };
    contexts.contexts.iter().map(line).collect()
}

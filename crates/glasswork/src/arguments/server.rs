//! Which server to ask, and as whom.

use crate::arguments::quantity::duration;
use clap::Args;
use std::{path::PathBuf, time::Duration};

/// The server that a command goes to: any OpenSearch.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArguments {
    /// The server: a URL or the name of a context [default: the context in use, else http://127.0.0.1:9200].
    #[arg(long, global = true, env = "GLASSWORK_TO", value_name = "URL|CONTEXT")]
    pub(crate) to: Option<String>,
    /// The user's name. The password comes from --password-command, from GLASSWORK_PASSWORD, or is asked for.
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// A command for the shell whose first line of output is the password.
    #[arg(long, global = true, value_name = "COMMAND")]
    pub(crate) password_command: Option<String>,
    /// Trusts the authorities in this PEM file instead of the public ones.
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Takes any certificate: whoever is in between can read the password.
    #[arg(long, global = true)]
    pub(crate) insecure: bool,
    /// How long an answer may take; time that the server is asked to wait comes on top.
    #[arg(long, global = true, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub(crate) timeout: Duration,
}

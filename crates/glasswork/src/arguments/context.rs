//! `glasswork context`: clusters by name.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `glasswork context`.
#[derive(Debug, Args)]
pub(crate) struct ContextArguments {
    #[command(subcommand)]
    pub(crate) command: ContextCommand,
}

/// What to do with contexts.
#[derive(Debug, Subcommand)]
pub(crate) enum ContextCommand {
    /// Gives a cluster a name; the first one is taken into use.
    Add(AddArguments),
    /// Lists them; the one in use has a star.
    Ls,
    /// Takes one into use.
    Use {
        /// Its name.
        name: String,
    },
    /// Forgets one.
    Rm {
        /// Its name.
        name: String,
    },
}

/// `glasswork context add`.
#[derive(Debug, Args)]
pub(crate) struct AddArguments {
    /// Its name.
    pub(crate) name: String,
    /// The server's URL.
    pub(crate) url: String,
    /// The user's name. A password is never kept.
    #[arg(long, value_name = "NAME")]
    pub(crate) user: Option<String>,
    /// A command for the shell whose first line of output is the password.
    #[arg(long, value_name = "COMMAND", requires = "user")]
    pub(crate) password_command: Option<String>,
    /// Trusts the authorities in this PEM file instead of the public ones.
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Takes any certificate.
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Changes one that is there.
    #[arg(long)]
    pub(crate) replace: bool,
}

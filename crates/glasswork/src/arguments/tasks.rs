//! `glasswork tasks`: its commands and their flags.

use super::{quantity::duration, server::ServerArguments};
use crate::{
    filter::Filter,
    view::{Column, Sort},
};
use clap::{Args, Subcommand, ValueEnum};
use glasswork_client::{Rate, TaskId};
use std::{path::PathBuf, time::Duration};

/// `glasswork tasks`.
#[derive(Debug, Args)]
pub(crate) struct TasksArguments {
    #[command(flatten)]
    pub(crate) server: ServerArguments,
    /// When to use colour. Nothing is said by colour alone.
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    pub(crate) color: Colour,
    #[command(subcommand)]
    pub(crate) command: TasksCommand,
}

/// When colour is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do with tasks.
#[derive(Debug, Subcommand)]
pub(crate) enum TasksCommand {
    /// Lists what runs.
    Ls(LsArguments),
    /// Shows one task, running or ended, with what came of it.
    Get(GetArguments),
    /// Shows what runs as a tree, or one task with everything below it.
    Tree(TreeArguments),
    /// Follows one task to its end: how far it is, how fast, how long it will take.
    Watch(WatchArguments),
    /// Says why a task is still there.
    Why(WhyArguments),
    /// Shows what it will stop, asks, and stops it.
    Cancel(CancelArguments),
    /// Halts a durable operation (Glasswork).
    Pause(OneArguments),
    /// Lets a halted operation go on (Glasswork).
    Resume(OneArguments),
    /// Makes a reindex, update by query or delete by query slower or faster.
    Rethrottle(RethrottleArguments),
    /// Lists what has ended, and how (Glasswork).
    History(HistoryArguments),
    /// Writes everything known of a task into a file, to look at later or to send to somebody.
    Export(ExportArguments),
}

/// Which tasks.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Choice {
    /// Only tasks that match, as 'action:*search* age>5s opaque:dash-*'; several are all to match.
    #[arg(short = 'f', long = "filter", value_name = "FILTER", value_parser = Filter::parse)]
    pub(crate) filters: Vec<Filter>,
    /// Shows this command's own tasks, too.
    #[arg(long)]
    pub(crate) all: bool,
}

/// How tables look.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Look {
    /// The columns to show, in their order.
    #[arg(long, value_delimiter = ',', value_name = "COLUMNS")]
    pub(crate) columns: Vec<Column>,
    /// Cuts nothing off.
    #[arg(long)]
    pub(crate) wide: bool,
}

/// `glasswork tasks ls`.
#[derive(Debug, Args)]
pub(crate) struct LsArguments {
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) look: Look,
    /// What comes first: id, action, node, age, cpu, memory or progress, with :asc or :desc.
    #[arg(long, default_value = "age", value_name = "COLUMN")]
    pub(crate) sort: Sort,
    /// Shows at most so many.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Shows children below their parents.
    #[arg(long, conflicts_with = "limit")]
    pub(crate) tree: bool,
    /// Writes JSON: the tasks as the server told them.
    #[arg(long)]
    pub(crate) json: bool,
    /// Lists again and again.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "2s", value_name = "EVERY", value_parser = duration)]
    pub(crate) watch: Option<Duration>,
    /// With --watch: ends after so many lists.
    #[arg(long, requires = "watch", value_name = "N")]
    pub(crate) times: Option<u64>,
}

/// `glasswork tasks get`.
#[derive(Debug, Args)]
pub(crate) struct GetArguments {
    /// The task, as `oTUltX4IQMOUUVeiohTt8A:12345`.
    pub(crate) id: TaskId,
    /// Waits for its end, at most so long.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// Writes JSON, as the server told it.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `glasswork tasks tree`.
#[derive(Debug, Args)]
pub(crate) struct TreeArguments {
    /// The task at the root; all of them without one.
    pub(crate) id: Option<TaskId>,
    #[command(flatten)]
    pub(crate) choice: Choice,
    #[command(flatten)]
    pub(crate) look: Look,
    /// Writes JSON: each task with its `children`.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `glasswork tasks watch`.
#[derive(Debug, Args)]
pub(crate) struct WatchArguments {
    /// The task.
    pub(crate) id: TaskId,
    /// How often to look.
    #[arg(long, default_value = "1s", value_name = "TIME", value_parser = duration)]
    pub(crate) every: Duration,
    /// Writes a line of JSON each time.
    #[arg(long)]
    pub(crate) json: bool,
    /// Ends after so many looks, whether the task has ended or not.
    #[arg(long, value_name = "N")]
    pub(crate) times: Option<u64>,
}

/// `glasswork tasks why`.
#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// The task.
    pub(crate) id: TaskId,
    /// Writes JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `glasswork tasks cancel`.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["ids", "filters"]))]
pub(crate) struct CancelArguments {
    /// The tasks; what is below them stops with them.
    pub(crate) ids: Vec<TaskId>,
    /// Tasks that match, as 'action:*search* age>5s opaque:dash-*'; several are all to match.
    #[arg(short = 'f', long = "filter", value_name = "FILTER", value_parser = Filter::parse)]
    pub(crate) filters: Vec<Filter>,
    /// Doesn't ask.
    #[arg(short, long)]
    pub(crate) yes: bool,
    /// Shows what would be stopped and leaves it alone.
    #[arg(long, conflicts_with_all = ["yes", "wait"])]
    pub(crate) dry_run: bool,
    /// Waits until they have stopped with everything below them, at most so long.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "30s", value_name = "TIME", value_parser = duration)]
    pub(crate) wait: Option<Duration>,
    /// Why; shown to whoever waits for the tasks (Glasswork).
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Writes JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A command for one task.
#[derive(Debug, Args)]
pub(crate) struct OneArguments {
    /// The task.
    pub(crate) id: TaskId,
}

/// `glasswork tasks rethrottle`.
#[derive(Debug, Args)]
pub(crate) struct RethrottleArguments {
    /// The task.
    pub(crate) id: TaskId,
    /// Documents a second, or `unlimited`.
    #[arg(value_parser = rate, allow_hyphen_values = true)]
    pub(crate) rate: Rate,
    /// Writes JSON, as the server told it.
    #[arg(long)]
    pub(crate) json: bool,
}

/// `glasswork tasks history`.
#[derive(Debug, Args)]
pub(crate) struct HistoryArguments {
    /// Only tasks that match, as 'action:*search* age>5s opaque:dash-*'; several are all to match.
    #[arg(short = 'f', long = "filter", value_name = "FILTER", value_parser = Filter::parse)]
    pub(crate) filters: Vec<Filter>,
    /// Only tasks that ended at most so long ago.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) since: Option<Duration>,
    /// Only tasks that ended so.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "OUTCOME")]
    pub(crate) status: Vec<Outcome>,
    /// Shows at most so many, those that ended last.
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) limit: usize,
    /// Writes JSON: the tasks as the server told them.
    #[arg(long)]
    pub(crate) json: bool,
}

/// How a task ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Outcome {
    Succeeded,
    Failed,
    Cancelled,
    Lost,
}

impl Outcome {
    /// As servers call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Lost => "lost",
        }
    }
}

/// `glasswork tasks export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArguments {
    /// The task.
    pub(crate) id: TaskId,
    /// The file; `-` is the standard output.
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Leaves out descriptions and headers, which hold what users sent.
    #[arg(long)]
    pub(crate) redact: bool,
    /// Overwrites a file that is there.
    #[arg(long)]
    pub(crate) force: bool,
}

fn rate(text: &str) -> Result<Rate, String> {
    if matches!(text, "unlimited" | "-1") {
        return Ok(Rate::UNLIMITED);
    }
    let rate = text.parse().ok().and_then(Rate::per_second);
    rate.ok_or_else(|| {
        format!("`{text}` is no rate: a positive number of documents a second, or `unlimited`")
    })
}

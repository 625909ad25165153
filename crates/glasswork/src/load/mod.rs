//! `glasswork load`: brings a file of JSON lines into an index of any OpenSearch, by bulk requests.
//!
//! A document's id is its `id` field, or the number of its line: sending a batch a second time changes nothing. Which
//! lines are durable is written beside the file after each acknowledged batch, so that a load that was interrupted
//! goes on where it stood.

mod batches;
mod journal;
mod target;

use crate::{arguments::LoadArguments, exit};
use batches::{Batch, Batches};
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use journal::Journal;
use std::{
    fs::File,
    io::{BufReader, Cursor, Read, Seek},
    path::PathBuf,
    time::Instant,
};
use target::Target;

/// Why a load ended early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error("{path}: {error}")]
    File {
        path: PathBuf,
        error: std::io::Error,
    },
    #[error("line {line} of the file is no JSON object: {error}")]
    Line { line: u64, error: String },
    #[error("{0}")]
    Server(String),
    #[error("{failed} of the documents were refused; the first: {first}")]
    Refused { failed: u64, first: String },
}

/// Runs `glasswork load` and says how it ended.
pub(crate) fn run(arguments: &LoadArguments) -> exit::Code {
    match load(arguments) {
        Ok(count) => {
            eprintln!("{} documents are in {}", HumanCount(count), arguments.index);
            exit::Code::Success
        }
        Err(error) => {
            eprintln!("glasswork load: {error}");
            match error {
                LoadError::File { .. } | LoadError::Line { .. } => exit::Code::Usage,
                LoadError::Server(_) => exit::Code::Unreachable,
                LoadError::Refused { .. } => exit::Code::Refused,
            }
        }
    }
}

fn load(arguments: &LoadArguments) -> Result<u64, LoadError> {
    let at = |error| LoadError::File {
        path: arguments.file.clone(),
        error,
    };
    let file = File::open(&arguments.file).map_err(at)?;
    let size = file.metadata().map_err(at)?.len();
    let target = Target::new(arguments);
    let mut journal = Journal::open(arguments, size, target.identity()?)?;
    let batches = Batches::after(
        BufReader::new(file),
        journal.bytes(),
        journal.lines(),
        arguments.batch,
    )
    .map_err(at)?;
    let bar = progress_bar(size, journal.bytes());
    let lines = send(&target, &arguments.index, batches, &bar, |batch| {
        journal.reached(batch.end, batch.lines)
    })?;
    journal.finish()?;
    Ok(lines)
}

/// Loads what is no file, without remembering how far it came.
///
/// # Errors
/// The server can't be reached or refuses documents.
pub(crate) fn embedded(
    arguments: &LoadArguments,
    text: Cursor<&'static str>,
) -> Result<u64, LoadError> {
    let size = text.get_ref().len() as u64;
    let at = |error| LoadError::File {
        path: arguments.file.clone(),
        error,
    };
    let batches = Batches::after(BufReader::new(text), 0, 0, arguments.batch).map_err(at)?;
    send(
        &Target::new(arguments),
        &arguments.index,
        batches,
        &progress_bar(size, 0),
        |_| Ok(()),
    )
}

/// Sends every batch and has each acknowledged one `kept`; gives the number of lines that are in.
fn send<R: Read + Seek>(
    target: &Target,
    index: &str,
    mut batches: Batches<R>,
    bar: &ProgressBar,
    mut kept: impl FnMut(&Batch) -> Result<(), LoadError>,
) -> Result<u64, LoadError> {
    let began = Instant::now();
    let mut refused = Refusals::default();
    while let Some(batch) = batches.next()? {
        refused.add(target.bulk(index, &batch.body)?);
        kept(&batch)?;
        bar.set_position(batch.end);
        bar.set_message(format!(
            "{} documents, {}/s",
            HumanCount(batch.lines),
            rate(batches.read(), began)
        ));
    }
    target.refresh(index)?;
    bar.finish();
    refused.verdict(batches.lines())
}

/// Documents that the server did not take.
#[derive(Default)]
struct Refusals {
    failed: u64,
    first: Option<String>,
}

impl Refusals {
    fn add(&mut self, (failed, first): (u64, Option<String>)) {
        self.failed += failed;
        if self.first.is_none() {
            self.first = first;
        }
    }

    fn verdict(self, lines: u64) -> Result<u64, LoadError> {
        match self.first {
            Some(first) => Err(LoadError::Refused {
                failed: self.failed,
                first,
            }),
            None => Ok(lines),
        }
    }
}

fn rate(count: u64, since: Instant) -> HumanCount {
    let millis = since.elapsed().as_millis().max(1);
    HumanCount(u64::try_from(u128::from(count) * 1000 / millis).unwrap_or(u64::MAX))
}

fn progress_bar(size: u64, done: u64) -> ProgressBar {
    let bar = ProgressBar::new(size).with_position(done);
    let style = ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left")
        .expect("the template is well formed");
    bar.set_style(style);
    bar
}

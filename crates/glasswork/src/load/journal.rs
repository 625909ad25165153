//! Remembers how far a load has come: a small file beside the data, replaced whole after each acknowledged batch.

use super::LoadError;
use crate::arguments::LoadArguments;
use serde_json::{Value, json};
use std::{fs, io, path::PathBuf};

/// How much of a file is durable in its index.
pub(crate) struct Journal {
    path: PathBuf,
    key: Value,
    bytes: u64,
    lines: u64,
}

impl Journal {
    /// Reads what an earlier run of the same load left, unless the user wants to start over. `size` is the file's
    /// length in bytes, `server` the identity of the cluster.
    pub(crate) fn open(
        arguments: &LoadArguments,
        size: u64,
        server: String,
    ) -> Result<Self, LoadError> {
        let path = path(arguments);
        let key = json!({"index": arguments.index, "server": server, "size": size});
        let mut journal = Self {
            path,
            key,
            bytes: 0,
            lines: 0,
        };
        if arguments.restart {
            return Ok(journal);
        }
        match fs::read(&journal.path) {
            Ok(text) => journal.take_up(&text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(journal.failed(error)),
        }
        Ok(journal)
    }

    /// Goes on from what `text` says if it speaks of this load; of another file, index or cluster it is no use.
    fn take_up(&mut self, text: &[u8]) {
        let Ok(found) = serde_json::from_slice::<Value>(text) else {
            return;
        };
        if found["load"] == self.key
            && let (Some(bytes), Some(lines)) = (found["bytes"].as_u64(), found["lines"].as_u64())
        {
            (self.bytes, self.lines) = (bytes, lines);
        }
    }

    /// Bytes of the file that are durable.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Lines of the file that are durable.
    pub(crate) fn lines(&self) -> u64 {
        self.lines
    }

    /// Keeps that everything up to `bytes` and `lines` is durable.
    pub(crate) fn reached(&mut self, bytes: u64, lines: u64) -> Result<(), LoadError> {
        (self.bytes, self.lines) = (bytes, lines);
        let text = json!({"load": self.key, "bytes": bytes, "lines": lines}).to_string();
        let fresh = self.path.with_extension("loading.new");
        fs::write(&fresh, text)
            .and_then(|()| fs::rename(&fresh, &self.path))
            .map_err(|error| self.failed(error))
    }

    /// Forgets the load, which is whole.
    pub(crate) fn finish(self) -> Result<(), LoadError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.failed(error)),
            _ => Ok(()),
        }
    }

    fn failed(&self, error: io::Error) -> LoadError {
        LoadError::File {
            path: self.path.clone(),
            error,
        }
    }
}

/// `books.ndjson` is remembered in `books.ndjson.<index>.loading`.
fn path(arguments: &LoadArguments) -> PathBuf {
    let mut name = arguments.file.clone().into_os_string();
    name.push(format!(
        ".{}.loading",
        arguments.index.replace(['/', '\\'], "_")
    ));
    PathBuf::from(name)
}

//! A server with many live tasks: the bench `many_tasks` of the binary's crate, a process of its own.

use super::{
    http::Connection,
    server::{cpu_of, resident_of},
};
use crate::steps::{cargo_command, root};
use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    process::{Child, Stdio},
    time::Duration,
};

/// The running server; dropping it ends it.
pub(crate) struct Many {
    pub(crate) url: String,
    pub(crate) address: SocketAddr,
    pid: u32,
    /// `cargo`, in which it runs; it ends when its input does.
    process: Child,
}

impl Many {
    /// Starts it with so many tasks.
    pub(crate) fn start(tasks: usize) -> Result<Self, String> {
        let number = tasks.to_string();
        let mut process = cargo_command()
            .args([
                "bench",
                "--quiet",
                "--package",
                "glasswork",
                "--bench",
                "many_tasks",
                "--",
            ])
            .arg(number)
            .current_dir(root())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let output = process.stdout.take().expect("stdout is piped");
        let mut lines = BufReader::new(output).lines();
        let ready = lines.find_map(|line| line.ok()?.strip_prefix("ready ").map(str::to_owned));
        let ready = ready.ok_or("the bench `many_tasks` did not start")?;
        let words: Vec<&str> = ready.split(' ').collect();
        let parsed = match words[..] {
            [url, "pid", pid] => url
                .strip_prefix("http://")
                .and_then(|address| address.parse().ok())
                .zip(pid.parse().ok()),
            _ => None,
        };
        let (address, pid) = parsed.ok_or_else(|| format!("it said {ready:?}"))?;
        Ok(Self {
            url: format!("http://{address}"),
            address,
            pid,
            process,
        })
    }

    pub(crate) fn connect(&self) -> Result<Connection, String> {
        Connection::open(self.address).map_err(|error| error.to_string())
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        resident_of(self.pid)
    }

    /// CPU time used so far.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.pid)
    }
}

impl Drop for Many {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        if let Err(error) = self.process.wait() {
            eprintln!("the server with many tasks could not be ended: {error}");
        }
    }
}

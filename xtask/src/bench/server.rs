//! The two servers that are measured: ours, and the reference that a script beside the checkout starts.

use super::http::Connection;
use crate::steps::{root, target};
use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// A running server.
pub(crate) struct Server {
    /// What the tables call it.
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    /// Its process.
    pub(crate) pid: u32,
    kind: Kind,
}

enum Kind {
    Ours {
        process: Child,
        _data: Option<tempfile::TempDir>,
    },
    Reference {
        script: std::path::PathBuf,
        port: u16,
    },
}

/// The release build of the node.
pub(crate) fn binary() -> std::path::PathBuf {
    target().join("release/glasswork")
}

impl Server {
    /// Starts our node on a free port, with its data in `folder` or in a temporary one.
    pub(crate) fn ours(folder: Option<&Path>) -> Result<Self, String> {
        let data = match folder {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(|error| error.to_string())?),
        };
        let path = folder
            .or(data.as_ref().map(tempfile::TempDir::path))
            .expect("one of the two is there");
        let mut process = Command::new(binary())
            .args(["serve", "--port", "0", "--data"])
            .arg(path)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| format!("{}: {error}", binary().display()))?;
        let mut line = String::new();
        let output = process.stdout.take().expect("stdout is piped");
        BufReader::new(output)
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        let address = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("http://")?.parse().ok());
        let pid = process.id();
        let kind = Kind::Ours {
            process,
            _data: data,
        };
        let address =
            address.ok_or_else(|| format!("the node did not say its address but {line:?}"))?;
        Ok(Self {
            name: "Glasswork",
            address,
            pid,
            kind,
        })
    }

    /// Starts the reference with a fresh data folder.
    pub(crate) fn reference(shared: &Path, port: u16) -> Result<Self, String> {
        let script = shared.join("tools/opensearch-up");
        let run = |arguments: &[&str]| {
            Command::new(&script)
                .args(arguments)
                .current_dir(root())
                .output()
                .map_err(|error| error.to_string())
        };
        let port_text = port.to_string();
        let output = run(&["--port", &port_text])?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into_owned());
        }
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut words = said.split_whitespace().skip_while(|word| *word != "pid");
        let pid = words
            .nth(1)
            .and_then(|pid| pid.parse().ok())
            .ok_or_else(|| format!("no pid in {said:?}"))?;
        let address = SocketAddr::from(([127, 0, 0, 1], port));
        Ok(Self {
            name: "OpenSearch",
            address,
            pid,
            kind: Kind::Reference { script, port },
        })
    }

    pub(crate) fn connect(&self) -> Result<Connection, String> {
        Connection::open(self.address).map_err(|error| format!("{}: {error}", self.name))
    }

    /// CPU time used so far, by all its threads.
    pub(crate) fn cpu(&self) -> Duration {
        cpu_of(self.pid)
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> u64 {
        resident_of(self.pid)
    }
}

/// CPU time that a process used so far, by all its threads.
pub(crate) fn cpu_of(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks: u64 = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|word| word.parse::<u64>().ok())
        .sum();
    // USER_HZ is 100 on every Linux that this runs on.
    Duration::from_millis(ticks * 10)
}

/// Resident memory of a process in bytes.
pub(crate) fn resident_of(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok())
        .unwrap_or(0)
        * 1024
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = match &mut self.kind {
            Kind::Ours { process, .. } => process.kill().and_then(|()| process.wait()).map(drop),
            Kind::Reference { script, port } => Command::new(script)
                .args(["--stop", "--port", &port.to_string()])
                .output()
                .map(drop),
        };
        if let Err(error) = ended {
            eprintln!("{} could not be ended: {error}", self.name);
        }
    }
}

/// Waits until `GET /` answers 200; returns how long that took.
pub(crate) fn wait_for(address: SocketAddr, at_most: Duration) -> Result<Duration, String> {
    let began = Instant::now();
    loop {
        let answered =
            Connection::open(address).and_then(|mut connection| connection.call("GET", "/", b""));
        if answered.is_ok_and(|answer| answer.status == 200) {
            return Ok(began.elapsed());
        }
        if began.elapsed() > at_most {
            return Err(format!("no answer on {address} within {at_most:?}"));
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}

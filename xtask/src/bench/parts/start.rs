//! How soon the node answers and what it weighs.

use super::Part;
use crate::bench::{
    Bench,
    server::{Server, binary, wait_for},
    table::{Row, Verdict, short},
};
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

pub(crate) const PART: Part = Part {
    name: "start and size",
    about: "From `exec` to the first 200 of `GET /`, asked every millisecond; resident memory from `/proc`.",
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let empty = starts(bench, || {
        tempfile::tempdir().map_err(|error| error.to_string())
    })?;
    let node = Server::ours(Some(folder.path()))?;
    std::thread::sleep(Duration::from_secs(2));
    let idle = node.resident();
    let mut connection = node.connect()?;
    for body in bench.books.once() {
        let answer =
            connection.call_with("POST", "/books/_bulk", "application/x-ndjson", "", &body);
        answer.map_err(|error| error.to_string())?;
    }
    connection
        .call("POST", "/books/_refresh", b"")
        .map_err(|error| error.to_string())?;
    for body in crate::bench::data::searches(&bench.books, 0, 1000) {
        connection
            .call("POST", "/books/_search", &body)
            .map_err(|error| error.to_string())?;
    }
    let loaded = node.resident();
    drop((connection, node));
    let full = starts_in(bench, folder.path())?;
    let size = fs::metadata(binary())
        .map_err(|error| error.to_string())?
        .len();
    Ok(vec![
        millis("exec → first 200, empty data folder", &empty, 100.0),
        millis("exec → first 200, with the 10k books", &full, 300.0),
        bytes("resident, idle", idle, 30),
        bytes(
            "resident, after loading the 10k books and 1,000 searches",
            loaded,
            150,
        ),
        bytes("binary", size, 40),
    ])
}

fn starts<F: AsRef<Path>>(
    bench: &Bench,
    folder: impl Fn() -> Result<F, String>,
) -> Result<Vec<f64>, String> {
    (0..bench.runs.max(3))
        .map(|_| start(folder()?.as_ref()))
        .collect()
}

fn starts_in(bench: &Bench, folder: &Path) -> Result<Vec<f64>, String> {
    (0..bench.runs.max(3)).map(|_| start(folder)).collect()
}

/// Milliseconds from exec to the first 200.
fn start(folder: &Path) -> Result<f64, String> {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let address: SocketAddr = free.map_err(|error| error.to_string())?;
    let began = Instant::now();
    let process = Command::new(binary())
        .args(["serve", "--port", &address.port().to_string(), "--data"])
        .arg(folder)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let process = Ended(process);
    wait_for(address, Duration::from_secs(20))?;
    let took = began.elapsed();
    drop(process);
    Ok(took.as_secs_f64() * 1000.0)
}

/// Ends its process.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        if let Err(error) = self.0.kill().and_then(|()| self.0.wait()) {
            eprintln!("a node could not be ended: {error}");
        }
    }
}

fn millis(what: &str, runs: &[f64], bar: f64) -> Row {
    Row {
        what: what.into(),
        reach: format!("≤ {bar} ms"),
        runs: runs
            .iter()
            .map(|run| format!("{} ms", short(*run)))
            .collect(),
        verdict: Verdict::of(runs.iter().any(|run| *run <= bar)),
    }
}

fn bytes(what: &str, value: u64, bar: u64) -> Row {
    let megabytes = value as f64 / 1e6;
    Row {
        what: what.into(),
        reach: format!("≤ {bar} MB"),
        runs: vec![format!("{} MB", short(megabytes))],
        verdict: Verdict::of(megabytes <= bar as f64),
    }
}

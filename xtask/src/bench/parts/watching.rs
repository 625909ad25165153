//! Seeing a million tasks, and what watching, metrics and history cost.

use super::Part;
use crate::bench::{
    Bench,
    data::{BATCH, searches},
    http::Connection,
    many::Many,
    server::Server,
    table::{Row, Verdict, quantile, short},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant},
};

pub(crate) const PART: Part = Part {
    name: "watching",
    about: "A node with 1,000,000 live tasks (the bench `many_tasks`): its whole list without `size`, read while it is streamed, with the greatest resident memory above that before; pages of 1,000. Events: from sending a request until its task's event is there, with one watcher and with 1,000 that all see 100 tasks a second. Searches over two connections with history and a scrape of the metrics a second, in turn with neither.",
    measure,
};

const MILLION: usize = 1_000_000;
const WATCHERS: usize = 1_000;

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let mut rows = lists(bench)?;
    rows.extend(events()?);
    rows.push(history(bench)?);
    Ok(rows)
}

fn lists(bench: &Bench) -> Result<Vec<Row>, String> {
    let many = Many::start(MILLION)?;
    let mut connection = many.connect()?;
    let mut call = |path: &str| {
        let answer = connection.call("GET", path, b"");
        match answer.map_err(|error| error.to_string())? {
            answer if answer.status == 200 => Ok(answer),
            answer => Err(format!("{path} was answered {}", answer.status)),
        }
    };
    // What is built once is there before.
    call("/_tasks?size=1000")?;
    let (mut mores, mut streams) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs.max(1) {
        let idle = many.resident();
        let began = Instant::now();
        let (tasks, most) = stream(&many)?;
        if tasks < MILLION as u64 {
            return Err(format!("{tasks} tasks were listed"));
        }
        mores.push(most.saturating_sub(idle) as f64 / 1e6);
        streams.push(format!("{} s", short(began.elapsed().as_secs_f64())));
    }
    let (mut p99s, mut used) = (Vec::new(), Vec::new());
    for _ in 0..bench.runs.max(1) {
        let mut times = Vec::new();
        let before = many.cpu();
        for number in 0..300 {
            let path = match number % 3 {
                0 => "/_tasks?size=1000",
                1 => "/_tasks?size=1000&sort=id:desc",
                _ => "/_tasks?size=1000&actions=indices:data/read/search",
            };
            let began = Instant::now();
            call(path)?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
        }
        used.push((many.cpu() - before).as_secs_f64() * 1e3 / 300.0);
        p99s.push(quantile(&mut times, 0.99));
    }
    Ok(vec![
        row(
            "whole list of 1,000,000 tasks, streamed: server memory above idle",
            "≤ 8 MB",
            &mores,
            "MB",
            8.0,
        ),
        Row {
            what: "whole list of 1,000,000 tasks".into(),
            reach: String::new(),
            runs: streams,
            verdict: Verdict::Shown,
        },
        row(
            "page of 1,000 at 1,000,000 live tasks over HTTP: p99",
            "≤ 20 ms",
            &p99s,
            "ms",
            20.0,
        ),
        Row {
            what: "page of 1,000 at 1,000,000 live tasks: server CPU".into(),
            reach: String::new(),
            runs: used
                .iter()
                .map(|used| format!("{} ms", short(*used)))
                .collect(),
            verdict: Verdict::Shown,
        },
    ])
}

/// Reads the whole list and forgets it: how many tasks it had, and the most memory the server had meanwhile.
fn stream(many: &Many) -> Result<(u64, u64), String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(many.address).map_err(failed)?;
    stream
        .write_all(b"GET /_tasks HTTP/1.1\r\nhost: bench\r\nconnection: close\r\n\r\n")
        .map_err(failed)?;
    let (mut buffer, mut tasks, mut most) = (vec![0; 256 << 10], 0, 0);
    let needle = b"\"running_time_in_nanos\"";
    // The end of what was read before, in which a needle may begin.
    let mut kept = 0;
    loop {
        let read = stream.read(&mut buffer[kept..]).map_err(failed)?;
        if read == 0 {
            return Ok((tasks, most));
        }
        let there = kept + read;
        tasks += count(&buffer[..there], needle);
        let from = there.saturating_sub(needle.len() - 1);
        buffer.copy_within(from..there, 0);
        kept = there - from;
        most = most.max(many.resident());
    }
}

fn count(text: &[u8], needle: &[u8]) -> u64 {
    let mut found = 0;
    let mut at = 0;
    while let Some(place) = text[at..].iter().position(|byte| *byte == needle[0]) {
        at += place;
        if text[at..].starts_with(needle) {
            found += 1;
        }
        at += 1;
    }
    found
}

fn events() -> Result<Vec<Row>, String> {
    let server = Server::ours(None)?;
    let watcher = watch(&server, "?x_opaque_id=timed-*")?;
    let alone = latencies(&server, &watcher)?;
    // Others see everything: some read, some never do.
    let (readers, deaf): (Vec<_>, Vec<_>) = (0..WATCHERS).partition(|number| number % 10 != 0);
    let before = server.resident();
    let stop = Arc::new(AtomicBool::new(false));
    let heard = Arc::new(AtomicU64::new(0));
    let mut others = Vec::new();
    for _ in readers {
        let stream = watching(&server, "")?;
        let (stop, heard) = (Arc::clone(&stop), Arc::clone(&heard));
        let reader = thread::Builder::new().stack_size(128 << 10).spawn(move || {
            let mut stream = stream;
            let mut buffer = vec![0; 16 << 10];
            while !stop.load(Ordering::Relaxed) {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => heard.fetch_add(1, Ordering::Relaxed),
                };
            }
        });
        others.push(reader.map_err(|error| error.to_string())?);
    }
    let silent: Result<Vec<_>, _> = deaf.into_iter().map(|_| watching(&server, "")).collect();
    let silent = silent?;
    let (began, used) = (Instant::now(), server.cpu());
    let mut among = Vec::new();
    while began.elapsed() < Duration::from_secs(10) {
        among.extend(latencies(&server, &watcher)?);
    }
    let share = (server.cpu() - used).as_secs_f64() / began.elapsed().as_secs_f64();
    let tasks = among.len() as f64 / began.elapsed().as_secs_f64();
    let more = server.resident().saturating_sub(before) as f64 / 1e6;
    if heard.load(Ordering::Relaxed) == 0 {
        return Err("the other watchers saw nothing".to_owned());
    }
    stop.store(true, Ordering::Relaxed);
    drop((silent, server));
    others.into_iter().for_each(|reader| drop(reader.join()));
    let p99 = |mut times: Vec<f64>| quantile(&mut times, 0.99);
    Ok(vec![
        row(
            "an event after the fact, one watcher: p99",
            "≤ 20 ms",
            &[p99(alone)],
            "ms",
            20.0,
        ),
        row(
            "an event after the fact, 1,001 watchers: p99",
            "≤ 20 ms",
            &[p99(among)],
            "ms",
            20.0,
        ),
        row(
            &format!(
                "1,000 watchers that see {} tasks a second: server CPU",
                short(tasks)
            ),
            "≤ 1 core",
            &[share],
            "cores",
            1.0,
        ),
        row(
            "1,000 watchers, 100 of whom never read: server memory for them",
            "≤ 256 MB",
            &[more],
            "MB",
            256.0,
        ),
    ])
}

/// A connection on which events come.
fn watching(server: &Server, query: &str) -> Result<TcpStream, String> {
    let failed = |error: std::io::Error| error.to_string();
    let mut stream = TcpStream::connect(server.address).map_err(failed)?;
    let request = format!("GET /_tasks/_watch{query} HTTP/1.1\r\nhost: bench\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(failed)?;
    // The head says that it watches.
    let mut first = [0; 12];
    stream.read_exact(&mut first).map_err(failed)?;
    match first.ends_with(b"200") {
        true => Ok(stream),
        false => Err(format!(
            "a watch was answered {}",
            String::from_utf8_lossy(&first)
        )),
    }
}

/// When events came, each with its line of data.
fn watch(server: &Server, query: &str) -> Result<Receiver<(Instant, String)>, String> {
    let stream = watching(server, query)?;
    let (sender, events) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { return };
            if line.starts_with("data:") && sender.send((Instant::now(), line)).is_err() {
                return;
            }
        }
    });
    Ok(events)
}

/// Milliseconds from sending each of a hundred requests until their first event came; about a hundred a second.
fn latencies(server: &Server, events: &Receiver<(Instant, String)>) -> Result<Vec<f64>, String> {
    let mut connection = server.connect()?;
    let mut times = Vec::new();
    for _ in 0..100 {
        let id = format!("timed-{:p}-{}", &times, times.len());
        let header = format!("x-opaque-id: {id}\r\n");
        let began = Instant::now();
        connection
            .call_with("GET", "/_cluster/health", "application/json", &header, b"")
            .map_err(|error| error.to_string())?;
        let came = loop {
            let (came, line) = events
                .recv_timeout(Duration::from_secs(10))
                .map_err(|_| "an event never came".to_owned())?;
            if line.contains(&id) {
                break came;
            }
        };
        times.push(came.saturating_duration_since(began).as_secs_f64() * 1e3);
        thread::sleep(Duration::from_millis(10).saturating_sub(began.elapsed()));
    }
    Ok(times)
}

fn history(bench: &Bench) -> Result<Row, String> {
    let server = Server::ours(None)?;
    let mut connection = server.connect()?;
    for body in bench.books.once().iter().take(10_000 / BATCH) {
        connection
            .call_with("POST", "/books/_bulk", "application/x-ndjson", "", body)
            .map_err(|error| error.to_string())?;
    }
    connection
        .call("POST", "/books/_refresh", b"")
        .map_err(|error| error.to_string())?;
    let bodies = Arc::new(searches(&bench.books, 0, 1_000));
    let mut set = |bytes: &str| -> Result<(), String> {
        let body = format!(r#"{{"transient":{{"tasks.history.max_bytes":"{bytes}"}}}}"#);
        let answer = connection.call("PUT", "/_cluster/settings", body.as_bytes());
        match answer.map_err(|error| error.to_string())?.status {
            200 => Ok(()),
            status => Err(format!("the setting was answered {status}")),
        }
    };
    let mut shares = Vec::new();
    throughput(&server, &bodies, false)?;
    for _ in 0..bench.runs.max(3) {
        // Off, on, on, off: what drifts meets both alike.
        set("0")?;
        let mut off = throughput(&server, &bodies, false)?;
        set("64mb")?;
        let on = throughput(&server, &bodies, true)? + throughput(&server, &bodies, true)?;
        set("0")?;
        off += throughput(&server, &bodies, false)?;
        shares.push(on / off);
    }
    let met = shares.iter().any(|share| *share >= 0.99);
    Ok(Row {
        what: "throughput of searches with history and metrics, of that without".into(),
        reach: "≥ 0.99".into(),
        runs: shares.iter().map(|share| short(*share)).collect(),
        verdict: Verdict::of(met),
    })
}

/// Searches a second over two connections for five seconds; with a scrape of the metrics a second.
fn throughput(server: &Server, bodies: &Arc<Vec<Vec<u8>>>, scraped: bool) -> Result<f64, String> {
    let until = Instant::now() + Duration::from_secs(5);
    let mut workers = Vec::new();
    for first in 0..2 {
        let mut connection = server.connect()?;
        let bodies = Arc::clone(bodies);
        workers.push(thread::spawn(move || {
            searched(&mut connection, &bodies, first, until)
        }));
    }
    let mut scraper = server.connect()?;
    while scraped && Instant::now() < until {
        scraper
            .call("GET", "/_prometheus/metrics", b"")
            .map_err(|error| error.to_string())?;
        thread::sleep(Duration::from_secs(1).min(until.saturating_duration_since(Instant::now())));
    }
    let mut sum = 0;
    for worker in workers {
        sum += worker
            .join()
            .map_err(|_| "a worker panicked".to_owned())??;
    }
    Ok(sum as f64 / 5.0)
}

fn searched(
    connection: &mut Connection,
    bodies: &[Vec<u8>],
    first: usize,
    until: Instant,
) -> Result<u64, String> {
    let mut done = 0;
    for body in bodies.iter().cycle().skip(first * 500) {
        if Instant::now() >= until {
            break;
        }
        let answer = connection.call("POST", "/books/_search", body);
        if answer.map_err(|error| error.to_string())?.status != 200 {
            return Err("a search failed".to_owned());
        }
        done += 1;
    }
    Ok(done)
}

/// A row whose best run is at most `most`.
fn row(what: &str, reach: &str, runs: &[f64], unit: &str, most: f64) -> Row {
    Row {
        what: what.into(),
        reach: reach.into(),
        runs: runs
            .iter()
            .map(|run| format!("{} {unit}", short(*run)))
            .collect(),
        verdict: Verdict::of(runs.iter().any(|run| *run <= most)),
    }
}

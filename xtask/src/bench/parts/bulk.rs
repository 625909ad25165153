//! Bulk loading, durable.

use super::Part;
use crate::bench::{
    Bench,
    data::BATCH,
    server::Server,
    table::{Row, Verdict, short},
};
use std::time::Instant;

pub(crate) const PART: Part = Part {
    name: "bulk",
    about: "The books ×20 (200,000 documents, dynamic mappings, 1 shard, no replica), 1,000 a request, one client, a fresh index a run, in turn on both.",
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let servers = bench.servers()?;
    let bodies = bench.books.many();
    // A JVM is slow at first: both load the books once before it counts.
    for server in &servers {
        load(server, "warm", &bench.books.once())?;
    }
    let (mut rates, mut cpu) = (Vec::new(), Vec::new());
    for run in 0..bench.runs {
        let figures: Result<Vec<_>, _> = servers
            .iter()
            .map(|server| load(server, &format!("bulk-{run}"), &bodies))
            .collect();
        let figures = figures?;
        rates.push(figures.iter().map(|figure| figure.0).collect::<Vec<_>>());
        cpu.push(figures.iter().map(|figure| figure.1).collect::<Vec<_>>());
    }
    let against = |figures: &[Vec<f64>], unit: &str| -> Vec<String> {
        let of = |run: &Vec<f64>| {
            let pairs = servers
                .iter()
                .zip(run)
                .map(|(server, value)| format!("{} {} {unit}", server.name, short(*value)));
            let ratio = run
                .get(1)
                .map(|other| format!(" (×{})", short(run[0] / other)))
                .unwrap_or_default();
            pairs.collect::<Vec<_>>().join(", ") + &ratio
        };
        figures.iter().map(of).collect()
    };
    let met = |figures: &[Vec<f64>], holds: fn(f64, f64) -> bool| {
        if servers.len() < 2 {
            Verdict::Shown
        } else {
            Verdict::of(figures.iter().any(|run| holds(run[0], run[1])))
        }
    };
    Ok(vec![
        Row {
            what: "documents/s".into(),
            reach: "≥ 2× OpenSearch's".into(),
            runs: against(&rates, "docs/s"),
            verdict: met(&rates, |ours, theirs| ours >= 2.0 * theirs),
        },
        Row {
            what: "server CPU a 1,000 documents".into(),
            reach: "≤ 1/2 of OpenSearch's".into(),
            runs: against(&cpu, "ms"),
            verdict: met(&cpu, |ours, theirs| ours <= 0.5 * theirs),
        },
    ])
}

/// Documents a second and milliseconds of CPU a 1,000 documents.
fn load(server: &Server, index: &str, bodies: &[Vec<u8>]) -> Result<(f64, f64), String> {
    let mut connection = server.connect()?;
    let settings = br#"{"settings":{"number_of_shards":1,"number_of_replicas":0}}"#;
    connection
        .call("PUT", &format!("/{index}"), settings)
        .map_err(|error| error.to_string())?;
    let path = format!("/{index}/_bulk");
    let (used, began) = (server.cpu(), Instant::now());
    for body in bodies {
        let answer = connection.call_with("POST", &path, "application/x-ndjson", "", body);
        let answer = answer.map_err(|error| error.to_string())?;
        if answer.status != 200
            || answer
                .body
                .windows(14)
                .take(200)
                .all(|window| window != b"\"errors\":false")
        {
            return Err(format!(
                "{}: {}",
                server.name,
                String::from_utf8_lossy(&answer.body[..answer.body.len().min(300)])
            ));
        }
    }
    let documents = (bodies.len() * BATCH) as f64;
    let took = began.elapsed().as_secs_f64();
    connection
        .call("POST", &format!("/{index}/_refresh"), b"")
        .map_err(|error| error.to_string())?;
    let cpu = (server.cpu() - used).as_secs_f64() * 1000.0;
    Ok((documents / took, cpu / documents * 1000.0))
}

//! The nine searches on the 200,000 documents.

use super::{Part, tasks::compared};
use crate::bench::{
    Bench,
    data::{SEARCHES, searches},
    server::Server,
    table::{Row, Verdict, quantile},
};
use std::time::Instant;

pub(crate) const PART: Part = Part {
    name: "search",
    about: "The books ×20, refreshed and not merged; 10 hits; one connection; 2,000 searches to warm up, then 1,000 of each kind a run, in turn on both. Words, years and dates are drawn from the books (fixed seed).",
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let servers = bench.servers()?;
    let bodies = bench.books.many();
    for server in &servers {
        fill(server, "search", &bodies)?;
        for kind in 0..SEARCHES.len() {
            ask(server, &searches(&bench.books, kind, 2000 / SEARCHES.len()))?;
        }
    }
    let names: Vec<_> = servers.iter().map(|server| server.name).collect();
    let mut rows = Vec::new();
    let mut halved = 0;
    for (kind, name) in SEARCHES.iter().enumerate() {
        let questions = searches(&bench.books, kind, 1000);
        let mut p50 = vec![Vec::new(); servers.len()];
        let mut cpu = vec![Vec::new(); servers.len()];
        for _ in 0..bench.runs {
            for (place, server) in servers.iter().enumerate() {
                let used = server.cpu();
                let mut times = ask(server, &questions)?;
                p50[place].push(quantile(&mut times, 0.5));
                cpu[place]
                    .push((server.cpu() - used).as_secs_f64() * 1000.0 / questions.len() as f64);
            }
        }
        if servers.len() > 1 && (0..bench.runs).any(|run| p50[0][run] <= p50[1][run] / 2.0) {
            halved += 1;
        }
        rows.push(compared(
            &format!("{name}: p50"),
            "≤ OpenSearch's",
            &names,
            &p50,
            1.0,
        ));
        rows.push(compared(
            &format!("{name}: server CPU"),
            "≤ 1/2 of OpenSearch's",
            &names,
            &cpu,
            0.5,
        ));
    }
    rows.push(Row {
        what: "kinds whose p50 is at most half of OpenSearch's".into(),
        reach: "≥ 5".into(),
        runs: vec![halved.to_string()],
        verdict: if servers.len() < 2 {
            Verdict::Shown
        } else {
            Verdict::of(halved >= 5)
        },
    });
    Ok(rows)
}

/// Loads `bodies` into a new index with one shard and refreshes it.
pub(super) fn fill(server: &Server, index: &str, bodies: &[Vec<u8>]) -> Result<(), String> {
    let mut connection = server.connect()?;
    let settings = br#"{"settings":{"number_of_shards":1,"number_of_replicas":0}}"#;
    connection
        .call("PUT", &format!("/{index}"), settings)
        .map_err(|error| error.to_string())?;
    for body in bodies {
        let path = format!("/{index}/_bulk");
        let sent = connection.call_with("POST", &path, "application/x-ndjson", "", body);
        sent.map_err(|error| error.to_string())?;
    }
    connection
        .call("POST", &format!("/{index}/_refresh"), b"")
        .map_err(|error| error.to_string())
        .map(drop)
}

/// Milliseconds of each search.
fn ask(server: &Server, questions: &[Vec<u8>]) -> Result<Vec<f64>, String> {
    let mut connection = server.connect()?;
    let mut times = Vec::with_capacity(questions.len());
    for question in questions {
        let began = Instant::now();
        let answer = connection
            .call("POST", "/search/_search", question)
            .map_err(|error| error.to_string())?;
        times.push(began.elapsed().as_secs_f64() * 1000.0);
        if answer.status != 200 {
            return Err(format!(
                "{}: {}",
                server.name,
                String::from_utf8_lossy(&answer.body)
            ));
        }
    }
    Ok(times)
}

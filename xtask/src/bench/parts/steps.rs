//! The first steps of a test suite: create an index, one document with refresh, find it.

use super::{Part, tasks::compared};
use crate::bench::{
    Bench,
    http::Connection,
    table::{Row, quantile},
};
use std::time::Instant;

pub(crate) const PART: Part = Part {
    name: "first steps",
    about: "`PUT /i`, `PUT /i/_doc/1?refresh=true`, `POST /i/_search` on 30 fresh indices a run over one connection; the first of a run is left out; p50.",
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let servers = bench.servers()?;
    let mut figures = vec![Vec::new(); servers.len()];
    for run in 0..bench.runs {
        for (place, server) in servers.iter().enumerate() {
            let mut connection = server.connect()?;
            let mut times = Vec::new();
            for index in 0..30 {
                let began = Instant::now();
                turn(&mut connection, &format!("/steps-{run}-{index}"))
                    .map_err(|error| error.to_string())?;
                times.push(began.elapsed().as_secs_f64() * 1000.0);
            }
            figures[place].push(quantile(&mut times[1..], 0.5));
        }
    }
    let names: Vec<_> = servers.iter().map(|server| server.name).collect();
    Ok(vec![compared(
        "create → document with refresh → hit",
        "≤ 1/10 of OpenSearch's",
        &names,
        &figures,
        0.1,
    )])
}

fn turn(connection: &mut Connection, index: &str) -> std::io::Result<()> {
    connection.call("PUT", index, b"")?;
    let book = br#"{"title":"The Dispossessed","year":1974,"language":"eng"}"#;
    connection.call("PUT", &format!("{index}/_doc/1?refresh=true"), book)?;
    let found = connection.call(
        "POST",
        &format!("{index}/_search"),
        br#"{"query":{"match":{"title":"dispossessed"}}}"#,
    )?;
    match found.json()["hits"]["total"]["value"].as_u64() {
        Some(1) => Ok(()),
        other => Err(std::io::Error::other(format!(
            "{other:?} hits where one was indexed"
        ))),
    }
}

//! Copying, changing and deleting what a query finds.

use super::{Part, search::fill};
use crate::bench::{
    Bench,
    data::BATCH,
    server::Server,
    table::{Row, Verdict, short},
};
use serde_json::{Value, json};
use std::time::Instant;

pub(crate) const PART: Part = Part {
    name: "by query",
    about: "Documents a second, from the request to its answer, with `refresh=true`, 1 shard, no replica, in turn on both: `_reindex` of the books ×20 (200,000) into a fresh index, unsliced and in 2 slices; `_update_by_query` with a script, then `_delete_by_query`, of 100,000 in an index of their own. The counts of each answer are checked.",
    measure,
};

/// Bulk bodies that are changed and deleted: half of the books ×20.
const CHANGED: usize = 100;

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let servers = bench.servers()?;
    let bodies = bench.books.many();
    let all = bodies.len() * BATCH;
    for server in &servers {
        fill(server, "books", &bodies)?;
        // A JVM is slow at first: each way is gone once before it counts.
        fill(server, "warm", &bodies[..5])?;
        change(server, "warm", 5 * BATCH)?;
        copy(server, "warmed", "warm", 1, 0)?;
        delete(server, "warm", 5 * BATCH)?;
    }
    let names = [
        "reindex of 200,000",
        "reindex of 200,000 in 2 slices",
        "update by query of 100,000 with a script",
        "delete by query of 100,000",
    ];
    let mut rates = vec![Vec::new(); names.len()];
    for run in 0..bench.runs {
        let mut figures = vec![Vec::new(); names.len()];
        for server in &servers {
            figures[0].push(copy(server, &format!("whole-{run}"), "books", 1, all)?);
            figures[1].push(copy(server, &format!("sliced-{run}"), "books", 2, all)?);
            let index = format!("changed-{run}");
            fill(server, &index, &bodies[..CHANGED])?;
            figures[2].push(change(server, &index, CHANGED * BATCH)?);
            figures[3].push(delete(server, &index, CHANGED * BATCH)?);
            // Old copies would be merged beside the next run.
            for index in [format!("whole-{run}"), format!("sliced-{run}"), index] {
                request(server, "DELETE", &format!("/{index}"), &Value::Null)?;
            }
        }
        for (rates, figures) in rates.iter_mut().zip(figures) {
            rates.push(figures);
        }
    }
    Ok(names
        .iter()
        .zip(rates)
        .map(|(name, rates)| row(name, &servers, &rates))
        .collect())
}

fn row(name: &str, servers: &[Server], rates: &[Vec<f64>]) -> Row {
    let told = |run: &Vec<f64>| {
        let each = servers.iter().zip(run);
        let each: Vec<String> = each
            .map(|(server, rate)| format!("{} {} docs/s", server.name, short(*rate)))
            .collect();
        let ratio = run
            .get(1)
            .map(|other| format!(" (×{})", short(run[0] / other)));
        each.join(", ") + &ratio.unwrap_or_default()
    };
    Row {
        what: name.into(),
        reach: "≥ 2× OpenSearch's".into(),
        runs: rates.iter().map(told).collect(),
        verdict: if servers.len() < 2 {
            Verdict::Shown
        } else {
            Verdict::of(rates.iter().any(|run| run[0] >= 2.0 * run[1]))
        },
    }
}

/// Copies `from` to `to`, which is made first; documents a second. `expected` 0 leaves the count unchecked.
fn copy(
    server: &Server,
    to: &str,
    from: &str,
    slices: usize,
    expected: usize,
) -> Result<f64, String> {
    let settings = json!({"settings": {"number_of_shards": 1, "number_of_replicas": 0}});
    request(server, "PUT", &format!("/{to}"), &settings)?;
    let body = json!({"source": {"index": from}, "dest": {"index": to}});
    let path = format!("/_reindex?refresh=true&slices={slices}");
    timed(server, &path, &body, "created", expected)
}

fn change(server: &Server, index: &str, expected: usize) -> Result<f64, String> {
    let body = json!({"script": {"source": "ctx._source.number += params.by", "params": {"by": 1}},
        "query": {"exists": {"field": "number"}}});
    let path = format!("/{index}/_update_by_query?refresh=true");
    timed(server, &path, &body, "updated", expected)
}

fn delete(server: &Server, index: &str, expected: usize) -> Result<f64, String> {
    let path = format!("/{index}/_delete_by_query?refresh=true");
    let body = json!({"query": {"match_all": {}}});
    timed(server, &path, &body, "deleted", expected)
}

fn timed(
    server: &Server,
    path: &str,
    body: &Value,
    counted: &str,
    expected: usize,
) -> Result<f64, String> {
    let began = Instant::now();
    let answer = request(server, "POST", path, body)?;
    let took = began.elapsed().as_secs_f64();
    let count = answer[counted].as_u64().unwrap_or(0);
    if expected > 0 && count != expected as u64 {
        return Err(format!("{}: {path} answered {answer}", server.name));
    }
    Ok(count as f64 / took)
}

/// Sends a request whose answer must be good.
pub(super) fn request(
    server: &Server,
    method: &str,
    path: &str,
    body: &Value,
) -> Result<Value, String> {
    let body = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let answer = server
        .connect()?
        .call(method, path, body.as_bytes())
        .map_err(|error| format!("{}: {path}: {error}", server.name))?;
    if answer.status >= 300 {
        let text = String::from_utf8_lossy(&answer.body);
        return Err(format!("{}: {method} {path}: {text}", server.name));
    }
    Ok(answer.json())
}

//! Whether a throttled operation keeps its rate, and how soon a waiting get answers.

use super::{Part, by_query::request, search::fill};
use crate::bench::{
    Bench,
    server::Server,
    table::{Row, Verdict, quantile, short},
};
use serde_json::{Value, json};
use std::time::{SystemTime, UNIX_EPOCH};

pub(crate) const PART: Part = Part {
    name: "throttling and waiting",
    about: "`_reindex` of 30,000 documents, 100 a batch, `requests_per_second=500`: documents over the time that the task ran, which is a minute. Then 200 short throttled operations, each waited for with `GET /_tasks/{id}?wait_for_completion=true`: the moment of the answer minus the end that the stored task tells (start in whole milliseconds, so ±1 ms).",
    measure,
};

const ASKED: f64 = 500.0;
const DOCUMENTS: f64 = 30_000.0;
const WAITS: usize = 200;

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let server = Server::ours(None)?;
    fill(&server, "books", &bench.books.many()[..30])?;
    let rate = rate(&server)?;
    let mut waits = (0..WAITS)
        .map(|run| wait(&server, run))
        .collect::<Result<Vec<f64>, String>>()?;
    let (p50, p99) = (quantile(&mut waits, 0.5), quantile(&mut waits, 0.99));
    let max = waits.last().copied().unwrap_or(f64::NAN);
    Ok(vec![
        Row {
            what: "documents/s at 500/s for 60 s".into(),
            reach: "within 5 %".into(),
            runs: vec![format!("{} documents/s", short(rate))],
            verdict: Verdict::of((rate / ASKED - 1.0).abs() <= 0.05),
        },
        Row {
            what: "get with `wait_for_completion`: answer after the task's end".into(),
            reach: "p99 ≤ 10 ms".into(),
            runs: vec![format!(
                "{WAITS} waits: p50 {} ms, p99 {} ms, max {} ms",
                short(p50),
                short(p99),
                short(max)
            )],
            verdict: Verdict::of(p99 <= 10.0),
        },
    ])
}

/// Documents a second of the throttled copy.
fn rate(server: &Server) -> Result<f64, String> {
    let path = "/_reindex?wait_for_completion=false&requests_per_second=500";
    let body = json!({"source": {"index": "books", "size": 100}, "dest": {"index": "throttled"}});
    let done = finished(server, path, &body)?;
    let created = done["response"]["created"].as_f64().unwrap_or(0.0);
    if created != DOCUMENTS {
        return Err(format!("the copy answered {done}"));
    }
    let nanos = done["task"]["running_time_in_nanos"].as_f64();
    Ok(created / (nanos.unwrap_or(f64::NAN) / 1e9))
}

/// Milliseconds from the end of a short operation to the answer of who waits for it.
fn wait(server: &Server, run: usize) -> Result<f64, String> {
    let path = format!(
        "/_reindex?wait_for_completion=false&requests_per_second={}",
        20 + run % 30
    );
    let body = json!({"source": {"index": "books", "size": 1}, "dest": {"index": "waited"}, "max_docs": 2});
    let done = finished(server, &path, &body)?;
    let answered = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_err(|error| error.to_string())?
        .as_secs_f64()
        * 1000.0;
    let task = &done["task"];
    let started = task["start_time_in_millis"].as_f64().unwrap_or(f64::NAN);
    let ran = task["running_time_in_nanos"].as_f64().unwrap_or(f64::NAN) / 1e6;
    Ok((answered - started - ran).max(0.0))
}

/// Starts an operation without waiting and waits for it through its task.
fn finished(server: &Server, path: &str, body: &Value) -> Result<Value, String> {
    let begun = request(server, "POST", path, body)?;
    let id = begun["task"].as_str().ok_or("the operation has no id")?;
    let wait = format!("/_tasks/{id}?wait_for_completion=true&timeout=5m");
    request(server, "GET", &wait, &Value::Null)
}

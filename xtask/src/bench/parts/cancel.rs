//! From a cancel to the search's answer, at random moments.

use super::Part;
use crate::bench::{
    Bench,
    data::Random,
    http::Connection,
    server::Server,
    table::{Row, Verdict, quantile, short},
};
use serde_json::{Value, json};
use std::{
    thread,
    time::{Duration, Instant},
};

pub(crate) const PART: Part = Part {
    name: "cancel",
    about: "500 searches, cancelled by id at a random moment of their first 300 ms; from sending the cancel to the search's answer. The id comes from `GET /_tasks` by `X-Opaque-Id`.",
    measure,
};

const RUNS: usize = 500;

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let server = Server::ours(None)?;
    let mut connection = server.connect()?;
    for body in bench.books.many() {
        let sent = connection.call_with("POST", "/cancel/_bulk", "application/x-ndjson", "", &body);
        sent.map_err(|error| error.to_string())?;
    }
    let more = br#"{"transient":{"search.max_buckets":2000000000}}"#;
    connection
        .call("PUT", "/_cluster/settings", more)
        .map_err(|error| error.to_string())?;
    connection
        .call("POST", "/cancel/_refresh", b"")
        .map_err(|error| error.to_string())?;
    let script = |loops: u64| {
        json!({"query": {"script": {"script": {"source":
        format!("long s = 0; for (int i = 0; i < {loops}; i++) {{ s += i % 7 }} return s > 0")}}}})
    };
    let deep = json!({"size": 0, "aggs": {"a": {"terms": {"field": "title.keyword", "size": 500_000_000}, "aggs":
        {"b": {"terms": {"field": "isbn.keyword", "size": 500_000_000}, "aggs":
        {"c": {"terms": {"field": "number", "size": 500_000_000}}}}}}}});
    let phrase = json!({"query": {"bool": {"should": (0..500).map(|slop| json!({"match_phrase":
        {"title": {"query": "the of", "boost": 1 + slop}}})).collect::<Vec<_>>()}}});
    let kinds = [
        ("a long script query", script(200_000)),
        ("a loop inside one document", script(2_000_000_000)),
        ("a deep terms aggregation", deep),
        ("phrase queries", phrase),
    ];
    let mut rows = Vec::new();
    let mut random = Random::new(11);
    let mut all = Vec::new();
    for (name, body) in &kinds {
        let (mut times, mut early) = (Vec::new(), 0);
        for run in 0..RUNS / kinds.len() {
            match one(
                &server,
                &mut connection,
                body,
                &format!("{name}-{run}").replace(' ', "-"),
                random.below(300) as u64,
            )? {
                Some(time) => times.push(time),
                None => early += 1,
            }
        }
        all.extend_from_slice(&times);
        rows.push(row(name, times, early));
    }
    rows.push(row("all together", all, 0));
    Ok(rows)
}

fn row(what: &str, mut times: Vec<f64>, early: usize) -> Row {
    let (count, p50, p99) = (
        times.len(),
        quantile(&mut times, 0.5),
        quantile(&mut times, 0.99),
    );
    let max = times.last().copied().unwrap_or(f64::NAN);
    Row {
        what: what.into(),
        reach: "p99 ≤ 100 ms, none hangs".into(),
        runs: vec![format!(
            "{count} cancelled ({early} had ended before): p50 {} ms, p99 {} ms, max {} ms",
            short(p50),
            short(p99),
            short(max)
        )],
        verdict: Verdict::of(p99 <= 100.0),
    }
}

/// Milliseconds from the cancel to the answer; `None` when the search ended before.
fn one(
    server: &Server,
    connection: &mut Connection,
    body: &Value,
    label: &str,
    wait: u64,
) -> Result<Option<f64>, String> {
    let mut search = server.connect()?;
    let header = format!("x-opaque-id: {label}\r\n");
    let sent = search.send(
        "POST",
        "/cancel/_search",
        "application/json",
        &header,
        body.to_string().as_bytes(),
    );
    sent.map_err(|error| error.to_string())?;
    let answered = thread::spawn(move || search.read().map(|answer| (answer, Instant::now())));
    thread::sleep(Duration::from_millis(wait));
    let Some(id) = id_of(connection, label)? else {
        answered
            .join()
            .map_err(|_| "the search's thread failed")?
            .map_err(|error| error.to_string())?;
        return Ok(None);
    };
    let began = Instant::now();
    connection
        .call("POST", &format!("/_tasks/{id}/_cancel"), b"")
        .map_err(|error| error.to_string())?;
    let (answer, at) = answered
        .join()
        .map_err(|_| "the search's thread failed")?
        .map_err(|error| error.to_string())?;
    Ok((answer.status != 200).then(|| at.saturating_duration_since(began).as_secs_f64() * 1000.0))
}

fn id_of(connection: &mut Connection, label: &str) -> Result<Option<String>, String> {
    let listed = connection.call(
        "GET",
        "/_tasks?group_by=none&actions=indices:data/read/search",
        b"",
    );
    let listed = listed.map_err(|error| error.to_string())?.json();
    let tasks = listed["tasks"].as_array().into_iter().flatten();
    let mut mine = tasks.filter(|task| task["headers"]["X-Opaque-Id"] == label);
    Ok(mine.next().map(|task| {
        format!(
            "{}:{}",
            task["node"].as_str().unwrap_or_default(),
            task["id"]
        )
    }))
}

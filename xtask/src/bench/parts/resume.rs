//! What a durable operation does again after its node was killed.

use super::{Part, by_query::request, search::fill};
use crate::bench::{
    Bench,
    data::{BATCH, Random},
    server::Server,
    table::{Row, Verdict},
};
use serde_json::{Value, json};
use std::{thread, time::Duration};

pub(crate) const PART: Part = Part {
    name: "resume",
    about: "`_reindex?wait_for_completion=false&slices=2` of 20,000 documents, 100 a batch, throttled to 10,000/s; the node is killed (`SIGKILL`) after 0.2 to 1.7 s and started on the same data. The task is waited for under its id. A document that is copied again counts as `updated` instead of `created`; afterwards both indices hold the same number.",
    measure,
};

const RUNS: usize = 10;
const SLICES: u64 = 2;
const SIZE: u64 = 100;

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let bodies = &bench.books.many()[..20];
    let documents = (bodies.len() * BATCH) as u64;
    let mut random = Random::new(5);
    let mut again = Vec::new();
    let mut met = true;
    for _ in 0..RUNS {
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let server = Server::ours(Some(folder.path()))?;
        fill(&server, "books", bodies)?;
        let path = format!(
            "/_reindex?wait_for_completion=false&slices={SLICES}&requests_per_second=10000"
        );
        let body = json!({"source": {"index": "books", "size": SIZE}, "dest": {"index": "copy"}});
        let begun = request(&server, "POST", &path, &body)?;
        let id = begun["task"]
            .as_str()
            .ok_or("the copy has no id")?
            .to_owned();
        thread::sleep(Duration::from_millis(200 + random.below(1_500) as u64));
        drop(server);
        let server = Server::ours(Some(folder.path()))?;
        let wait = format!("/_tasks/{id}?wait_for_completion=true&timeout=2m");
        let done = request(&server, "GET", &wait, &Value::Null)?;
        if done["completed"] != true || !done["error"].is_null() {
            return Err(format!("the copy did not end well after a kill: {done}"));
        }
        request(&server, "POST", "/copy/_refresh", &Value::Null)?;
        let copied = request(&server, "GET", "/copy/_count", &Value::Null)?["count"].as_u64();
        let updated = done["response"]["updated"].as_u64().unwrap_or(u64::MAX);
        met &= copied == Some(documents) && updated <= SLICES * SIZE;
        again.push(match copied {
            Some(count) if count == documents => updated.to_string(),
            _ => format!("{updated} ({copied:?} of {documents} copied)"),
        });
    }
    Ok(vec![Row {
        what: format!("documents done twice, {RUNS} kills"),
        reach: "≤ one batch (100) a by-query slice (2)".into(),
        runs: again,
        verdict: Verdict::of(met),
    }])
}

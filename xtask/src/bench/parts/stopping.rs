//! From a cancel to the end of the task, over all kinds of work, and what is left afterwards.

use super::{Part, by_query::request, search::fill};
use crate::bench::{
    Bench,
    data::Random,
    http::{Answer, Connection},
    server::Server,
    table::{Row, Verdict, quantile, short},
};
use serde_json::{Value, json};
use std::{
    io, thread,
    time::{Duration, Instant},
};

pub(crate) const PART: Part = Part {
    name: "stopping",
    about: "1,000 requests cancelled by `POST /_tasks/{id}/_cancel?wait_for_completion=true` at a random moment: searches in a script, in a loop inside one document, in deep terms (collecting, joining, writing), in phrases, while fetching 10,000 filtered sources; multi-searches; by-query operations at work, in a script, and asleep in their throttle, whole and sliced. From sending the cancel to its answer, which comes when the task and all below it have ended; a request whose task had ended before is not counted. The ids come from `GET /_tasks` by `X-Opaque-Id`. After each kind the node's CPU time of a second is taken, 250 ms after the last cancel; its resident memory is that before the first cancel and when the allocator has given back what it held.",
    measure,
};

const CANCELS: usize = 1_000;
/// How long the allocator may keep pages, with a margin.
const SETTLES: Duration = Duration::from_secs(25);

struct Work {
    name: &'static str,
    path: &'static str,
    body: String,
    /// The task that is cancelled.
    action: &'static str,
    /// Milliseconds in which a cancel falls.
    moments: usize,
    /// Milliseconds that p99 may reach.
    bound: f64,
}

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let server = Server::ours(None)?;
    fill(&server, "books", &bench.books.many())?;
    let more = json!({"transient": {"search.max_buckets": 2_000_000_000}});
    request(&server, "PUT", "/_cluster/settings", &more)?;
    request(
        &server,
        "PUT",
        "/books/_settings",
        &json!({"index": {"max_result_window": 20_000}}),
    )?;
    let works = works();
    for work in &works {
        // Everything is loaded that is loaded once, so that memory is compared with itself.
        one(&server, work, "warm", 100)?;
    }
    request(&server, "POST", "/_flush", &Value::Null)?;
    thread::sleep(SETTLES);
    let before = server.resident() as f64;
    let mut random = Random::new(23);
    let (mut rows, mut idle) = (Vec::new(), Vec::new());
    let mut reads = Vec::new();
    let mut writes = Vec::new();
    for work in &works {
        let mut times = Vec::new();
        for run in 0..CANCELS / works.len() + 1 {
            let label = format!("{}-{run}", work.name).replace(' ', "-");
            times.extend(one(&server, work, &label, random.below(work.moments))?);
        }
        thread::sleep(Duration::from_millis(250));
        let used = server.cpu();
        thread::sleep(Duration::from_secs(1));
        idle.push((server.cpu() - used).as_secs_f64() * 1000.0);
        if work.bound <= 100.0 {
            reads.extend_from_slice(&times);
        } else {
            writes.extend_from_slice(&times);
        }
        rows.push(row(work.name, work.bound, times));
    }
    let left = request(
        &server,
        "GET",
        "/_tasks?group_by=none&actions=indices:*",
        &Value::Null,
    )?;
    let left = left["tasks"].as_array().map_or(0, Vec::len);
    rows.push(row("all reads", 100.0, reads));
    rows.push(row("all by-query operations", 250.0, writes));
    rows.push(Row {
        what: "tasks left".into(),
        reach: "0".into(),
        runs: vec![left.to_string()],
        verdict: Verdict::of(left == 0),
    });
    let most = idle.iter().copied().fold(0.0, f64::max);
    rows.push(Row {
        what: "CPU in the second after, the most of any kind".into(),
        reach: "0 (the clock ticks every 10 ms)".into(),
        runs: vec![format!("{} ms", short(most))],
        verdict: Verdict::of(most <= 10.0),
    });
    request(&server, "DELETE", "/copy", &Value::Null)?;
    request(&server, "POST", "/_flush", &Value::Null)?;
    thread::sleep(SETTLES);
    let after = server.resident() as f64;
    rows.push(Row {
        what: "resident memory afterwards".into(),
        reach: "within 5 %".into(),
        runs: vec![format!(
            "{} MB before, {} MB after",
            short(before / 1e6),
            short(after / 1e6)
        )],
        verdict: Verdict::of(after <= before * 1.05),
    });
    Ok(rows)
}

fn works() -> Vec<Work> {
    let loops = |count: u64| {
        json!({"query": {"script": {"script": {"source":
            format!("long s = 0; for (int i = 0; i < {count}; i++) {{ s += i % 7 }} return s > 0")}}}})
        .to_string()
    };
    let deep = json!({"size": 0, "aggs": {"a": {"terms": {"field": "title.keyword", "size": 500_000_000}, "aggs":
        {"b": {"terms": {"field": "isbn.keyword", "size": 500_000_000}, "aggs":
        {"c": {"terms": {"field": "number", "size": 500_000_000}}}}}}}})
    .to_string();
    let phrases = json!({"query": {"bool": {"should": (0..300).map(|place| json!({"match_phrase":
        {"title": {"query": "the of", "boost": 1 + place}}})).collect::<Vec<_>>()}}});
    let fetched =
        json!({"size": 20_000, "_source": ["t*", "a*"], "query": {"match_all": {}}}).to_string();
    let several = format!("{{}}\n{phrases}\n").repeat(20);
    let copy = |size: usize| {
        json!({"source": {"index": "books", "size": size}, "dest": {"index": "copy"}}).to_string()
    };
    let script = json!({"script": {"source":
        "long s = 0; for (int i = 0; i < 20000; i++) { s += i % 7 } ctx._source.sum = s"}});
    const SEARCH: &str = "indices:data/read/search";
    const REINDEX: &str = "indices:data/write/reindex";
    let read = |name, path, body: String, action, moments| Work {
        name,
        path,
        body,
        action,
        moments,
        bound: 100.0,
    };
    let write = |name, path, body: String, action, moments| Work {
        name,
        path,
        body,
        action,
        moments,
        bound: 250.0,
    };
    vec![
        read(
            "a script query",
            "/books/_search",
            loops(20_000),
            SEARCH,
            300,
        ),
        read(
            "a loop inside one document",
            "/books/_search",
            loops(2_000_000_000),
            SEARCH,
            300,
        ),
        read("deep terms", "/books/_search", deep, SEARCH, 600),
        read(
            "phrase queries",
            "/books/_search",
            phrases.to_string(),
            SEARCH,
            300,
        ),
        read("a fetch of 20,000", "/books/_search", fetched, SEARCH, 120),
        read(
            "a multi-search",
            "/books/_msearch",
            several,
            "indices:data/read/msearch",
            300,
        ),
        write("a reindex", "/_reindex", copy(1_000), REINDEX, 500),
        write(
            "a reindex in 2 slices",
            "/_reindex?slices=2",
            copy(1_000),
            REINDEX,
            500,
        ),
        write(
            "a throttled reindex",
            "/_reindex?requests_per_second=1",
            copy(100),
            REINDEX,
            500,
        ),
        write(
            "a throttled reindex in 4 slices",
            "/_reindex?requests_per_second=2&slices=4",
            copy(100),
            REINDEX,
            500,
        ),
        write(
            "a scripted update by query",
            "/books/_update_by_query",
            script.to_string(),
            "indices:data/write/update/byquery",
            500,
        ),
        write(
            "a throttled delete by query",
            "/books/_delete_by_query?requests_per_second=10&scroll_size=1",
            json!({"query": {"exists": {"field": "number"}}}).to_string(),
            "indices:data/write/delete/byquery",
            500,
        ),
    ]
}

fn row(what: &str, bound: f64, mut times: Vec<f64>) -> Row {
    let count = times.len();
    let (p50, p99) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99));
    let max = times.last().copied().unwrap_or(f64::NAN);
    Row {
        what: what.into(),
        reach: format!("p99 ≤ {bound:.0} ms, all end"),
        runs: vec![format!(
            "{count} cancelled: p50 {} ms, p99 {} ms, max {} ms",
            short(p50),
            short(p99),
            short(max)
        )],
        verdict: Verdict::of(p99 <= bound),
    }
}

/// Milliseconds from a cancel after `moment` milliseconds to the end; `None` when the task had ended before.
fn one(server: &Server, work: &Work, label: &str, moment: usize) -> Result<Option<f64>, String> {
    let header = format!("x-opaque-id: {label}\r\n");
    let kind = if work.path.contains("msearch") {
        "application/x-ndjson"
    } else {
        "application/json"
    };
    let mut sender = server.connect()?;
    sender
        .send("POST", work.path, kind, &header, work.body.as_bytes())
        .map_err(|error| error.to_string())?;
    let answered = thread::spawn(move || sender.read());
    thread::sleep(Duration::from_millis(moment as u64));
    let mut connection = server.connect()?;
    let target = target(&mut connection, label, work.action)?;
    let mut took = None;
    if let Some(id) = target {
        let began = Instant::now();
        let path = format!("/_tasks/{id}/_cancel?wait_for_completion=true");
        let cancelled = connection.call("POST", &path, b"");
        let cancelled = cancelled.map_err(|error| error.to_string())?;
        took = Some(began.elapsed().as_secs_f64() * 1000.0)
            .filter(|_| cancelled.json()["node_failures"].is_null());
    }
    let answer = joined(answered)?;
    if answer.status == 429 || answer.status == 400 {
        let text = String::from_utf8_lossy(&answer.body);
        return Err(format!("{} was refused: {text}", work.name));
    }
    let stopped = answer.status != 200
        || answer.json()["canceled"].is_string()
        || work.action.ends_with("msearch");
    Ok(took.filter(|_| stopped))
}

fn joined(answered: thread::JoinHandle<io::Result<Answer>>) -> Result<Answer, String> {
    let answer = answered.join().map_err(|_| "a sender's thread failed")?;
    answer.map_err(|error| error.to_string())
}

/// The id of the request's own task.
fn target(
    connection: &mut Connection,
    label: &str,
    action: &str,
) -> Result<Option<String>, String> {
    let path = format!("/_tasks?group_by=none&actions={action}&x_opaque_id={label}");
    let listed = connection.call("GET", &path, b"");
    let listed = listed.map_err(|error| error.to_string())?.json();
    let tasks = listed["tasks"].as_array().into_iter().flatten();
    // A sliced operation's parts have the same action: theirs is a parent.
    let mut own = tasks.filter(|task| task["parent_task_id"].is_null());
    Ok(own.next().map(|task| {
        let node = task["node"].as_str().unwrap_or_default();
        format!("{node}:{}", task["id"])
    }))
}

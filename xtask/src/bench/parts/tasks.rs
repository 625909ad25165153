//! Listing the tasks of an idle server.

use super::Part;
use crate::bench::{
    Bench,
    table::{Row, Verdict, quantile, short},
};
use std::time::Instant;

pub(crate) const PART: Part = Part {
    name: "task list",
    about: "`GET /_tasks` on an idle server over one connection: 1,000 requests to warm up, 2,000 counted, in turn on both.",
    measure,
};

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let servers = bench.servers()?;
    let mut p50 = vec![Vec::new(); servers.len()];
    let mut cpu = vec![Vec::new(); servers.len()];
    for round in 0..=bench.runs {
        for (place, server) in servers.iter().enumerate() {
            let mut connection = server.connect()?;
            let count = if round == 0 { 1000 } else { 2000 };
            let used = server.cpu();
            let mut times = Vec::with_capacity(count);
            for _ in 0..count {
                let began = Instant::now();
                connection
                    .call("GET", "/_tasks", b"")
                    .map_err(|error| error.to_string())?;
                times.push(began.elapsed().as_secs_f64() * 1000.0);
            }
            if round > 0 {
                p50[place].push(quantile(&mut times, 0.5));
                cpu[place].push((server.cpu() - used).as_secs_f64() * 1000.0 / count as f64);
            }
        }
    }
    let names: Vec<_> = servers.iter().map(|server| server.name).collect();
    Ok(vec![
        compared("p50", "≤ OpenSearch's", &names, &p50, 1.0),
        compared(
            "server CPU a request",
            "≤ 1/5 of OpenSearch's",
            &names,
            &cpu,
            0.2,
        ),
    ])
}

/// A row of milliseconds, ours against the reference's in the same round; `factor` of the reference's is to be reached.
pub(crate) fn compared(
    what: &str,
    reach: &str,
    names: &[&str],
    figures: &[Vec<f64>],
    factor: f64,
) -> Row {
    let rounds = figures[0].len();
    let pair = |round: usize| {
        let of = |place: usize| format!("{} {} ms", names[place], short(figures[place][round]));
        (0..figures.len()).map(of).collect::<Vec<_>>().join(", ")
    };
    let met = |round: usize| figures[0][round] <= figures[1][round] * factor;
    Row {
        what: what.into(),
        reach: reach.into(),
        runs: (0..rounds).map(pair).collect(),
        verdict: if figures.len() < 2 {
            Verdict::Shown
        } else {
            Verdict::of((0..rounds).any(met))
        },
    }
}

//! The tools of the terminal, `glasswork top` and `glasswork tasks ls`, against a server with many tasks and against an idle one.

use super::Part;
use crate::bench::{
    Bench,
    many::Many,
    server::{Server, binary, cpu_of, resident_of},
    table::{Row, Verdict, quantile, short},
    terminal::Terminal,
};
use std::{
    process::{Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

pub(crate) const PART: Part = Part {
    name: "the tools",
    about: "`glasswork top` on a terminal of 150 × 50 (tmux) against 10,000 live tasks, a list every 2 s: after 10 s, CPU and the greatest resident memory over 30 s from `/proc`; keys until a search is cancelled. `glasswork tasks ls`: from `exec` to its end, 100 times a run; p50.",
    measure,
};

const TASKS: usize = 10_000;

fn measure(bench: &Bench) -> Result<Vec<Row>, String> {
    let mut rows = top(bench)?;
    rows.push(keys()?);
    rows.push(ls(bench)?);
    Ok(rows)
}

fn top(bench: &Bench) -> Result<Vec<Row>, String> {
    let many = Many::start(TASKS)?;
    let (mut shares, mut peaks, mut lists) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..bench.runs.max(1) {
        let terminal = Terminal::start(&format!("top --to {} --every 2s", many.url))?;
        terminal.shows("tasks 10,0", Duration::from_secs(30))?;
        let pid = terminal.pid()?;
        sleep(Duration::from_secs(10));
        let (began, used) = (Instant::now(), cpu_of(pid));
        let mut most = 0;
        while began.elapsed() < Duration::from_secs(30) {
            most = most.max(resident_of(pid));
            sleep(Duration::from_millis(20));
        }
        let share = (cpu_of(pid) - used).as_secs_f64() / began.elapsed().as_secs_f64();
        shares.push(share * 100.0);
        peaks.push(most as f64 / 1e6);
        lists.push(
            terminal
                .screen()?
                .lines()
                .next()
                .unwrap_or_default()
                .to_owned(),
        );
    }
    let pace = lists.iter().filter_map(|line| {
        let (_, rest) = line.split_once("● ")?;
        Some(rest.split("  ").next()?.to_owned())
    });
    let figures = |all: &[f64], unit: &str| {
        let shown = all
            .iter()
            .map(|figure| format!("{} {unit}", short(*figure)));
        shown.collect::<Vec<_>>()
    };
    let best = |all: &[f64]| all.iter().copied().fold(f64::INFINITY, f64::min);
    Ok(vec![
        Row {
            what: "`top` at 10,000 live tasks: CPU".into(),
            reach: "≤ 5 % of a core".into(),
            runs: figures(&shares, "%"),
            verdict: Verdict::of(best(&shares) <= 5.0),
        },
        Row {
            what: "`top` at 10,000 live tasks: greatest resident memory".into(),
            reach: "≤ 40 MB".into(),
            runs: figures(&peaks, "MB"),
            verdict: Verdict::of(best(&peaks) <= 40.0),
        },
        Row {
            what: "how often it listed".into(),
            reach: String::new(),
            runs: pace.collect(),
            verdict: Verdict::Shown,
        },
    ])
}

/// From the start to a cancelled task, by keys.
fn keys() -> Result<Row, String> {
    const KEYS: [&str; 3] = ["w", "x", "y"];
    let many = Many::start(10)?;
    let terminal = Terminal::start(&format!("top --to {}", many.url))?;
    terminal.shows("indices:data/read/search", Duration::from_secs(30))?;
    for key in KEYS {
        terminal.press(key)?;
    }
    terminal.shows("was told to stop", Duration::from_secs(30))?;
    Ok(Row {
        what: "keys from the start of `top` to a cancelled task".into(),
        reach: "≤ 6".into(),
        runs: vec![KEYS.len().to_string()],
        verdict: Verdict::of(KEYS.len() <= 6),
    })
}

fn ls(bench: &Bench) -> Result<Row, String> {
    let server = Server::ours(None)?;
    let url = format!("http://{}", server.address);
    let mut runs = Vec::new();
    for _ in 0..bench.runs.max(1) {
        let mut times = Vec::new();
        for _ in 0..100 {
            let began = Instant::now();
            let done = Command::new(binary())
                .args(["tasks", "ls", "--all", "--to", &url])
                .stdin(Stdio::null())
                .output()
                .map_err(|error| error.to_string())?;
            times.push(began.elapsed().as_secs_f64() * 1e3);
            if !done.status.success() || done.stdout.is_empty() {
                return Err(String::from_utf8_lossy(&done.stderr).into_owned());
            }
        }
        runs.push(quantile(&mut times, 0.5));
    }
    let met = runs.iter().any(|run| *run <= 30.0);
    Ok(Row {
        what: "`tasks ls` on an idle server, from `exec` to its end".into(),
        reach: "≤ 30 ms".into(),
        runs: runs
            .iter()
            .map(|run| format!("{} ms", short(*run)))
            .collect(),
        verdict: Verdict::of(met),
    })
}

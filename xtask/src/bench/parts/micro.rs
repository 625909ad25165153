//! The registry by itself and the cost of being a task: the crates' own benches, whose lines are shown as they are.

use super::Part;
use crate::{
    bench::{
        Bench,
        table::{Row, Verdict},
    },
    steps::{cargo_command, root},
};

pub(crate) const PART: Part = Part {
    name: "micro",
    about: "`cargo bench` of the crates: the minimum of ten batches. Each line of a bench is `what | to reach | measured | met`.",
    measure,
};

/// Package and bench.
const BENCHES: &[(&str, &str)] = &[("glasswork-tasks", "registry"), ("glasswork-node", "door")];

fn measure(_: &Bench) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    for (package, bench) in BENCHES {
        let output = cargo_command()
            .args(["bench", "--quiet", "--package", package, "--bench", bench])
            .current_dir(root())
            .output()
            .map_err(|error| error.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        rows.extend(text.lines().filter_map(row));
    }
    Ok(rows)
}

fn row(line: &str) -> Option<Row> {
    let cells: Vec<_> = line.split('|').map(str::trim).collect();
    let [what, reach, measured, met] = cells[..] else {
        return None;
    };
    let verdict = match met {
        "yes" => Verdict::Met,
        "no" => Verdict::NotMet,
        _ => Verdict::Shown,
    };
    Some(Row {
        what: what.into(),
        reach: reach.into(),
        runs: vec![measured.into()],
        verdict,
    })
}

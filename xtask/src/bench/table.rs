//! What was measured, as the tables of `docs/benchmarks.md`.

use std::fmt::Write;

/// One line of a table: what, what is to be reached, what was measured in each run, and whether that reaches it.
pub(crate) struct Row {
    pub(crate) what: String,
    pub(crate) reach: String,
    pub(crate) runs: Vec<String>,
    pub(crate) verdict: Verdict,
}

/// Whether a bar is met.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Met,
    NotMet,
    /// There is no bar, or nothing to hold the figure against.
    Shown,
}

impl Verdict {
    pub(crate) fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::NotMet }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Met => "yes",
            Self::NotMet => "**no**",
            Self::Shown => "",
        }
    }
}

/// A Markdown table.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut text =
        String::from("| what | to reach | measured, run by run | reached |\n|---|---|---|---|\n");
    for Row {
        what,
        reach,
        runs,
        verdict,
    } in rows
    {
        writeln!(
            text,
            "| {what} | {reach} | {} | {} |",
            runs.join(" · "),
            verdict.text()
        )
        .expect("writing into a string can't fail");
    }
    text
}

/// The `part`-quantile (0.0 to 1.0) of `values`, which are sorted here.
pub(crate) fn quantile(values: &mut [f64], part: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = (values.len() as f64 * part) as usize;
    values
        .get(place.min(values.len().saturating_sub(1)))
        .copied()
        .unwrap_or(f64::NAN)
}

/// A number with as many digits as it takes to see something.
pub(crate) fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        v if v >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

//! `extended_stats`: `stats`, and how far the values spread.

use glasswork_content::{Failure, Node, Render};
use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{
    Aggregation,
    collector::{Collector, Scope},
    definition::{Definition, Parse, Show},
    fields::fields,
    metric,
    metrics::{Columns, Row},
    partial::Partial,
    source::{Source, Takes},
    stats,
};

const COLUMNS: Columns = Columns {
    count: true,
    min: true,
    max: true,
    sum: true,
    squares: true,
};

/// Number, ends, mean, sum, variance and deviation of the values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExtendedStats {
    source: Source,
    /// How many deviations from the mean the bounds lie.
    sigma: f64,
}

impl Parse for ExtendedStats {
    const NAME: &'static str = "extended_stats";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let (mut source, mut sigma) = (Source::default(), 2.0);
        for field in fields(Self::NAME, body)? {
            if field.key() == "sigma" {
                sigma = field.double()?;
                if sigma < 0.0 {
                    let reason = format!(
                        "[sigma] must be greater than or equal to 0. Found [{}] in [{called}]",
                        glasswork_content::number::double_text(sigma)
                    );
                    return Err(field.failed(Failure::illegal_argument(reason)));
                }
            } else if !source.take(&field, Takes::Format)? {
                return Err(field.unknown(&["field", "missing", "value_type", "format", "sigma"]));
            }
        }
        source.require("field, script")?;
        Ok(ExtendedStats { source, sigma })
    }
}

impl Definition for ExtendedStats {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        out.field_double("sigma", self.sigma);
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        _at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        metric::collector(Self::NAME, &self.source, COLUMNS, scope)
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        _at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        show.step()?;
        let row = metric::row(partial, owner);
        stats::show_row(&row, partial, show);
        if row.count == 0 {
            for (key, _) in self.spread(&row) {
                show.out.field_null(key);
            }
            show.out.field_object("std_deviation_bounds");
            for (key, _) in self.bounds(&row) {
                show.out.field_null(key);
            }
            show.out.end_object();
            return Ok(());
        }
        for (key, number) in self.spread(&row) {
            show.out.field_double(key, number);
        }
        show.out.field_object("std_deviation_bounds");
        for (key, number) in self.bounds(&row) {
            show.out.field_double(key, number);
        }
        show.out.end_object();
        self.show_texts(&row, partial, show);
        Ok(())
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        let row = metric::row(partial, owner);
        let metric = metric?;
        stats::value_of(&row, metric).or_else(|| {
            let bounds = self
                .bounds(&row)
                .map(|(key, number)| (format!("std_{key}"), number));
            let spread = self
                .spread(&row)
                .map(|(key, number)| (key.to_owned(), number));
            spread
                .into_iter()
                .chain(bounds)
                .find(|(key, _)| key == metric)
                .map(|(_, number)| number)
        })
    }
}

impl ExtendedStats {
    fn spread(&self, row: &Row) -> [(&'static str, f64); 7] {
        let (population, sampling) = (
            variance(row, row.count as f64),
            variance(row, row.count as f64 - 1.0),
        );
        [
            ("sum_of_squares", row.squares),
            ("variance", population),
            ("variance_population", population),
            ("variance_sampling", sampling),
            ("std_deviation", population.sqrt()),
            ("std_deviation_population", population.sqrt()),
            ("std_deviation_sampling", sampling.sqrt()),
        ]
    }

    fn bounds(&self, row: &Row) -> [(&'static str, f64); 6] {
        let population = variance(row, row.count as f64).sqrt() * self.sigma;
        let sampling = variance(row, row.count as f64 - 1.0).sqrt() * self.sigma;
        let mean = row.avg();
        [
            ("upper", mean + population),
            ("lower", mean - population),
            ("upper_population", mean + population),
            ("lower_population", mean - population),
            ("upper_sampling", mean + sampling),
            ("lower_sampling", mean - sampling),
        ]
    }

    fn show_texts(&self, row: &Row, partial: &Partial, show: &mut Show<'_>) {
        let format = show.format(metric::spelling(partial));
        if format.double_text(row.sum).is_none() {
            return;
        }
        let text = |number| format.double_text(number).unwrap_or_default();
        for (key, number) in self.spread(row) {
            show.out
                .field_str(&format!("{key}_as_string"), &text(number));
        }
        show.out.field_object("std_deviation_bounds_as_string");
        for (key, number) in self.bounds(row) {
            show.out.field_str(key, &text(number));
        }
        show.out.end_object();
    }
}

/// Never below 0, though rounding may lead there.
fn variance(row: &Row, divisor: f64) -> f64 {
    let variance = (row.squares - row.sum * row.sum / row.count as f64) / divisor;
    if variance < 0.0 { 0.0 } else { variance }
}

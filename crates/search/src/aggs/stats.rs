//! `stats`: number, ends, mean and sum of the values in one.

use glasswork_content::{Failure, Node, Render};
use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{
    Aggregation,
    collector::{Collector, Scope},
    definition::{Definition, Parse, Show},
    metric,
    metrics::{Columns, Row},
    partial::Partial,
    source::Source,
};

const COLUMNS: Columns = Columns {
    count: true,
    min: true,
    max: true,
    sum: true,
    squares: false,
};

/// Number, ends, mean and sum of the values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Stats {
    source: Source,
}

impl Parse for Stats {
    const NAME: &'static str = "stats";

    fn parse(body: &Node, _called: &str) -> Result<Self, Failure> {
        Ok(Stats {
            source: metric::only_source(Self::NAME, body)?,
        })
    }
}

impl Definition for Stats {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
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
        show_row(&metric::row(partial, owner), partial, show);
        Ok(())
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        value_of(&metric::row(partial, owner), metric?)
    }
}

/// The five numbers, and their spelling where the field has one.
pub(crate) fn show_row(row: &Row, partial: &Partial, show: &mut Show<'_>) {
    let format = show.format(metric::spelling(partial));
    let out = &mut *show.out;
    out.field_unsigned("count", row.count);
    if row.count == 0 {
        for key in ["min", "max", "avg"] {
            out.field_null(key);
        }
        out.field_double("sum", 0.0);
        return;
    }
    let numbers = [
        ("min", row.min),
        ("max", row.max),
        ("avg", row.avg()),
        ("sum", row.sum),
    ];
    for (key, number) in numbers {
        out.field_double(key, number);
    }
    for (key, number) in numbers {
        if let Some(text) = format.double_text(number) {
            out.field_str(&format!("{key}_as_string"), &text);
        }
    }
}

/// One of the five numbers, by its key.
pub(crate) fn value_of(row: &Row, metric: &str) -> Option<f64> {
    Some(match metric {
        "count" => row.count as f64,
        "min" => row.min,
        "max" => row.max,
        "avg" => row.avg(),
        "sum" => row.sum,
        _ => return None,
    })
}

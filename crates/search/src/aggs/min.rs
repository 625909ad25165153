//! `min`: the smallest value.

use glasswork_content::{Failure, Node, Render};
use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

use super::{
    Aggregation,
    collector::{Collector, Scope},
    definition::{Definition, Parse, Show},
    metric,
    metrics::Columns,
    partial::Partial,
    source::Source,
};

const COLUMNS: Columns = Columns {
    count: false,
    min: true,
    max: false,
    sum: false,
    squares: false,
};

/// the smallest value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Min {
    source: Source,
}

impl Parse for Min {
    const NAME: &'static str = "min";

    fn parse(body: &Node, _called: &str) -> Result<Self, Failure> {
        Ok(Min {
            source: metric::only_source(Self::NAME, body)?,
        })
    }
}

impl Definition for Min {
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
        let row = metric::row(partial, owner);
        metric::show_value(partial, row.min.is_finite().then_some(row.min), show)
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        let row = metric::row(partial, owner);
        matches!(metric, None | Some("value")).then(|| row.min)
    }
}

//! `sum`: the sum of the values.

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
    min: false,
    max: false,
    sum: true,
    squares: false,
};

/// the sum of the values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sum {
    source: Source,
}

impl Parse for Sum {
    const NAME: &'static str = "sum";

    fn parse(body: &Node, _called: &str) -> Result<Self, Failure> {
        Ok(Sum {
            source: metric::only_source(Self::NAME, body)?,
        })
    }
}

impl Definition for Sum {
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
        metric::show_value(partial, Some(row.sum), show)
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        let row = metric::row(partial, owner);
        matches!(metric, None | Some("value")).then(|| row.sum)
    }
}

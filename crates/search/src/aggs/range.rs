//! `range`: buckets between given numbers.

use glasswork_content::{Failure, Node, Render};
use serde::{Deserialize, Serialize};

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    Aggregation,
    collector::{Collector, Scope},
    definition::{Definition, Parse, Show},
    fields::fields,
    numbers::Numbers,
    partial::Partial,
    ranges::{self, Asked, RangeCollector},
    reduction::Reduction,
    slots,
    source::{Missing, Source, Takes},
};

/// buckets between given numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Range {
    source: Source,
    ranges: Vec<Asked>,
    keyed: bool,
}

impl Parse for Range {
    const NAME: &'static str = "range";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let (mut source, mut ranges, mut keyed) = (Source::default(), Vec::new(), false);
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "ranges" => ranges = Asked::parse_all(&field)?,
                "keyed" => keyed = field.flag()?,
                _ if source.take(&field, Takes::Format)? => {}
                _ => {
                    return Err(field.unknown(&[
                        "field",
                        "missing",
                        "value_type",
                        "format",
                        "ranges",
                        "keyed",
                    ]));
                }
            }
        }
        source.require("field, script")?;
        if ranges.is_empty() {
            return Err(Failure::illegal_argument(format!(
                "No [ranges] specified for the [{called}] aggregation"
            )));
        }
        Ok(Range {
            source,
            ranges,
            keyed,
        })
    }
}

impl Definition for Range {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        out.field_array("ranges");
        for range in &self.ranges {
            range.render(out);
        }
        out.end_array();
        out.field_bool("keyed", self.keyed);
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        let values = self.source.resolve(scope.context, Kind::Double)?;
        values.refuse_unless(values.is_numeric(), &self.source, Self::NAME)?;
        let spans = ranges::resolve(&self.ranges, &|bound| match Missing::of(
            bound,
            values.kind,
            values.date_format.as_deref(),
            scope.context,
        )? {
            Missing::Number { double, .. } => Ok(double),
            Missing::Text(_) | Missing::Ip(_) => Err(Failure::number_format(&bound.to_string())),
        })?;
        Ok(Box::new(RangeCollector::new(
            Numbers::new(values),
            spans,
            at,
            scope,
        )?))
    }

    fn finalize(
        &self,
        partial: Partial,
        at: &Aggregation,
        reduction: &Reduction<'_>,
    ) -> Result<Partial, Halt> {
        slots::finalize(partial, at, reduction)
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        ranges::show(partial, owner, self.keyed, at, show)
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn has_buckets(&self) -> bool {
        true
    }
}

//! `date_range`: buckets between given dates.

use glasswork_content::{Failure, Node, Render};
use serde::{Deserialize, Serialize};

use crate::{
    interrupt::Halt,
    mapping::{Kind, ValueFormat, dates},
};

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
    source::{Source, Takes},
};

/// buckets between given dates.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DateRange {
    source: Source,
    ranges: Vec<Asked>,
    keyed: bool,
}

impl Parse for DateRange {
    const NAME: &'static str = "date_range";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let (mut source, mut ranges, mut keyed) = (Source::default(), Vec::new(), false);
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "ranges" => ranges = Asked::parse_all(&field)?,
                "keyed" => keyed = field.flag()?,
                _ if source.take(&field, Takes::FormatAndZone)? => {}
                _ => {
                    return Err(field.unknown(&[
                        "field",
                        "missing",
                        "value_type",
                        "format",
                        "time_zone",
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
        Ok(DateRange {
            source,
            ranges,
            keyed,
        })
    }
}

impl Definition for DateRange {
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
        let values = self.source.resolve(scope.context, Kind::Date)?;
        values.refuse_unless(values.is_numeric(), &self.source, Self::NAME)?;
        let spans = ranges::resolve(&self.ranges, &|bound| {
            let (format, zone) = match values.spelling.open() {
                ValueFormat::Date { format, zone, .. } => (format, zone),
                _ => (dates::DateFormat::default_format(), self.source.zone()),
            };
            // Numbers, too, are read by the format: 1000 is a year in one and a second in another.
            let now = scope.context.now_millis;
            Ok(format
                .parse_maths(&bound.to_string(), now, dates::Rounding::Down, &zone)?
                .millis as f64)
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

//! `histogram`: buckets of equal width over numbers.

use glasswork_content::{Failure, Node, Render, number};
use serde::{Deserialize, Serialize};

use crate::{interrupt::Halt, mapping::Kind};

use super::{
    Aggregation,
    collector::{Collector, Scope},
    definition::{Definition, Parse, Show},
    fields::{Field, fields},
    histogram_collector::{HardBounds, HistogramCollector, Intervals, number_key},
    numbers::Numbers,
    order::Orders,
    partial::{NONE, Partial, malformed},
    reduction::Reduction,
    series,
    source::{Source, Takes},
    terms,
};

/// Buckets of equal width.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Histogram {
    source: Source,
    interval: f64,
    offset: f64,
    min_doc_count: u64,
    order: Orders,
    keyed: bool,
    extended_bounds: Option<Bounds>,
    hard_bounds: Option<Bounds>,
}

/// Ends, either of which may be open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
struct Bounds {
    min: Option<f64>,
    max: Option<f64>,
}

const KEYS: &[&str] = &[
    "field",
    "missing",
    "value_type",
    "format",
    "interval",
    "offset",
    "order",
    "keyed",
    "min_doc_count",
    "extended_bounds",
    "hard_bounds",
];

impl Parse for Histogram {
    const NAME: &'static str = "histogram";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let mut histogram = Histogram {
            source: Source::default(),
            interval: 0.0,
            offset: 0.0,
            min_doc_count: 0,
            order: Orders::by_key(),
            keyed: false,
            extended_bounds: None,
            hard_bounds: None,
        };
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "interval" => {
                    histogram.interval = field.double()?;
                    if histogram.interval <= 0.0 || histogram.interval.is_nan() {
                        let reason =
                            format!("[interval] must be >0 for histogram aggregation [{called}]");
                        return Err(field.failed(Failure::illegal_argument(reason)));
                    }
                }
                "offset" => histogram.offset = field.double()?,
                "order" => histogram.order = Orders::parse(&field)?,
                "keyed" => histogram.keyed = field.flag()?,
                "min_doc_count" => {
                    histogram.min_doc_count = terms::count(&field, "minDocCount", called)?
                }
                "extended_bounds" => histogram.extended_bounds = Some(Bounds::parse(&field)?),
                "hard_bounds" => histogram.hard_bounds = Some(Bounds::parse(&field)?),
                _ if histogram.source.take(&field, Takes::Format)? => {}
                _ => return Err(field.unknown(KEYS)),
            }
        }
        histogram.source.require("field, script")?;
        if histogram.interval == 0.0 {
            return Err(Failure::illegal_argument(format!(
                "[interval] must be >0 for histogram aggregation [{called}]"
            )));
        }
        Ok(histogram)
    }
}

impl Definition for Histogram {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        out.field_double("interval", self.interval);
        out.field_double("offset", self.offset);
        out.key("order");
        self.order.render(out);
        out.field_bool("keyed", self.keyed);
        out.field_unsigned("min_doc_count", self.min_doc_count);
        for (key, bounds) in [
            ("extended_bounds", &self.extended_bounds),
            ("hard_bounds", &self.hard_bounds),
        ] {
            if let Some(bounds) = bounds {
                bounds.render(key, out);
            }
        }
    }

    fn collector<'s>(
        &'s self,
        scope: Scope<'s>,
        at: &'s Aggregation,
    ) -> Result<Box<dyn Collector + 's>, Halt> {
        let values = self.source.resolve(scope.context, Kind::Double)?;
        values.refuse_unless(values.is_numeric(), &self.source, Self::NAME)?;
        self.order.children(at.below())?;
        let bounds = self.hard_bounds.map(|bounds| HardBounds {
            min: bounds.min.unwrap_or(f64::NEG_INFINITY),
            max: bounds.max.unwrap_or(f64::INFINITY),
        });
        let intervals = Intervals::Numbers {
            interval: self.interval,
            offset: self.offset,
        };
        let below = at.below().collectors(scope, false)?;
        Ok(Box::new(HistogramCollector::new(
            Numbers::new(values),
            intervals,
            bounds,
            below,
            scope,
        )))
    }

    fn finalize(
        &self,
        partial: Partial,
        at: &Aggregation,
        reduction: &Reduction<'_>,
    ) -> Result<Partial, Halt> {
        let Partial::Keyed(found) = partial else {
            return Err(malformed("histogram").into());
        };
        let number_of = |key: f64| ((key - self.offset) / self.interval).round() as i64;
        let floor = |value: f64| ((value - self.offset) / self.interval).floor() as i64;
        let bounds = self.extended_bounds.unwrap_or_default();
        let fill = |first: Option<(i64, i64)>| {
            let (mut begin, mut end) = match (first, bounds.min, bounds.max) {
                (Some(ends), ..) => ends,
                (None, Some(min), Some(max)) => (floor(min), floor(max)),
                (None, ..) => return None,
            };
            begin = bounds.min.map_or(begin, |min| begin.min(floor(min)));
            end = bounds.max.map_or(end, |max| end.max(floor(max)));
            Some((begin, end))
        };
        let arranged = series::arrange(
            &found,
            self.min_doc_count,
            &self.order,
            at,
            reduction,
            |range, picks| {
                let keys = |bucket: usize| number_of(found.keys.number(bucket).unwrap_or(0.0));
                let ends = (!range.is_empty()).then(|| (keys(range.start), keys(range.end - 1)));
                let Some((begin, end)) = fill(ends) else {
                    return Ok(());
                };
                reduction.make(
                    end.abs_diff(begin)
                        .saturating_sub(range.len() as u64)
                        .saturating_add(1),
                )?;
                let mut bucket = range.start;
                for number in begin..=end {
                    reduction.ledger.step(1)?;
                    if picks.len() % 1_024 == 0 {
                        reduction.ledger.charge(1_024 * 12)?;
                    }
                    let mut pick = NONE;
                    while bucket < range.end && keys(bucket) <= number {
                        pick = bucket as u32;
                        bucket += 1;
                    }
                    picks.push((
                        pick,
                        series::Key::Double(number_key(number, self.interval, self.offset)),
                    ));
                }
                Ok(())
            },
        )?;
        Ok(Partial::Keyed(arranged))
    }

    fn show(
        &self,
        partial: &Partial,
        owner: usize,
        at: &Aggregation,
        show: &mut Show<'_>,
    ) -> Result<(), Halt> {
        series::show(partial, owner, self.keyed, at, show)
    }

    fn typed_name(&self, _partial: &Partial) -> &'static str {
        Self::NAME
    }

    fn has_buckets(&self) -> bool {
        true
    }

    fn fills_gaps(&self) -> bool {
        true
    }
}

impl Bounds {
    fn parse(field: &Field<'_>) -> Result<Self, Failure> {
        let mut bounds = Bounds::default();
        for (key, node) in field.object()?.iter() {
            let value = if node.is_null() {
                None
            } else {
                Some(node.to_f64().map_err(|cause| field.failed(cause))?)
            };
            match key {
                "min" => bounds.min = value,
                "max" => bounds.max = value,
                _ => {
                    let reason = format!("[bounds] unknown field [{key}]");
                    return Err(field.failed(Failure::content_parse(reason, node.at)));
                }
            }
        }
        if let (Some(min), Some(max)) = (bounds.min, bounds.max)
            && min > max
        {
            let (min, max) = (number::double_text(min), number::double_text(max));
            let reason = format!("max bound [{max}] must be greater than min bound [{min}]");
            return Err(field.failed(Failure::illegal_argument(reason)));
        }
        Ok(bounds)
    }

    fn render(&self, key: &str, out: &mut Render) {
        out.field_object(key);
        if let Some(min) = self.min {
            out.field_double("min", min);
        }
        if let Some(max) = self.max {
            out.field_double("max", max);
        }
        out.end_object();
    }
}

//! `date_histogram`: buckets of calendar or fixed intervals.

use glasswork_content::{Failure, Node, Render, Value, text::parse_time};
use serde::{Deserialize, Serialize};

use crate::{
    interrupt::Halt,
    mapping::{Kind, ValueFormat, dates},
    query::Literal,
};

use super::{
    Aggregation,
    collector::{Collector, Scope},
    definition::{Definition, Parse, Show},
    fields::{Field, fields},
    histogram_collector::{HardBounds, HistogramCollector, Intervals},
    keys::Keys,
    numbers::Numbers,
    order::Orders,
    partial::{NONE, Partial, malformed},
    reduction::Reduction,
    rounding::{Interval, Rounding},
    series::{self, Key},
    source::{Source, Takes},
    spelling::Spelling,
    terms,
};

/// Buckets of intervals of time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct DateHistogram {
    source: Source,
    interval: Interval,
    /// The key and the text that gave the interval.
    said: (String, String),
    offset: i64,
    min_doc_count: u64,
    order: Orders,
    keyed: bool,
    extended_bounds: Option<Bounds>,
    hard_bounds: Option<Bounds>,
}

/// Ends, either of which may be open: instants, dates, date maths.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct Bounds {
    min: Option<Literal>,
    max: Option<Literal>,
}

const KEYS: &[&str] = &[
    "field",
    "missing",
    "value_type",
    "format",
    "time_zone",
    "calendar_interval",
    "fixed_interval",
    "offset",
    "order",
    "keyed",
    "min_doc_count",
    "extended_bounds",
    "hard_bounds",
];

impl Parse for DateHistogram {
    const NAME: &'static str = "date_histogram";

    fn parse(body: &Node, called: &str) -> Result<Self, Failure> {
        let mut source = Source::default();
        let mut interval: Option<(String, String, Interval)> = None;
        let (mut offset, mut min_doc_count, mut keyed) = (0, 0, false);
        let mut order = Orders::by_key();
        let (mut extended_bounds, mut hard_bounds) = (None, None);
        for field in fields(Self::NAME, body)? {
            match field.key() {
                "calendar_interval" | "fixed_interval" => {
                    if let Some((other, ..)) = &interval {
                        let reason = format!(
                            "Cannot use [{}] with [{other}] configuration option.",
                            field.key()
                        );
                        return Err(field.failed(Failure::illegal_argument(reason)));
                    }
                    let text = field.text()?;
                    let parsed =
                        parse_interval(field.key(), &text).map_err(|cause| field.failed(cause))?;
                    interval = Some((field.key().to_owned(), text, parsed));
                }
                "offset" => offset = parse_offset(&field)?,
                "order" => order = Orders::parse(&field)?,
                "keyed" => keyed = field.flag()?,
                "min_doc_count" => min_doc_count = terms::count(&field, "minDocCount", called)?,
                "extended_bounds" => extended_bounds = Some(Bounds::parse(&field)?),
                "hard_bounds" => hard_bounds = Some(Bounds::parse(&field)?),
                _ if source.take(&field, Takes::FormatAndZone)? => {}
                _ => return Err(field.unknown(KEYS)),
            }
        }
        source.require("field, script")?;
        let Some((key, text, interval)) = interval else {
            return Err(Failure::illegal_argument(
                "Invalid interval specified, must be non-null and non-empty",
            ));
        };
        Ok(DateHistogram {
            source,
            interval,
            said: (key, text),
            offset,
            min_doc_count,
            order,
            keyed,
            extended_bounds,
            hard_bounds,
        })
    }
}

impl Definition for DateHistogram {
    fn render(&self, out: &mut Render) {
        self.source.render(out);
        out.field_str(&self.said.0, &self.said.1);
        out.field_long("offset", self.offset);
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
        let values = self.source.resolve(scope.context, Kind::Date)?;
        values.refuse_unless(values.is_numeric(), &self.source, Self::NAME)?;
        self.order.children(at.below())?;
        let now = scope.context.now_millis;
        if let Some(bounds) = &self.extended_bounds {
            bounds.millis(&values.spelling, now)?;
        }
        let bounds = match &self.hard_bounds {
            None => None,
            Some(bounds) => {
                let (min, max) = bounds.millis(&values.spelling, now)?;
                Some(HardBounds {
                    min: min.map_or(f64::NEG_INFINITY, |min| min as f64),
                    max: max.map_or(f64::INFINITY, |max| max as f64),
                })
            }
        };
        let below = at.below().collectors(scope, false)?;
        let intervals = Intervals::Instants(self.rounding());
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
            return Err(malformed("date_histogram").into());
        };
        let mut rounding = self.rounding();
        let (min, max) = match &self.extended_bounds {
            None => (None, None),
            Some(bounds) => bounds.millis(&found.spelling, now_millis())?,
        };
        let (min, max) = (
            min.map(|min| rounding.round(min)),
            max.map(|max| rounding.round(max)),
        );
        let begins = match &found.keys {
            Keys::Long(begins) => begins.as_slice(),
            _ => &[],
        };
        let arranged = series::arrange(
            &found,
            self.min_doc_count,
            &self.order,
            at,
            reduction,
            |range, picks| {
                let ends = match (range.is_empty(), min, max) {
                    (false, ..) => Some((begins[range.start], begins[range.end - 1])),
                    (true, Some(min), Some(max)) => Some((min, max)),
                    (true, ..) => None,
                };
                let Some((begin, end)) = ends else {
                    return Ok(());
                };
                let (mut begin, end) = (
                    min.map_or(begin, |min| min.min(begin)),
                    max.map_or(end, |max| max.max(end)),
                );
                let mut bucket = range.start;
                while begin <= end || bucket < range.end {
                    reduction.ledger.step(1)?;
                    if picks.len() % 1_024 == 0 {
                        reduction.ledger.charge(1_024 * 24)?;
                    }
                    if bucket < range.end && begins[bucket] <= begin {
                        begin = begins[bucket];
                        picks.push((bucket as u32, Key::Long(begin)));
                        bucket += 1;
                    } else {
                        reduction.make(1)?;
                        picks.push((NONE, Key::Long(begin)));
                    }
                    begin = rounding.next(begin);
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

impl DateHistogram {
    fn rounding(&self) -> Rounding {
        Rounding::new(self.interval, self.source.zone(), self.offset)
    }
}

impl Bounds {
    fn parse(field: &Field<'_>) -> Result<Self, Failure> {
        let mut bounds = Bounds::default();
        for (key, node) in field.object()?.iter() {
            let value = Literal::of(node).ok_or_else(|| field.wrong_type())?;
            let value = (value != Literal::Null).then_some(value);
            match key {
                "min" => bounds.min = value,
                "max" => bounds.max = value,
                _ => {
                    let reason = format!("[bounds] unknown field [{key}]");
                    return Err(field.failed(Failure::content_parse(reason, node.at)));
                }
            }
        }
        Ok(bounds)
    }

    fn millis(&self, spelling: &Spelling, now: i64) -> Result<(Option<i64>, Option<i64>), Failure> {
        let format = spelling.open();
        let read = |literal: &Literal| match literal {
            Literal::Long(millis) => Ok(*millis),
            other => {
                let (format, zone) = match &format {
                    ValueFormat::Date { format, zone, .. } => (format.clone(), zone.clone()),
                    _ => (dates::DateFormat::default_format(), dates::Zone::default()),
                };
                Ok(format
                    .parse_maths(&other.to_string(), now, dates::Rounding::Down, &zone)?
                    .millis)
            }
        };
        Ok((
            self.min.as_ref().map(read).transpose()?,
            self.max.as_ref().map(read).transpose()?,
        ))
    }

    fn render(&self, key: &str, out: &mut Render) {
        out.field_object(key);
        for (key, bound) in [("min", &self.min), ("max", &self.max)] {
            if let Some(bound) = bound {
                out.key(key);
                bound.render(out);
            }
        }
        out.end_object();
    }
}

/// Reads `calendar_interval` or `fixed_interval`, whichever `key` says.
///
/// # Errors
/// 400 in OpenSearch's words.
pub(super) fn parse_interval(key: &str, text: &str) -> Result<Interval, Failure> {
    if text.is_empty() {
        return Err(Failure::illegal_argument(
            "[interval] must not be null or empty.",
        ));
    }
    if key == "calendar_interval" {
        return Interval::calendar(text).ok_or_else(|| {
            Failure::illegal_argument(format!(
                "The supplied interval [{text}] could not be parsed as a calendar interval."
            ))
        });
    }
    let time = parse_time(text, "date_histogram.fixedInterval")?;
    let millis = time
        .duration()
        .and_then(|duration| i64::try_from(duration.as_millis()).ok())
        .unwrap_or(0);
    if millis < 1 {
        return Err(Failure::illegal_argument(
            "Zero or negative time interval not supported",
        ));
    }
    Ok(Interval::Fixed(millis))
}

/// `+6h`, `-1d`, or milliseconds.
///
/// # Errors
/// 400 for what is no time.
pub(super) fn parse_offset(field: &Field<'_>) -> Result<i64, Failure> {
    if let Value::Long(millis) = field.node().value {
        return Ok(millis);
    }
    let text = field.text()?;
    let (sign, size) = match text.as_bytes().first() {
        Some(b'-') => (-1, &text[1..]),
        Some(b'+') => (1, &text[1..]),
        _ => (1, text.as_str()),
    };
    let time =
        parse_time(size, "date_histogram.parseOffset").map_err(|cause| field.failed(cause))?;
    let millis = time
        .duration()
        .and_then(|duration| i64::try_from(duration.as_millis()).ok())
        .unwrap_or(0);
    Ok(sign * millis)
}

fn now_millis() -> i64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| {
        i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
    })
}

//! The sources of a `composite` aggregation: where the values of its keys come from.

use std::{cmp::Ordering, net::Ipv6Addr, sync::Arc};

use glasswork_content::{Failure, Node, Render, json::Entry};
use glasswork_engine::Segment;
use hashbrown::HashMap;
use serde::{Deserialize, Serialize};
use tantivy::{DocId, columnar::Column};

use crate::{interrupt::Halt, mapping::Kind, query::Literal};

use super::{
    collector::Scope,
    columns::Gathered,
    composite_key::Value,
    date_histogram,
    fields::{Field, fields},
    numbers::Numbers,
    opening,
    ordinals::Ordinals,
    rounding::{Interval, Rounding},
    source::{Missing, Source, Takes, Values, is_numeric, raw_to_double, raw_to_long},
};

/// One source of a request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct CompositeSource {
    /// Its name in keys.
    pub(crate) name: String,
    source: Source,
    how: How,
    ascending: bool,
    missing_bucket: bool,
    missing_order: MissingOrder,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum How {
    Terms,
    Histogram(f64),
    /// The interval, the key and the text that gave it, and the offset in milliseconds.
    Dates(Interval, String, String, i64),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum MissingOrder {
    Default,
    First,
    Last,
}

impl CompositeSource {
    /// Reads `{"name": {"terms": {…}}}`.
    ///
    /// # Errors
    /// 400 in OpenSearch's words.
    pub(crate) fn parse(list: &Field<'_>, element: &Node) -> Result<Self, Failure> {
        let malformed = || list.wrong_type();
        let [entry] = element.as_object().ok_or_else(malformed)?.entries() else {
            return Err(malformed());
        };
        let [kind] = entry.node.as_object().ok_or_else(malformed)?.entries() else {
            return Err(malformed());
        };
        Self::of_kind(list, &entry.key, kind)
    }

    fn of_kind(list: &Field<'_>, name: &str, kind: &Entry) -> Result<Self, Failure> {
        let (parser, takes) = match kind.key.as_str() {
            "terms" => ("terms", Takes::Format),
            "histogram" => ("histogram", Takes::Format),
            "date_histogram" => ("date_histogram", Takes::FormatAndZone),
            other => {
                let reason = format!("invalid source type: {other}");
                return Err(list.failed(Failure::parsing(reason, kind.at)));
            }
        };
        let mut parsed = CompositeSource {
            name: name.to_owned(),
            source: Source::default(),
            how: How::Terms,
            ascending: true,
            missing_bucket: false,
            missing_order: MissingOrder::Default,
        };
        let (mut interval, mut dates, mut offset) = (None, None, 0);
        for field in fields(parser, &kind.node)? {
            match field.key() {
                "order" => {
                    let order = field.text()?;
                    parsed.ascending = match order.to_ascii_lowercase().as_str() {
                        "asc" => true,
                        "desc" => false,
                        _ => {
                            return Err(field.failed(Failure::illegal_argument(format!(
                                "Unknown SortOrder [{order}]"
                            ))));
                        }
                    };
                }
                "missing_bucket" => parsed.missing_bucket = field.flag()?,
                "missing_order" => {
                    parsed.missing_order = match field.text()?.as_str() {
                        "first" => MissingOrder::First,
                        "last" => MissingOrder::Last,
                        "default" => MissingOrder::Default,
                        other => {
                            let reason = format!("No enum constant for missing_order [{other}]");
                            return Err(field.failed(Failure::illegal_argument(reason)));
                        }
                    };
                }
                "interval" if parser == "histogram" => {
                    let width = field.double()?;
                    if width.is_nan() || width <= 0.0 {
                        let reason = "[interval] must be greater than 0 for [histogram] source";
                        return Err(field.failed(Failure::illegal_argument(reason)));
                    }
                    interval = Some(width);
                }
                "calendar_interval" | "fixed_interval" if parser == "date_histogram" => {
                    let text = field.text()?;
                    let read = date_histogram::parse_interval(field.key(), &text)
                        .map_err(|cause| field.failed(cause))?;
                    dates = Some((read, field.key().to_owned(), text));
                }
                "offset" if parser == "date_histogram" => {
                    offset = date_histogram::parse_offset(&field)?
                }
                "missing" => return Err(field.unknown(&["missing_bucket", "missing_order"])),
                _ if parsed.source.take(&field, takes)? => {}
                _ => {
                    return Err(field.unknown(&[
                        "field",
                        "order",
                        "missing_bucket",
                        "missing_order",
                        "format",
                        "interval",
                    ]));
                }
            }
        }
        parsed.source.require("field, script")?;
        parsed.how = match (parser, interval, dates) {
            ("terms", ..) => How::Terms,
            ("histogram", Some(interval), _) => How::Histogram(interval),
            (_, _, Some((interval, key, text))) => How::Dates(interval, key, text, offset),
            _ => {
                return Err(Failure::illegal_argument(
                    "Invalid interval specified, must be non-null and non-empty",
                ));
            }
        };
        Ok(parsed)
    }

    /// Writes it as OpenSearch prints a parsed one.
    pub(crate) fn render(&self, out: &mut Render) {
        out.object();
        out.field_object(&self.name);
        out.field_object(match self.how {
            How::Terms => "terms",
            How::Histogram(_) => "histogram",
            How::Dates(..) => "date_histogram",
        });
        self.source.render(out);
        out.field_bool("missing_bucket", self.missing_bucket);
        let order = match self.missing_order {
            MissingOrder::Default => "default",
            MissingOrder::First => "first",
            MissingOrder::Last => "last",
        };
        out.field_str("missing_order", order);
        out.field_str("order", if self.ascending { "asc" } else { "desc" });
        match &self.how {
            How::Terms => {}
            How::Histogram(interval) => out.field_double("interval", *interval),
            How::Dates(_, key, text, offset) => {
                out.field_str(key, text);
                out.field_long("offset", *offset);
            }
        }
        out.end_object();
        out.end_object();
        out.end_object();
    }

    /// Compares two values in the order asked for.
    pub(crate) fn compare(&self, a: &Value, b: &Value) -> Ordering {
        let missing = (*a == Value::Missing, *b == Value::Missing);
        if missing.0 != missing.1 && self.missing_order != MissingOrder::Default {
            let a_first = missing.0 == (self.missing_order == MissingOrder::First);
            return if a_first {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
        let order = a.compare(b);
        if self.ascending {
            order
        } else {
            order.reverse()
        }
    }

    /// Whether documents without a value have a key.
    pub(crate) fn keeps_missing(&self) -> bool {
        self.missing_bucket
    }

    /// Writes a value of a key.
    pub(crate) fn show(&self, value: &Value, out: &mut Render) {
        let dated = |millis: i64| self.source.date_text(millis);
        match value {
            Value::Missing => out.null(),
            Value::Boolean(flag) => out.boolean(*flag),
            Value::Long(number) => match dated(*number) {
                Some(text) => out.string(&text),
                None => out.long(*number),
            },
            Value::Unsigned(number) => out.unsigned(*number),
            Value::Double(number) => out.double(*number),
            Value::Ip(bits) => out.string(&super::spelling::ip_text(*bits)),
            Value::Text(text) => out.string(text),
        }
    }

    /// What reads its values on a shard.
    ///
    /// # Errors
    /// 400 for a field that does not suit it.
    pub(crate) fn reader(&self, scope: Scope<'_>) -> Result<Reader, Halt> {
        let fallback = if matches!(self.how, How::Terms) {
            Kind::Keyword
        } else {
            Kind::Double
        };
        let values = self.source.resolve(scope.context, fallback)?;
        if !matches!(self.how, How::Terms) {
            values.refuse_unless(values.is_numeric(), &self.source, "composite")?;
        }
        let codes = match values.kind {
            Kind::Ip => Codes::Ips {
                column: None,
                gathered: Gathered::default(),
                known: HashMap::new(),
                ips: Vec::new(),
            },
            kind if is_numeric(kind) => Codes::Numbers(Numbers::new(values.clone())),
            _ => Codes::Texts {
                ordinals: match &values.column {
                    Some(column) => Ordinals::of(&scope.context.view, column, scope.ledger)?,
                    None => Arc::new(Ordinals::none()),
                },
                segment: 0,
                column: None,
                gathered: Gathered::default(),
            },
        };
        let rounding = match &self.how {
            How::Dates(interval, _, _, offset) => {
                Some(Rounding::new(*interval, self.source.zone(), *offset))
            }
            How::Terms | How::Histogram(_) => None,
        };
        let width = match self.how {
            How::Histogram(width) => Some(width),
            How::Terms | How::Dates(..) => None,
        };
        Ok(Reader {
            values,
            codes,
            rounding,
            width,
            positions: Vec::new(),
            found: Vec::new(),
        })
    }

    /// A value of `after`, as it stands in keys.
    ///
    /// # Errors
    /// 400 when it is none of the field's.
    pub(crate) fn after(
        &self,
        literal: &Literal,
        reader: &Reader,
        scope: Scope<'_>,
    ) -> Result<Value, Failure> {
        if *literal == Literal::Null {
            return Ok(Value::Missing);
        }
        let kind = if self.width().is_some() {
            Kind::Double
        } else {
            reader.values.kind
        };
        let kind = if kind == Kind::DateNanos {
            Kind::Date
        } else {
            kind
        };
        Ok(
            match Missing::of(
                literal,
                kind,
                reader.values.date_format.as_deref(),
                scope.context,
            )? {
                Missing::Number { raw, .. } => number_value(kind, raw),
                Missing::Text(text) => Value::Text(text),
                Missing::Ip(address) => Value::Ip(address.to_bits()),
            },
        )
    }

    fn width(&self) -> Option<f64> {
        match self.how {
            How::Histogram(width) => Some(width),
            How::Terms | How::Dates(..) => None,
        }
    }
}

/// Reads the values of one source as codes: numbers that are cheap to compare for sameness, made values at the end.
pub(crate) struct Reader {
    values: Values,
    codes: Codes,
    rounding: Option<Rounding>,
    width: Option<f64>,
    positions: Vec<u32>,
    found: Vec<u64>,
}

enum Codes {
    Numbers(Numbers),
    Ips {
        column: Option<Column<Ipv6Addr>>,
        gathered: Gathered<Ipv6Addr>,
        known: HashMap<Ipv6Addr, u64>,
        ips: Vec<u128>,
    },
    Texts {
        ordinals: Arc<Ordinals>,
        segment: usize,
        column: Option<Column<u64>>,
        gathered: Gathered<u64>,
    },
}

impl Reader {
    /// Turns to a segment.
    pub(crate) fn open(&mut self, ordinal: usize, segment: &Arc<Segment>) -> Result<(), Halt> {
        match &mut self.codes {
            Codes::Numbers(numbers) => numbers.open(segment)?,
            Codes::Ips { column, .. } => {
                *column = match &self.values.column {
                    Some((number, name)) if segment.has_field(*number) => segment
                        .reader
                        .fast_fields()
                        .column_opt::<Ipv6Addr>(name)
                        .map_err(opening)?,
                    _ => None,
                };
            }
            Codes::Texts {
                ordinals,
                segment,
                column,
                ..
            } => {
                *segment = ordinal;
                *column = ordinals.column(ordinal).map(|column| column.ords().clone());
            }
        }
        Ok(())
    }

    /// The distinct codes of each document: places in the block, and codes.
    pub(crate) fn read(&mut self, docs: &[DocId]) -> (&[u32], &[u64]) {
        self.positions.clear();
        self.found.clear();
        match &mut self.codes {
            Codes::Numbers(numbers) => {
                let kind = numbers.kind();
                let (positions, raws) = numbers.distinct(docs);
                for (position, raw) in positions.iter().zip(raws) {
                    let code = match (&mut self.rounding, self.width) {
                        (Some(rounding), _) => {
                            rounding.round(raw_to_double(kind, *raw) as i64) as u64
                        }
                        (None, Some(width)) => {
                            (raw_to_double(kind, *raw) / width).floor() as i64 as u64
                        }
                        (None, None) => *raw,
                    };
                    // Values of a document ascend: those of one interval follow each other.
                    if self.positions.last() != Some(position) || self.found.last() != Some(&code) {
                        self.positions.push(*position);
                        self.found.push(code);
                    }
                }
            }
            Codes::Ips {
                column,
                gathered,
                known,
                ips,
            } => {
                gathered.read(column.as_ref(), docs, None);
                gathered.dedup();
                for (position, address) in gathered.positions.iter().zip(&gathered.values) {
                    let code = *known.entry(*address).or_insert_with(|| {
                        ips.push(address.to_bits());
                        ips.len() as u64 - 1
                    });
                    self.positions.push(*position);
                    self.found.push(code);
                }
            }
            Codes::Texts {
                ordinals,
                segment,
                column,
                gathered,
            } => {
                gathered.read(column.as_ref(), docs, None);
                gathered.dedup();
                self.positions.extend_from_slice(&gathered.positions);
                self.found.extend(
                    gathered
                        .values
                        .iter()
                        .map(|ordinal| ordinals.global(*segment, *ordinal)),
                );
            }
        }
        (&self.positions, &self.found)
    }

    /// The values of codes, which ascend and are distinct.
    ///
    /// # Errors
    /// The ledger's stop.
    pub(crate) fn values(&self, codes: &[u64], scope: Scope<'_>) -> Result<Vec<Value>, Halt> {
        scope.ledger.step(codes.len() / 8)?;
        Ok(match &self.codes {
            Codes::Numbers(numbers) => codes
                .iter()
                .map(|code| match (&self.rounding, self.width) {
                    (Some(_), _) => Value::Long(*code as i64),
                    (None, Some(width)) => Value::Double(*code as i64 as f64 * width),
                    (None, None) => number_value(numbers.kind(), *code),
                })
                .collect(),
            Codes::Ips { ips, .. } => codes
                .iter()
                .map(|code| Value::Ip(ips[*code as usize]))
                .collect(),
            Codes::Texts { ordinals, .. } => {
                let mut values = vec![Value::Missing; codes.len()];
                ordinals.texts(codes, scope.ledger, &mut |place, text| {
                    values[place] = Value::Text(String::from_utf8_lossy(text).into_owned());
                })?;
                values
            }
        })
    }
}

fn number_value(kind: Kind, raw: u64) -> Value {
    match kind {
        Kind::Boolean => Value::Boolean(raw != 0),
        Kind::UnsignedLong => Value::Unsigned(raw),
        kind if kind.is_floating() => Value::Double(raw_to_double(kind, raw)),
        kind => Value::Long(raw_to_long(kind, raw)),
    }
}

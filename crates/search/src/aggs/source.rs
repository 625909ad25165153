//! Where the values of an aggregation come from: a field, or what stands in for it where it is missing.

use std::{net::Ipv6Addr, sync::Arc};

use glasswork_content::{Failure, Kind as FailureKind, Render, Value};
use glasswork_engine::FieldNumber;
use serde::{Deserialize, Serialize};
use tantivy::columnar::MonotonicallyMappableToU64;

use crate::{
    context::Context,
    mapping::{
        FieldType, Kind,
        dates::{DateFormat, Rounding, Zone},
    },
    query::Literal,
};

use super::{fields::Field, spelling::Spelling};

/// The part of a body that says which values are meant.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Source {
    /// Path of the field.
    pub(crate) field: Option<String>,
    missing: Option<Literal>,
    format: Option<String>,
    time_zone: Option<String>,
    value_type: Option<String>,
}

/// Which optional keys an aggregation takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Takes {
    /// `format`.
    Format,
    /// `format` and `time_zone`.
    FormatAndZone,
    /// Neither.
    Nothing,
}

impl Takes {
    /// The keys of a source, for guesses at misspelled ones.
    pub(crate) fn keys(self) -> &'static [&'static str] {
        match self {
            Takes::Format => &["field", "missing", "value_type", "format"],
            Takes::FormatAndZone => &["field", "missing", "value_type", "format", "time_zone"],
            Takes::Nothing => &["field", "missing", "value_type"],
        }
    }
}

impl Source {
    /// Takes a key of the body when it belongs to the source; false when not.
    ///
    /// # Errors
    /// 400 for a value of the wrong kind.
    pub(crate) fn take(&mut self, field: &Field<'_>, takes: Takes) -> Result<bool, Failure> {
        match field.key() {
            "field" => self.field = Some(field.text()?),
            "missing" => self.missing = Some(field.literal()?),
            "value_type" => {
                let name = field.text()?;
                kind_named(&name).ok_or_else(|| {
                    field.failed(Failure::illegal_argument(format!(
                        "Unknown value type [{name}]"
                    )))
                })?;
                self.value_type = Some(name);
            }
            "format" if takes != Takes::Nothing => self.format = Some(field.text()?),
            "time_zone" if takes == Takes::FormatAndZone => {
                let zone = zone_text(field)?;
                Zone::parse(&zone).map_err(|cause| field.failed(cause))?;
                self.time_zone = Some(zone);
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Makes sure that there is a field.
    ///
    /// # Errors
    /// 400 as OpenSearch words it; `alternatives` are the keys of which one is wanted.
    pub(crate) fn require(&self, alternatives: &str) -> Result<(), Failure> {
        if self.field.is_some() {
            return Ok(());
        }
        Err(Failure::illegal_argument(format!(
            "Required one of fields [{alternatives}], but none were specified. "
        )))
    }

    /// Writes the keys, as OpenSearch prints a parsed request.
    pub(crate) fn render(&self, out: &mut Render) {
        if let Some(field) = &self.field {
            out.field_str("field", field);
        }
        if let Some(missing) = &self.missing {
            out.key("missing");
            missing.render(out);
        }
        if let Some(format) = &self.format {
            out.field_str("format", format);
        }
        if let Some(zone) = &self.time_zone {
            out.field_str("time_zone", zone);
        }
        if let Some(value_type) = &self.value_type {
            out.field_str("value_type", value_type);
        }
    }

    /// The request's time zone; UTC otherwise.
    pub(crate) fn zone(&self) -> Zone {
        self.time_zone
            .as_deref()
            .and_then(|zone| Zone::parse(zone).ok())
            .unwrap_or_default()
    }

    /// A date as the request's `format` writes it; `None` without one.
    pub(crate) fn date_text(&self, millis: i64) -> Option<String> {
        let format = DateFormat::new(self.format.as_deref()?).ok()?;
        Some(format.format(millis, &self.zone()))
    }

    /// Finds the values on this shard. `fallback` is what values are when no field says so.
    ///
    /// # Errors
    /// 400 for text fields, fields without a column and malformed `missing`.
    pub(crate) fn resolve(&self, context: &Context, fallback: Kind) -> Result<Values, Failure> {
        let zone = self.time_zone.as_deref().map(Zone::parse).transpose()?;
        let path = self.field.as_deref().unwrap_or_default();
        match path {
            // Every document has the same, which no column needs to say.
            "_index" => {
                return Ok(Values {
                    kind: Kind::Keyword,
                    column: None,
                    missing: Some(Missing::Text(context.index.name.to_string())),
                    spelling: Spelling::Raw,
                    mapped: true,
                    date_format: None,
                });
            }
            "_id" => {
                return Err(Failure::illegal_argument(
                    "Fielddata access on the _id field is disallowed",
                ));
            }
            _ => {}
        }
        let Some(field) = context.mapping.field(path) else {
            let kind = self
                .value_type
                .as_deref()
                .and_then(kind_named)
                .unwrap_or(fallback);
            let spelling = Spelling::of_kind(kind, self.format.as_deref(), zone.as_ref());
            let missing = self
                .missing
                .as_ref()
                .map(|missing| Missing::of(missing, kind, None, context))
                .transpose()?;
            return Ok(Values {
                kind,
                column: None,
                missing,
                spelling,
                mapped: false,
                date_format: None,
            });
        };
        check_column(field)?;
        let spelling = Spelling::of(field, self.format.as_deref(), zone.as_ref())?;
        let date_format = match &self.format {
            Some(format) if field.kind().is_date() => Some(Arc::new(DateFormat::new(format)?)),
            _ => field.date_format().cloned(),
        };
        let missing = self
            .missing
            .as_ref()
            .map(|missing| Missing::of(missing, field.kind(), date_format.as_deref(), context))
            .transpose()?;
        let column = context.view.field(path).map(|(number, tantivy_field, _)| {
            (
                number,
                context
                    .view
                    .fields()
                    .schema()
                    .get_field_name(tantivy_field)
                    .to_owned(),
            )
        });
        Ok(Values {
            kind: field.kind(),
            column,
            missing,
            spelling,
            mapped: true,
            date_format,
        })
    }
}

/// The values of one aggregation on one shard.
#[derive(Debug, Clone)]
pub(crate) struct Values {
    /// Of the field, or what stands in for it.
    pub(crate) kind: Kind,
    /// The engine's field and the name of its column; `None` when no document has a value.
    pub(crate) column: Option<(FieldNumber, String)>,
    /// What documents without a value have.
    pub(crate) missing: Option<Missing>,
    /// How values are spelled.
    pub(crate) spelling: Spelling,
    /// Whether the mapping knows the field.
    pub(crate) mapped: bool,
    /// How dates of the request are read: the request's format, or the field's.
    pub(crate) date_format: Option<Arc<DateFormat>>,
}

impl Values {
    /// Refuses kinds that `aggregation` cannot work with.
    ///
    /// # Errors
    /// 400 `Field [f] of type [keyword] is not supported for aggregation [avg]`.
    pub(crate) fn refuse_unless(
        &self,
        accepted: bool,
        source: &Source,
        aggregation: &str,
    ) -> Result<(), Failure> {
        if accepted || !self.mapped {
            return Ok(());
        }
        Err(Failure::illegal_argument(format!(
            "Field [{}] of type [{}] is not supported for aggregation [{aggregation}]",
            source.field.as_deref().unwrap_or_default(),
            self.kind.name(),
        )))
    }

    /// Whether values are numbers, dates or booleans.
    pub(crate) fn is_numeric(&self) -> bool {
        is_numeric(self.kind)
    }
}

/// Whether a kind is kept as a number.
pub(crate) fn is_numeric(kind: Kind) -> bool {
    kind.is_number() || kind.is_date() || kind == Kind::Boolean
}

/// What stands in for a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Missing {
    /// A string.
    Text(String),
    /// A number: as a double, and as it would stand in the column.
    Number {
        /// For metrics and ranges.
        double: f64,
        /// For keys, mapped like the column.
        raw: u64,
    },
    /// An address.
    Ip(Ipv6Addr),
}

impl Missing {
    /// A scalar of the request as a value of a field of `kind`.
    ///
    /// # Errors
    /// 400 when it is none.
    pub(crate) fn of(
        literal: &Literal,
        kind: Kind,
        format: Option<&DateFormat>,
        context: &Context,
    ) -> Result<Self, Failure> {
        let text = literal.to_string();
        Ok(match kind {
            Kind::Boolean => {
                let truth = match literal {
                    Literal::Bool(truth) => *truth,
                    _ => text == "true" || text.parse::<f64>().is_ok_and(|number| number != 0.0),
                };
                Missing::Number {
                    double: f64::from(u8::from(truth)),
                    raw: u64::from(truth),
                }
            }
            kind if kind.is_date() => {
                let millis = match literal {
                    Literal::Long(millis) => *millis,
                    _ => parse_date(&text, format, context)?,
                };
                let column = if kind == Kind::DateNanos {
                    millis.saturating_mul(1_000_000)
                } else {
                    millis
                };
                Missing::Number {
                    double: millis as f64,
                    raw: column.to_u64(),
                }
            }
            Kind::UnsignedLong => {
                let whole = match literal {
                    Literal::Long(number) => u64::try_from(*number).unwrap_or(0),
                    Literal::Unsigned(number) => *number,
                    _ => number(&text)? as u64,
                };
                Missing::Number {
                    double: whole as f64,
                    raw: whole,
                }
            }
            kind if kind.is_floating() => {
                let double = number(&text)?;
                Missing::Number {
                    double,
                    raw: double.to_u64(),
                }
            }
            kind if kind.is_whole() => {
                let double = number(&text)?;
                let whole = match literal {
                    Literal::Long(whole) => *whole,
                    _ => double as i64,
                };
                Missing::Number {
                    double,
                    raw: whole.to_u64(),
                }
            }
            Kind::Ip => Missing::Ip(parse_ip(&text)?),
            _ => Missing::Text(text),
        })
    }
}

/// A double as a column of `kind` would hold it, in the column's order.
pub(crate) fn raw_to_double(kind: Kind, raw: u64) -> f64 {
    match kind {
        Kind::Boolean => raw as f64,
        Kind::UnsignedLong => raw as f64,
        Kind::DateNanos => i64::from_u64(raw).div_euclid(1_000_000) as f64,
        kind if kind.is_floating() => f64::from_u64(raw),
        _ => i64::from_u64(raw) as f64,
    }
}

/// A whole number of a column of `kind`; dates in milliseconds.
pub(crate) fn raw_to_long(kind: Kind, raw: u64) -> i64 {
    match kind {
        Kind::Boolean => raw as i64,
        Kind::DateNanos => i64::from_u64(raw).div_euclid(1_000_000),
        Kind::UnsignedLong => i64::try_from(raw).unwrap_or(i64::MAX),
        kind if kind.is_floating() => f64::from_u64(raw) as i64,
        _ => i64::from_u64(raw),
    }
}

/// Milliseconds of a date text: the format's, or ISO and epoch milliseconds.
pub(crate) fn parse_date(
    text: &str,
    format: Option<&DateFormat>,
    context: &Context,
) -> Result<i64, Failure> {
    let default = DateFormat::default_format();
    let format = format.unwrap_or(&default);
    Ok(format
        .parse_maths(text, context.now_millis, Rounding::Down, Zone::utc())?
        .millis)
}

/// An address.
pub(crate) fn parse_ip(text: &str) -> Result<Ipv6Addr, Failure> {
    let parsed: Result<std::net::IpAddr, _> = text.parse();
    match parsed {
        Ok(std::net::IpAddr::V4(address)) => Ok(address.to_ipv6_mapped()),
        Ok(std::net::IpAddr::V6(address)) => Ok(address),
        Err(_) => Err(Failure::illegal_argument(format!(
            "'{text}' is not an IP string literal."
        ))),
    }
}

fn number(text: &str) -> Result<f64, Failure> {
    text.parse().map_err(|_| Failure::number_format(text))
}

fn zone_text(field: &Field<'_>) -> Result<String, Failure> {
    match field.node().value {
        // A whole number is an offset in hours.
        Value::Long(hours) => Ok(format!("{hours:+03}:00")),
        _ => field.text(),
    }
}

fn kind_named(name: &str) -> Option<Kind> {
    match name {
        "string" => Some(Kind::Keyword),
        "number" | "numeric" => Some(Kind::Double),
        _ => Kind::named(name).filter(|kind| !matches!(kind, Kind::Text | Kind::Binary)),
    }
}

/// Text fields have no column; neither have fields without doc values.
pub(crate) fn check_column(field: &FieldType) -> Result<(), Failure> {
    let path = field.path();
    if field.kind() == Kind::Text {
        return Err(Failure::new(
            FailureKind::IllegalArgument,
            format!(
                "Text fields are not optimised for operations that require per-document field data like aggregations and \
             sorting, so these operations are disabled by default. Please use a keyword field instead. Alternatively, set \
             fielddata=true on [{path}] in order to load field data by uninverting the inverted index. Note that this can \
             use significant memory."
            ),
        ));
    }
    if !field.has_doc_values() {
        return Err(Failure::illegal_argument(format!(
            "Can't load fielddata on [{path}] because fielddata is unsupported on fields of type [{}]. Use doc values instead.",
            field.type_name(),
        )));
    }
    Ok(())
}

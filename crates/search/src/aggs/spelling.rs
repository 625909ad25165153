//! How the values of a field are spelled beside their numbers: what a shard tells the coordinator, which knows no mapping.

use std::net::Ipv6Addr;

use glasswork_content::Failure;
use serde::{Deserialize, Serialize};

use crate::mapping::{
    DecimalFormat, FieldType, Kind, ValueFormat,
    dates::{DateFormat, Zone},
};

/// A [`ValueFormat`] that can travel.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) enum Spelling {
    /// Not beside their numbers.
    #[default]
    Raw,
    /// `false`, `true`.
    Boolean,
    /// Addresses.
    Ip,
    /// Milliseconds since 1970 by a date pattern.
    Date {
        /// `yyyy-MM-dd`, `strict_date_optional_time||epoch_millis`.
        pattern: String,
        /// Name or offset.
        zone: String,
    },
    /// A pattern of Java's `DecimalFormat`.
    Decimal(String),
}

impl Spelling {
    /// That of a field, with the request's `format` and `time_zone`.
    ///
    /// # Errors
    /// As [`FieldType::value_format`].
    pub(crate) fn of(
        field: &FieldType,
        format: Option<&str>,
        zone: Option<&Zone>,
    ) -> Result<Self, Failure> {
        let pattern = || format.unwrap_or_default().to_owned();
        Ok(match field.value_format(format, zone)? {
            ValueFormat::Raw => Self::Raw,
            ValueFormat::Boolean => Self::Boolean,
            ValueFormat::Ip => Self::Ip,
            ValueFormat::Date { format, zone, .. } => Self::Date {
                pattern: format.text().to_owned(),
                zone: zone.name().to_owned(),
            },
            ValueFormat::Decimal(_) => Self::Decimal(pattern()),
        })
    }

    /// That of a date without a field.
    pub(crate) fn date(format: Option<&str>, zone: Option<&Zone>) -> Self {
        Self::Date {
            pattern: format
                .unwrap_or(crate::mapping::dates::DEFAULT_FORMAT)
                .to_owned(),
            zone: zone.map_or("Z", Zone::name).to_owned(),
        }
    }

    /// That of a `value_type` without a field.
    pub(crate) fn of_kind(kind: Kind, format: Option<&str>, zone: Option<&Zone>) -> Self {
        match kind {
            Kind::Date | Kind::DateNanos => Self::date(format, zone),
            Kind::Boolean => Self::Boolean,
            Kind::Ip => Self::Ip,
            _ => Self::Raw,
        }
    }

    /// This one, or the other when this shard knew nothing of the field.
    pub(crate) fn or<'a>(&'a self, other: &'a Self) -> &'a Self {
        if *self == Self::Raw { other } else { self }
    }

    /// What spells.
    pub(crate) fn open(&self) -> ValueFormat {
        match self {
            Self::Raw => ValueFormat::Raw,
            Self::Boolean => ValueFormat::Boolean,
            Self::Ip => ValueFormat::Ip,
            Self::Date { pattern, zone } => match (DateFormat::new(pattern), Zone::parse(zone)) {
                (Ok(format), Ok(zone)) => ValueFormat::Date {
                    format: std::sync::Arc::new(format),
                    zone,
                    nanos: false,
                },
                // Both were read before the shard sent them; a malformed one comes from a broken peer and is shown raw.
                _ => ValueFormat::Raw,
            },
            Self::Decimal(pattern) => {
                DecimalFormat::new(pattern).map_or(ValueFormat::Raw, ValueFormat::Decimal)
            }
        }
    }
}

/// An address as OpenSearch prints it: IPv4 when it is a mapped one.
pub(crate) fn ip_text(bits: u128) -> String {
    let address = Ipv6Addr::from_bits(bits);
    match address.to_ipv4_mapped() {
        Some(mapped) => mapped.to_string(),
        None => address.to_string(),
    }
}

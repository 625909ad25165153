//! What the types of fields do with values: a file a family.

mod address;
mod boolean;
mod date;
mod decimal;
mod number;
mod string;

pub(super) use address::text as address_text;
pub use decimal::DecimalFormat;
pub(super) use string::{LONGEST_TERM, immense_term};

use super::field_type::{FieldType, Kind};
use super::values::{DateContext, Matches, RangeBound};
use glasswork_content::{Failure, Node};
use glasswork_engine::FieldValue;

/// A value of a document as it stands there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar<'a> {
    Text(&'a str),
    /// As it is written.
    Number(&'a str),
    Bool(bool),
}

impl<'a> Scalar<'a> {
    /// `XContentParser.text()`.
    pub(super) fn text(&self) -> &'a str {
        match *self {
            Self::Text(text) | Self::Number(text) => text,
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
        }
    }

    /// The name of Jackson's token.
    fn token_name(&self) -> &'static str {
        match self {
            Self::Text(_) => "VALUE_STRING",
            Self::Number(text) if text.contains(['.', 'e', 'E']) => "VALUE_NUMBER_FLOAT",
            Self::Number(_) => "VALUE_NUMBER_INT",
            Self::Bool(true) => "VALUE_TRUE",
            Self::Bool(false) => "VALUE_FALSE",
        }
    }
}

impl FieldType {
    /// The engine's value of a document's value, for every type but text (whose tokens the parser makes). `None`: nothing is
    /// to be indexed.
    ///
    /// # Errors
    /// What is wrong with the value: the cause of the document's `mapper_parsing_exception`.
    pub(super) fn read(
        &self,
        value: &Scalar<'_>,
        coerce: bool,
    ) -> Result<Option<FieldValue>, Failure> {
        match self.kind {
            Kind::Keyword | Kind::Text => string::read(self, value),
            Kind::Boolean => boolean::read(value).map(Some),
            Kind::Date | Kind::DateNanos => date::read(self, value).map(Some),
            Kind::Ip => address::read(value.text()).map(Some),
            Kind::Binary => Ok(None),
            kind => number::read(kind, value, coerce),
        }
    }

    /// What a `term` query with this value looks up.
    ///
    /// # Errors
    /// 400 as the type words it: `number_format_exception`, `illegal_argument_exception` (booleans, addresses),
    /// `parse_exception` (dates).
    pub fn term(&self, value: &Node, dates: &DateContext<'_>) -> Result<Matches, Failure> {
        match self.kind {
            Kind::Keyword | Kind::Text => string::term(self, value),
            Kind::Boolean => boolean::term(value),
            Kind::Date | Kind::DateNanos => date::term(self, value, dates),
            Kind::Ip => address::term(value),
            Kind::Binary => Err(Failure::illegal_argument(
                "Binary fields do not support searching",
            )),
            kind => number::term(kind, value),
        }
    }

    /// What a `range` query with these ends looks up.
    ///
    /// # Errors
    /// As [`FieldType::term`].
    pub fn range(
        &self,
        lower: Option<RangeBound<'_>>,
        upper: Option<RangeBound<'_>>,
        dates: &DateContext<'_>,
    ) -> Result<Matches, Failure> {
        match self.kind {
            Kind::Keyword | Kind::Text => string::range(self, lower, upper),
            Kind::Boolean => boolean::range(lower, upper),
            Kind::Date | Kind::DateNanos => date::range(self, lower, upper, dates),
            Kind::Ip => address::range(lower, upper),
            Kind::Binary => Err(Failure::illegal_argument(
                "Binary fields do not support searching",
            )),
            kind => number::range(kind, lower, upper),
        }
    }
}

/// The text of a query's value: strings as they are, numbers and booleans as they are written.
fn query_text(value: &Node) -> Result<String, Failure> {
    value
        .to_text()
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| {
            Failure::illegal_argument(format!(
                "a value is expected, but got [{}]",
                super::preview::java_text(value)
            ))
        })
}

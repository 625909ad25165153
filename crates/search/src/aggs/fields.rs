//! Reading the body of an aggregation key by key, with the texts of OpenSearch's `ObjectParser` for what is wrong.

use glasswork_content::{Failure, Node, Object, Value, json::Entry, text::did_you_mean};

use crate::query::Literal;

/// One key of a body, and whose body it is.
pub(crate) struct Field<'n> {
    parser: &'static str,
    entry: &'n Entry,
}

/// The keys of the body `node` of the parser called `parser`.
///
/// # Errors
/// 400 when it is no object.
pub(crate) fn fields<'n>(
    parser: &'static str,
    node: &'n Node,
) -> Result<impl Iterator<Item = Field<'n>>, Failure> {
    let Some(object) = node.as_object() else {
        return Err(Failure::content_parse(
            format!(
                "[{parser}] Expected START_OBJECT but was: {}",
                node.token_name()
            ),
            node.at,
        ));
    };
    Ok(object
        .entries()
        .iter()
        .map(move |entry| Field { parser, entry }))
}

impl<'n> Field<'n> {
    /// Its name.
    pub(crate) fn key(&self) -> &'n str {
        &self.entry.key
    }

    /// Its value.
    pub(crate) fn node(&self) -> &'n Node {
        &self.entry.node
    }

    /// A 32-bit whole number, also written as a string.
    pub(crate) fn int(&self) -> Result<i32, Failure> {
        self.number_token()?;
        self.node().to_i32().map_err(|cause| self.failed(cause))
    }

    /// A 64-bit whole number, also written as a string.
    pub(crate) fn long(&self) -> Result<i64, Failure> {
        self.number_token()?;
        self.node().to_i64().map_err(|cause| self.failed(cause))
    }

    /// A number, also written as a string.
    pub(crate) fn double(&self) -> Result<f64, Failure> {
        self.number_token()?;
        self.node().to_f64().map_err(|cause| self.failed(cause))
    }

    /// `true` or `false`, also written as a string.
    pub(crate) fn flag(&self) -> Result<bool, Failure> {
        match &self.node().value {
            Value::Bool(_) | Value::String(_) => {
                self.node().to_bool().map_err(|cause| self.failed(cause))
            }
            _ => Err(self.wrong_type()),
        }
    }

    /// A string.
    pub(crate) fn text(&self) -> Result<String, Failure> {
        self.node()
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| self.wrong_type())
    }

    /// A scalar other than `null`.
    pub(crate) fn literal(&self) -> Result<Literal, Failure> {
        match Literal::of(self.node()) {
            Some(Literal::Null) | None => Err(self.wrong_type()),
            Some(literal) => Ok(literal),
        }
    }

    /// An object.
    pub(crate) fn object(&self) -> Result<&'n Object, Failure> {
        self.node().as_object().ok_or_else(|| self.wrong_type())
    }

    /// An array, or one value instead of an array of one.
    pub(crate) fn elements(&self) -> &'n [Node] {
        match &self.node().value {
            Value::Array(elements) => elements,
            _ => std::slice::from_ref(self.node()),
        }
    }

    /// An array.
    pub(crate) fn array(&self) -> Result<&'n [Node], Failure> {
        self.node().as_array().ok_or_else(|| self.wrong_type())
    }

    /// `[1:52] [terms] unknown field [sise] did you mean [size]?`
    pub(crate) fn unknown(&self, known: &[&'static str]) -> Failure {
        let guess = did_you_mean(self.key(), known.iter().copied());
        Failure::content_parse(
            format!("[{}] unknown field [{}]{guess}", self.parser, self.key()),
            self.entry.at,
        )
    }

    /// `[1:52] [terms] size doesn't support values of type: START_OBJECT`
    pub(crate) fn wrong_type(&self) -> Failure {
        Failure::content_parse(
            format!(
                "[{}] {} doesn't support values of type: {}",
                self.parser,
                self.key(),
                self.node().token_name()
            ),
            self.node().at,
        )
    }

    /// `[1:52] [terms] failed to parse field [size]`
    pub(crate) fn failed(&self, cause: Failure) -> Failure {
        Failure::content_parse(
            format!("[{}] failed to parse field [{}]", self.parser, self.key()),
            self.node().at,
        )
        .caused_by(cause)
    }

    fn number_token(&self) -> Result<(), Failure> {
        match &self.node().value {
            Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
                Err(self.wrong_type())
            }
            _ => Ok(()),
        }
    }
}

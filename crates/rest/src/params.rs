//! The parameters of a request: those of its path and those of its query, read by name and type.
//!
//! Reading a parameter consumes it. [`Params::refuse_unknown`] then refuses what is left, with hints drawn from the
//! names that were read, as the reference does; a handler calls it after it has read everything and before it starts
//! its action. A parameter that a route declares but its handler does not read is refused too, never ignored.

use std::fmt::Display;

use glasswork_content::{
    failure::Failure,
    text::{self, TimeValue, parse_flag, parse_number, split_list},
};
use glasswork_tasks::wire::ask::Parameters;

use crate::routes::{COMMON, Placeholders, Route};

/// The parameters of one request.
#[derive(Debug)]
pub struct Params {
    route: &'static Route,
    /// The path as it was sent, for texts.
    uri_path: Box<str>,
    /// Those of the path, then those of the query: in a clash the path wins, within the query the last.
    values: Vec<(Box<str>, Box<str>)>,
    in_path: usize,
    consumed: Vec<&'static str>,
    /// Names that are hinted only when they were given.
    unhinted: &'static [&'static str],
}

impl Params {
    pub(crate) fn new(
        route: &'static Route,
        uri_path: &str,
        in_path: Placeholders,
        query: Vec<(String, String)>,
    ) -> Self {
        let mut values = in_path;
        let in_path = values.len();
        values.extend(
            query
                .into_iter()
                .map(|(name, value)| (name.into(), value.into())),
        );
        // The common ones are read for every request, so hints may name them.
        let consumed = COMMON
            .iter()
            .map(|param| param.name)
            .filter(|name| !name.starts_with("source"))
            .collect();
        Self {
            route,
            uri_path: uri_path.into(),
            values,
            in_path,
            consumed,
            unhinted: &[],
        }
    }

    /// The value of a placeholder of the path. A placeholder that this row of the table does not have may be given in
    /// the query (`/_search?index=books`); empty when it is nowhere.
    pub fn path(&mut self, name: &'static str) -> &str {
        self.consume(name);
        self.find(name).unwrap_or("")
    }

    /// The value of a parameter as it was given.
    pub fn text(&mut self, name: &'static str) -> Option<&str> {
        self.consume(name);
        self.find(name)
    }

    /// Whether a parameter was given. Does not consume it: a handler that reads a parameter only when it is there
    /// asks first, and an absent one is then not among the hints (the reference reads most of `_search` so).
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// The value of a parameter, without consuming it.
    pub(crate) fn peek(&self, name: &str) -> Option<&str> {
        self.find(name)
    }

    /// A flag; false when it is not given, true when it is given empty.
    ///
    /// # Errors
    /// 400 for anything but `true`, `false` or nothing.
    pub fn flag(&mut self, name: &'static str) -> Result<bool, Failure> {
        self.flag_or(name, false)
    }

    /// A flag with another default.
    ///
    /// # Errors
    /// As [`Params::flag`].
    pub fn flag_or(&mut self, name: &'static str, default: bool) -> Result<bool, Failure> {
        Ok(self.flag_if_given(name)?.unwrap_or(default))
    }

    /// A flag that may be absent.
    ///
    /// # Errors
    /// As [`Params::flag`].
    pub fn flag_if_given(&mut self, name: &'static str) -> Result<Option<bool>, Failure> {
        self.text(name).map_or(Ok(None), parse_flag)
    }

    /// Values with commas between them; empty when it is not given or given empty.
    pub fn list(&mut self, name: &'static str) -> Vec<String> {
        self.text(name).map(split_list).unwrap_or_default()
    }

    /// A list that may be absent (absent and empty differ).
    pub fn list_if_given(&mut self, name: &'static str) -> Option<Vec<String>> {
        self.text(name).map(split_list)
    }

    /// A whole number of 32 bits.
    ///
    /// # Errors
    /// 400 naming the parameter and the value.
    pub fn int(&mut self, name: &'static str) -> Result<Option<i32>, Failure> {
        self.number(name, "int")
    }

    /// A whole number of 64 bits.
    ///
    /// # Errors
    /// 400 naming the parameter and the value.
    pub fn long(&mut self, name: &'static str) -> Result<Option<i64>, Failure> {
        self.number(name, "long")
    }

    /// A number.
    ///
    /// # Errors
    /// 400 naming the parameter and the value.
    pub fn float(&mut self, name: &'static str) -> Result<Option<f32>, Failure> {
        self.number(name, "float")
    }

    fn number<N: std::str::FromStr>(
        &mut self,
        name: &'static str,
        kind: impl Display,
    ) -> Result<Option<N>, Failure> {
        let value = self.text(name);
        value
            .map(|value| parse_number(value, name, kind))
            .transpose()
    }

    /// A time.
    ///
    /// # Errors
    /// 400 when it has no unit, is negative (other than `-1`), fractional or no time at all.
    pub fn time(&mut self, name: &'static str) -> Result<Option<TimeValue>, Failure> {
        match self.text(name) {
            None => Ok(None),
            Some(value) => text::parse_time(value, name).map(Some),
        }
    }

    /// A number of bytes, -1 for none.
    ///
    /// # Errors
    /// 400 when it is none.
    pub fn size(&mut self, name: &'static str) -> Result<Option<i64>, Failure> {
        match self.text(name) {
            None => Ok(None),
            Some(value) => text::parse_size(value, name).map(Some),
        }
    }

    /// Keeps names out of the hints unless they were given: the reference reads them only then.
    pub fn hint_only_given(&mut self, names: &'static [&'static str]) {
        self.unhinted = names;
    }

    /// The action's own checks come after this one: refuses the parameters that nobody has read.
    ///
    /// # Errors
    /// 400 naming them in alphabetical order, with hints.
    pub fn refuse_unknown(&self) -> Result<(), Failure> {
        let mut unknown: Vec<&str> = self.values[self.in_path..]
            .iter()
            .map(|(name, _)| &**name)
            .filter(|name| !self.consumed.contains(name) && !self.always_accepted(name))
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        unknown.sort_unstable();
        unknown.dedup();
        let hinted: Vec<&str> = self
            .consumed
            .iter()
            .copied()
            .filter(|name| !self.unhinted.contains(name) || self.has(name))
            .collect();
        Err(Failure::illegal_argument(text::unrecognized(
            &self.uri_path,
            "parameter",
            &unknown,
            &hinted,
        )))
    }

    /// The text for values that an endpoint does not know in a list of its own, such as a metric in the path:
    /// `request [/_nodes/stats/nope] contains unrecognized metric: [nope]`, with hints drawn from `known`.
    pub fn unrecognized(&self, what: &str, unknown: &[&str], known: &[&str]) -> Failure {
        Failure::illegal_argument(text::unrecognized(&self.uri_path, what, unknown, known))
    }

    /// The path as it was sent.
    pub fn uri_path(&self) -> &str {
        &self.uri_path
    }

    fn always_accepted(&self, name: &str) -> bool {
        COMMON.iter().any(|param| param.name == name)
    }

    fn find(&self, name: &str) -> Option<&str> {
        let (path, query) = self.values.split_at(self.in_path);
        path.iter()
            .find(|(known, _)| &**known == name)
            .or_else(|| query.iter().rev().find(|(known, _)| &**known == name))
            .map(|(_, value)| &**value)
    }

    fn consume(&mut self, name: &'static str) {
        debug_assert!(
            self.route.declares(name),
            "{:?} reads the undeclared parameter {name}",
            self.route
        );
        if !self.consumed.contains(&name) {
            self.consumed.push(name);
        }
    }
}

impl Parameters for Params {
    fn text(&mut self, name: &'static str) -> Option<&str> {
        Self::text(self, name)
    }

    fn has(&self, name: &str) -> bool {
        Self::has(self, name)
    }
}

//! `range`: documents whose field lies between two bounds.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Literal, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
};

/// Matches values between two bounds, with a constant score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Range {
    /// Path of the field.
    pub field: String,
    /// Lower bound; null is none.
    pub from: Literal,
    /// Upper bound; null is none.
    pub to: Literal,
    /// Whether the lower bound itself matches.
    pub include_lower: bool,
    /// Whether the upper bound itself matches.
    pub include_upper: bool,
    /// Zone of dates without one.
    pub time_zone: Option<String>,
    /// Format of dates, instead of the field's.
    pub format: Option<String>,
    /// `intersects`, `contains` or `within`; of no consequence on fields that hold single values.
    pub relation: Option<String>,
    /// Boost (the score) and name.
    pub common: Common,
}

impl Range {
    /// All values of `field`.
    pub(super) fn open(field: &str) -> Self {
        Self {
            field: field.to_owned(),
            from: Literal::Null,
            to: Literal::Null,
            include_lower: true,
            include_upper: true,
            time_zone: None,
            format: None,
            relation: None,
            common: Common::default(),
        }
    }

    fn option(&mut self, key: &str, node: &Node) -> Result<(), Failure> {
        let bound =
            || Literal::of(node).ok_or_else(|| clause::unknown_token(Self::NAME, key, node));
        match key {
            "from" => self.from = bound()?,
            "to" => self.to = bound()?,
            "include_lower" => self.include_lower = node.to_bool()?,
            "include_upper" => self.include_upper = node.to_bool()?,
            "gt" | "gte" => {
                self.from = bound()?;
                self.include_lower = key == "gte";
            }
            "lt" | "lte" => {
                self.to = bound()?;
                self.include_upper = key == "lte";
            }
            "time_zone" => self.time_zone = Some(clause::text(node)?),
            "format" => self.format = Some(clause::text(node)?),
            "relation" => {
                let relation = clause::text(node)?.to_lowercase();
                if !["intersects", "contains", "within"].contains(&relation.as_str()) {
                    return Err(Failure::illegal_argument(format!(
                        "{relation} is not a valid relation"
                    )));
                }
                self.relation = Some(relation);
            }
            _ if self.common.take(key, node)? => {}
            _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
        }
        Ok(())
    }
}

impl QueryKind for Range {
    const NAME: &'static str = "range";

    fn parse(body: &Object, _at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let mut query: Option<Self> = None;
        let mut name = None;
        for (key, node) in body.iter() {
            match &node.value {
                Value::Object(options) => {
                    if let Some(first) = &query {
                        return Err(clause::two_fields(Self::NAME, &first.field, key, node.at));
                    }
                    let mut range = Self::open(key);
                    for (key, node) in options.iter() {
                        range.option(key, node)?;
                    }
                    query = Some(range);
                }
                Value::Array(_) | Value::Null => {
                    return Err(clause::unknown_token(Self::NAME, key, node));
                }
                _ if key == "_name" => name = Some(clause::text(node)?),
                _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
            }
        }
        let mut query = query
            .filter(|query| !query.field.is_empty())
            .ok_or_else(|| Failure::illegal_argument("field name is null or empty"))?;
        if name.is_some() {
            query.common.name = name;
        }
        Ok(query)
    }

    fn render(&self, out: &mut Render) {
        out.field_object(&self.field);
        out.key("from");
        self.from.render(out);
        out.key("to");
        self.to.render(out);
        out.field_bool("include_lower", self.include_lower);
        out.field_bool("include_upper", self.include_upper);
        for (key, text) in [
            ("time_zone", &self.time_zone),
            ("format", &self.format),
            ("relation", &self.relation),
        ] {
            if let Some(text) = text {
                out.field_str(key, text);
            }
        }
        self.common.render(out);
        out.end_object();
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.range(self)
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

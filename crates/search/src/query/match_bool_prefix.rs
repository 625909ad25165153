//! `match_bool_prefix`: analysed text whose last word is the beginning of one.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, FuzzyOptions, Literal, Operator, Parser, QueryKind, ZeroTerms, clause,
    compile::{Compiler, Plan},
    full_text::Words,
};

/// Any or all words of a text, in any order; the last one is a prefix with a constant score.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchBoolPrefix {
    /// Path of the field.
    pub field: String,
    /// The text.
    pub query: Literal,
    /// How the words combine.
    pub operator: Operator,
    /// Analyzer of the text, instead of the field's.
    pub analyzer: Option<String>,
    /// How many words have to match, as given.
    pub minimum_should_match: Option<String>,
    /// Options of fuzzy matching, which is off: without consequence, kept for the printed form.
    pub fuzzy: FuzzyOptions,
    /// Boost and name.
    pub common: Common,
}

impl QueryKind for MatchBoolPrefix {
    const NAME: &'static str = "match_bool_prefix";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let clause = clause::single_field(Self::NAME, body)?
            .ok_or_else(|| Failure::parsing("No text specified for text query", at.at))?;
        let mut parsed = Self {
            field: clause.field.to_owned(),
            query: Literal::Null,
            operator: Operator::Or,
            analyzer: None,
            minimum_should_match: None,
            fuzzy: FuzzyOptions::default(),
            common: Common::default(),
        };
        match &clause.node.value {
            Value::Object(options) => {
                for (key, node) in options.iter() {
                    parsed.option(key, node)?;
                }
            }
            _ => {
                parsed.query = Literal::of(clause.node)
                    .ok_or_else(|| clause::unknown_token(Self::NAME, clause.field, clause.node))?;
            }
        }
        if parsed.query == Literal::Null {
            return Err(Failure::illegal_argument(format!(
                "[{}] requires query value",
                Self::NAME
            )));
        }
        Ok(parsed)
    }

    fn render(&self, out: &mut Render) {
        out.field_object(&self.field);
        out.key("query");
        self.query.render(out);
        if let Some(analyzer) = &self.analyzer {
            out.field_str("analyzer", analyzer);
        }
        out.field_str("operator", self.operator.name());
        if let Some(minimum) = &self.minimum_should_match {
            out.field_str("minimum_should_match", minimum);
        }
        out.field_long("prefix_length", i64::from(self.fuzzy.prefix_length));
        out.field_long("max_expansions", i64::from(self.fuzzy.max_expansions));
        out.field_bool("fuzzy_transpositions", self.fuzzy.transpositions);
        self.common.render(out);
        out.end_object();
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.words(&Words {
            field: &self.field,
            query: &self.query,
            operator: self.operator,
            analyzer: self.analyzer.as_deref(),
            minimum_should_match: self.minimum_should_match.as_deref(),
            last_is_prefix: true,
            lenient: false,
            zero_terms: ZeroTerms::None,
            boost: self.common.boost,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl MatchBoolPrefix {
    fn option(&mut self, key: &str, node: &Node) -> Result<(), Failure> {
        if node.as_array().is_some() || node.as_object().is_some() {
            return Err(clause::unknown_token(Self::NAME, key, node));
        }
        match key {
            "query" => self.query = Literal::of(node).unwrap_or(Literal::Null),
            "operator" => self.operator = Operator::parse(&clause::text(node)?)?,
            "analyzer" => self.analyzer = Some(clause::text(node)?),
            "minimum_should_match" => self.minimum_should_match = Some(clause::text(node)?),
            _ if self.fuzzy.take(Self::NAME, key, node)? => {}
            _ if self.common.take(key, node)? => {}
            _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
        }
        Ok(())
    }
}

//! `match`: analysed text, any or all of its words.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Literal, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
    full_text::Words,
};

/// Whether any or all words have to match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Operator {
    /// Any.
    Or,
    /// All.
    And,
}

impl Operator {
    /// Reads `or`, `and`, in any case.
    ///
    /// # Errors
    /// 400 for anything else.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match text.to_ascii_uppercase().as_str() {
            "OR" => Ok(Self::Or),
            "AND" => Ok(Self::And),
            other => Err(Failure::illegal_argument(format!(
                "No enum constant org.opensearch.index.query.Operator.{other}"
            ))),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Or => "OR",
            Self::And => "AND",
        }
    }
}

/// What a text without any word matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ZeroTerms {
    /// Nothing.
    None,
    /// Every document.
    All,
}

impl ZeroTerms {
    pub(crate) fn parse(node: &Node) -> Result<Self, Failure> {
        let text = clause::text(node)?;
        match text.to_ascii_lowercase().as_str() {
            "none" => Ok(Self::None),
            "all" => Ok(Self::All),
            _ => Err(Failure::parsing(
                format!("Unsupported zero_terms_query value [{text}]"),
                node.at,
            )),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::None => "NONE",
            Self::All => "ALL",
        }
    }
}

/// Full-text search in one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Match {
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
    /// Whether a text that is no value of the field's type matches nothing instead of failing.
    pub lenient: bool,
    /// What an empty text matches.
    pub zero_terms_query: ZeroTerms,
    /// Options of fuzzy matching, which is off: without consequence, kept for the printed form.
    pub fuzzy: FuzzyOptions,
    /// Printed only: there are no synonyms of several words.
    pub auto_generate_synonyms_phrase_query: bool,
    /// Boost and name.
    pub common: Common,
}

/// Options that only fuzzy matching uses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FuzzyOptions {
    /// Letters at the beginning that have to be equal.
    pub prefix_length: u32,
    /// Greatest number of terms.
    pub max_expansions: u32,
    /// Whether two swapped letters are one edit.
    pub transpositions: bool,
}

impl Default for FuzzyOptions {
    fn default() -> Self {
        Self {
            prefix_length: 0,
            max_expansions: 50,
            transpositions: true,
        }
    }
}

impl FuzzyOptions {
    /// Takes one of these options; false when `key` is another.
    pub(crate) fn take(&mut self, kind: &str, key: &str, node: &Node) -> Result<bool, Failure> {
        match key {
            "prefix_length" => self.prefix_length = clause::count(kind, key, node)?,
            "max_expansions" => {
                self.max_expansions = clause::count(kind, key, node)?;
                if self.max_expansions == 0 {
                    return Err(Failure::illegal_argument(format!(
                        "[{kind}] requires maxExpansions to be positive."
                    )));
                }
            }
            "fuzzy_transpositions" => self.transpositions = node.to_bool()?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl Match {
    /// A plain `match` with all defaults.
    pub fn new(field: impl Into<String>, query: Literal) -> Self {
        Self {
            field: field.into(),
            query,
            operator: Operator::Or,
            analyzer: None,
            minimum_should_match: None,
            lenient: false,
            zero_terms_query: ZeroTerms::None,
            fuzzy: FuzzyOptions::default(),
            auto_generate_synonyms_phrase_query: true,
            common: Common::default(),
        }
    }
}

impl QueryKind for Match {
    const NAME: &'static str = "match";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let no_text = || Failure::parsing("No text specified for text query", at.at);
        let clause = clause::single_field(Self::NAME, body)?.ok_or_else(no_text)?;
        let mut query = Self::new(clause.field, Literal::Null);
        match &clause.node.value {
            Value::Object(options) => {
                for (key, node) in options.iter() {
                    query.option(key, node)?;
                }
            }
            _ => {
                query.query = Literal::of(clause.node)
                    .ok_or_else(|| clause::unknown_token(Self::NAME, clause.field, clause.node))?
            }
        }
        if query.query == Literal::Null {
            return Err(no_text());
        }
        Ok(query)
    }

    fn render(&self, out: &mut Render) {
        out.field_object(&self.field);
        out.key("query");
        self.query.render(out);
        out.field_str("operator", self.operator.name());
        if let Some(analyzer) = &self.analyzer {
            out.field_str("analyzer", analyzer);
        }
        out.field_long("prefix_length", i64::from(self.fuzzy.prefix_length));
        out.field_long("max_expansions", i64::from(self.fuzzy.max_expansions));
        if let Some(minimum) = &self.minimum_should_match {
            out.field_str("minimum_should_match", minimum);
        }
        out.field_bool("fuzzy_transpositions", self.fuzzy.transpositions);
        out.field_bool("lenient", self.lenient);
        out.field_str("zero_terms_query", self.zero_terms_query.name());
        out.field_bool(
            "auto_generate_synonyms_phrase_query",
            self.auto_generate_synonyms_phrase_query,
        );
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
            last_is_prefix: false,
            lenient: self.lenient,
            zero_terms: self.zero_terms_query,
            boost: self.common.boost,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl Match {
    fn option(&mut self, key: &str, node: &Node) -> Result<(), Failure> {
        if node.as_array().is_some() || node.as_object().is_some() {
            return Err(clause::unknown_token(Self::NAME, key, node));
        }
        match key {
            "query" => self.query = Literal::of(node).unwrap_or(Literal::Null),
            "operator" => self.operator = Operator::parse(&clause::text(node)?)?,
            "analyzer" => self.analyzer = Some(clause::text(node)?),
            "minimum_should_match" => self.minimum_should_match = Some(clause::text(node)?),
            "lenient" => self.lenient = node.to_bool()?,
            "zero_terms_query" => self.zero_terms_query = ZeroTerms::parse(node)?,
            "auto_generate_synonyms_phrase_query" => {
                self.auto_generate_synonyms_phrase_query = node.to_bool()?
            }
            _ if self.fuzzy.take(Self::NAME, key, node)? => {}
            _ if self.common.take(key, node)? => {}
            _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
        }
        Ok(())
    }
}

//! `multi_match`: the same text in several fields.

use glasswork_content::{Failure, Node, Object, Render, Value, number};
use serde::{Deserialize, Serialize};

use super::{
    Common, Literal, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
    full_text::{PhraseText, Words},
    r#match::{FuzzyOptions, Operator, ZeroTerms},
    match_phrase::slop,
};

/// How the fields' scores combine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Type {
    /// The best field's score, and a share of the others.
    BestFields,
    /// The sum.
    MostFields,
    /// As best fields, with phrases.
    Phrase,
    /// As best fields, with phrases whose last word is a beginning.
    PhrasePrefix,
}

impl Type {
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        match text.to_ascii_lowercase().as_str() {
            "best_fields" | "boolean" => Ok(Self::BestFields),
            "most_fields" => Ok(Self::MostFields),
            "phrase" => Ok(Self::Phrase),
            "phrase_prefix" => Ok(Self::PhrasePrefix),
            _ => Err(Failure::parse(format!(
                "failed to parse [multi_match] query type [{text}]. unknown type."
            ))),
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BestFields => "best_fields",
            Self::MostFields => "most_fields",
            Self::Phrase => "phrase",
            Self::PhrasePrefix => "phrase_prefix",
        }
    }

    /// Share of the other fields' scores when nothing is said.
    pub(crate) fn tie_breaker(self) -> f32 {
        match self {
            Self::MostFields => 1.0,
            Self::BestFields | Self::Phrase | Self::PhrasePrefix => 0.0,
        }
    }
}

/// A field, or a pattern of fields, and the factor on its scores.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WeightedField {
    /// Path or pattern.
    pub field: String,
    /// Factor.
    pub boost: f32,
}

impl WeightedField {
    /// Reads `title` or `title^2`.
    pub(crate) fn parse(text: &str) -> Result<Self, Failure> {
        match text.rsplit_once('^') {
            None => Ok(Self {
                field: text.to_owned(),
                boost: 1.0,
            }),
            Some((field, boost)) => Ok(Self {
                field: field.to_owned(),
                boost: boost
                    .trim()
                    .parse()
                    .map_err(|_| Failure::number_format(boost))?,
            }),
        }
    }

    /// Reads one field or an array of them; sorted by name, as they are printed.
    pub(crate) fn parse_all(node: &Node) -> Result<Vec<Self>, Failure> {
        let nodes = match &node.value {
            Value::Array(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        let mut fields: Vec<Self> = Vec::with_capacity(nodes.len());
        for node in nodes {
            let field = Self::parse(&clause::text(node)?)?;
            fields.retain(|other| other.field != field.field);
            fields.push(field);
        }
        fields.sort_by(|left, right| left.field.cmp(&right.field));
        Ok(fields)
    }

    pub(crate) fn render_all(fields: &[Self], out: &mut Render) {
        out.field_array("fields");
        for field in fields {
            out.string(&format!(
                "{}^{}",
                field.field,
                number::float_text(field.boost)
            ));
        }
        out.end_array();
    }
}

/// Full-text search in several fields.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MultiMatch {
    /// The text.
    pub query: Literal,
    /// Where to look; empty means the index's default fields.
    pub fields: Vec<WeightedField>,
    /// How scores combine.
    pub kind: Type,
    /// How the words of one field combine.
    pub operator: Operator,
    /// Analyzer of the text, instead of each field's.
    pub analyzer: Option<String>,
    /// Slop of phrases.
    pub slop: u32,
    /// How many words have to match, as given.
    pub minimum_should_match: Option<String>,
    /// Share of the other fields' scores.
    pub tie_breaker: Option<f32>,
    /// Whether fields of another type are passed over.
    pub lenient: Option<bool>,
    /// What an empty text matches.
    pub zero_terms_query: ZeroTerms,
    /// Options of fuzzy matching, which is off; `max_expansions` bounds the prefix of `phrase_prefix`.
    pub fuzzy: FuzzyOptions,
    /// Printed only.
    pub auto_generate_synonyms_phrase_query: bool,
    /// Boost and name.
    pub common: Common,
}

impl QueryKind for MultiMatch {
    const NAME: &'static str = "multi_match";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let mut query = Self {
            query: Literal::Null,
            fields: Vec::new(),
            kind: Type::BestFields,
            operator: Operator::Or,
            analyzer: None,
            slop: 0,
            minimum_should_match: None,
            tie_breaker: None,
            lenient: None,
            zero_terms_query: ZeroTerms::None,
            fuzzy: FuzzyOptions::default(),
            auto_generate_synonyms_phrase_query: true,
            common: Common::default(),
        };
        for (key, node) in body.iter() {
            query.option(key, node)?;
        }
        if query.query == Literal::Null {
            return Err(Failure::parsing(
                "No text specified for multi_match query",
                clause::end(body, at),
            ));
        }
        Ok(query)
    }

    fn render(&self, out: &mut Render) {
        out.key("query");
        self.query.render(out);
        WeightedField::render_all(&self.fields, out);
        out.field_str("type", self.kind.name());
        out.field_str("operator", self.operator.name());
        if let Some(analyzer) = &self.analyzer {
            out.field_str("analyzer", analyzer);
        }
        out.field_long("slop", i64::from(self.slop));
        out.field_long("prefix_length", i64::from(self.fuzzy.prefix_length));
        out.field_long("max_expansions", i64::from(self.fuzzy.max_expansions));
        if let Some(minimum) = &self.minimum_should_match {
            out.field_str("minimum_should_match", minimum);
        }
        if let Some(tie_breaker) = self.tie_breaker {
            out.field_float("tie_breaker", tie_breaker);
        }
        if let Some(lenient) = self.lenient {
            out.field_bool("lenient", lenient);
        }
        out.field_str("zero_terms_query", self.zero_terms_query.name());
        out.field_bool(
            "auto_generate_synonyms_phrase_query",
            self.auto_generate_synonyms_phrase_query,
        );
        out.field_bool("fuzzy_transpositions", self.fuzzy.transpositions);
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        let (fields, by_default) = compiler.weighted_fields(&self.fields);
        let lenient = self.lenient.unwrap_or(by_default);
        let mut plans = Vec::with_capacity(fields.len());
        for WeightedField { field, boost } in &fields {
            plans.push(match self.kind {
                Type::BestFields | Type::MostFields => compiler.words(&Words {
                    field,
                    query: &self.query,
                    operator: self.operator,
                    analyzer: self.analyzer.as_deref(),
                    minimum_should_match: self.minimum_should_match.as_deref(),
                    last_is_prefix: false,
                    lenient,
                    zero_terms: self.zero_terms_query,
                    boost: *boost,
                })?,
                Type::Phrase | Type::PhrasePrefix => compiler.phrase(&PhraseText {
                    field,
                    query: &self.query,
                    analyzer: self.analyzer.as_deref(),
                    slop: self.slop,
                    last_is_prefix: (self.kind == Type::PhrasePrefix)
                        .then_some(self.fuzzy.max_expansions),
                    lenient,
                    zero_terms: self.zero_terms_query,
                    boost: *boost,
                })?,
            });
        }
        compiler.best_of(
            plans,
            self.tie_breaker.unwrap_or(self.kind.tie_breaker()),
            self.common.boost,
        )
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

impl MultiMatch {
    fn option(&mut self, key: &str, node: &Node) -> Result<(), Failure> {
        match key {
            "fields" if node.as_object().is_none() => self.fields = WeightedField::parse_all(node)?,
            _ if node.as_array().is_some() || node.as_object().is_some() => {
                return Err(clause::unknown_token(Self::NAME, key, node));
            }
            "query" => self.query = Literal::of(node).unwrap_or(Literal::Null),
            "type" => self.kind = Type::parse(&clause::text(node)?)?,
            "operator" => self.operator = Operator::parse(&clause::text(node)?)?,
            "analyzer" => self.analyzer = Some(clause::text(node)?),
            "slop" => self.slop = slop(node)?,
            "minimum_should_match" => self.minimum_should_match = Some(clause::text(node)?),
            "tie_breaker" => self.tie_breaker = Some(clause::float(node)?),
            "lenient" => self.lenient = Some(node.to_bool()?),
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

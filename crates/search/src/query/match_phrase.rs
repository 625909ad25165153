//! `match_phrase`: analysed text, its words in order.

use glasswork_content::{Failure, Node, Object, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, Literal, Parser, QueryKind, clause,
    compile::{Compiler, Plan},
    full_text::PhraseText,
    r#match::ZeroTerms,
};

/// Words in order, up to `slop` moves apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MatchPhrase {
    /// Path of the field.
    pub field: String,
    /// The text.
    pub query: Literal,
    /// Analyzer of the text, instead of the field's.
    pub analyzer: Option<String>,
    /// How many positions the words may be moved in all.
    pub slop: u32,
    /// What an empty text matches.
    pub zero_terms_query: ZeroTerms,
    /// Boost and name.
    pub common: Common,
}

impl QueryKind for MatchPhrase {
    const NAME: &'static str = "match_phrase";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let no_text = || Failure::parsing("No text specified for text query", at.at);
        let clause = clause::single_field(Self::NAME, body)?.ok_or_else(no_text)?;
        let mut query = Self {
            field: clause.field.to_owned(),
            query: Literal::Null,
            analyzer: None,
            slop: 0,
            zero_terms_query: ZeroTerms::None,
            common: Common::default(),
        };
        match &clause.node.value {
            Value::Object(options) => {
                for (key, node) in options.iter() {
                    match key {
                        _ if node.as_array().is_some() || node.as_object().is_some() => {
                            return Err(clause::unknown_token(Self::NAME, key, node));
                        }
                        "query" => query.query = Literal::of(node).unwrap_or(Literal::Null),
                        "analyzer" => query.analyzer = Some(clause::text(node)?),
                        "slop" => query.slop = slop(node)?,
                        "zero_terms_query" => query.zero_terms_query = ZeroTerms::parse(node)?,
                        _ if query.common.take(key, node)? => {}
                        _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
                    }
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
        if let Some(analyzer) = &self.analyzer {
            out.field_str("analyzer", analyzer);
        }
        out.field_long("slop", i64::from(self.slop));
        out.field_str("zero_terms_query", self.zero_terms_query.name());
        self.common.render(out);
        out.end_object();
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        compiler.phrase(&PhraseText {
            field: &self.field,
            query: &self.query,
            analyzer: self.analyzer.as_deref(),
            slop: self.slop,
            last_is_prefix: None,
            lenient: false,
            zero_terms: self.zero_terms_query,
            boost: self.common.boost,
        })
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

/// A slop: a whole number that is not negative.
pub(super) fn slop(node: &Node) -> Result<u32, Failure> {
    u32::try_from(node.to_i32()?)
        .map_err(|_| Failure::illegal_argument("No negative slop allowed."))
}

//! Analysed text: from a text to the words or the phrase that a field is searched for.

use glasswork_content::{Failure, Kind as FailureKind};
use std::sync::Arc;
use tantivy::Term;

use super::{
    Literal,
    compile::{Clauses, Compiler, Plan},
    dictionary::Pattern,
    r#match::{Operator, ZeroTerms},
    minimum_should_match,
    multi_match::WeightedField,
    phrase,
};
use crate::{
    analysis::Analyzer,
    mapping::{FieldType, Kind},
};

/// What `match` asks of one field.
pub(crate) struct Words<'a> {
    pub(crate) field: &'a str,
    pub(crate) query: &'a Literal,
    pub(crate) operator: Operator,
    pub(crate) analyzer: Option<&'a str>,
    pub(crate) minimum_should_match: Option<&'a str>,
    /// The last word is the beginning of one.
    pub(crate) last_is_prefix: bool,
    pub(crate) lenient: bool,
    pub(crate) zero_terms: ZeroTerms,
    pub(crate) boost: f32,
}

/// What `match_phrase` asks of one field.
pub(crate) struct PhraseText<'a> {
    pub(crate) field: &'a str,
    pub(crate) query: &'a Literal,
    pub(crate) analyzer: Option<&'a str>,
    pub(crate) slop: u32,
    /// The last word is the beginning of at most so many.
    pub(crate) last_is_prefix: Option<u32>,
    pub(crate) lenient: bool,
    pub(crate) zero_terms: ZeroTerms,
    pub(crate) boost: f32,
}

impl<'a> Compiler<'a> {
    /// Any or all words of a text.
    pub(crate) fn words(&self, words: &Words<'_>) -> Result<Plan, Failure> {
        let Some(kind) = self.field_type(words.field) else {
            return self.exactly(words.field, words.query, words.lenient, words.boost);
        };
        if kind.kind() != Kind::Text && words.last_is_prefix {
            return self.prefix(words.field, &words.query.to_string(), false, words.boost);
        }
        if kind.kind() != Kind::Text {
            return self.exactly(words.field, words.query, words.lenient, words.boost);
        }
        let analyzer = self.analyzer("match", kind, words.analyzer, false)?;
        let tokens = tokens(&analyzer, &words.query.to_string());
        if tokens.is_empty() {
            return Ok(nothing_to_find(words.zero_terms, words.boost));
        }
        let mut plans = Vec::with_capacity(tokens.len());
        for (number, (_, token)) in tokens.iter().enumerate() {
            if words.last_is_prefix && number + 1 == tokens.len() {
                plans.push(self.prefix(words.field, token, false, 1.0)?);
                continue;
            }
            self.count_leaf()?;
            plans.push(self.token(kind, token, 1.0)?);
        }
        let several = plans.len() > 1;
        let clauses = match words.operator {
            Operator::And => Clauses {
                must: plans,
                ..Clauses::default()
            },
            Operator::Or => {
                let minimum = words.minimum_should_match.filter(|_| several);
                let minimum = minimum
                    .map(|spec| minimum_should_match::of(spec, plans.len()))
                    .transpose()?;
                Clauses {
                    should: plans,
                    minimum_should_match: minimum,
                    ..Clauses::default()
                }
            }
        };
        self.combine(clauses, words.boost)
    }

    /// Whether analysis leaves nothing of a text.
    ///
    /// # Errors
    /// An analyzer that is not known.
    pub(crate) fn has_no_words(
        &self,
        field: &str,
        text: &Literal,
        analyzer: Option<&str>,
    ) -> Result<bool, Failure> {
        let Some(kind) = self
            .field_type(field)
            .filter(|kind| kind.kind() == Kind::Text)
        else {
            return Ok(false);
        };
        Ok(tokens(
            &*self.analyzer("query_string", kind, analyzer, false)?,
            &text.to_string(),
        )
        .is_empty())
    }

    /// The words of a text in order.
    pub(crate) fn phrase(&self, text: &PhraseText<'_>) -> Result<Plan, Failure> {
        let Some(kind) = self.field_type(text.field) else {
            return self.exactly(text.field, text.query, text.lenient, text.boost);
        };
        if kind.kind() != Kind::Text {
            return match text.last_is_prefix {
                Some(_) if kind.kind() == Kind::Keyword => {
                    self.prefix(text.field, &text.query.to_string(), false, text.boost)
                }
                Some(_) if !text.lenient => Err(Failure::illegal_argument(format!(
                    "Can only use phrase prefix queries on text fields - not on [{}] which is of type [{}]",
                    kind.path(),
                    kind.type_name()
                ))),
                _ => self.exactly(text.field, text.query, text.lenient, text.boost),
            };
        }
        let analyzer = self.analyzer("match_phrase", kind, text.analyzer, true)?;
        let tokens = tokens(&analyzer, &text.query.to_string());
        if tokens.is_empty() {
            return Ok(nothing_to_find(text.zero_terms, text.boost));
        }
        self.count_leaf()?;
        let Some(leaf) = self.leaf(kind) else {
            return Ok(Plan::None);
        };
        if let ([(_, token)], None) = (tokens.as_slice(), text.last_is_prefix) {
            return self.token(kind, token, text.boost);
        }
        if !kind.has_positions() {
            return Err(Failure::illegal_argument(format!(
                "field:[{}] was indexed without position data; cannot run PhraseQuery",
                kind.path()
            )));
        }
        let terms: Vec<(u32, Term)> = tokens
            .iter()
            .map(|(position, token)| (*position, Term::from_field_text(leaf.field, token)))
            .collect();
        phrase::plan(
            self,
            leaf,
            terms,
            text.slop,
            text.last_is_prefix,
            text.boost,
        )
    }

    /// A text on a field that is not analysed: the whole of it is one value.
    fn exactly(
        &self,
        field: &str,
        query: &Literal,
        lenient: bool,
        boost: f32,
    ) -> Result<Plan, Failure> {
        match self.term(field, query, false, boost) {
            Err(_) if lenient => Ok(Plan::None),
            plan => plan,
        }
    }

    fn analyzer(
        &self,
        query: &str,
        kind: &FieldType,
        named: Option<&str>,
        quoted: bool,
    ) -> Result<Arc<Analyzer>, Failure> {
        match named {
            Some(name) => self.context().analysis.analyzer(name).ok_or_else(|| {
                Failure::new(
                    FailureKind::QueryShard,
                    format!("[{query}] analyzer [{name}] not found"),
                )
            }),
            None => {
                let own = if quoted {
                    kind.search_quote_analyzer()
                } else {
                    kind.search_analyzer()
                };
                own.cloned().ok_or_else(|| {
                    Failure::illegal_state(format!("field [{}] has no analyzer", kind.path()))
                })
            }
        }
    }

    /// Fields by name or pattern, patterns spread out; all searchable fields when none is named (then also `true`).
    pub(crate) fn weighted_fields(&self, fields: &[WeightedField]) -> (Vec<WeightedField>, bool) {
        if fields.is_empty() || matches!(fields, [only] if only.field == "*") {
            let boost = fields.first().map_or(1.0, |field| field.boost);
            return (
                self.searchable("*")
                    .map(|kind| WeightedField {
                        field: kind.path().to_owned(),
                        boost,
                    })
                    .collect(),
                true,
            );
        }
        let mut spread = Vec::with_capacity(fields.len());
        for field in fields {
            if field.field.contains('*') {
                spread.extend(self.searchable(&field.field).map(|kind| WeightedField {
                    field: kind.path().to_owned(),
                    boost: field.boost,
                }));
            } else {
                spread.push(field.clone());
            }
        }
        (spread, false)
    }

    fn searchable(&self, pattern: &str) -> impl Iterator<Item = &'a FieldType> + use<'a> {
        self.fields_like(pattern)
            .into_iter()
            .filter(|kind| kind.is_indexed())
    }

    /// The fields whose path is `pattern`, fits it, or lies below the object of that path.
    pub(crate) fn fields_like(&self, pattern: &str) -> Vec<&'a FieldType> {
        let mapping: &'a crate::mapping::Mapping = &self.context().mapping;
        if let Some(kind) = mapping.field(pattern) {
            return vec![&**kind];
        }
        let below = format!("{pattern}.");
        let parsed = Pattern::parse(pattern)
            .ok()
            .filter(|_| pattern.contains('*'));
        mapping
            .all_fields()
            .map(|kind| &**kind)
            .filter(|kind| {
                kind.path().starts_with(&below)
                    || parsed
                        .as_ref()
                        .is_some_and(|pattern| pattern.matches(kind.path()))
            })
            .collect()
    }
}

fn nothing_to_find(zero_terms: ZeroTerms, boost: f32) -> Plan {
    match zero_terms {
        ZeroTerms::None => Plan::None,
        ZeroTerms::All => Plan::All { score: boost },
    }
}

/// Position and text of each token.
fn tokens(analyzer: &Analyzer, text: &str) -> Vec<(u32, String)> {
    let mut tokens = Vec::new();
    analyzer.analyze(text, &mut |token| {
        tokens.push((token.position, token.text.to_owned()))
    });
    tokens
}

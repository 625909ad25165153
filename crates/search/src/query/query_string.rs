//! `query_string`: the query language for people, also behind the parameter `q`.

use glasswork_content::{Failure, Kind as FailureKind, Node, Object, Render};
use serde::{Deserialize, Serialize};

use super::{
    Common, Literal, Parser, QueryKind, Range, clause,
    compile::{Clauses, Compiler, Plan},
    full_text::{PhraseText, Words},
    r#match::{FuzzyOptions, Operator, ZeroTerms},
    minimum_should_match,
    multi_match::{Type, WeightedField},
    syntax::{self, Clause, Conjunction, Modifier, Sequence, What},
};
use crate::mapping::Kind;

/// Longest query string (`search.query.max_query_string_length`).
const MAX_LENGTH: usize = 32_000;

/// A query in the language for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueryString {
    /// The text.
    pub query: String,
    /// Where words without a field are looked for.
    pub default_field: Option<String>,
    /// Where words without a field are looked for, with factors.
    pub fields: Vec<WeightedField>,
    /// How the fields' scores combine.
    pub kind: Type,
    /// Share of the other fields' scores.
    pub tie_breaker: Option<f32>,
    /// What two words without a sign between them mean.
    pub default_operator: Operator,
    /// Analyzer of words, instead of each field's.
    pub analyzer: Option<String>,
    /// Analyzer of phrases, instead of each field's.
    pub quote_analyzer: Option<String>,
    /// Whether a pattern may begin with a wildcard; yes when nothing is said.
    pub allow_leading_wildcard: Option<bool>,
    /// Options of fuzzy words; those are refused, the options are printed.
    pub fuzzy: FuzzyOptions,
    /// Slop of phrases that give none.
    pub phrase_slop: u32,
    /// Printed only: patterns are always brought to the letter case of the field.
    pub analyze_wildcard: Option<bool>,
    /// How many optional clauses have to match, as given.
    pub minimum_should_match: Option<String>,
    /// Whether values of a wrong type match nothing instead of failing.
    pub lenient: Option<bool>,
    /// Zone of dates without one.
    pub time_zone: Option<String>,
    /// Whether all signs mean themselves.
    pub escape: bool,
    /// Printed only.
    pub auto_generate_synonyms_phrase_query: bool,
    /// Boost and name.
    pub common: Common,
}

impl QueryString {
    /// A query string with all defaults.
    pub fn new(query: impl Into<String>) -> Self {
        Self {
            query: query.into(),
            default_field: None,
            fields: Vec::new(),
            kind: Type::BestFields,
            tie_breaker: None,
            default_operator: Operator::Or,
            analyzer: None,
            quote_analyzer: None,
            allow_leading_wildcard: None,
            fuzzy: FuzzyOptions::default(),
            phrase_slop: 0,
            analyze_wildcard: None,
            minimum_should_match: None,
            lenient: None,
            time_zone: None,
            escape: false,
            auto_generate_synonyms_phrase_query: true,
            common: Common::default(),
        }
    }

    fn option(&mut self, key: &str, node: &Node) -> Result<(), Failure> {
        match key {
            "fields" if let Some(fields) = node.as_array() => {
                if let Some(null) = fields.iter().find(|field| field.is_null()) {
                    return Err(Failure::parsing(
                        "[query_string] field name in [fields] cannot be null",
                        null.at,
                    ));
                }
                self.fields = WeightedField::parse_all(node)?;
            }
            _ if node.as_array().is_some() || node.as_object().is_some() => {
                return Err(clause::unsupported(Self::NAME, key, node.at));
            }
            "query" => self.query = clause::text(node)?,
            "default_field" => {
                self.default_field = if node.is_null() {
                    None
                } else {
                    Some(clause::text(node)?)
                }
            }
            "type" => self.kind = Type::parse(&clause::text(node)?)?,
            "tie_breaker" => self.tie_breaker = Some(clause::float(node)?),
            "default_operator" => self.default_operator = Operator::parse(&clause::text(node)?)?,
            "analyzer" => self.analyzer = Some(clause::text(node)?),
            "quote_analyzer" => self.quote_analyzer = Some(clause::text(node)?),
            "allow_leading_wildcard" => self.allow_leading_wildcard = Some(node.to_bool()?),
            "fuzzy_prefix_length" => {
                self.fuzzy.prefix_length = clause::count(Self::NAME, key, node)?
            }
            "fuzzy_max_expansions" => {
                self.fuzzy.max_expansions = clause::count(Self::NAME, key, node)?
            }
            "fuzzy_transpositions" => self.fuzzy.transpositions = node.to_bool()?,
            "phrase_slop" => self.phrase_slop = super::match_phrase::slop(node)?,
            "analyze_wildcard" => self.analyze_wildcard = Some(node.to_bool()?),
            "minimum_should_match" => self.minimum_should_match = Some(clause::text(node)?),
            "lenient" => self.lenient = Some(node.to_bool()?),
            "time_zone" => self.time_zone = Some(clause::text(node)?),
            "escape" => self.escape = node.to_bool()?,
            "auto_generate_synonyms_phrase_query" => {
                self.auto_generate_synonyms_phrase_query = node.to_bool()?
            }
            _ if self.common.take(key, node)? => {}
            _ => return Err(clause::unsupported(Self::NAME, key, node.at)),
        }
        Ok(())
    }
}

impl QueryKind for QueryString {
    const NAME: &'static str = "query_string";

    fn parse(body: &Object, at: &Node, _parser: &mut Parser) -> Result<Self, Failure> {
        let mut query = Self::new("");
        for (key, node) in body.iter() {
            query.option(key, node)?;
        }
        if !body.contains("query") {
            return Err(Failure::parsing(
                "[query_string] must be provided with a [query]",
                clause::end(body, at),
            ));
        }
        if query.default_field.is_some() && !query.fields.is_empty() {
            return Err(Failure::illegal_argument(
                "cannot use [fields] parameter in conjunction with [default_field]",
            ));
        }
        Ok(query)
    }

    fn render(&self, out: &mut Render) {
        out.field_str("query", &self.query);
        if let Some(field) = &self.default_field {
            out.field_str("default_field", field);
        }
        WeightedField::render_all(&self.fields, out);
        out.field_str("type", self.kind.name());
        if let Some(tie_breaker) = self.tie_breaker {
            out.field_float("tie_breaker", tie_breaker);
        }
        out.field_str(
            "default_operator",
            &self.default_operator.name().to_ascii_lowercase(),
        );
        for (key, text) in [
            ("analyzer", &self.analyzer),
            ("quote_analyzer", &self.quote_analyzer),
        ] {
            if let Some(text) = text {
                out.field_str(key, text);
            }
        }
        out.field_long("max_determinized_states", 10_000);
        if let Some(allowed) = self.allow_leading_wildcard {
            out.field_bool("allow_leading_wildcard", allowed);
        }
        out.field_bool("enable_position_increments", true);
        out.field_str("fuzziness", "AUTO");
        out.field_long("fuzzy_prefix_length", i64::from(self.fuzzy.prefix_length));
        out.field_long("fuzzy_max_expansions", i64::from(self.fuzzy.max_expansions));
        out.field_long("phrase_slop", i64::from(self.phrase_slop));
        if let Some(analyze) = self.analyze_wildcard {
            out.field_bool("analyze_wildcard", analyze);
        }
        if let Some(minimum) = &self.minimum_should_match {
            out.field_str("minimum_should_match", minimum);
        }
        if let Some(lenient) = self.lenient {
            out.field_bool("lenient", lenient);
        }
        if let Some(zone) = &self.time_zone {
            out.field_str("time_zone", zone);
        }
        out.field_bool("escape", self.escape);
        out.field_bool(
            "auto_generate_synonyms_phrase_query",
            self.auto_generate_synonyms_phrase_query,
        );
        out.field_bool("fuzzy_transpositions", self.fuzzy.transpositions);
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        let length = self.query.chars().count();
        if length > MAX_LENGTH {
            return Err(Failure::new(
                FailureKind::QueryShard,
                format!(
                    "Query string length exceeds max allowed length {MAX_LENGTH} (search.query.max_query_string_length); actual length: {length}"
                ),
            ));
        }
        if self.query.trim().is_empty() {
            return Ok(Plan::None);
        }
        let text = if self.escape {
            escaped(&self.query)
        } else {
            self.query.clone()
        };
        let sequence = syntax::parse(&text).map_err(|cause| {
            Failure::new(
                FailureKind::QueryShard,
                format!("Failed to parse query [{}]", self.query),
            )
            .caused_by(cause)
        })?;
        let named: Vec<WeightedField> = match &self.default_field {
            Some(field) => vec![WeightedField::parse(field)?],
            None => self.fields.clone(),
        };
        let meaning = Meaning {
            query: self,
            compiler,
            named,
        };
        Ok(meaning
            .sequence(&sequence, None, true)?
            .boosted(self.common.boost))
    }

    fn common(&self) -> &Common {
        &self.common
    }
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        if "\\+-!():^[]\"{}~*?|&/".contains(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

/// Whether a clause has to match, may match, or may not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Occur {
    Must,
    Should,
    MustNot,
}

/// Gives the parsed syntax its meaning in one index.
struct Meaning<'a, 'c> {
    query: &'a QueryString,
    compiler: &'a Compiler<'c>,
    named: Vec<WeightedField>,
}

impl Meaning<'_, '_> {
    /// As `QueryParserBase.addClause`: signs and words between clauses decide what has to match.
    fn sequence(
        &self,
        sequence: &Sequence,
        field: Option<&str>,
        outermost: bool,
    ) -> Result<Plan, Failure> {
        let and = self.query.default_operator == Operator::And;
        let mut parts: Vec<(Occur, Plan)> = Vec::new();
        for clause in &sequence.0 {
            let field = clause.field.as_deref().or(field);
            match (clause.conjunction, parts.last_mut()) {
                (Conjunction::And, Some(last)) if last.0 != Occur::MustNot => last.0 = Occur::Must,
                (Conjunction::Or, Some(last)) if and && last.0 != Occur::MustNot => {
                    last.0 = Occur::Should
                }
                _ => {}
            }
            let occur = match (clause.modifier, clause.conjunction) {
                (Modifier::Prohibited, _) => Occur::MustNot,
                (Modifier::Required, _) | (_, Conjunction::And) => Occur::Must,
                (Modifier::None, Conjunction::None) if and => Occur::Must,
                _ => Occur::Should,
            };
            match &clause.what {
                What::Words(words) if words.len() > 1 && self.fields(field).0.len() == 1 => {
                    for word in words {
                        let word = Clause {
                            what: What::Words(vec![word.clone()]),
                            ..clause.clone()
                        };
                        if let Some(plan) = self.clause(&word, field)? {
                            parts.push((occur, plan));
                        }
                    }
                }
                _ => {
                    if let Some(plan) = self.clause(clause, field)? {
                        parts.push((occur, plan));
                    }
                }
            }
        }
        if let [(Occur::Must | Occur::Should, _)] = parts.as_slice() {
            return Ok(parts.remove(0).1);
        }
        let mut clauses = Clauses::default();
        let optional = parts
            .iter()
            .filter(|(occur, _)| *occur == Occur::Should)
            .count();
        for (occur, plan) in parts {
            match occur {
                Occur::Must => clauses.must.push(plan),
                Occur::Should => clauses.should.push(plan),
                Occur::MustNot => clauses.must_not.push(plan),
            }
        }
        if clauses.is_empty() {
            return Ok(Plan::None);
        }
        if outermost && let Some(minimum) = &self.query.minimum_should_match {
            clauses.minimum_should_match = Some(minimum_should_match::of(minimum, optional)?);
        }
        if clauses.is_purely_negative() {
            clauses.filter.push(Plan::All { score: 1.0 });
        }
        self.compiler.combine(clauses, 1.0)
    }

    /// The fields a clause looks at, and whether those are the index's defaults.
    fn fields(&self, field: Option<&str>) -> (Vec<WeightedField>, bool) {
        match field {
            Some(field) => {
                let one = WeightedField {
                    field: field.to_owned(),
                    boost: 1.0,
                };
                (self.compiler.weighted_fields(&[one]).0, false)
            }
            None => self.compiler.weighted_fields(&self.named),
        }
    }

    /// What one clause finds; nothing when its text has no words (as stop words).
    fn clause(&self, clause: &Clause, field: Option<&str>) -> Result<Option<Plan>, Failure> {
        if let What::Group(group) = &clause.what {
            return Ok(Some(
                self.sequence(group, field, false)?.boosted(clause.boost),
            ));
        }
        if field == Some("_exists_") {
            let name = match &clause.what {
                What::Words(words) => words.join(" "),
                What::Phrase { text, .. } => text.clone(),
                What::Prefix(text) => format!("{text}*"),
                What::Pattern(text) => text.clone(),
                _ => return Err(Failure::parse("_exists_ needs the name of a field")),
            };
            return Ok(Some(self.compiler.exists(&name, clause.boost)?));
        }
        if clause.what == What::Anything
            && matches!(field, None | Some("*"))
            && self.named.iter().all(|field| field.field == "*")
        {
            return Ok(Some(Plan::All {
                score: clause.boost,
            }));
        }
        if let What::Words(words) = &clause.what
            && words.iter().all(|word| word.is_empty())
        {
            return Ok(None);
        }
        refuse_unsupported(&clause.what)?;
        let (fields, _) = self.fields(field);
        // Without fields of its own a query string looks everywhere, and passes over what does not fit.
        let lenient = self.query.lenient.unwrap_or(self.named.is_empty());
        let mut plans = Vec::with_capacity(fields.len());
        for WeightedField { field, boost } in &fields {
            match self.leaf(&clause.what, field, lenient) {
                Ok(Some(plan)) => plans.push(plan.boosted(*boost)),
                Ok(None) => {}
                Err(failure) if lenient && failure.kind != FailureKind::TooManyNestedClauses => {}
                Err(failure) => return Err(failure),
            }
        }
        if plans.is_empty()
            && !fields.is_empty()
            && matches!(clause.what, What::Words(_))
            && !lenient
        {
            return Ok(None);
        }
        let tie_breaker = self
            .query
            .tie_breaker
            .unwrap_or(self.query.kind.tie_breaker());
        self.compiler
            .best_of(plans, tie_breaker, clause.boost)
            .map(Some)
    }

    fn leaf(&self, what: &What, field: &str, lenient: bool) -> Result<Option<Plan>, Failure> {
        let compiler = self.compiler;
        let is_text = compiler
            .field_type(field)
            .is_some_and(|kind| kind.kind() == Kind::Text);
        let as_indexed = |text: &str| {
            if is_text {
                text.to_lowercase()
            } else {
                text.to_owned()
            }
        };
        let plan = match what {
            What::Words(words) => {
                let text = Literal::Text(words.join(" "));
                if matches!(self.query.kind, Type::Phrase | Type::PhrasePrefix) {
                    return self
                        .phrase(field, &text, self.query.phrase_slop, lenient)
                        .map(Some);
                }
                if is_text && compiler.has_no_words(field, &text, self.query.analyzer.as_deref())? {
                    return Ok(None);
                }
                compiler.words(&Words {
                    field,
                    query: &text,
                    operator: self.query.default_operator,
                    analyzer: self.query.analyzer.as_deref(),
                    minimum_should_match: None,
                    last_is_prefix: false,
                    lenient,
                    zero_terms: ZeroTerms::None,
                    boost: 1.0,
                })?
            }
            What::Phrase { text, slop } => self.phrase(
                field,
                &Literal::Text(text.clone()),
                slop.unwrap_or(self.query.phrase_slop),
                lenient,
            )?,
            What::Prefix(prefix) => compiler.prefix(field, &as_indexed(prefix), false, 1.0)?,
            What::Pattern(pattern) => {
                if self.query.allow_leading_wildcard == Some(false)
                    && pattern.starts_with(['*', '?'])
                {
                    return Err(Failure::parse(
                        "'*' or '?' not allowed as first character in WildcardQuery",
                    ));
                }
                compiler.wildcard(field, &as_indexed(pattern), false, 1.0)?
            }
            What::Anything => compiler.exists(field, 1.0)?,
            What::Range {
                from,
                to,
                include_lower,
                include_upper,
            } => {
                let bound =
                    |text: &Option<String>| text.clone().map_or(Literal::Null, Literal::Text);
                compiler.range(&Range {
                    from: bound(from),
                    to: bound(to),
                    include_lower: *include_lower,
                    include_upper: *include_upper,
                    time_zone: self.query.time_zone.clone(),
                    ..Range::open(field)
                })?
            }
            What::Fuzzy(_) | What::Regex(_) | What::Group(_) => return Ok(None),
        };
        Ok(Some(plan))
    }

    fn phrase(
        &self,
        field: &str,
        text: &Literal,
        slop: u32,
        lenient: bool,
    ) -> Result<Plan, Failure> {
        self.compiler.phrase(&PhraseText {
            field,
            query: text,
            analyzer: self
                .query
                .quote_analyzer
                .as_deref()
                .or(self.query.analyzer.as_deref()),
            slop,
            last_is_prefix: None,
            lenient,
            zero_terms: ZeroTerms::None,
            boost: 1.0,
        })
    }
}

/// What is not there at all is refused, lenient or not.
fn refuse_unsupported(what: &What) -> Result<(), Failure> {
    let (what, found) = match what {
        What::Fuzzy(word) => ("fuzzy words", format!("{word}~")),
        What::Regex(pattern) => ("regular expressions", format!("/{pattern}/")),
        _ => return Ok(()),
    };
    Err(Failure::illegal_argument(format!(
        "{what} are not supported in a query string, found [{found}]"
    )))
}

//! The query language: a file a query kind, one line each in the table below.
//!
//! [`parse`] reads the JSON form into a [`Query`], which can be printed again with its defaults (for the description of
//! a task), sent to another node, and compiled against a view (see [`compile`]).

mod bool;
mod boosting;
pub(crate) mod clause;
mod column_range;
pub(crate) mod compile;
mod constant_score;
mod dictionary;
mod dis_max;
mod exists;
mod few_values;
mod full_text;
mod function_score;
mod functions;
mod ids;
mod leaf;
mod literal;
mod r#match;
mod match_all;
mod match_bool_prefix;
mod match_none;
mod match_phrase;
mod match_phrase_prefix;
mod minimum_should_match;
mod multi_match;
mod phrase;
mod prefix;
mod query_string;
mod range;
mod regexp;
mod rescored;
mod score_function;
mod script;
mod script_score;
mod slice;
mod statistics;
mod syntax;
mod term;
mod terms;
mod weight;
mod wildcard;

use glasswork_content::{Failure, Kind, Node, Object, Render, Value, text::did_you_mean};
use serde::{Deserialize, Serialize};

pub use self::{
    bool::Bool,
    boosting::Boosting,
    clause::Common,
    compile::Compiled,
    constant_score::ConstantScore,
    dis_max::DisMax,
    exists::Exists,
    function_score::{FilteredFunction, FunctionScore},
    functions::{BoostMode, ScoreMode},
    ids::Ids,
    literal::Literal,
    r#match::{FuzzyOptions, Match, Operator, ZeroTerms},
    match_all::MatchAll,
    match_bool_prefix::MatchBoolPrefix,
    match_none::MatchNone,
    match_phrase::MatchPhrase,
    match_phrase_prefix::MatchPhrasePrefix,
    multi_match::MultiMatch,
    prefix::Prefix,
    query_string::QueryString,
    range::Range,
    regexp::Regexp,
    score_function::{
        Decay, DecayShape, FieldValueFactor, Modifier, RandomScore, ScoreFunction, ScriptFunction,
        Seed,
    },
    script::ScriptQuery,
    script_score::ScriptScore,
    term::Term,
    terms::Terms,
    wildcard::Wildcard,
};

use self::compile::{Compiler, Plan};

/// Greatest nesting of queries inside queries (`index.query.max_nested_depth`).
pub const MAX_DEPTH: usize = 20;

/// Reads queries and bounds how deep they nest.
#[derive(Debug, Default)]
pub(crate) struct Parser {
    depth: usize,
}

/// One kind of query: how it is read, printed and compiled.
trait QueryKind: Sized {
    /// Its name in the query language.
    const NAME: &'static str;

    /// Reads the object behind the name.
    fn parse(body: &Object, at: &Node, parser: &mut Parser) -> Result<Self, Failure>;

    /// Writes the object behind the name, with all defaults.
    fn render(&self, out: &mut Render);

    /// Turns it into what finds documents in a view.
    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure>;

    /// Its boost and name.
    fn common(&self) -> &Common;

    /// The queries inside it.
    fn children(&self) -> Vec<&Query> {
        Vec::new()
    }
}

macro_rules! queries {
    ($($variant:ident($kind:ty)),* $(,)?) => {
        /// A parsed query.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub enum Query {
            $(
                #[allow(missing_docs, reason = "each kind is documented on its type")]
                $variant(Box<$kind>),
            )*
        }

        $(
            impl From<$kind> for Query {
                fn from(query: $kind) -> Self {
                    Self::$variant(Box::new(query))
                }
            }
        )*

        /// The names of all query kinds.
        const NAMES: &[&str] = &[$(<$kind as QueryKind>::NAME),*];

        impl Query {
            fn parse_kind(name: &str, body: &Object, at: &Node, parser: &mut Parser) -> Option<Result<Self, Failure>> {
                match name {
                    $(<$kind as QueryKind>::NAME => Some(<$kind as QueryKind>::parse(body, at, parser).map(Self::from)),)*
                    _ => None,
                }
            }

            /// The name of its kind.
            pub fn kind(&self) -> &'static str {
                match self { $(Self::$variant(_) => <$kind as QueryKind>::NAME,)* }
            }

            fn render_kind(&self, out: &mut Render) {
                match self { $(Self::$variant(query) => QueryKind::render(&**query, out),)* }
            }

            fn plan_kind(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
                match self { $(Self::$variant(query) => QueryKind::compile(&**query, compiler),)* }
            }

            fn common(&self) -> &Common {
                match self { $(Self::$variant(query) => QueryKind::common(&**query),)* }
            }

            fn children(&self) -> Vec<&Query> {
                match self { $(Self::$variant(query) => QueryKind::children(&**query),)* }
            }
        }
    };
}

queries! {
    Bool(Bool),
    Boosting(Boosting),
    ConstantScore(ConstantScore),
    DisMax(DisMax),
    Exists(Exists),
    FunctionScore(FunctionScore),
    Ids(Ids),
    Match(Match),
    MatchAll(MatchAll),
    MatchBoolPrefix(MatchBoolPrefix),
    MatchNone(MatchNone),
    MatchPhrase(MatchPhrase),
    MatchPhrasePrefix(MatchPhrasePrefix),
    MultiMatch(MultiMatch),
    Prefix(Prefix),
    QueryString(QueryString),
    Range(Range),
    Regexp(Regexp),
    Script(ScriptQuery),
    ScriptScore(ScriptScore),
    Term(Term),
    Terms(Terms),
    Wildcard(Wildcard),
}

/// Reads a query: `{"match": {"title": "war"}}`.
///
/// # Errors
/// OpenSearch's parsing errors, with line and column.
pub fn parse(node: &Node) -> Result<Query, Failure> {
    Parser::default().query(node)
}

impl Parser {
    /// Reads a query inside another, one level deeper.
    pub(crate) fn query(&mut self, node: &Node) -> Result<Query, Failure> {
        if self.depth == MAX_DEPTH {
            return Err(Failure::illegal_argument(format!(
                "The depth of Nested Query is [{}] has exceeded the allowed maximum of [{MAX_DEPTH}]. This maximum can be set by \
                 changing the [index.query.max_nested_depth] index level setting.",
                MAX_DEPTH + 1
            )));
        }
        self.depth += 1;
        let query = self.query_here(node);
        self.depth -= 1;
        query
    }

    fn query_here(&mut self, node: &Node) -> Result<Query, Failure> {
        let Value::Object(object) = &node.value else {
            return Err(Failure::parsing(
                "[_na] query malformed, must start with start_object",
                node.at,
            ));
        };
        let mut entries = object.entries().iter();
        let Some(entry) = entries.next() else {
            let (line, column) = (node.at.line, node.at.column + 1);
            return Err(Failure::illegal_argument(format!(
                "query malformed, empty clause found at [{line}:{column}]"
            )));
        };
        let (name, at) = (entry.key.as_str(), entry.node.at);
        let Value::Object(body) = &entry.node.value else {
            return Err(Failure::parsing(
                format!("[{name}] query malformed, no start_object after query name"),
                at,
            ));
        };
        let query = Query::parse_kind(name, body, &entry.node, self).unwrap_or_else(|| {
            let unknown = Failure::new(
                Kind::NamedObjectNotFound,
                format!("[{}:{}] unknown field [{name}]", at.line, at.column),
            );
            Err(Failure::parsing(
                format!(
                    "unknown query [{name}]{}",
                    did_you_mean(name, NAMES.iter().copied())
                ),
                at,
            )
            .caused_by(unknown))
        })?;
        if let Some(second) = entries.next() {
            return Err(Failure::parsing(
                format!("[{name}] malformed query, expected [END_OBJECT] but found [FIELD_NAME]"),
                second.at,
            ));
        }
        Ok(query)
    }
}

impl Query {
    /// Writes the query as OpenSearch prints a parsed one: every option, with its default.
    pub fn render(&self, out: &mut Render) {
        out.object();
        out.key(self.kind());
        out.object();
        self.render_kind(out);
        out.end_object();
        out.end_object();
    }

    /// The queries in this tree that carry a `_name`.
    pub fn named(&self) -> Vec<(&str, &Query)> {
        let mut found = Vec::new();
        let mut open = vec![self];
        while let Some(query) = open.pop() {
            if let Some(name) = &query.common().name {
                found.push((name.as_str(), query));
            }
            open.extend(query.children());
        }
        found
    }

    /// Turns the query into what finds and scores documents of the context's view.
    ///
    /// # Errors
    /// What is wrong with it for this index: a value that is none of its field's type, a broken query string, too many
    /// clauses. The caller wraps it as `query_shard_exception`.
    pub(crate) fn plan(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        self.plan_kind(compiler)
    }
}

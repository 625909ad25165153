//! `function_score`: what a query matches, its scores combined with functions of the document.
//!
//! Functions may have filters of their own; `score_mode` joins their numbers, `boost_mode` joins the result with the score.
//! The arithmetic is that of OpenSearch's `FunctionScoreQuery`.

use glasswork_content::{Failure, Node, Object, Position, Render, Value};
use serde::{Deserialize, Serialize};

use super::{
    Common, MatchAll, Parser, Query, QueryKind, clause,
    compile::{Compiler, Plan},
    functions::{self, BoostMode, ScoreMode},
    score_function::ScoreFunction,
};

/// Combines the scores of a query with functions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FunctionScore {
    /// What matches.
    pub query: Query,
    /// The functions, each with what it is for.
    pub functions: Vec<FilteredFunction>,
    /// How the functions' numbers are joined.
    pub score_mode: ScoreMode,
    /// How the result is joined with the score.
    pub boost_mode: Option<BoostMode>,
    /// The functions' result is at most this.
    pub max_boost: f32,
    /// Lower scores are no matches.
    pub min_score: Option<f32>,
    /// Boost (of the query's score) and name.
    pub common: Common,
}

/// One function and the documents it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FilteredFunction {
    /// The documents it is for; all when absent.
    pub filter: Option<Query>,
    /// Factor on its number; without a function, the number.
    pub weight: Option<f32>,
    /// The function.
    pub function: Option<ScoreFunction>,
}

/// What was read so far of the functions.
#[derive(Default)]
struct Functions {
    found: Vec<FilteredFunction>,
    /// The name of the only function, if it stood outside of an array.
    single: Option<String>,
    listed: bool,
}

impl QueryKind for FunctionScore {
    const NAME: &'static str = "function_score";

    fn parse(body: &Object, _at: &Node, parser: &mut Parser) -> Result<Self, Failure> {
        let mut query = None;
        let mut functions = Functions::default();
        let mut parsed = Self {
            query: MatchAll::default().into(),
            functions: Vec::new(),
            score_mode: ScoreMode::Multiply,
            boost_mode: None,
            max_boost: f32::MAX,
            min_score: None,
            common: Common::default(),
        };
        for entry in body.entries() {
            let (key, node) = (entry.key.as_str(), &entry.node);
            match (key, &node.value) {
                ("query", Value::Object(_)) => {
                    if query.is_some() {
                        return Err(malformed("[query] is already defined.", node.at));
                    }
                    query = Some(parser.query(node)?);
                }
                ("functions", Value::Array(entries)) => {
                    if let Some(single) = &functions.single {
                        return Err(both(
                            &format!("already found [{single}], now encountering [functions]."),
                            node.at,
                        ));
                    }
                    functions.listed = true;
                    for entry in entries {
                        functions.found.push(filtered_function(entry, parser)?);
                    }
                }
                (_, Value::Object(body)) => {
                    let function = ScoreFunction::parse(key, body, node, node.at)?;
                    functions.alone(key, Some(function), None, node.at)?;
                }
                ("weight", _) => {
                    let weight = weight(node)?;
                    functions.alone(key, None, Some(weight), node.at)?;
                }
                ("score_mode", _) => parsed.score_mode = ScoreMode::parse(&clause::text(node)?)?,
                ("boost_mode", _) => {
                    parsed.boost_mode = Some(BoostMode::parse(&clause::text(node)?)?);
                }
                ("max_boost", _) => parsed.max_boost = clause::float(node)?,
                ("min_score", _) => parsed.min_score = Some(clause::float(node)?),
                _ if node.as_array().is_none() && parsed.common.take(key, node)? => {}
                _ => {
                    return Err(malformed(
                        &format!("field [{key}] is not supported"),
                        node.at,
                    ));
                }
            }
        }
        if let Some(query) = query {
            parsed.query = query;
        }
        parsed.functions = functions.found;
        Ok(parsed)
    }

    fn render(&self, out: &mut Render) {
        out.key("query");
        self.query.render(out);
        out.field_array("functions");
        for function in &self.functions {
            out.object();
            out.key("filter");
            match &function.filter {
                Some(filter) => filter.render(out),
                None => Query::from(MatchAll::default()).render(out),
            }
            if let Some(weight) = function.weight {
                out.field_float("weight", weight);
            }
            if let Some(function) = &function.function {
                function.render(out);
            }
            out.end_object();
        }
        out.end_array();
        out.field_str("score_mode", self.score_mode.name());
        if let Some(mode) = self.boost_mode {
            out.field_str("boost_mode", mode.name());
        }
        out.field_float("max_boost", self.max_boost);
        if let Some(least) = self.min_score {
            out.field_float("min_score", least);
        }
        self.common.render(out);
    }

    fn compile(&self, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
        functions::plan(self, compiler)
    }

    fn common(&self) -> &Common {
        &self.common
    }

    fn children(&self) -> Vec<&Query> {
        let filters = self
            .functions
            .iter()
            .filter_map(|function| function.filter.as_ref());
        std::iter::once(&self.query).chain(filters).collect()
    }
}

impl Functions {
    /// Takes a function that stands outside of an array.
    fn alone(
        &mut self,
        name: &str,
        function: Option<ScoreFunction>,
        weight: Option<f32>,
        at: Position,
    ) -> Result<(), Failure> {
        if self.listed {
            return Err(both(
                &format!("already found [functions] array, now encountering [{name}]."),
                at,
            ));
        }
        if let Some(first) = &self.single {
            return Err(malformed(
                &format!(
                    "already found function [{first}], now encountering [{name}]. use [functions] array if you want to define several functions."
                ),
                at,
            ));
        }
        self.single = Some(name.to_owned());
        self.found.push(FilteredFunction {
            filter: None,
            weight,
            function,
        });
        Ok(())
    }
}

/// One entry of `functions`.
fn filtered_function(entry: &Node, parser: &mut Parser) -> Result<FilteredFunction, Failure> {
    let Value::Object(body) = &entry.value else {
        return Err(Failure::parsing(
            format!(
                "failed to parse [START_OBJECT]. malformed query, expected a [{}] while parsing functions but got a [{}] instead",
                entry.token_name(),
                FunctionScore::NAME
            ),
            entry.at,
        ));
    };
    let mut read = FilteredFunction {
        filter: None,
        weight: None,
        function: None,
    };
    for entry in body.entries() {
        let (key, node) = (entry.key.as_str(), &entry.node);
        match (key, &node.value) {
            ("filter", Value::Object(_)) => {
                let everything = Query::from(MatchAll::default());
                read.filter = Some(parser.query(node)?).filter(|filter| *filter != everything);
            }
            (_, Value::Object(body)) => {
                if let Some(first) = &read.function {
                    return Err(Failure::parsing(
                        format!(
                            "failed to parse function_score functions. already found [{}], now encountering [{key}].",
                            first.name()
                        ),
                        node.at,
                    ));
                }
                read.function = Some(ScoreFunction::parse(key, body, node, node.at)?);
            }
            ("weight", _) => read.weight = Some(weight(node)?),
            _ => {
                return Err(malformed(
                    &format!("field [{key}] is not supported"),
                    node.at,
                ));
            }
        }
    }
    if read.function.is_none() && read.weight.is_none() {
        return Err(malformed(
            "an entry in functions list is missing a function.",
            clause::end(body, entry),
        ));
    }
    Ok(read)
}

fn weight(node: &Node) -> Result<f32, Failure> {
    let weight = clause::float(node)?;
    if weight < 0.0 {
        return Err(Failure::illegal_argument(
            "[weight] cannot be negative for a filtering function",
        ));
    }
    Ok(weight)
}

fn malformed(what: &str, at: Position) -> Failure {
    Failure::parsing(
        format!("failed to parse [function_score] query. {what}"),
        at,
    )
}

fn both(what: &str, at: Position) -> Failure {
    malformed(
        &format!(
            "[you can either define [functions] array or a single function, not both. {what}]"
        ),
        at,
    )
}

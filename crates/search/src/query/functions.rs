//! How `function_score` runs: the numbers of its functions, joined with each other and with the score.

use std::sync::Arc;

use glasswork_content::{Failure, Kind, number};
use serde::{Deserialize, Serialize};
use tantivy::{
    DocId, Score, SegmentReader,
    query::{Scorer, Weight},
};

use super::{
    compile::{Compiler, Plan},
    function_score::FunctionScore,
    rescored::{Rescore, RescoreSegment, Rescored},
    score_function::{Evaluate, Function},
};

/// How the numbers of several functions become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ScoreMode {
    /// That of the first function whose filter matches.
    First,
    /// Their mean, weighted.
    Avg,
    /// The greatest.
    Max,
    /// Their sum.
    Sum,
    /// The smallest.
    Min,
    /// Their product.
    Multiply,
}

/// How the functions' number is joined with the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BoostMode {
    /// Their product.
    Multiply,
    /// The number alone.
    Replace,
    /// Their sum.
    Sum,
    /// Their mean.
    Avg,
    /// The smaller.
    Min,
    /// The greater.
    Max,
}

impl ScoreMode {
    const ALL: [(&'static str, Self); 6] = [
        ("first", Self::First),
        ("avg", Self::Avg),
        ("max", Self::Max),
        ("sum", Self::Sum),
        ("min", Self::Min),
        ("multiply", Self::Multiply),
    ];

    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        named(&Self::ALL, text, "FunctionScoreQuery.ScoreMode")
    }

    pub(super) fn name(self) -> &'static str {
        name_of(&Self::ALL, self)
    }
}

impl BoostMode {
    const ALL: [(&'static str, Self); 6] = [
        ("multiply", Self::Multiply),
        ("replace", Self::Replace),
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("min", Self::Min),
        ("max", Self::Max),
    ];

    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        named(&Self::ALL, text, "CombineFunction")
    }

    pub(super) fn name(self) -> &'static str {
        name_of(&Self::ALL, self)
    }

    fn join(self, score: f64, number: f64) -> f64 {
        match self {
            Self::Multiply => score * number,
            Self::Replace => number,
            Self::Sum => score + number,
            Self::Avg => (score + number) / 2.0,
            Self::Min => smaller(score, number),
            Self::Max => greater(score, number),
        }
    }
}

fn named<T: Copy>(all: &[(&'static str, T)], text: &str, class: &str) -> Result<T, Failure> {
    let lower = text.to_lowercase();
    let found = all.iter().find(|(name, _)| *name == lower);
    found.map(|(_, mode)| *mode).ok_or_else(|| {
        Failure::illegal_argument(format!(
            "No enum constant org.opensearch.common.lucene.search.function.{class}.{}",
            text.to_uppercase()
        ))
    })
}

fn name_of<T: Copy + PartialEq>(all: &[(&'static str, T)], wanted: T) -> &'static str {
    all.iter()
        .find(|(_, mode)| *mode == wanted)
        .map_or("", |(name, _)| name)
}

/// `Math.min`: what is no number stays none.
fn smaller(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.min(b)
    }
}

/// `Math.max`: what is no number stays none.
fn greater(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else {
        a.max(b)
    }
}

/// What finds and scores the documents of `query`.
pub(super) fn plan(query: &FunctionScore, compiler: &Compiler<'_>) -> Result<Plan, Failure> {
    let context = compiler.context();
    let mut functions = Vec::with_capacity(query.functions.len());
    for given in &query.functions {
        let filter = match &given.filter {
            Some(filter) => Some(filter.plan(&compiler.unscored())?.weight()),
            None => None,
        };
        let function = match &given.function {
            Some(function) => Some(function.compile(context)?),
            None => None,
        };
        functions.push(CompiledFunction {
            filter,
            weight: given.weight.map(f64::from),
            function,
        });
    }
    if !compiler.scoring() && query.min_score.is_none() {
        return query.query.plan(compiler);
    }
    let inner = query.query.plan(&compiler.scored())?;
    if let Plan::None = inner {
        return Ok(Plan::None);
    }
    Ok(Plan::Scored {
        weight: Arc::new(Rescored {
            inner: inner.weight(),
            rescore: Combined {
                functions,
                joining: Joining {
                    score_mode: query.score_mode,
                    boost_mode: query.boost_mode.unwrap_or(BoostMode::Multiply),
                    max_boost: f64::from(query.max_boost),
                },
                boost: query.common.boost,
            },
            min_score: query.min_score,
            interrupt: Arc::clone(&context.interrupt),
        }),
        term: None,
    })
}

struct CompiledFunction {
    filter: Option<Arc<dyn Weight>>,
    weight: Option<f64>,
    function: Option<Box<dyn Function>>,
}

#[derive(Clone, Copy)]
struct Joining {
    score_mode: ScoreMode,
    boost_mode: BoostMode,
    max_boost: f64,
}

struct Combined {
    functions: Vec<CompiledFunction>,
    joining: Joining,
    boost: Score,
}

impl Rescore for Combined {
    fn open(&self, reader: &SegmentReader) -> Result<Box<dyn RescoreSegment>, Failure> {
        let mut functions = Vec::with_capacity(self.functions.len());
        for function in &self.functions {
            let filter = match &function.filter {
                Some(weight) => Some(
                    weight
                        .scorer(reader, 1.0)
                        .map_err(|error| crate::broken(&error))?,
                ),
                None => None,
            };
            functions.push(OpenFunction {
                filter,
                weight: function.weight,
                function: match &function.function {
                    Some(function) => Some(function.open(reader)?),
                    None => None,
                },
            });
        }
        Ok(Box::new(CombinedSegment {
            functions,
            joining: self.joining,
        }))
    }

    /// The boost is one of the query, not of what the functions make of its score.
    fn boosts(&self, boost: Score) -> (Score, Score) {
        (boost * self.boost, 1.0)
    }
}

struct OpenFunction {
    filter: Option<Box<dyn Scorer>>,
    weight: Option<f64>,
    function: Option<Box<dyn Evaluate>>,
}

impl OpenFunction {
    fn is_for(&mut self, doc: DocId) -> bool {
        let Some(filter) = &mut self.filter else {
            return true;
        };
        if filter.doc() < doc {
            filter.seek(doc);
        }
        filter.doc() == doc
    }

    /// Its number, with its weight; nothing when the search is ending.
    fn number(&mut self, doc: DocId, score: Score) -> Result<Option<f64>, Failure> {
        let number = match &mut self.function {
            Some(function) => function.number(doc, score)?,
            None => Some(1.0),
        };
        Ok(number.map(|number| number * self.weight.unwrap_or(1.0)))
    }
}

struct CombinedSegment {
    functions: Vec<OpenFunction>,
    joining: Joining,
}

impl CombinedSegment {
    /// The numbers of the functions as one; 1 when none is for the document.
    fn number(&mut self, doc: DocId, score: Score) -> Result<Option<f64>, Failure> {
        let mode = self.joining.score_mode;
        let (mut joined, mut weights): (Option<f64>, f64) = (None, 0.0);
        for function in &mut self.functions {
            if !function.is_for(doc) {
                continue;
            }
            let Some(number) = function.number(doc, score)? else {
                return Ok(None);
            };
            weights += function.weight.unwrap_or(1.0);
            joined = Some(match (mode, joined) {
                (ScoreMode::First, _) => return Ok(Some(number)),
                (_, None) => number,
                (ScoreMode::Max, Some(so_far)) => greater(so_far, number),
                (ScoreMode::Min, Some(so_far)) => smaller(so_far, number),
                (ScoreMode::Multiply, Some(so_far)) => so_far * number,
                (ScoreMode::Sum | ScoreMode::Avg, Some(so_far)) => so_far + number,
            });
        }
        Ok(Some(match (mode, joined) {
            (_, None) => 1.0,
            (ScoreMode::Sum | ScoreMode::Avg, _) if weights == 0.0 => 1.0,
            (ScoreMode::Avg, Some(joined)) => joined / weights,
            (_, Some(joined)) => joined,
        }))
    }
}

impl RescoreSegment for CombinedSegment {
    fn rescore(&mut self, doc: DocId, score: Score) -> Result<Option<Score>, Failure> {
        if self.functions.is_empty() {
            return Ok(Some(score));
        }
        let Some(number) = self.number(doc, score)? else {
            return Ok(None);
        };
        let number = smaller(number, self.joining.max_boost);
        let joined = self.joining.boost_mode.join(f64::from(score), number) as f32;
        if joined < 0.0 || joined.is_nan() {
            return Err(Failure::new(
                Kind::Exception,
                format!(
                    "function score query returned an invalid score: {} for doc: {doc}",
                    number::float_text(joined)
                ),
            ));
        }
        Ok(Some(joined))
    }
}

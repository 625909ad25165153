//! From a parsed query to what finds documents: plans, and how they combine.
//!
//! A [`Plan`] knows more than a weight: that it matches everything or nothing, or that all its scores are the same. The
//! combinators use it to leave work out, and the collector to stop early.

use std::{cell::Cell, sync::Arc};

use glasswork_content::{Failure, Kind};
use glasswork_engine::Segment;
use tantivy::query::{
    BooleanQuery, DisjunctionMaxQuery, EmptyQuery, EnableScoring, Occur, Query as TantivyQuery,
    Weight,
};

use super::{
    Query,
    weight::{AtLeast, Demoted, Everything, Fixed, Prepared, Scaled},
};
use crate::context::Context;

/// What finds the documents of one query, in any segment of the view it was compiled for.
#[derive(Clone)]
pub(crate) enum Plan {
    /// Nothing matches.
    None,
    /// Everything matches, with this score.
    All {
        /// The score of every document.
        score: f32,
    },
    /// What the weight matches; the score is the same for all.
    Constant {
        /// Finds the documents; its own scores mean nothing.
        weight: Arc<dyn Weight>,
        /// The score of every match.
        score: f32,
        /// The only term it looks up, if it is one.
        term: Option<tantivy::Term>,
    },
    /// What the weight matches, with its scores.
    Scored {
        /// Finds and scores.
        weight: Arc<dyn Weight>,
        /// The only term it looks up, if it is one: then blocks that cannot reach a score can be skipped.
        term: Option<tantivy::Term>,
    },
}

/// A query ready to run on the segments of a view.
pub struct Compiled {
    pub(crate) plan: Plan,
}

impl Compiled {
    /// Compiles `query`, or everything when there is none.
    ///
    /// # Errors
    /// What is wrong with the query for this index, wrapped as `query_shard_exception`; the reason to stop when the
    /// search has to.
    pub fn new(context: &Context, query: Option<&Query>, scoring: bool) -> Result<Self, Failure> {
        let compiler = Compiler::new(context, scoring);
        let plan = match query {
            None => Plan::All { score: 1.0 },
            Some(query) => query
                .plan(&compiler)
                .map_err(|failure| context.query_failure(failure))?,
        };
        let plan = match plan {
            Plan::Scored { weight, term } if !scoring => Plan::Constant {
                weight,
                score: 0.0,
                term,
            },
            plan => plan,
        };
        Ok(Self { plan })
    }

    /// Whether it is known to match nothing.
    pub(crate) fn matches_nothing(&self) -> bool {
        matches!(self.plan, Plan::None)
    }

    /// What finds and scores the documents of any segment of the view.
    pub(crate) fn weight(&self) -> Arc<dyn Weight> {
        self.plan.weight()
    }

    /// What matches this query and `filter` too; the filter adds nothing to the score.
    ///
    /// # Errors
    /// When Tantivy refuses the combination.
    pub fn filtered(self, context: &Context, filter: &Query) -> Result<Self, Failure> {
        let compiler = Compiler::new(context, true);
        let filter = filter
            .plan(&compiler.unscored())
            .map_err(|failure| context.query_failure(failure))?;
        self.and(context, filter)
    }

    /// What matches this query and `filter` too; the filter adds nothing to the score.
    ///
    /// # Errors
    /// When Tantivy refuses the combination.
    pub(super) fn and(self, context: &Context, filter: Plan) -> Result<Self, Failure> {
        let clauses = Clauses {
            must: vec![self.plan],
            filter: vec![filter],
            ..Clauses::default()
        };
        Ok(Self {
            plan: Compiler::new(context, true).combine(clauses, 1.0)?,
        })
    }
}

impl Plan {
    /// The same matches, each with `score`.
    pub(crate) fn constant(self, score: f32) -> Self {
        match self {
            Self::None => Self::None,
            Self::All { .. } => Self::All { score },
            Self::Constant { weight, term, .. } | Self::Scored { weight, term } => Self::Constant {
                weight,
                score,
                term,
            },
        }
    }

    /// The same matches, scores times `factor`.
    pub(crate) fn boosted(self, factor: f32) -> Self {
        if factor == 1.0 {
            return self;
        }
        match self {
            Self::None => Self::None,
            Self::All { score } => Self::All {
                score: score * factor,
            },
            Self::Constant {
                weight,
                score,
                term,
            } => Self::Constant {
                term,
                weight,
                score: score * factor,
            },
            // A factor of 0 could not be undone when thresholds are passed on.
            Self::Scored { weight, term } if factor == 0.0 => Self::Constant {
                weight,
                score: 0.0,
                term,
            },
            Self::Scored { weight, term } => Self::Scored {
                weight: Arc::new(Scaled {
                    inner: weight,
                    factor,
                }),
                term,
            },
        }
    }

    /// The score that all matches have, if they have the same.
    pub(crate) fn constant_score(&self) -> Option<f32> {
        match self {
            Self::All { score } | Self::Constant { score, .. } => Some(*score),
            Self::None | Self::Scored { .. } => None,
        }
    }

    /// How many living documents of a segment match, where that is known without a scan.
    ///
    /// # Errors
    /// When the segment cannot be read.
    pub(crate) fn count_in(&self, segment: &Segment) -> Result<Option<u32>, Failure> {
        Ok(match self {
            Self::None => Some(0),
            Self::All { .. } => Some(segment.reader.num_docs()),
            Self::Constant {
                term: Some(term), ..
            }
            | Self::Scored {
                term: Some(term), ..
            } if segment.alive.is_none() => {
                let index = segment
                    .reader
                    .inverted_index(term.field())
                    .map_err(|error| crate::broken(&error))?;
                Some(
                    index
                        .doc_freq(term)
                        .map_err(|error| crate::broken(&error))?,
                )
            }
            Self::Constant { .. } | Self::Scored { .. } => None,
        })
    }

    /// A weight that finds and scores the matches.
    pub(crate) fn weight(&self) -> Arc<dyn Weight> {
        match self {
            Self::None => Arc::new(tantivy::query::EmptyWeight),
            Self::All { score } => Arc::new(Everything(*score)),
            Self::Constant { weight, score, .. } => Arc::new(Fixed {
                inner: Arc::clone(weight),
                score: *score,
            }),
            Self::Scored { weight, .. } => Arc::clone(weight),
        }
    }

    fn query(&self) -> Box<dyn TantivyQuery> {
        match self {
            Self::None => Box::new(EmptyQuery),
            plan => Box::new(Prepared(plan.weight())),
        }
    }

    fn filter_query(self) -> Box<dyn TantivyQuery> {
        match self.constant(0.0) {
            Self::All { .. } => Box::new(tantivy::query::AllQuery),
            plan => plan.query(),
        }
    }
}

/// The clauses of a boolean combination.
#[derive(Default)]
pub(crate) struct Clauses {
    pub(crate) must: Vec<Plan>,
    pub(crate) filter: Vec<Plan>,
    pub(crate) must_not: Vec<Plan>,
    pub(crate) should: Vec<Plan>,
    /// How many of `should` have to match; by default one if nothing else has to, else none.
    pub(crate) minimum_should_match: Option<usize>,
}

impl Clauses {
    pub(crate) fn is_empty(&self) -> bool {
        self.must.is_empty()
            && self.filter.is_empty()
            && self.must_not.is_empty()
            && self.should.is_empty()
    }

    pub(crate) fn is_purely_negative(&self) -> bool {
        self.must.is_empty()
            && self.filter.is_empty()
            && self.should.is_empty()
            && !self.must_not.is_empty()
    }
}

/// Compiles queries for one view.
pub(crate) struct Compiler<'a> {
    context: &'a Context,
    scoring: bool,
    leaves: Cell<usize>,
    shared_leaves: Option<&'a Cell<usize>>,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(context: &'a Context, scoring: bool) -> Self {
        Self {
            context,
            scoring,
            leaves: Cell::new(0),
            shared_leaves: None,
        }
    }

    /// The same compiler where scores don't matter.
    pub(crate) fn unscored(&self) -> Compiler<'_> {
        self.inside(false)
    }

    /// The same compiler where scores matter, whatever is outside.
    pub(crate) fn scored(&self) -> Compiler<'_> {
        self.inside(true)
    }

    fn inside(&self, scoring: bool) -> Compiler<'_> {
        Compiler {
            context: self.context,
            scoring,
            leaves: Cell::new(0),
            shared_leaves: Some(self.leaf_counter()),
        }
    }

    pub(crate) fn context(&self) -> &'a Context {
        self.context
    }

    pub(crate) fn scoring(&self) -> bool {
        self.scoring
    }

    fn leaf_counter(&self) -> &Cell<usize> {
        self.shared_leaves.unwrap_or(&self.leaves)
    }

    /// Counts one leaf clause.
    ///
    /// # Errors
    /// `too_many_nested_clauses` above `indices.query.bool.max_clause_count`.
    pub(crate) fn count_leaf(&self) -> Result<(), Failure> {
        let counter = self.leaf_counter();
        counter.set(counter.get() + 1);
        let limit = self.context.limits.max_clause_count;
        if counter.get() > limit {
            return Err(Failure::new(
                Kind::TooManyNestedClauses,
                format!("Query contains too many nested clauses; maxClauseCount is set to {limit}"),
            ));
        }
        Ok(())
    }

    /// Combines clauses as `bool` does.
    ///
    /// # Errors
    /// `too_many_clauses`, or Tantivy's refusal.
    pub(crate) fn combine(&self, clauses: Clauses, boost: f32) -> Result<Plan, Failure> {
        let Clauses {
            must,
            filter,
            mut must_not,
            mut should,
            minimum_should_match,
        } = clauses;
        let limit = self.context.limits.max_clause_count;
        if must.len() + filter.len() + must_not.len() + should.len() > limit {
            return Err(Failure::new(
                Kind::TooManyClauses,
                format!("maxClauseCount is set to {limit}"),
            ));
        }
        let alone = must.is_empty() && filter.is_empty() && !should.is_empty();
        let required = minimum_should_match.unwrap_or(0).max(usize::from(alone));
        let matches_nothing = |plan: &Plan| matches!(plan, Plan::None);
        if must.iter().chain(&filter).any(matches_nothing)
            || must_not.iter().any(|plan| matches!(plan, Plan::All { .. }))
        {
            return Ok(Plan::None);
        }
        must_not.retain(|plan| !matches_nothing(plan));
        should.retain(|plan| !matches_nothing(plan));
        if required > should.len() {
            return Ok(Plan::None);
        }
        if !self.scoring && required == 0 {
            should.clear();
        }
        let anything_required = !must.is_empty() || !filter.is_empty() || !should.is_empty();
        if !anything_required {
            return Ok(Plan::None);
        }
        if let Some(plan) = self.trivial(&must, &filter, &must_not, &should) {
            return Ok(plan.boosted(boost));
        }
        let score = match (must.as_slice(), should.as_slice()) {
            _ if !self.scoring => Some(0.0),
            (must, []) => must.iter().map(Plan::constant_score).sum::<Option<f32>>(),
            _ => None,
        };
        let several = required > 1 && required < should.len();
        if several && score.is_none() {
            let parts = should.iter().map(Plan::weight).collect();
            should = vec![Plan::Scored {
                weight: Arc::new(AtLeast {
                    parts,
                    minimum: required,
                    interrupt: Arc::clone(&self.context.interrupt),
                }),
                term: None,
            }];
        }
        let required = required.min(should.len());
        let mut parts: Vec<(Occur, Box<dyn TantivyQuery>)> = Vec::new();
        let fixed = score.is_some();
        parts.extend(must.into_iter().map(|plan| {
            (
                Occur::Must,
                if fixed {
                    plan.filter_query()
                } else {
                    plan.query()
                },
            )
        }));
        parts.extend(
            filter
                .into_iter()
                .map(|plan| (Occur::Must, plan.filter_query())),
        );
        parts.extend(should.into_iter().map(|plan| {
            (
                Occur::Should,
                if fixed {
                    plan.filter_query()
                } else {
                    plan.query()
                },
            )
        }));
        parts.extend(
            must_not
                .into_iter()
                .map(|plan| (Occur::MustNot, plan.filter_query())),
        );
        let query = BooleanQuery::with_minimum_required_clauses(parts, required);
        let weight = self.tantivy_weight(&query, !fixed)?;
        Ok(match score {
            Some(score) => Plan::Constant {
                term: None,
                weight,
                score: score * boost,
            },
            None => Plan::Scored { weight, term: None }.boosted(boost),
        })
    }

    /// Combinations that need no combinator.
    fn trivial(
        &self,
        must: &[Plan],
        filter: &[Plan],
        must_not: &[Plan],
        should: &[Plan],
    ) -> Option<Plan> {
        if !must_not.is_empty() {
            return None;
        }
        let every = |plans: &[Plan]| plans.iter().all(|plan| matches!(plan, Plan::All { .. }));
        match (must, filter, should) {
            ([one], filter, []) if every(filter) => Some(one.clone()),
            ([], [], [one]) => Some(one.clone()),
            ([], [one], []) => Some(one.clone().constant(0.0)),
            (must, filter, []) if every(must) && every(filter) => Some(Plan::All {
                score: must.iter().filter_map(Plan::constant_score).sum(),
            }),
            _ => None,
        }
    }

    /// Scores by the best of `plans` and a share of the others.
    ///
    /// # Errors
    /// `too_many_clauses`, or Tantivy's refusal.
    pub(crate) fn best_of(
        &self,
        mut plans: Vec<Plan>,
        tie_breaker: f32,
        boost: f32,
    ) -> Result<Plan, Failure> {
        plans.retain(|plan| !matches!(plan, Plan::None));
        if plans.len() < 2 {
            return Ok(plans.pop().map_or(Plan::None, |plan| plan.boosted(boost)));
        }
        if !self.scoring {
            return self.combine(
                Clauses {
                    should: plans,
                    ..Clauses::default()
                },
                boost,
            );
        }
        let limit = self.context.limits.max_clause_count;
        if plans.len() > limit {
            return Err(Failure::new(
                Kind::TooManyClauses,
                format!("maxClauseCount is set to {limit}"),
            ));
        }
        let disjuncts = plans.iter().map(Plan::query).collect();
        let query = DisjunctionMaxQuery::with_tie_breaker(disjuncts, tie_breaker);
        Ok(Plan::Scored {
            weight: self.tantivy_weight(&query, true)?,
            term: None,
        }
        .boosted(boost))
    }

    /// Lowers the scores of what `negative` matches.
    ///
    /// # Errors
    /// None today.
    pub(crate) fn demote(
        &self,
        positive: Plan,
        negative: Plan,
        factor: f32,
    ) -> Result<Plan, Failure> {
        Ok(match (positive, negative) {
            (Plan::None, _) => Plan::None,
            (positive, Plan::None) => positive,
            (positive, Plan::All { .. }) => positive.boosted(factor),
            (positive, negative) => Plan::Scored {
                weight: Arc::new(Demoted {
                    positive: positive.weight(),
                    negative: negative.weight(),
                    factor,
                }),
                term: None,
            },
        })
    }

    /// The weight of a Tantivy query over the view's schema.
    ///
    /// # Errors
    /// Tantivy's.
    pub(crate) fn tantivy_weight(
        &self,
        query: &dyn TantivyQuery,
        scoring: bool,
    ) -> Result<Arc<dyn Weight>, Failure> {
        let searcher = self
            .context
            .view
            .searcher()
            .map_err(|error| crate::broken(&error))?;
        let scoring = if scoring {
            EnableScoring::enabled_from_searcher(searcher)
        } else {
            EnableScoring::disabled_from_searcher(searcher)
        };
        query
            .weight(scoring)
            .map(Arc::from)
            .map_err(|error| crate::broken(&error))
    }
}

//! Aggregations: what is asked of all documents together, instead of the best few.
//!
//! A request is a tree of [`Aggregation`]s. On a shard each becomes a collector that takes blocks of documents, each with
//! the bucket it is counted in; what it found is a [`PartialAggregations`], plain data that merges with those of other
//! shards as they come. The last reduction orders and cuts buckets, and the answer is written from it. Every loop on the
//! way passes a checkpoint at least every 1,024 units, and what takes memory is reserved before.

mod avg;
mod buckets;
mod cardinality;
mod choice;
mod collector;
mod columns;
mod composite;
mod composite_collector;
mod composite_key;
mod composite_source;
mod date_histogram;
mod date_range;
mod definition;
mod digest_collector;
mod distinct;
mod extended_stats;
mod fields;
mod filter;
mod filters;
mod global;
mod histogram;
mod histogram_collector;
mod ip_keys;
pub(crate) mod java_order;
mod keyed;
mod keys;
mod ledger;
mod matching;
mod max;
mod median_absolute_deviation;
mod metric;
mod metrics;
mod min;
mod missing;
mod number_keys;
mod numbers;
mod order;
mod ordinals;
mod parsing;
mod partial;
mod percentile_ranks;
mod percentiles;
mod range;
mod ranges;
mod reduction;
mod rounding;
mod series;
mod shard;
mod slot_collector;
mod slots;
mod sorting;
mod source;
mod spelling;
mod stats;
mod sum;
mod table;
mod tdigest;
mod term_collector;
mod terms;
mod text_keys;
mod value_count;

#[cfg(test)]
mod tests;

use glasswork_content::{Failure, Kind, Render};
use glasswork_tasks::Checkpoint;
use serde::{Deserialize, Serialize};

use crate::interrupt::Halt;

pub use shard::{Account, ShardCollector};

use self::{
    collector::{Below, Collector, Scope},
    definition::Show,
    ledger::Ledger,
    partial::Partial,
    reduction::Reduction,
    table::AggregationKind,
};

/// Sibling aggregations, in the order of the request. May be none.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Aggregations(Vec<Aggregation>);

/// One aggregation, with those below it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Aggregation {
    name: String,
    /// The request's `meta` as JSON, given back with the answer.
    meta: Option<String>,
    kind: AggregationKind,
    below: Aggregations,
}

/// What one shard found, or several together. Travels between nodes.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct PartialAggregations {
    findings: Vec<Partial>,
}

/// What the answer shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ReducedAggregations {
    findings: Vec<Partial>,
}

impl ReducedAggregations {
    /// Bytes of memory it holds.
    pub fn bytes(&self) -> u64 {
        self.findings.iter().map(Partial::bytes).sum()
    }
}

impl PartialAggregations {
    /// Bytes of memory it holds.
    pub fn bytes(&self) -> u64 {
        self.findings.iter().map(Partial::bytes).sum()
    }
}

impl Aggregations {
    /// Whether nothing is asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether any of them looks beyond the documents that match the query.
    pub fn looks_beyond_the_query(&self) -> bool {
        self.0
            .iter()
            .any(|aggregation| matches!(aggregation.kind, AggregationKind::Global(_)))
    }

    /// Whether the last reduction may make more of the findings than there is in them.
    pub fn fill_gaps(&self) -> bool {
        self.0.iter().any(|aggregation| {
            aggregation.kind.definition().fills_gaps() || aggregation.below.fill_gaps()
        })
    }

    /// Writes the object of aggregations by name, with all defaults, as OpenSearch prints a parsed request.
    pub fn render(&self, out: &mut Render) {
        out.object();
        for aggregation in &self.0 {
            out.key(&aggregation.name);
            out.object();
            if let Some(meta) = &aggregation.meta {
                write_json(out, "meta", meta);
            }
            out.key(aggregation.kind.name());
            aggregation.kind.definition().render_object(out);
            if !aggregation.below.is_empty() {
                out.key("aggregations");
                aggregation.below.render(out);
            }
            out.end_object();
        }
        out.end_object();
    }

    /// Puts the findings of another shard to those there are.
    ///
    /// # Errors
    /// The checkpoint's reason to stop; 500 when findings do not fit the request or each other.
    pub fn merge(
        &self,
        into: &mut PartialAggregations,
        from: PartialAggregations,
        checkpoint: &dyn Checkpoint,
    ) -> Result<(), Halt> {
        for partial in &from.findings {
            if !partial.is_sound(1) {
                return Err(partial::malformed("columns do not fit").into());
            }
        }
        if into.findings.is_empty() {
            *into = from;
            return Ok(());
        }
        if from.findings.is_empty() {
            return Ok(());
        }
        let ledger = Ledger::new(checkpoint);
        into.findings =
            partial::combine_children(&into.findings, Some(&from.findings), &[(0, 0)], &ledger)?;
        Ok(())
    }

    /// Merges what the shards found and does the last reduction: orders buckets, cuts them, fills gaps. `max_buckets` is
    /// `search.max_buckets`.
    ///
    /// # Errors
    /// The checkpoint's reason to stop; 503 `too_many_buckets_exception`; 500 when findings do not fit.
    pub fn reduce(
        &self,
        shards: Vec<PartialAggregations>,
        max_buckets: u64,
        checkpoint: &dyn Checkpoint,
    ) -> Result<ReducedAggregations, Halt> {
        let mut merged = PartialAggregations::default();
        for shard in shards {
            self.merge(&mut merged, shard, checkpoint)?;
        }
        let ledger = Ledger::new(checkpoint);
        ledger.charge(merged.bytes())?;
        let reduction = Reduction::new(&ledger, max_buckets);
        if merged.findings.is_empty() {
            return Ok(ReducedAggregations {
                findings: Vec::new(),
            });
        }
        let findings = reduction.children(merged.findings, self)?;
        ledger.step(1)?;
        Ok(ReducedAggregations { findings })
    }

    /// Writes the answers by name, without the braces around them; `typed` puts each one's kind before its name
    /// (`typed_keys`).
    ///
    /// # Errors
    /// The checkpoint's reason to stop; the body is then of no use.
    pub fn render_answers(
        &self,
        reduced: &ReducedAggregations,
        typed: bool,
        out: &mut Render,
        checkpoint: &dyn Checkpoint,
    ) -> Result<(), Halt> {
        let mut show = Show::new(out, typed, checkpoint);
        self.show(&reduced.findings, 0, &mut show)
    }

    /// Writes the answers of one owner.
    fn show(&self, findings: &[Partial], owner: usize, show: &mut Show<'_>) -> Result<(), Halt> {
        if self.0.is_empty() || findings.len() != self.0.len() {
            return Ok(());
        }
        for place in
            java_order::hash_map_order(self.0.iter().map(|aggregation| aggregation.name.as_str()))
        {
            let (aggregation, partial) = (&self.0[place], &findings[place]);
            let definition = aggregation.kind.definition();
            if show.typed {
                show.out.key(&format!(
                    "{}#{}",
                    definition.typed_name(partial),
                    aggregation.name
                ));
            } else {
                show.out.key(&aggregation.name);
            }
            show.out.object();
            if let Some(meta) = &aggregation.meta {
                write_json(show.out, "meta", meta);
            }
            definition.show(partial, owner, aggregation, show)?;
            show.out.end_object();
        }
        Ok(())
    }

    fn collectors<'s>(&'s self, scope: Scope<'s>, root: bool) -> Result<Below<'s>, Halt> {
        Ok(Below::new(
            self.boxed(Scope {
                root,
                top: false,
                ..scope
            })?,
            scope.ledger,
        ))
    }

    fn boxed<'s>(&'s self, scope: Scope<'s>) -> Result<Vec<Box<dyn Collector + 's>>, Halt> {
        self.0
            .iter()
            .map(|aggregation| aggregation.kind.definition().collector(scope, aggregation))
            .collect()
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0
            .iter()
            .position(|aggregation| aggregation.name == name)
    }

    fn get(&self, place: usize) -> Option<&Aggregation> {
        self.0.get(place)
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn iter(&self) -> impl Iterator<Item = &Aggregation> {
        self.0.iter()
    }
}

impl Aggregation {
    fn name(&self) -> &str {
        &self.name
    }

    fn below(&self) -> &Aggregations {
        &self.below
    }

    fn is_single_bucket(&self) -> bool {
        self.kind.definition().is_single_bucket()
    }

    fn value(&self, partial: &Partial, owner: usize, metric: Option<&str>) -> Option<f64> {
        self.kind.definition().value(partial, owner, metric)
    }

    fn finalize(&self, partial: Partial, reduction: &Reduction<'_>) -> Result<Partial, Halt> {
        self.kind.definition().finalize(partial, self, reduction)
    }
}

fn write_json(out: &mut Render, key: &str, json: &str) {
    out.key(key);
    if out.raw(json.as_bytes()).is_err() {
        // Only JSON that was parsed and printed again comes here; a peer that sends something else gets nothing shown.
        out.null();
    }
}

/// 500 for a column or an index that cannot be opened.
fn opening(error: tantivy::TantivyError) -> Halt {
    Failure::new(Kind::IO, format!("reading a segment failed: {error}")).into()
}

/// 500 for a dictionary that cannot be read.
fn reading(error: std::io::Error) -> Halt {
    Failure::new(Kind::IO, format!("reading a segment failed: {error}")).into()
}

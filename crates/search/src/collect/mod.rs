//! Running a compiled query over the segments of a view: counting, keeping the best, feeding aggregations.
//!
//! The loop is ours, not Tantivy's collectors': it asks the interrupt at least every 1,024 documents, leaves out deleted
//! ones, and stops early where the rest could change nothing. Shapes with a shorter way take it (see [`Run`]).

mod count;
mod sort_keys;
mod sort_value;
mod top_scores;
mod top_sorted;
mod top_values;

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_engine::Segment;
use tantivy::{
    COLLECT_BLOCK_BUFFER_LEN, DocId, TERMINATED,
    query::{Scorer, Weight},
};

pub use self::{count::TotalHits, sort_value::SortValue};
pub(crate) use self::{sort_keys::text_is_not_sorted, sort_value::compare};

use self::{
    count::Counter,
    sort_keys::{SegmentKeys, SortKeys},
    top_scores::{After, TopScores},
    top_sorted::TopSorted,
    top_values::TopValues,
};
use crate::{
    aggs::{Account, Aggregations, PartialAggregations, ShardCollector},
    context::Context,
    interrupt::Halt,
    query::{Compiled, compile::Plan},
    request::{Order, SearchRequest, SortTarget},
    shard::{DocAddress, Page, ShardDoc},
};

/// Documents between two questions to the interrupt.
const STRIDE: usize = 1_024;

/// What running a query on a shard gave.
pub(crate) struct Collected {
    pub(crate) total: Option<TotalHits>,
    pub(crate) max_score: Option<f32>,
    pub(crate) top: Vec<ShardDoc>,
    pub(crate) aggregations: Option<PartialAggregations>,
    pub(crate) timed_out: bool,
    pub(crate) terminated_early: bool,
}

/// Runs a query with everything that the request wants of its matches.
///
/// # Errors
/// What is wrong with the request for this index, or the reason to stop.
pub(crate) fn collect(
    context: &Context,
    request: &SearchRequest,
    compiled: &Compiled,
    post_filter: Option<&Compiled>,
    page: Option<Page<'_>>,
) -> Result<Collected, Failure> {
    let behind = match page {
        Some(Page::Later { behind }) => behind,
        _ => None,
    };
    let count_up_to = match page {
        Some(Page::Later { .. }) => None,
        _ => request.count_up_to(),
    };
    let account = Account::new(context);
    let k = usize::try_from(request.from() + request.size()).unwrap_or(usize::MAX);
    let k = if request.size() == 0 { 0 } else { k };
    let sort = if request.is_by_score() {
        None
    } else {
        let mut keys = SortKeys::new(context, request)?;
        if let Some(last) = behind {
            keys.begin_behind(context, last)?;
        }
        Some(keys)
    };
    let after = match (&sort, request.search_after.as_deref()) {
        (None, Some([value])) if !request.sort.is_empty() => {
            let score = value.to_string().parse::<f32>().map_err(|_| {
                Failure::illegal_argument("Failed to parse search_after value for field [_score].")
                    .caused_by(Failure::number_format(&value.to_string()))
            })?;
            Some(After {
                score,
                address: None,
            })
        }
        (None, _) => behind.map(|last| After {
            score: last.score.unwrap_or(f32::NEG_INFINITY),
            address: Some(last.address),
        }),
        _ => None,
    };
    let aggregations = match &request.aggregations {
        Some(aggregations) => Some(unwrap_halt(ShardCollector::new(
            aggregations,
            context,
            &account,
        ))?),
        None => None,
    };
    let in_order = match request.sort.as_slice() {
        [only] if only.target == SortTarget::Doc => only.order == Order::Asc,
        _ => request.is_by_score() && compiled.plan.constant_score().is_some(),
    };
    let mut run = Run {
        context,
        request,
        plan: &compiled.plan,
        weight: compiled.plan.weight(),
        post_filter: post_filter.map(|filter| &filter.plan),
        sort,
        counter: Counter::new(if request.terminate_after > 0 {
            count_up_to.map(|_| u64::MAX)
        } else {
            count_up_to
        }),
        best: TopScores::new(k, after),
        firsts: Vec::new(),
        max_score: None,
        aggregations,
        k,
        seen: 0,
        counted_ahead: false,
        terminated: false,
        start: behind.map(|last| last.address).filter(|_| in_order),
        in_order,
        segment_hits: 0,
    };
    if !context.interrupt.reserve(k as u64 * 32) {
        context.interrupt.reason().map_err(halted)?;
    }
    let outcome = run.segments();
    let timed_out = match outcome {
        Ok(()) => false,
        Err(Halt::TimedOut) => true,
        Err(Halt::Failed(failure)) => return Err(failure),
    };
    run.finish(timed_out)
}

fn unwrap_halt<T>(result: Result<T, Halt>) -> Result<T, Failure> {
    result.map_err(halted)
}

fn halted(halt: Halt) -> Failure {
    match halt {
        Halt::Failed(failure) => failure,
        Halt::TimedOut => Failure::timeout("Time exceeded"),
    }
}

/// A query at work on the segments of one view.
///
/// | shape | shorter way |
/// |---|---|
/// | nothing but a count of everything or of one term | no scan: known from the segment |
/// | all scores the same | the first documents are the best: stop when the count is settled |
/// | one scored term | the count is known, blocks that cannot reach the best are passed over |
/// | everything, sorted by a dense column | the column is read in order, without a scorer |
struct Run<'a> {
    context: &'a Context,
    request: &'a SearchRequest,
    plan: &'a Plan,
    weight: Arc<dyn Weight>,
    post_filter: Option<&'a Plan>,
    sort: Option<SortKeys<'a>>,
    counter: Counter,
    best: TopScores,
    firsts: Vec<ShardDoc>,
    max_score: Option<f32>,
    aggregations: Option<ShardCollector<'a>>,
    k: usize,
    /// Documents collected, for `terminate_after`.
    seen: u64,
    /// The count of the segment at work was taken before the scan.
    counted_ahead: bool,
    terminated: bool,
    /// Matches of the segment at work that were offered to the sort.
    segment_hits: usize,
    /// Hits come in the order of the documents, so that the first are the best.
    in_order: bool,
    /// Where the page before ended, when hits come in the order of the documents.
    start: Option<DocAddress>,
}

impl Run<'_> {
    fn segments(&mut self) -> Result<(), Halt> {
        self.context.interrupt.check()?;
        let beyond = self
            .request
            .aggregations
            .as_ref()
            .is_some_and(Aggregations::looks_beyond_the_query);
        if matches!(self.plan, Plan::None) && !beyond {
            return Ok(());
        }
        let view = Arc::clone(&self.context.view);
        let mut base = 0;
        for (ordinal, segment) in view.segments().iter().enumerate() {
            if self.is_settled() {
                self.counter.stop();
                break;
            }
            if let Some(aggregations) = &mut self.aggregations {
                aggregations.open(ordinal, segment)?;
            }
            self.segment(ordinal as u32, segment, base)?;
            self.context.interrupt.check()?;
            if let Some(aggregations) = &mut self.aggregations {
                aggregations.close()?;
            }
            base += u64::from(segment.reader.max_doc());
            if self.terminated {
                break;
            }
        }
        Ok(())
    }

    /// Whether matches of a segment may be counted without looking at them.
    fn countable(&self) -> bool {
        self.post_filter.is_none()
            && self.request.min_score.is_none()
            && self.request.terminate_after == 0
    }

    /// Whether nothing that could still come would change the answer.
    fn is_settled(&self) -> bool {
        self.aggregations.is_none() && self.counter.is_satisfied() && !self.wants_more()
    }

    /// Whether further documents could get among the hits.
    fn wants_more(&self) -> bool {
        if self.k == 0 {
            return false;
        }
        match &self.sort {
            Some(_) => !(self.in_order && self.firsts.len() >= self.k),
            None => {
                self.plan.constant_score().is_none()
                    || !self.best.is_full()
                    || self.request.search_after.is_some()
            }
        }
    }

    fn needs_scores(&self) -> bool {
        let by_score = self.k > 0 && self.sort.is_none();
        let for_sort = self.sort.as_ref().is_some_and(SortKeys::needs_score)
            || (self.sort.is_some() && self.request.track_scores);
        self.plan.constant_score().is_none()
            && (by_score || for_sort || self.request.min_score.is_some())
    }

    fn segment(&mut self, ordinal: u32, segment: &Arc<Segment>, base: u64) -> Result<(), Halt> {
        self.counted_ahead = false;
        if self.start.is_some_and(|start| ordinal < start.segment) {
            return Ok(());
        }
        if self.countable()
            && let Some(count) = self.plan.count_in(segment)?
        {
            self.counter.add(u64::from(count));
            self.counted_ahead = true;
        }
        let everything = matches!(self.plan, Plan::All { .. }) && self.countable();
        if everything && let Some(aggregations) = &mut self.aggregations {
            aggregations.collect_all(segment)?;
        }
        let aggregated = everything || self.aggregations.is_none();
        if self.counted_ahead && aggregated && !self.wants_more() {
            return Ok(());
        }
        let Some(sort) = self.sort.take() else {
            return self.by_score(ordinal, segment, aggregated);
        };
        self.segment_hits = 0;
        let outcome = self.by_keys(&sort, ordinal, segment, base, aggregated);
        self.sort = Some(sort);
        outcome
    }

    fn by_score(
        &mut self,
        ordinal: u32,
        segment: &Arc<Segment>,
        aggregated: bool,
    ) -> Result<(), Halt> {
        let skips = matches!(self.plan, Plan::Scored { term: Some(_), .. });
        if skips
            && self.counted_ahead
            && aggregated
            && self.k > 0
            && self.request.search_after.is_none()
        {
            return self.skipping(ordinal, segment);
        }
        self.scan(ordinal, segment, aggregated, |run, doc, score| {
            run.best.offer(ordinal, doc, score)
        })
    }

    /// One scored term whose count is known: only blocks that can reach the best are looked at.
    fn skipping(&mut self, ordinal: u32, segment: &Arc<Segment>) -> Result<(), Halt> {
        let interrupt = Arc::clone(&self.context.interrupt);
        let best = &mut self.best;
        let threshold = if best.is_full() {
            best.threshold()
        } else {
            f32::MIN
        };
        let mut calls = 0u32;
        self.weight
            .for_each_pruning(threshold, &segment.reader, &mut |doc, score| {
                calls += 1;
                if calls.is_multiple_of(STRIDE as u32) && !interrupt.go_on() {
                    return f32::INFINITY;
                }
                if segment.is_alive(doc) {
                    best.offer(ordinal, doc, score);
                }
                if best.is_full() {
                    best.threshold()
                } else {
                    f32::MIN
                }
            })
            .map_err(|error| crate::broken(&error))?;
        Ok(())
    }

    fn by_keys(
        &mut self,
        sort: &SortKeys<'_>,
        ordinal: u32,
        segment: &Arc<Segment>,
        base: u64,
        aggregated: bool,
    ) -> Result<(), Halt> {
        let keys = sort.open(self.context, segment, base)?;
        if sort.has_computed_texts() {
            return self.by_values(&keys, ordinal, segment, aggregated);
        }
        // With one global first key, what is worse than the last of `k` kept documents cannot get in.
        let bound = match self.firsts.get(self.k.wrapping_sub(1)) {
            Some(last) if sort.first_is_global() => last.first_key,
            _ => None,
        };
        let mut top = TopSorted::new(&keys, sort.len(), self.k, bound);
        if self.counted_ahead
            && aggregated
            && matches!(self.plan, Plan::All { .. })
            && let Some((values, flip)) = keys.plain_column()
        {
            let mut buffer = [0u64; STRIDE];
            let max_doc = segment.reader.max_doc();
            let score = self.plan.constant_score().unwrap_or(0.0);
            for start in (0..max_doc).step_by(STRIDE) {
                if !self.context.interrupt.go_on() {
                    break;
                }
                let length = STRIDE.min((max_doc - start) as usize);
                values.get_range(u64::from(start), &mut buffer[..length]);
                let mut limit = top.limit();
                for (doc, raw) in (start..).zip(&buffer[..length]) {
                    let key = raw ^ flip;
                    if key <= limit && segment.is_alive(doc) {
                        top.consider(doc, score, key);
                        limit = top.limit();
                    }
                }
            }
        } else {
            self.scan(ordinal, segment, aggregated, |run, doc, score| {
                run.segment_hits += 1;
                top.offer(doc, score);
            })?;
        }
        let track_scores = self.request.track_scores;
        for sorted in top.into_sorted() {
            let mut values = Vec::with_capacity(sorted.keys.len());
            for (number, key) in sorted.keys.iter().enumerate() {
                values.push(keys.value(number, *key)?);
            }
            self.firsts.push(ShardDoc {
                address: DocAddress {
                    segment: ordinal,
                    doc: sorted.doc,
                },
                score: track_scores.then_some(sorted.score),
                sort: values,
                first_key: Some(sorted.keys[0]),
            });
        }
        self.keep_firsts();
        Ok(())
    }

    /// The way of sorts that compare values: see [`TopValues`].
    fn by_values(
        &mut self,
        keys: &SegmentKeys,
        ordinal: u32,
        segment: &Arc<Segment>,
        aggregated: bool,
    ) -> Result<(), Halt> {
        let interrupt = Arc::clone(&self.context.interrupt);
        let mut top = TopValues::new(&self.request.sort, keys, &interrupt, self.k);
        self.scan(ordinal, segment, aggregated, |run, doc, score| {
            run.segment_hits += 1;
            top.offer(doc, score);
        })?;
        let track_scores = self.request.track_scores;
        let firsts = top.into_sorted().into_iter().map(|kept| ShardDoc {
            address: DocAddress {
                segment: ordinal,
                doc: kept.doc,
            },
            score: track_scores.then_some(kept.score),
            sort: kept.values,
            first_key: None,
        });
        self.firsts.extend(firsts);
        self.keep_firsts();
        Ok(())
    }

    /// Of what the segments gave so far, the first `k`.
    fn keep_firsts(&mut self) {
        let order = &self.request.sort;
        self.firsts.sort_by(|left, right| {
            compare(order, &left.sort, &right.sort).then_with(|| left.address.cmp(&right.address))
        });
        self.firsts.truncate(self.k);
    }

    /// The plain way: every match of a segment, alive and good enough, is counted, aggregated and offered.
    fn scan(
        &mut self,
        ordinal: u32,
        segment: &Arc<Segment>,
        aggregated: bool,
        mut offer: impl FnMut(&mut Self, DocId, f32),
    ) -> Result<(), Halt> {
        let scores = self.needs_scores();
        let score = self.plan.constant_score().unwrap_or(0.0);
        if let (Some(least), false) = (self.request.min_score, scores)
            && score < least
        {
            return Ok(());
        }
        let mut scorer = self
            .weight
            .scorer(&segment.reader, 1.0)
            .map_err(|error| crate::broken(&error))?;
        if let Some(start) = self.start.filter(|start| start.segment == ordinal) {
            // The document itself was given out already.
            let next = start.doc + 1;
            if next >= segment.reader.max_doc() {
                return Ok(());
            }
            if scorer.doc() < next {
                scorer.seek(next);
            }
        }
        let mut filter = match self.post_filter {
            Some(plan) => Some(
                plan.weight()
                    .scorer(&segment.reader, 1.0)
                    .map_err(|error| crate::broken(&error))?,
            ),
            None => None,
        };
        let mut block = Block::new();
        loop {
            self.context.interrupt.check()?;
            let more = if scores {
                block.scored(&mut *scorer, self.request.min_score)
            } else {
                block.plain(&mut *scorer, score)
            };
            block.keep_alive(segment);
            if self.request.terminate_after > 0 {
                let room = u64::from(self.request.terminate_after).saturating_sub(self.seen);
                if block.docs.len() as u64 >= room {
                    block.truncate(usize::try_from(room).unwrap_or(usize::MAX));
                    self.terminated = true;
                }
                self.seen += block.docs.len() as u64;
            }
            if !aggregated && let Some(aggregations) = &mut self.aggregations {
                aggregations.collect(&block.docs)?;
            }
            if let Some(filter) = &mut filter {
                block.keep_matching(&mut **filter);
            }
            if !self.counted_ahead {
                self.counter.add(block.docs.len() as u64);
            }
            if self.k > 0 {
                for place in 0..block.docs.len() {
                    let (doc, score) = (block.docs[place], block.scores[place]);
                    if self.request.track_scores && self.sort.is_none() {
                        self.max_score = Some(self.max_score.map_or(score, |max| max.max(score)));
                    }
                    offer(self, doc, score);
                }
            }
            if !more || self.terminated {
                return Ok(());
            }
            let counted = self.counted_ahead || self.counter.is_satisfied();
            if aggregated && counted && self.scan_is_over() {
                if !self.counted_ahead {
                    self.counter.stop();
                }
                return Ok(());
            }
        }
    }

    /// Whether the hits are settled in the middle of a scan. (The sort keys are lent out while sorting.)
    fn scan_is_over(&self) -> bool {
        if self.k == 0 {
            return true;
        }
        if self.request.is_by_score() {
            return !self.wants_more();
        }
        self.in_order && self.segment_hits >= self.k
    }

    fn finish(self, timed_out: bool) -> Result<Collected, Failure> {
        let mut max_score = self.max_score;
        let top = if self.request.is_by_score() {
            let explicit = !self.request.sort.is_empty();
            let top: Vec<ShardDoc> = self
                .best
                .into_sorted()
                .into_iter()
                .map(|hit| ShardDoc {
                    address: DocAddress {
                        segment: hit.segment,
                        doc: hit.doc,
                    },
                    score: Some(hit.score),
                    sort: if explicit {
                        vec![SortValue::Float(hit.score)]
                    } else {
                        Vec::new()
                    },
                    first_key: None,
                })
                .collect();
            max_score = top.first().and_then(|hit| hit.score);
            top
        } else {
            self.firsts
        };
        let aggregations = match self.aggregations {
            Some(collector) => Some(unwrap_halt(collector.finish())?),
            None => None,
        };
        Ok(Collected {
            total: self.counter.total(),
            max_score,
            top,
            aggregations,
            timed_out,
            terminated_early: self.terminated,
        })
    }
}

/// A block of matches on its way through.
struct Block {
    docs: Vec<DocId>,
    scores: Vec<f32>,
    buffer: [DocId; COLLECT_BLOCK_BUFFER_LEN],
}

impl Block {
    fn new() -> Self {
        Self {
            docs: Vec::with_capacity(STRIDE),
            scores: Vec::with_capacity(STRIDE),
            buffer: [0; COLLECT_BLOCK_BUFFER_LEN],
        }
    }

    /// The next matches with their scores; false at the end.
    fn scored(&mut self, scorer: &mut dyn Scorer, min_score: Option<f32>) -> bool {
        self.docs.clear();
        self.scores.clear();
        let least = min_score.unwrap_or(f32::NEG_INFINITY);
        let mut doc = scorer.doc();
        for _ in 0..STRIDE {
            if doc == TERMINATED {
                return false;
            }
            let score = scorer.score();
            if score >= least {
                self.docs.push(doc);
                self.scores.push(score);
            }
            doc = scorer.advance();
        }
        doc != TERMINATED
    }

    /// The next matches, all with one score; false at the end.
    fn plain(&mut self, scorer: &mut dyn Scorer, score: f32) -> bool {
        self.docs.clear();
        while self.docs.len() + COLLECT_BLOCK_BUFFER_LEN <= STRIDE {
            let filled = scorer.fill_buffer(&mut self.buffer);
            self.docs.extend_from_slice(&self.buffer[..filled]);
            if filled < COLLECT_BLOCK_BUFFER_LEN {
                self.scores.clear();
                self.scores.resize(self.docs.len(), score);
                return false;
            }
        }
        self.scores.resize(self.docs.len(), score);
        scorer.doc() != TERMINATED
    }

    fn keep_alive(&mut self, segment: &Segment) {
        if let Some(alive) = &segment.alive {
            self.keep(|doc| alive.is_alive(doc));
        }
    }

    fn keep_matching(&mut self, filter: &mut dyn Scorer) {
        self.keep(|doc| {
            if filter.doc() < doc {
                filter.seek(doc);
            }
            filter.doc() == doc
        });
    }

    fn keep(&mut self, mut wanted: impl FnMut(DocId) -> bool) {
        let mut kept = 0;
        for place in 0..self.docs.len() {
            if wanted(self.docs[place]) {
                self.docs[kept] = self.docs[place];
                self.scores[kept] = self.scores[place];
                kept += 1;
            }
        }
        self.truncate(kept);
    }

    fn truncate(&mut self, length: usize) {
        self.docs.truncate(length);
        self.scores.truncate(length);
    }
}

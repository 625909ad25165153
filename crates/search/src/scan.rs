//! Reading what matches in the order of `_seq_no`, page after page: what reindex and the by-query operations do.
//!
//! The query runs once, into a bit a document; pages then come from the engine's ordered scan, filtered by these bits. When
//! everything matches there are no bits.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_engine::{Scan, Segment};
use glasswork_tasks::{Checkpoint, Stop};
use serde::{Deserialize, Serialize};
use tantivy::{
    COLLECT_BLOCK_BUFFER_LEN, DocId,
    query::{Scorer, Weight},
};

use crate::{
    context::Context,
    interrupt::Halt,
    query::{Compiled, Query, compile::Plan},
    request::SearchRequest,
    shard::{self, DocAddress},
};

/// Matches between two questions to the interrupt: a multiple of the buffer's length.
const STRIDE: usize = 1_024;

/// Which operations of a shard a scan looks at, both ends included. None when `from` is above `through`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShardBounds {
    /// Uuid of the index.
    pub uuid: String,
    /// Number of the shard.
    pub shard: u32,
    /// First `_seq_no`.
    pub from: u64,
    /// Last `_seq_no`.
    pub through: u64,
}

/// A scan at work. It keeps its bits and its place; the view belongs to whoever keeps both.
pub struct Scanner {
    scan: Scan,
    /// The matches of each segment; none when everything matches.
    matches: Option<Vec<Bits>>,
    keeper: Arc<dyn Checkpoint>,
    charged: u64,
}

impl std::fmt::Debug for Scanner {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Scanner")
            .field("charged", &self.charged)
            .finish_non_exhaustive()
    }
}

impl Drop for Scanner {
    fn drop(&mut self) {
        self.keeper.release(self.charged);
    }
}

/// A scan that has begun.
#[derive(Debug)]
pub struct Begun {
    /// Gives its pages.
    pub scanner: Scanner,
    /// First `_seq_no` that is looked at.
    pub from: u64,
    /// Last `_seq_no` that is looked at.
    pub through: u64,
    /// How many documents will come.
    pub total: u64,
    /// Whether the request's `timeout` ended the query before it had found all.
    pub timed_out: bool,
}

/// Runs the query and stands before the first match. Without `through` the scan goes as far as the view. Memory that is
/// kept between pages is charged to `keeper`, which is also the checkpoint of the pages.
///
/// # Errors
/// As [`shard::query()`]; `min_score`, which has no meaning where nothing is scored.
pub fn begin(
    context: &Context,
    request: &SearchRequest,
    alias_filter: Option<&Query>,
    (from, through): (u64, Option<u64>),
    keeper: Arc<dyn Checkpoint>,
) -> Result<Begun, Failure> {
    if request.min_score.is_some() {
        return Err(Failure::illegal_argument(
            "[min_score] is not supported where documents are read in the order of their sequence numbers",
        ));
    }
    shard::set_deadline(context, request);
    let mut compiled = Compiled::new(context, request.query.as_ref(), false)?;
    if let Some(filter) = alias_filter {
        compiled = compiled.filtered(context, filter)?;
    }
    if let Some(filter) = &request.post_filter {
        compiled = compiled.filtered(context, filter)?;
    }
    let compiled = compiled.sliced(context)?;
    let last = context.view.max_seq_no();
    // A shard without operations ends before its first.
    let (from, through) = match (through, last) {
        (Some(through), _) => (from, through),
        (None, Some(last)) => (from, last),
        (None, None) => (from.max(1), 0),
    };
    let everywhere = from == 0 && last.is_none_or(|last| last <= through);
    let is_whole =
        everywhere && request.terminate_after == 0 && matches!(compiled.plan, Plan::All { .. });
    let mut matching = Matching {
        context,
        weight: compiled.weight(),
        bounds: (!everywhere).then_some((from, through)),
        room: match request.terminate_after {
            0 => u64::MAX,
            documents => u64::from(documents),
        },
        total: 0,
    };
    let mut timed_out = false;
    let mut charged = 0;
    let matches = if is_whole {
        matching.total = context.view.doc_count();
        None
    } else {
        charged = context
            .view
            .segments()
            .iter()
            .map(|segment| Bits::bytes(segment.reader.max_doc()))
            .sum();
        keeper.charge(charged).map_err(crate::failure)?;
        Some(matching.bits(&mut timed_out))
    };
    let total = matching.total;
    // From here on the scanner gives the memory back, also when it can't be finished.
    let scan = context
        .view
        .scan(from..=through, Arc::clone(&keeper))
        .map_err(|error| match error {
            glasswork_engine::EngineError::Stopped(stop) => crate::failure(stop),
            error => crate::broken(&error),
        });
    let (scan, matches) = match (scan, matches.transpose()) {
        (Ok(scan), Ok(matches)) => (scan, matches),
        (Err(failure), _) | (_, Err(failure)) => {
            keeper.release(charged);
            return Err(failure);
        }
    };
    Ok(Begun {
        scanner: Scanner {
            scan,
            matches,
            keeper,
            charged,
        },
        from,
        through,
        total,
        timed_out,
    })
}

impl Scanner {
    /// The next matches, in order, at most `size`; fewer at the end.
    ///
    /// # Errors
    /// The reason to stop.
    pub fn next_page(&mut self, size: usize) -> Result<Vec<DocAddress>, Failure> {
        let mut page = Vec::with_capacity(size.min(10_000));
        while page.len() < size {
            let next = self.scan.next_document();
            let Some(found) = next.map_err(|stop: Stop| crate::failure(stop))? else {
                break;
            };
            let wanted = self
                .matches
                .as_ref()
                .is_none_or(|bits| bits[found.segment].has(found.doc));
            if wanted {
                page.push(DocAddress {
                    segment: found.segment as u32,
                    doc: found.doc,
                });
            }
        }
        Ok(page)
    }
}

/// A bit for each document of a segment.
struct Bits(Vec<u64>);

impl Bits {
    fn bytes(max_doc: DocId) -> u64 {
        u64::from(max_doc.div_ceil(64)) * 8
    }

    fn new(max_doc: DocId) -> Self {
        Self(vec![0; max_doc.div_ceil(64) as usize])
    }

    fn set(&mut self, doc: DocId) {
        self.0[(doc / 64) as usize] |= 1 << (doc % 64);
    }

    fn has(&self, doc: DocId) -> bool {
        self.0[(doc / 64) as usize] & (1 << (doc % 64)) != 0
    }
}

/// The query on its way over the segments.
struct Matching<'a> {
    context: &'a Context,
    weight: Arc<dyn Weight>,
    /// The operations that are looked at, unless all are.
    bounds: Option<(u64, u64)>,
    /// How many more may match.
    room: u64,
    total: u64,
}

impl Matching<'_> {
    /// The bits of every segment.
    fn bits(&mut self, timed_out: &mut bool) -> Result<Vec<Bits>, Failure> {
        let segments = self.context.view.segments();
        let mut matches: Vec<Bits> = segments
            .iter()
            .map(|segment| Bits::new(segment.reader.max_doc()))
            .collect();
        for (segment, bits) in segments.iter().zip(&mut matches) {
            match self.segment(segment, bits) {
                Ok(()) => {}
                Err(Halt::TimedOut) => {
                    *timed_out = true;
                    break;
                }
                Err(Halt::Failed(failure)) => return Err(failure),
            }
        }
        Ok(matches)
    }

    fn segment(&mut self, segment: &Segment, bits: &mut Bits) -> Result<(), Halt> {
        let interrupt = &self.context.interrupt;
        let mut scorer: Box<dyn Scorer> = self
            .weight
            .scorer(&segment.reader, 1.0)
            .map_err(|error| crate::broken(&error))?;
        let mut buffer = [0; COLLECT_BLOCK_BUFFER_LEN];
        loop {
            interrupt.check()?;
            for _ in 0..STRIDE / COLLECT_BLOCK_BUFFER_LEN {
                let filled = scorer.fill_buffer(&mut buffer);
                for &doc in &buffer[..filled] {
                    let within = self.bounds.is_none_or(|(from, through)| {
                        (from..=through).contains(&segment.seq_no(doc))
                    });
                    if within && segment.is_alive(doc) && self.total < self.room {
                        bits.set(doc);
                        self.total += 1;
                    }
                }
                if filled < COLLECT_BLOCK_BUFFER_LEN || self.total >= self.room {
                    // A scorer that was stopped reports the end of its documents.
                    return interrupt.reason();
                }
            }
        }
    }
}

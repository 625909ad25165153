//! A search as it was asked for: body and parameters, parsed once, checked, printable and sendable.

mod body;
mod fields;
mod pit;
mod rendering;
mod script_fields;
mod script_sort;
mod slice;
mod sort;
mod source;

use glasswork_content::text::TimeValue;
use serde::{Deserialize, Serialize};

pub use self::{
    fields::FieldAndFormat,
    pit::PointInTime,
    script_fields::ScriptField,
    script_sort::{ScriptSort, ScriptSortKind},
    slice::{ShardSlice, Slice},
    sort::{Missing, Mode, NumericType, Order, SortKey, SortTarget},
    source::SourceFilter,
};
use crate::{
    aggs::Aggregations,
    query::{Literal, Query},
};

/// How many hits are returned when nothing is said.
pub const DEFAULT_SIZE: u64 = 10;

/// Up to how many hits are counted when nothing is said.
pub const DEFAULT_TRACK_TOTAL_HITS: u64 = 10_000;

/// A search request.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchRequest {
    /// What to find; everything when absent.
    pub query: Option<Query>,
    /// What of that to show, after aggregations have seen it.
    pub post_filter: Option<Query>,
    /// How many of the best hits to pass over; 0 when absent.
    pub from: Option<u32>,
    /// How many hits to return; [`DEFAULT_SIZE`] when absent.
    pub size: Option<u32>,
    /// When to stop with what was found.
    pub timeout: Option<TimeValue>,
    /// After how many documents a shard stops; 0 is never.
    pub terminate_after: u32,
    /// Lower scores are not returned.
    pub min_score: Option<f32>,
    /// Whether hits show `_version`.
    pub version: Option<bool>,
    /// Whether hits show `_seq_no` and `_primary_term`.
    pub seq_no_primary_term: Option<bool>,
    /// What of `_source` to show.
    pub source: Option<SourceFilter>,
    /// Values to show out of columns.
    pub docvalue_fields: Vec<FieldAndFormat>,
    /// Values to show out of the source, as the mapping reads them.
    pub fields: Vec<FieldAndFormat>,
    /// Values to compute by scripts.
    pub script_fields: Vec<ScriptField>,
    /// Order of the hits; by score when empty.
    pub sort: Vec<SortKey>,
    /// Whether scores are computed although hits are sorted otherwise.
    pub track_scores: bool,
    /// How exactly to count.
    pub track_total_hits: Option<TrackTotalHits>,
    /// Sort values behind which to begin.
    pub search_after: Option<Vec<Literal>>,
    /// Which part of a scroll or a point in time is wanted.
    pub slice: Option<Slice>,
    /// The point in time that is searched instead of what is visible now.
    pub point_in_time: Option<PointInTime>,
    /// What to compute over all matches.
    pub aggregations: Option<Aggregations>,
}

/// How exactly matches are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TrackTotalHits {
    /// All of them.
    Exactly,
    /// Not at all.
    No,
    /// Up to so many.
    UpTo(u32),
}

impl SearchRequest {
    /// How many hits are passed over.
    pub fn from(&self) -> u64 {
        self.from.map_or(0, u64::from)
    }

    /// How many hits are returned.
    pub fn size(&self) -> u64 {
        self.size.map_or(DEFAULT_SIZE, u64::from)
    }

    /// Up to how many hits are counted; none when they are not counted.
    pub fn count_up_to(&self) -> Option<u64> {
        match self.track_total_hits {
            None => Some(DEFAULT_TRACK_TOTAL_HITS),
            Some(TrackTotalHits::Exactly) => Some(u64::MAX),
            Some(TrackTotalHits::No) => None,
            Some(TrackTotalHits::UpTo(limit)) => Some(u64::from(limit)),
        }
    }

    /// Whether the order of hits is that of their scores, the highest first.
    pub fn is_by_score(&self) -> bool {
        match self.sort.as_slice() {
            [] => true,
            [only] => only.target == SortTarget::Score && only.order == Order::Desc,
            _ => false,
        }
    }
}

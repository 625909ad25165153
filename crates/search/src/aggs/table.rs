//! The kinds of aggregations: one line each.

use glasswork_content::{Failure, Node};
use serde::{Deserialize, Serialize};

use super::{
    avg::Avg,
    cardinality::Cardinality,
    composite::Composite,
    date_histogram::DateHistogram,
    date_range::DateRange,
    definition::{Definition, Parse},
    extended_stats::ExtendedStats,
    filter::Filter,
    filters::Filters,
    global::Global,
    histogram::Histogram,
    max::Max,
    median_absolute_deviation::MedianAbsoluteDeviation,
    min::Min,
    missing::Missing,
    percentile_ranks::PercentileRanks,
    percentiles::Percentiles,
    range::Range,
    stats::Stats,
    sum::Sum,
    terms::Terms,
    value_count::ValueCount,
};

macro_rules! kinds {
    ($($kind:ident,)*) => {
        /// What an aggregation asks.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub(crate) enum AggregationKind {
            $($kind(Box<$kind>),)*
        }

        /// Their names in requests.
        pub(crate) const NAMES: &[&str] = &[$($kind::NAME,)*];

        impl AggregationKind {
            /// Reads the object behind a name; `None` when there is no such kind.
            pub(crate) fn parse(name: &str, body: &Node, called: &str) -> Option<Result<Self, Failure>> {
                $(
                    if name == $kind::NAME {
                        return Some($kind::parse(body, called).map(|kind| AggregationKind::$kind(Box::new(kind))));
                    }
                )*
                None
            }

            /// What the kind does.
            pub(crate) fn definition(&self) -> &dyn Definition {
                match self {
                    $(AggregationKind::$kind(kind) => kind.as_ref(),)*
                }
            }

            /// Its name in requests.
            pub(crate) fn name(&self) -> &'static str {
                match self {
                    $(AggregationKind::$kind(_) => $kind::NAME,)*
                }
            }
        }
    };
}

kinds! {
    Avg,
    Cardinality,
    Composite,
    DateHistogram,
    DateRange,
    ExtendedStats,
    Filter,
    Filters,
    Global,
    Histogram,
    Max,
    MedianAbsoluteDeviation,
    Min,
    Missing,
    PercentileRanks,
    Percentiles,
    Range,
    Stats,
    Sum,
    Terms,
    ValueCount,
}

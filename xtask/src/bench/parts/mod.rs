//! The parts of the measurement, a file each.

mod bulk;
mod by_query;
mod cancel;
mod micro;
mod resume;
mod search;
mod start;
mod steps;
mod stopping;
mod tasks;
mod throttle;
mod tools;
mod watching;

use super::{Bench, table::Row};

/// A part: what it is called, how it is measured, and the measuring.
pub(crate) struct Part {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) measure: fn(&Bench) -> Result<Vec<Row>, String>,
}

/// All of them.
pub(crate) const ALL: &[Part] = &[
    start::PART,
    tasks::PART,
    steps::PART,
    bulk::PART,
    search::PART,
    cancel::PART,
    by_query::PART,
    throttle::PART,
    stopping::PART,
    resume::PART,
    tools::PART,
    watching::PART,
    micro::PART,
];

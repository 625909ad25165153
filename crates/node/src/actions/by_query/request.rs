//! What is asked of a by-query operation: which documents, what is done with each, at what pace, and what is refused.

use glasswork_content::{Failure, Node as Json, Value};
use glasswork_search::request::SearchRequest as SearchSource;
use serde::{Deserialize, Serialize};
use std::{
    fmt::{self, Write},
    time::Duration,
};

use super::{
    remote::{RemoteSource, unsupported},
    throttle::UNLIMITED,
};
use crate::{
    actions::{
        documents::{ActiveShards, UpdateScript, VersionType},
        search::SearchRequest,
    },
    metadata::{ExpressionOptions, IndexExpression},
};

/// Documents of a page when nothing is said.
pub const DEFAULT_SCROLL_SIZE: u32 = 1000;

/// How long the source stays open between two pages when nothing is said.
pub const DEFAULT_SCROLL: Duration = Duration::from_secs(300);

/// `POST /_reindex`, `POST /{index}/_update_by_query`, `POST /{index}/_delete_by_query`, and the by-query slices of each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByQueryRequest {
    /// Which documents. Its `size` is that of a page, its `slice` that of a by-query slice.
    pub search: SearchRequest,
    /// Another cluster that they come from.
    pub remote: Option<RemoteSource>,
    /// What is done with each.
    pub work: Work,
    /// What changes each before.
    pub script: Option<UpdateScript>,
    /// How it is done.
    pub options: ByQueryOptions,
    /// The body asked for `stored_fields`, which makes no sense here.
    pub stored_fields: bool,
}

/// What is done with each document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Work {
    /// It is written elsewhere.
    Reindex(Destination),
    /// It is written again in its place.
    Update,
    /// It is deleted.
    Delete,
}

/// `dest` of a reindex.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Destination {
    /// The index or alias.
    pub index: Option<String>,
    /// `op_type: create`: what is there already is a conflict.
    pub create: bool,
    /// How versions are compared.
    pub version_type: VersionType,
    /// `keep`, `discard` or `=value`; kept unless said otherwise.
    pub routing: Option<String>,
    /// The name must be one of an alias.
    pub require_alias: bool,
}

/// How a by-query operation is done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ByQueryOptions {
    /// Whether what was written to is refreshed at the end.
    pub refresh: bool,
    /// How long each write waits for shards.
    pub timeout: Duration,
    /// How many copies of a shard must be there for each write.
    pub wait_for_active_shards: ActiveShards,
    /// Into how many by-query slices it is divided.
    pub slices: Slices,
    /// Documents a second; infinite without limit.
    pub requests_per_second: f32,
    /// How many documents are written at most.
    pub max_docs: Option<u32>,
    /// How long the source stays open between two pages.
    pub scroll: Duration,
    /// Whether documents that somebody else changed meanwhile are only counted.
    pub proceed_on_conflicts: bool,
}

/// Into how many by-query slices an operation is divided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Slices {
    /// As many as the source index with the fewest shards has of them.
    Auto,
    /// So many.
    Count(u32),
}

impl Default for ByQueryOptions {
    fn default() -> Self {
        Self {
            refresh: false,
            timeout: Duration::from_secs(60),
            wait_for_active_shards: ActiveShards::Default,
            slices: Slices::Count(1),
            requests_per_second: UNLIMITED,
            max_docs: None,
            scroll: DEFAULT_SCROLL,
            proceed_on_conflicts: false,
        }
    }
}

impl ByQueryOptions {
    /// Sets `max_docs`, which may be said in several places.
    ///
    /// # Errors
    /// 400 when it is negative, smaller than the number of by-query slices, or another one than was said before.
    pub fn set_max_docs(&mut self, max_docs: i32) -> Result<(), Failure> {
        if let Some(before) = self
            .max_docs
            .filter(|before| i64::from(*before) != i64::from(max_docs))
        {
            return Err(Failure::illegal_argument(format!(
                "[max_docs] set to two different values [{before}] and [{max_docs}]"
            )));
        }
        let Ok(documents) = u32::try_from(max_docs) else {
            return Err(Failure::illegal_argument(format!(
                "[max_docs] parameter cannot be negative, found [{max_docs}]"
            )));
        };
        if matches!(self.slices, Slices::Count(slices) if documents < slices) {
            return Err(Failure::illegal_argument(
                "[max_docs] should be >= [slices]",
            ));
        }
        self.max_docs = Some(documents);
        Ok(())
    }

    /// Reads `conflicts`.
    ///
    /// # Errors
    /// 400 for anything but `abort` and `proceed`.
    pub fn set_conflicts(&mut self, conflicts: &str) -> Result<(), Failure> {
        self.proceed_on_conflicts = match conflicts {
            "proceed" => true,
            "abort" => false,
            other => {
                return Err(Failure::illegal_argument(format!(
                    "conflicts may only be \"proceed\" or \"abort\" but was [{other}]"
                )));
            }
        };
        Ok(())
    }
}

impl ByQueryRequest {
    /// An operation over everything in `indices`.
    #[must_use]
    pub fn new(work: Work, indices: IndexExpression) -> Self {
        let source = SearchSource {
            size: Some(DEFAULT_SCROLL_SIZE),
            ..SearchSource::default()
        };
        Self {
            search: SearchRequest::new(indices, source),
            remote: None,
            work,
            script: None,
            options: ByQueryOptions::default(),
            stored_fields: false,
        }
    }

    /// A reindex whose source and destination are not known yet.
    #[must_use]
    pub fn reindex() -> Self {
        let nowhere = IndexExpression::all(ExpressionOptions::OPEN);
        Self::new(Work::Reindex(Destination::default()), nowhere)
    }

    /// What the search sees of the request, to be changed.
    pub fn source_mut(&mut self) -> &mut SearchSource {
        std::sync::Arc::make_mut(&mut self.search.source)
    }

    /// The by-query slice that this is of a divided operation, or by hand.
    pub(super) fn slice_id(&self) -> Option<u32> {
        self.search.source.slice.as_ref().map(|slice| slice.id)
    }

    /// What is wrong with it, whatever the indices are like.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let source = &self.search.source;
        if source.from.is_some() {
            problems.push("from is not supported in this context".to_owned());
        }
        if self.stored_fields {
            problems.push("stored_fields is not supported in this context".to_owned());
        }
        if self.options.max_docs == Some(0) {
            problems.push(
                "maxDocs should be greater than 0 if the request is limited to some number of documents or -1 if it isn't but it was [0]"
                    .to_owned(),
            );
        }
        if source.slice.is_some() && self.options.slices != Slices::Count(1) {
            problems.push(
                "can't specify both manual and automatic slicing at the same time".to_owned(),
            );
        }
        match &self.work {
            Work::Reindex(destination) => self.reindex_problems(destination, &mut problems),
            Work::Delete if source.query.is_none() => {
                problems.push("query is missing".to_owned());
            }
            Work::Update | Work::Delete => {}
        }
        problems
    }

    fn reindex_problems(&self, destination: &Destination, problems: &mut Vec<String>) {
        let source = &self.search.source;
        if self.search.indices.names.is_empty() {
            problems
                .push("use _all if you really want to copy from all existing indexes".to_owned());
        }
        if source.source.as_ref().is_some_and(|filter| !filter.fetch) {
            problems.push("_source:false is not supported in this context".to_owned());
        }
        if destination.index.is_none() {
            problems.push("index must be specified".to_owned());
            return;
        }
        match destination.routing.as_deref() {
            None | Some("keep" | "discard") => {}
            Some(value) if value.starts_with('=') => {}
            Some(_) => problems
                .push("routing must be unset, [keep], [discard] or [=<some new value>]".to_owned()),
        }
        if self.remote.is_some() {
            for name in unsupported(&self.search.source) {
                problems.push(format!(
                    "reindex from remote sources doesn't support [{name}]"
                ));
            }
            match self.options.slices {
                Slices::Count(0 | 1) => {}
                Slices::Count(slices) => problems.push(format!(
                    "reindex from remote sources doesn't support slices > 1 but was [{slices}]"
                )),
                Slices::Auto => problems.push(
                    "reindex from remote sources doesn't support slices > 1 but was [0]".to_owned(),
                ),
            }
        }
    }

    /// What the task says about itself.
    pub(super) fn describe(&self, out: &mut dyn Write) -> fmt::Result {
        match &self.work {
            Work::Reindex(_) => {
                out.write_str("reindex from ")?;
                if let Some(remote) = &self.remote {
                    write!(out, "[{remote}]")?;
                }
            }
            Work::Update => out.write_str("update-by-query ")?,
            Work::Delete => out.write_str("delete-by-query ")?,
        }
        let names = &self.search.indices.names;
        if names.is_empty() {
            out.write_str("[all indices]")?;
        } else {
            write!(out, "[{}]", names.join(", "))?;
        }
        if let Some(script) = &self.script {
            out.write_str(" updated with ")?;
            describe_script(script, out)?;
        }
        if let Work::Reindex(destination) = &self.work {
            let index = destination.index.as_deref().unwrap_or("null");
            write!(out, " to [{index}]")?;
        }
        Ok(())
    }
}

/// `Script{type=inline, lang='painless', idOrCode='…', options={}, params={}}`
fn describe_script(script: &UpdateScript, out: &mut dyn Write) -> fmt::Result {
    write!(
        out,
        "Script{{type=inline, lang='{}', idOrCode='{}', options={{}}, params=",
        script.lang, script.source
    )?;
    java_text(&script.params, out)?;
    out.write_char('}')
}

/// A tree as Java's collections print themselves. The depth is bounded by the reader's limit.
fn java_text(node: &Json, out: &mut dyn Write) -> fmt::Result {
    match &node.value {
        Value::Null => out.write_str("null"),
        Value::String(text) => out.write_str(text),
        Value::Array(elements) => {
            out.write_char('[')?;
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    out.write_str(", ")?;
                }
                java_text(element, out)?;
            }
            out.write_char(']')
        }
        Value::Object(object) => {
            out.write_char('{')?;
            for (place, (key, value)) in object.iter().enumerate() {
                if place > 0 {
                    out.write_str(", ")?;
                }
                write!(out, "{key}=")?;
                java_text(value, out)?;
            }
            out.write_char('}')
        }
        Value::Bool(_) | Value::Long(_) | Value::Unsigned(_) | Value::Big(_) | Value::Double(_) => {
            out.write_str(&node.to_text().unwrap_or_default())
        }
    }
}

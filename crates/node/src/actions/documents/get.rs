//! `indices:data/read/get`: reads one document by its id.

use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};
use bytes::Bytes;
use glasswork_content::{Failure, Node as Json, Render};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::{SourceFilter, VersionType};

/// `GET /{index}/_doc/{id}`, `GET /{index}/_source/{id}` and their `HEAD`s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GetRequest {
    /// The index or alias.
    pub index: String,
    /// The document.
    pub id: String,
    /// The routing it was written with, if not the id.
    pub routing: Option<String>,
    /// Sees writes that are not refreshed; true unless asked otherwise.
    pub realtime: bool,
    /// Refresh the shard first.
    pub refresh: bool,
    /// The version it must have.
    pub version: Option<i64>,
    /// How that version is compared.
    pub version_type: VersionType,
    /// What of the source to answer with.
    pub source: SourceFilter,
    /// `stored_fields`: fields to answer with that are kept apart from the source (`"store": true`).
    pub stored_fields: Vec<String>,
}

impl GetRequest {
    /// Reads a document.
    #[must_use]
    pub fn new(index: impl Into<String>, id: impl Into<String>) -> Self {
        Self {
            index: index.into(),
            id: id.into(),
            routing: None,
            realtime: true,
            refresh: false,
            version: None,
            version_type: VersionType::Internal,
            source: SourceFilter::default(),
            stored_fields: Vec::new(),
        }
    }

    /// Asks for stored fields, and then for a source only if one is asked for too: `said` is what the request says of it.
    pub fn store(&mut self, fields: Vec<String>, said: Option<SourceFilter>) {
        let wants_source = fields.is_empty() || fields.iter().any(|field| field == "_source");
        let fallback = if wants_source {
            SourceFilter::default()
        } else {
            SourceFilter::none()
        };
        self.source = said.unwrap_or(fallback);
        self.stored_fields = fields;
    }
}

/// A document, or that there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GetResponse {
    /// The index that was read (never an alias).
    pub index: String,
    /// The document's id.
    pub id: String,
    /// The document; `None` when there is none.
    pub found: Option<FoundDocument>,
}

/// A document that was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundDocument {
    /// `_version`
    pub version: i64,
    /// `_seq_no`
    pub seq_no: u64,
    /// `_primary_term`
    pub primary_term: u64,
    /// `_routing`
    pub routing: Option<String>,
    /// `_source` as it was sent, or filtered as asked; absent when it was not asked for or is not kept.
    pub source: Option<Bytes>,
    /// The stored fields that were asked for and have values; each an array.
    pub fields: Vec<(String, Json)>,
}

impl GetResponse {
    /// Writes the whole object, as `_doc` and an item of `_mget` show it.
    ///
    /// # Errors
    /// When the source is no JSON, which a stored one is.
    pub fn render(&self, out: &mut Render) -> Result<(), Failure> {
        out.object();
        out.field_str("_index", &self.index);
        out.field_str("_id", &self.id);
        if let Some(found) = &self.found {
            out.field_long("_version", found.version);
            out.field_unsigned("_seq_no", found.seq_no);
            out.field_unsigned("_primary_term", found.primary_term);
            if let Some(routing) = &found.routing {
                out.field_str("_routing", routing);
            }
        }
        out.field_bool("found", self.found.is_some());
        if let Some(source) = self.found.as_ref().and_then(|found| found.source.as_ref()) {
            out.key("_source");
            out.raw(source)?;
        }
        if let Some(found) = self.found.as_ref().filter(|found| !found.fields.is_empty()) {
            out.field_object("fields");
            for (path, values) in &found.fields {
                out.key(path);
                out.node(values);
            }
            out.end_object();
        }
        out.end_object();
        Ok(())
    }
}

/// Reads a document.
#[derive(Debug)]
pub struct GetDocument;

impl Action for GetDocument {
    const SPEC: &'static Spec = &table::GET;
    type Request = GetRequest;
    type Response = GetResponse;

    fn validate(request: &GetRequest) -> Result<(), Failure> {
        if request.id.is_empty() {
            return Err(Failure::validation(["id is missing"]));
        }
        Ok(())
    }

    async fn run(node: Arc<Node>, task: Task, request: GetRequest) -> Result<GetResponse, Failure> {
        super::reading::get(node, task, request).await
    }
}

/// The part of a get on the shard's node: `indices:data/read/get[s]`.
#[derive(Debug)]
pub(crate) struct GetShard;

impl Action for GetShard {
    const SPEC: &'static Spec = &table::GET_SHARD;
    type Request = super::reading::ShardGet;
    type Response = GetResponse;

    async fn run(
        node: Arc<Node>,
        task: Task,
        request: Self::Request,
    ) -> Result<GetResponse, Failure> {
        super::reading::get_on_shard(node, task, request).await
    }
}

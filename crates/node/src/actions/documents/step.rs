//! An item on its way through the primary: what is written for it, and what is answered.

use crate::shards::LocalShard;
use bytes::Bytes;
use glasswork_engine::{
    self as engine, Condition, Found, TypedDocument, Versioning, Write, WriteResult, Written,
};

use super::{
    DocumentResponse, Operation, Outcome, ShardCounts, UpdatedSource, VersionType, WriteItem,
    changing::Changed, reading::filtered,
};

/// An item on its way.
pub(super) struct Step {
    pub(super) item: WriteItem,
    pub(super) auto_id: bool,
    /// For an update: what the document was, and what it is to be.
    pub(super) changed: Option<(Option<Found>, Changed)>,
}

impl Step {
    pub(super) fn id(&self) -> &str {
        self.item.id.as_deref().unwrap_or_default()
    }

    /// The document that it puts, if it puts one.
    pub(super) fn source(&self) -> Option<Bytes> {
        match (&self.item.operation, &self.changed) {
            (Operation::Index(source) | Operation::Create(source), _) => Some(source.clone()),
            (_, Some((_, Changed::Put(source)))) => Some(source.clone()),
            _ => None,
        }
    }

    pub(super) fn write(&self, document: Option<TypedDocument>, mapping_version: u64) -> Write {
        let item = &self.item;
        let (create_only, condition) = match &self.changed {
            // Somebody else may have made or changed the document since it was read.
            Some((None, _)) => (true, None),
            Some((Some(found), _)) => (
                false,
                Some(Condition {
                    seq_no: found.seq_no,
                    primary_term: found.primary_term,
                }),
            ),
            None => (
                matches!(item.operation, Operation::Create(_)),
                match (item.if_seq_no, item.if_primary_term) {
                    (Some(seq_no), Some(primary_term)) => Some(Condition {
                        seq_no,
                        primary_term,
                    }),
                    _ => None,
                },
            ),
        };
        let operation = match (self.source(), document) {
            (Some(source), Some(document)) => engine::Operation::Index {
                source,
                document,
                create_only,
                auto_id: self.auto_id,
            },
            _ => engine::Operation::Delete,
        };
        let version = item
            .version
            .and_then(|version| u64::try_from(version).ok())
            .unwrap_or_default();
        Write {
            id: self.id().into(),
            routing: item.routing.as_deref().map(Into::into),
            operation,
            condition,
            versioning: match item.version_type {
                VersionType::Internal => Versioning::Internal,
                VersionType::External => Versioning::External(version),
                VersionType::ExternalGte => Versioning::ExternalGte(version),
            },
            mapping_version,
        }
    }

    /// The answer when it was written.
    pub(super) fn done(
        &self,
        shard: &LocalShard,
        copies: u32,
        written: Written,
    ) -> DocumentResponse {
        let outcome = match written.result {
            WriteResult::Created => Outcome::Created,
            WriteResult::Updated => Outcome::Updated,
            WriteResult::Deleted => Outcome::Deleted,
            WriteResult::NotFound => Outcome::NotFound,
        };
        let mut response = response(shard, &self.item, outcome);
        response.version = i64::try_from(written.version).unwrap_or(i64::MAX);
        (response.seq_no, response.primary_term) = (written.seq_no, written.primary_term);
        response.shards = ShardCounts {
            total: copies,
            successful: 1,
            failures: Vec::new(),
        };
        if outcome != Outcome::Deleted
            && let Some(source) = self.source()
        {
            response.get = shown(&self.item, &source, &response);
        }
        response
    }
}

/// The answer of an update that changes nothing.
pub(super) fn noop(
    shard: &LocalShard,
    item: &WriteItem,
    found: Option<&Found>,
    source: &Bytes,
) -> DocumentResponse {
    let mut response = response(shard, item, Outcome::Noop);
    response.version = -1;
    if let Some(found) = found {
        response.version = i64::try_from(found.version).unwrap_or(i64::MAX);
        (response.seq_no, response.primary_term) = (found.seq_no, found.primary_term);
        response.get = shown(item, source, &response);
    }
    response
}

fn response(shard: &LocalShard, item: &WriteItem, outcome: Outcome) -> DocumentResponse {
    DocumentResponse {
        index: shard.index().to_string(),
        id: item.id.clone().unwrap_or_default(),
        version: 0,
        outcome,
        forced_refresh: false,
        shards: ShardCounts::default(),
        seq_no: 0,
        primary_term: 0,
        get: None,
        shard: shard.number(),
        routing: item.routing.clone(),
    }
}

/// The source after an update, if it was asked for.
pub(super) fn shown(
    item: &WriteItem,
    source: &Bytes,
    response: &DocumentResponse,
) -> Option<UpdatedSource> {
    let Operation::Update(update) = &item.operation else {
        return None;
    };
    let filter = update.source.as_ref().filter(|filter| filter.fetch)?;
    // A filter that contradicts itself was refused with the request.
    let source = filtered(source, filter).ok()?;
    Some(UpdatedSource {
        seq_no: response.seq_no,
        primary_term: response.primary_term,
        source,
    })
}

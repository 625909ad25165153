//! How the primary of a shard does writes: in order, as few groups as the order allows, durable before the answer.

use crate::{
    Node,
    shards::{LocalShard, on_pool},
};
use bytes::Bytes;
use glasswork_content::{Failure, Kind};
use glasswork_engine::{
    self as engine, Condition, Found, TypedDocument, Versioning, Write, WriteFailure, WriteResult,
    Written,
};
use glasswork_tasks::{On, Task};
use hashbrown::HashSet;
use std::sync::Arc;

use super::{
    DocumentResponse, Operation, Outcome, Refresh, ShardBulk, ShardBulkResponse, ShardCounts,
    Update, UpdatedSource, VersionType, WriteItem,
    bulk::ShardItem,
    changing::{Changed, change},
    parsing::{Untyped, type_documents},
    phase::{Phase, Phases},
    reading::filtered,
};

/// What one request writes with.
struct Primary {
    node: Arc<Node>,
    task: Task,
    shard: Arc<LocalShard>,
    copies: u32,
}

/// An item on its way.
struct Step {
    item: WriteItem,
    auto_id: bool,
    /// For an update: what the document was, and what it is to be.
    changed: Option<(Option<Found>, Changed)>,
}

type ItemResult = Result<DocumentResponse, Failure>;

pub(super) async fn write(
    node: Arc<Node>,
    task: Task,
    request: ShardBulk,
) -> Result<ShardBulkResponse, Failure> {
    let phases = Phases::of(&task, Phase::Primary);
    let shard = node.shard(&request.uuid, request.shard).await?;
    let copies = node
        .metadata()
        .index_of_uuid(&request.uuid)
        .map_or(1, |index| index.copies());
    let primary = Primary {
        node,
        task,
        shard,
        copies,
    };
    let is_update = |item: &ShardItem| matches!(item.item.operation, Operation::Update(_));
    let mut results = Vec::with_capacity(request.items.len());
    if !request.items.iter().any(is_update) {
        results = primary.write_group(request.items).await?;
        primary.after(request.options.refresh, &mut results).await?;
        phases.enter(Phase::Finished);
        return Ok(results);
    }
    let mut rest = request.items.into_iter().peekable();
    while rest.peek().is_some() {
        let mut ids = HashSet::new();
        let mut group = Vec::new();
        // An update must see what the items before it did: it begins a new group when one of them has its id.
        while let Some(next) = rest.next_if(|next| {
            !(is_update(next) && ids.contains(next.item.id.as_deref().unwrap_or_default()))
        }) {
            ids.insert(next.item.id.clone().unwrap_or_default());
            group.push(next);
        }
        results.extend(primary.write_group(group).await?);
    }
    primary.after(request.options.refresh, &mut results).await?;
    phases.enter(Phase::Finished);
    Ok(results)
}

impl Primary {
    async fn write_group(&self, items: Vec<ShardItem>) -> Result<Vec<ItemResult>, Failure> {
        let mut steps = Vec::with_capacity(items.len());
        for ShardItem { item, auto_id } in items {
            let changed = match &item.operation {
                Operation::Update(update) => Some(self.change(&item, update).await),
                _ => None,
            };
            steps.push(match changed.transpose() {
                Ok(changed) => Ok(Step {
                    item,
                    auto_id,
                    changed,
                }),
                Err(failure) => Err(failure),
            });
        }
        let results = self.write_steps(&steps).await?;
        let mut answers = Vec::with_capacity(steps.len());
        for (step, result) in steps.into_iter().zip(results) {
            answers.push(match (step, result) {
                (Ok(step), Err(failure)) if failure.kind == Kind::VersionConflict => {
                    self.again(step, failure).await?
                }
                (_, result) => result,
            });
        }
        Ok(answers)
    }

    /// Tries an update again that somebody else came before.
    async fn again(&self, step: Step, conflict: Failure) -> Result<ItemResult, Failure> {
        let Operation::Update(update) = &step.item.operation else {
            return Ok(Err(conflict));
        };
        let mut answer = Err(conflict);
        for _ in 0..update.retry_on_conflict {
            let changed = match self.change(&step.item, update).await {
                Ok(changed) => Some(changed),
                Err(failure) => return Ok(Err(failure)),
            };
            let step = Step {
                item: step.item.clone(),
                auto_id: false,
                changed,
            };
            answer = self.write_steps(&[Ok(step)]).await?.pop().unwrap_or(answer);
            if !matches!(&answer, Err(failure) if failure.kind == Kind::VersionConflict) {
                break;
            }
        }
        Ok(answer)
    }

    /// What an update makes of the present document.
    async fn change(
        &self,
        item: &WriteItem,
        update: &Update,
    ) -> Result<(Option<Found>, Changed), Failure> {
        let id = item.id.clone().unwrap_or_default();
        let (shard, update, item) = (Arc::clone(&self.shard), update.clone(), item.clone());
        let work = move |task: &Task| {
            let found = shard
                .engine()
                .get(&id)
                .map_err(|error| shard.failure(&error))?;
            // A document that is missing is told as such, whatever it should have been like.
            if let (Some(seq_no), Some(term), true) =
                (item.if_seq_no, item.if_primary_term, found.is_some())
            {
                check_condition(
                    &shard,
                    &id,
                    found.as_ref(),
                    Condition {
                        seq_no,
                        primary_term: term,
                    },
                )?;
            }
            let changed = change(task, &shard, &id, &update, found.as_ref())?;
            Ok((found, changed))
        };
        self.node.pools().write.run(&self.task, work).await
    }

    /// Types documents, writes them as one group and tells what became of each.
    async fn write_steps(
        &self,
        steps: &[Result<Step, Failure>],
    ) -> Result<Vec<ItemResult>, Failure> {
        let mut untyped = Vec::new();
        for step in steps.iter().flatten() {
            if let Some(source) = step.source() {
                untyped.push(Untyped {
                    id: step.id().into(),
                    source,
                });
            }
        }
        let (mapping_version, typed) = match untyped.is_empty() {
            true => (self.shard.versions().newest().version, Vec::new()),
            false => type_documents(&self.node, &self.task, &self.shard, untyped).await?,
        };
        let mut typed = typed.into_iter();
        let mut results: Vec<Option<ItemResult>> = Vec::with_capacity(steps.len());
        let mut writes = Vec::new();
        for step in steps {
            let step = match step {
                Ok(step) => step,
                Err(failure) => {
                    results.push(Some(Err(failure.clone())));
                    continue;
                }
            };
            if let Some((found, Changed::Nothing(source))) = &step.changed {
                results.push(Some(Ok(self.noop(step, found.as_ref(), source))));
                continue;
            }
            let document = match step.source() {
                None => Ok(None),
                Some(_) => match typed.next() {
                    Some(document) => document.map(Some),
                    None => Err(Failure::illegal_state("a document was lost")),
                },
            };
            results.push(match document {
                Ok(document) => {
                    writes.push(step.write(document, mapping_version));
                    None
                }
                Err(failure) => Some(Err(failure)),
            });
        }
        let mut written = self.write(writes).await?.into_iter();
        let answers = results
            .into_iter()
            .zip(steps)
            .map(|(result, step)| match (result, step) {
                (Some(result), _) => result,
                (None, Ok(step)) => match written.next() {
                    Some(Ok(written)) => Ok(self.done(step, written)),
                    Some(Err(failure)) => Err(self.refused(&failure)),
                    None => Err(Failure::illegal_state(
                        "the shard gave no answer for this item",
                    )),
                },
                (None, Err(failure)) => Err(failure.clone()),
            });
        Ok(answers.collect())
    }

    async fn write(
        &self,
        writes: Vec<Write>,
    ) -> Result<Vec<Result<Written, WriteFailure>>, Failure> {
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        let shard = Arc::clone(&self.shard);
        let writing = async move { shard.engine().write(writes).await };
        let waiting = self.task.waiting(On::Disk);
        let written = on_pool(&self.node.pools().write, &self.task, writing).await;
        drop(waiting);
        let written = written?.map_err(|error| self.shard.failure(&error))?;
        self.shard.wrote();
        Ok(written)
    }

    /// The refresh that was asked for.
    async fn after(&self, refresh: Refresh, results: &mut [ItemResult]) -> Result<(), Failure> {
        let wrote = results
            .iter()
            .flatten()
            .any(|done| done.outcome != Outcome::Noop);
        match refresh {
            Refresh::No => {}
            Refresh::Immediate => {
                if wrote {
                    let shard = Arc::clone(&self.shard);
                    self.node
                        .pools()
                        .write
                        .run(&self.task, move |_| shard.refresh())
                        .await?;
                }
                for done in results.iter_mut().flatten() {
                    done.forced_refresh = done.outcome != Outcome::Noop;
                }
            }
            Refresh::WaitUntil if wrote => {
                let waiting = self.task.waiting(On::Other("refresh".into()));
                self.shard.next_refresh().await;
                drop(waiting);
            }
            Refresh::WaitUntil => {}
        }
        Ok(())
    }

    fn done(&self, step: &Step, written: Written) -> DocumentResponse {
        let outcome = match written.result {
            WriteResult::Created => Outcome::Created,
            WriteResult::Updated => Outcome::Updated,
            WriteResult::Deleted => Outcome::Deleted,
            WriteResult::NotFound => Outcome::NotFound,
        };
        let shards = ShardCounts {
            total: self.copies,
            successful: 1,
            failures: Vec::new(),
        };
        let version = i64::try_from(written.version).unwrap_or(i64::MAX);
        let mut response = self.response(
            step,
            outcome,
            version,
            written.seq_no,
            written.primary_term,
            shards,
        );
        if outcome != Outcome::Deleted
            && let Some(source) = step.source()
        {
            response.get = self.shown(step, &source, written.seq_no, written.primary_term);
        }
        response
    }

    /// The answer of an update that changes nothing.
    fn noop(&self, step: &Step, found: Option<&Found>, source: &Bytes) -> DocumentResponse {
        let (seq_no, term, version) = found.map_or((0, 0, -1), |found| {
            (
                found.seq_no,
                found.primary_term,
                i64::try_from(found.version).unwrap_or(i64::MAX),
            )
        });
        let mut response = self.response(
            step,
            Outcome::Noop,
            version,
            seq_no,
            term,
            ShardCounts::default(),
        );
        if found.is_some() {
            response.get = self.shown(step, source, seq_no, term);
        }
        response
    }

    fn response(
        &self,
        step: &Step,
        outcome: Outcome,
        version: i64,
        seq_no: u64,
        primary_term: u64,
        shards: ShardCounts,
    ) -> DocumentResponse {
        DocumentResponse {
            index: self.shard.index().to_string(),
            id: step.id().to_owned(),
            version,
            outcome,
            forced_refresh: false,
            shards,
            seq_no,
            primary_term,
            get: None,
            shard: self.shard.number(),
            routing: step.item.routing.clone(),
        }
    }

    /// The source after an update, if it was asked for.
    fn shown(
        &self,
        step: &Step,
        source: &Bytes,
        seq_no: u64,
        primary_term: u64,
    ) -> Option<UpdatedSource> {
        let Operation::Update(update) = &step.item.operation else {
            return None;
        };
        let filter = update.source.as_ref().filter(|filter| filter.fetch)?;
        // A filter that contradicts itself was refused with the request.
        let source = filtered(source, filter).ok()?;
        Some(UpdatedSource {
            seq_no,
            primary_term,
            source,
        })
    }

    fn refused(&self, failure: &WriteFailure) -> Failure {
        match failure {
            WriteFailure::VersionConflict { .. } => conflict(&self.shard, failure.to_string()),
            WriteFailure::NotWritten { error, .. } => self.shard.failure(error),
            WriteFailure::TooLarge { .. } => {
                Failure::new(Kind::TooLongHttpContent, failure.to_string())
            }
            WriteFailure::Fields { .. } => Failure::illegal_state(failure.to_string()),
        }
    }
}

/// 409 `version_conflict_engine_exception`.
pub(super) fn conflict(shard: &LocalShard, why: String) -> Failure {
    Failure::new(Kind::VersionConflict, why)
        .with_text("index", &**shard.index())
        .with_text("shard", shard.number().to_string())
        .with_text("index_uuid", &**shard.uuid())
}

fn check_condition(
    shard: &LocalShard,
    id: &str,
    found: Option<&Found>,
    required: Condition,
) -> Result<(), Failure> {
    let conflicts = match found {
        None => engine::Conflict::Missing { required },
        Some(found)
            if (found.seq_no, found.primary_term) == (required.seq_no, required.primary_term) =>
        {
            return Ok(());
        }
        Some(found) => engine::Conflict::Differs {
            required,
            seq_no: found.seq_no,
            primary_term: found.primary_term,
        },
    };
    Err(conflict(
        shard,
        format!("[{id}]: version conflict, {conflicts}"),
    ))
}

impl Step {
    fn id(&self) -> &str {
        self.item.id.as_deref().unwrap_or_default()
    }

    /// The document that it puts, if it puts one.
    fn source(&self) -> Option<Bytes> {
        match (&self.item.operation, &self.changed) {
            (Operation::Index(source) | Operation::Create(source), _) => Some(source.clone()),
            (_, Some((_, Changed::Put(source)))) => Some(source.clone()),
            _ => None,
        }
    }

    fn write(&self, document: Option<TypedDocument>, mapping_version: u64) -> Write {
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
}

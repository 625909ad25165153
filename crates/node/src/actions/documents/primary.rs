//! How the primary of a shard does writes: in order, as few groups as the order allows, durable before the answer.

use crate::{
    Node,
    shards::{LocalShard, on_pool},
};
use glasswork_content::{Failure, Kind};
use glasswork_engine::{Write, WriteFailure, Written};
use glasswork_tasks::{On, Task};
use hashbrown::HashSet;
use std::sync::Arc;

use super::{
    DocumentResponse, Operation, Outcome, Refresh, ShardBulk, ShardBulkResponse,
    bulk::ShardItem,
    changing::{Changed, change_on_pool},
    parsing::{Untyped, type_documents},
    phase::{Phase, Phases},
    step::{Step, noop},
};

/// What one request writes with.
struct Primary {
    node: Arc<Node>,
    task: Task,
    shard: Arc<LocalShard>,
    copies: u32,
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
                Operation::Update(update) => {
                    Some(change_on_pool(&self.node, &self.task, &self.shard, &item, update).await)
                }
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
            let changed =
                match change_on_pool(&self.node, &self.task, &self.shard, &step.item, update).await
                {
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
                results.push(Some(Ok(noop(
                    &self.shard,
                    &step.item,
                    found.as_ref(),
                    source,
                ))));
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
                    Some(Ok(written)) => Ok(step.done(&self.shard, self.copies, written)),
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

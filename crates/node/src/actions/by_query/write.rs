//! Writing one batch: a bulk, tried again as far as it was refused for lack of room, and what came of each write.

use glasswork_content::Failure;
use glasswork_tasks::Task;
use std::{collections::BTreeSet, sync::Arc};

use super::{
    request::ByQueryOptions,
    retry::{Backoff, is_overload, is_rejected},
    state::WorkerState,
};
use crate::{
    Node,
    actions::documents::{
        Bulk, BulkItemFailure, BulkItemResponse, BulkRequest, OperationKind, Outcome, Refresh,
        WriteItem, WriteOptions,
    },
};

/// What came of a batch, beside what was counted.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// Writes that failed and end the operation.
    pub(super) failures: Vec<BulkItemFailure>,
    /// Indices written to, also where it is not known whether a write was done.
    pub(super) indices: BTreeSet<String>,
}

/// Does the writes, counting as answers come. When the task is cancelled meanwhile nothing is tried again.
///
/// # Errors
/// The bulk as a whole was refused.
pub(super) async fn write(
    node: &Arc<Node>,
    task: &Task,
    state: &WorkerState,
    options: &ByQueryOptions,
    mut items: Vec<WriteItem>,
) -> Result<Written, Failure> {
    let mut written = Written::default();
    let mut backoff = Backoff::default();
    let write_options = WriteOptions {
        refresh: Refresh::No,
        timeout: options.timeout,
        wait_for_active_shards: options.wait_for_active_shards,
    };
    loop {
        let request = BulkRequest {
            items: items.clone(),
            options: write_options,
        };
        let answers = match node.child::<Bulk>(task, request).await {
            Ok(answers) => answers.items,
            Err(failure) if is_rejected(&failure) && backoff.next(task).await => {
                state.count(|figures| figures.bulk_retries += 1);
                continue;
            }
            Err(failure) => return Err(failure),
        };
        let refused = |answer: &BulkItemResponse| matches!(&answer.result, Err(failed) if is_overload(&failed.failure));
        let again = answers.iter().any(refused) && backoff.next(task).await;
        let mut left = Vec::new();
        for (item, answer) in items.into_iter().zip(answers) {
            if again && refused(&answer) {
                left.push(item);
                continue;
            }
            if let Err(failed) = &answer.result
                && is_uncertain(failed)
                && node.metadata().index(&failed.index).is_some()
            {
                written.indices.insert(failed.index.clone());
            }
            count(state, options, answer, &mut written);
        }
        if left.is_empty() {
            return Ok(written);
        }
        state.count(|figures| figures.bulk_retries += 1);
        items = left;
    }
}

fn count(
    state: &WorkerState,
    options: &ByQueryOptions,
    answer: BulkItemResponse,
    written: &mut Written,
) {
    match answer.result {
        Ok(done) => {
            state.count(|figures| match (answer.kind, done.outcome) {
                (OperationKind::Delete, _) => figures.deleted += 1,
                (_, Outcome::Created) => figures.created += 1,
                _ => figures.updated += 1,
            });
            if !written.indices.contains(&done.index) {
                written.indices.insert(done.index);
            }
        }
        Err(failed) if failed.failure.status() == CONFLICT => {
            state.count(|figures| figures.version_conflicts += 1);
            if !options.proceed_on_conflicts {
                written.failures.push(failed);
            }
        }
        Err(failed) => written.failures.push(failed),
    }
}

/// Whether the write may have been done although it failed: its node or its log did not say.
pub(super) fn is_uncertain(failed: &BulkItemFailure) -> bool {
    failed.failure.status() >= 500
}

/// HTTP status of a write that somebody else came before.
const CONFLICT: u16 = 409;

//! One write: the bulk of one item runs inside its own task.

use crate::Node;
use glasswork_content::Failure;
use glasswork_tasks::Task;
use std::sync::Arc;

use super::{
    DocumentResponse, WriteItem, WriteOptions,
    phase::{Phase, Phases},
    writing::write_all,
};

pub(super) async fn write(
    node: Arc<Node>,
    task: Task,
    item: WriteItem,
    options: WriteOptions,
) -> Result<DocumentResponse, Failure> {
    let phases = Phases::of(&task, Phase::Routing);
    let result = write_all(&node, &task, vec![item], options).await.pop();
    phases.enter(Phase::Finished);
    match result {
        Some(result) => result.map_err(|failed| *failed.failure),
        None => Err(Failure::illegal_state("the write gave no answer")),
    }
}

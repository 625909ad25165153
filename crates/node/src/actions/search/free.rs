//! `indices:data/read/search[free_context]`: gives up a context that no fetch phase will use.

use std::sync::Arc;

use glasswork_content::Failure;
use glasswork_tasks::Task;

use super::contexts::ContextId;
use crate::{
    Node,
    action::{Action, Spec},
    actions::table,
};

/// Gives up a context. Answers whether it was there.
#[derive(Debug)]
pub(crate) struct FreeContext;

impl Action for FreeContext {
    const SPEC: &'static Spec = &table::SEARCH_FREE_CONTEXT;
    type Request = ContextId;
    type Response = bool;

    async fn run(node: Arc<Node>, _task: Task, request: ContextId) -> Result<bool, Failure> {
        Ok(node.contexts().free(&request))
    }
}

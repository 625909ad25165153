//! `indices:admin/open`: opens closed indices.

use crate::{
    Node,
    action::{Action, Description, Spec, StoredAction},
    actions::table,
};
use glasswork_content::{Failure, Render};
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};
use std::{fmt::Write, sync::Arc};

use super::{Acknowledged, Target};

/// `POST /{index}/_open`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIndexRequest {
    /// Which indices.
    pub target: Target,
}

/// Opens indices.
#[derive(Debug)]
pub struct OpenIndex;

impl Action for OpenIndex {
    const SPEC: &'static Spec = &table::OPEN_INDEX;
    type Request = OpenIndexRequest;
    type Response = Acknowledged;

    fn validate(request: &OpenIndexRequest) -> Result<(), Failure> {
        if request.target.names.is_empty() {
            Err(Failure::validation(["index is missing"]))
        } else {
            Ok(())
        }
    }

    fn describe(request: &OpenIndexRequest) -> Description {
        let names = request.target.names.join(",");
        Some(Arc::new(move |out: &mut dyn Write| {
            write!(out, "open indices [{names}]")
        }))
    }

    async fn run(
        node: Arc<Node>,
        _task: Task,
        request: OpenIndexRequest,
    ) -> Result<Acknowledged, Failure> {
        node.metadata_store()
            .set_open(&request.target, true)
            .await?;
        node.open_shards().await;
        Ok(Acknowledged {
            acknowledged: true,
            shards_acknowledged: Some(true),
        })
    }
}

impl StoredAction for OpenIndex {
    fn render(response: &Acknowledged, out: &mut Render) -> Result<(), Failure> {
        response.render(out);
        Ok(())
    }
}

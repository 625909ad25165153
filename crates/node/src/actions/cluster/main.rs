//! `cluster:monitor/main`: who is there.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_tasks::Task;
use serde::{Deserialize, Serialize};

use crate::{Action, Node, Spec, actions::table};

/// The action.
#[derive(Debug)]
pub struct Main;

/// Asks nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Request;

/// Who is there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Response {
    /// The node's name.
    pub name: String,
    /// The cluster's name.
    pub cluster_name: String,
    /// The cluster's id.
    pub cluster_uuid: String,
}

impl Action for Main {
    const SPEC: &'static Spec = &table::MAIN;
    type Request = Request;
    type Response = Response;

    async fn run(node: Arc<Node>, _: Task, _: Request) -> Result<Response, Failure> {
        Ok(Response {
            name: node.config().name.clone(),
            cluster_name: node.config().cluster_name.clone(),
            cluster_uuid: node.cluster_uuid().to_owned(),
        })
    }
}

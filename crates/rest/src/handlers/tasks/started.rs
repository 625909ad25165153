//! `{"task":"N:1"}`: what is started without waiting for it answers its id.

use std::sync::Arc;

use glasswork_content::failure::Failure;
use glasswork_node::{Node, StoredAction};

use crate::{reply::Reply, request::Request};

/// Starts `A`, whose result is stored, and answers the id of its task.
///
/// # Errors
/// What refuses it before it begins.
pub(crate) async fn start<A: StoredAction>(
    node: &Arc<Node>,
    action: A::Request,
    request: &Request,
) -> Result<Reply, Failure> {
    let id = node.start_stored::<A>(action, request.caller()).await?;
    Ok(request.form.reply(200, |out| {
        out.object();
        out.field_str("task", &id.to_string());
        out.end_object();
    }))
}

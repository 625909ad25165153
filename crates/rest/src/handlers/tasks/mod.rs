//! The Tasks API: what runs, one of it, and an end to it.

pub(crate) mod cancel;
pub(crate) mod cat;
pub(crate) mod delete;
mod extensions;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod pause;
pub(crate) mod rethrottle;
pub(crate) mod started;
mod stream;
pub(crate) mod watch;

use std::time::Duration;

use glasswork_content::{failure::Failure, text::TimeValue};
use glasswork_node::Node;
use glasswork_tasks::{Form as StatusForm, View, wire::ask};

use crate::{form::Form, params::Params};

/// The values of `group_by`.
const GROUPS: &[&str] = &["nodes", "parents", "none"];

/// Whether parameters that the reference refuses and older clients send are refused here too.
pub(crate) fn is_strict(node: &Node) -> bool {
    node.config()
        .settings
        .get("compat.strict_params")
        .is_some_and(|value| value == "true")
}

/// How much of each task a list shows.
fn view(detailed: bool, form: &Form) -> View {
    ask::view(detailed, form.human())
}

fn status_form(form: &Form) -> StatusForm {
    ask::form(form.human())
}

/// A `timeout` that was given; `-1` is as none.
fn timeout(params: &mut Params) -> Result<Option<Duration>, Failure> {
    Ok(params
        .time("timeout")?
        .as_ref()
        .and_then(TimeValue::duration))
}

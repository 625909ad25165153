//! The Tasks API: what runs, one of it, and an end to it.

pub(crate) mod cancel;
pub(crate) mod cat;
pub(crate) mod delete;
mod extensions;
mod forest;
pub(crate) mod get;
pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod pause;
pub(crate) mod rethrottle;
mod shown;
pub(crate) mod started;
mod stream;
pub(crate) mod watch;

use std::time::Duration;

use glasswork_content::{failure::Failure, text::TimeValue};
use glasswork_node::Node;
use glasswork_tasks::{Filter, Form as StatusForm, Pattern, TaskId, View};

use crate::{form::Form, params::Params};

/// Bytes of a description that a list shows, `tasks.list.max_description`.
const MAX_DESCRIPTION: usize = 8 << 10;

/// Reads a task's id; `None` for a text that stands for none.
fn task_id(text: &str) -> Result<Option<TaskId>, Failure> {
    TaskId::parse(text).map_err(|malformed| {
        let failure = Failure::illegal_argument(malformed.to_string());
        match &malformed.not_a_number {
            Some(text) => failure.caused_by(Failure::number_format(text)),
            None => failure,
        }
    })
}

/// Whether parameters that the reference refuses and older clients send are refused here too.
pub(crate) fn is_strict(node: &Node) -> bool {
    node.config()
        .settings
        .get("compat.strict_params")
        .is_some_and(|value| value == "true")
}

/// `actions` and `parent_task_id`.
fn filter(params: &mut Params, strict: bool) -> Result<Filter, Failure> {
    let actions = params
        .list("actions")
        .into_iter()
        .map(Pattern::new)
        .collect();
    let parent = match params.text("parent_task_id") {
        // What the old documentation calls "all".
        Some("-1") if !strict => None,
        Some(text) => task_id(text)?,
        None => None,
    };
    Ok(Filter {
        actions,
        parent,
        ..Filter::default()
    })
}

/// How much of each task a list shows.
fn view(detailed: bool, form: &Form) -> View {
    if !detailed {
        return View::PLAIN;
    }
    View {
        max_description: MAX_DESCRIPTION,
        form: status_form(form),
        ..View::DETAILED
    }
}

fn status_form(form: &Form) -> StatusForm {
    if form.human() {
        StatusForm::Human
    } else {
        StatusForm::Plain
    }
}

/// A `timeout` that was given; `-1` is as none.
fn timeout(params: &mut Params) -> Result<Option<Duration>, Failure> {
    Ok(params
        .time("timeout")?
        .as_ref()
        .and_then(TimeValue::duration))
}

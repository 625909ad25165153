//! What goes beyond the reference: more filters, pages, background work, and why a task is still there. A request that
//! uses none of it is answered as the reference answers it; a strict node refuses it.

use glasswork_content::failure::Failure;
use glasswork_node::actions::tasks::ListTasks;
use glasswork_tasks::wire::ask;

use crate::{
    params::Params,
    routes::{Param, flag, int, text, time},
};

/// More filters: of a list, a cancel, a watch and the history.
pub(super) const FILTERS: &[Param] = &[
    text("x_opaque_id", ""),
    text("user", ""),
    flag("cancelled"),
    flag("cancellable"),
    flag("overdue"),
    time("min_running_time", ""),
    text("root_task_id", ""),
    flag("internal"),
];

/// The order and the page of a list.
pub(super) const PAGES: &[Param] = &[text("sort", "id"), int("size", ""), text("after", "")];

/// Adds to each task why it is still there.
pub(super) const EXTENDED: Param = flag("extended");

/// Reads [`FILTERS`], [`PAGES`] and [`EXTENDED`]. They are read only when they are given, so that no hint names them.
pub(super) fn read(params: &mut Params, list: &mut ListTasks) -> Result<(), Failure> {
    list.filter = ask::filters(params, std::mem::take(&mut list.filter))?;
    list.view.extended = ask::extended(params)?;
    list.after = ask::page(params, &mut list.filter)?;
    Ok(())
}

//! What goes beyond the reference: more filters, pages, background work, and why a task is still there. A request that
//! uses none of it is answered as the reference answers it; a strict node refuses it.

use std::sync::Arc;

use glasswork_content::{failure::Failure, text::TimeValue};
use glasswork_node::actions::tasks::ListTasks;
use glasswork_tasks::{Filter, Pattern, Sort};

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

/// Tasks of a page in another order than that of their numbers.
const LARGEST_SORTED: usize = 10_000;

/// Reads [`FILTERS`], [`PAGES`] and [`EXTENDED`]. They are read only when they are given, so that no hint names them.
pub(super) fn read(params: &mut Params, list: &mut ListTasks) -> Result<(), Failure> {
    list.filter = filters(params, std::mem::take(&mut list.filter))?;
    list.view.extended = extended(params)?;
    page(params, list)
}

/// Reads [`FILTERS`] into a filter.
pub(super) fn filters(params: &mut Params, mut filter: Filter) -> Result<Filter, Failure> {
    if params.has("x_opaque_id") {
        filter.opaque_id = params.text("x_opaque_id").map(Pattern::new);
    }
    if params.has("user") {
        filter.user = params.text("user").map(Arc::from);
    }
    for (name, asked) in [
        ("cancelled", &mut filter.cancelled),
        ("cancellable", &mut filter.cancellable),
        ("overdue", &mut filter.overdue),
    ] {
        if params.has(name) {
            *asked = params.flag_if_given(name)?;
        }
    }
    if params.has("min_running_time") {
        filter.min_running = params
            .time("min_running_time")?
            .as_ref()
            .and_then(TimeValue::duration);
    }
    if params.has("root_task_id") {
        filter.root = super::task_id(params.text("root_task_id").unwrap_or(""))?;
    }
    if params.has("internal") {
        filter.internal = params.flag("internal")?;
    }
    Ok(filter)
}

/// Reads [`EXTENDED`].
pub(super) fn extended(params: &mut Params) -> Result<bool, Failure> {
    if params.has(EXTENDED.name) {
        params.flag(EXTENDED.name)
    } else {
        Ok(false)
    }
}

fn page(params: &mut Params, list: &mut ListTasks) -> Result<(), Failure> {
    let filter: &mut Filter = &mut list.filter;
    if params.has("size") {
        let size = params.int("size")?.unwrap_or_default();
        let size = usize::try_from(size).ok().filter(|size| *size > 0);
        filter.size =
            Some(size.ok_or_else(|| Failure::illegal_argument("[size] must be greater than 0"))?);
    }
    if params.has("sort") {
        let sort = params.text("sort").unwrap_or("");
        filter.sort = sort
            .parse::<Sort>()
            .map_err(|error| Failure::illegal_argument(error.to_string()))?;
        if filter.sort != Sort::default() && filter.size.is_none_or(|size| size > LARGEST_SORTED) {
            return Err(Failure::illegal_argument(format!(
                "[sort] needs a [size] of at most [{LARGEST_SORTED}]"
            )));
        }
    }
    if params.has("after") {
        let after = params.text("after").unwrap_or("");
        list.after = Some(after.parse().map_err(|_| {
            Failure::illegal_argument(format!(
                "[after] must be the [next] of an earlier list but was [{after}]"
            ))
        })?);
    }
    Ok(())
}

//! What is asked: the parameters of the Tasks API, read in one way wherever they come in.

use std::{
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use glasswork_content::{
    failure::Failure,
    text::{TimeValue, parse_flag, parse_number, parse_time, split_list},
};

use serde::{Deserialize, Serialize};

use super::{BY_USER_REQUEST, BadHistoryCursor, HistoryCursor, ListCursor};
use crate::{Filter, Form, HistoryFilter, Outcome, Pattern, Sort, TaskId, View};

/// Bytes of a description that a list shows, `tasks.list.max_description`.
const MAX_DESCRIPTION: usize = 8 << 10;
/// Tasks of a page in another order than that of their numbers.
const LARGEST_SORTED: usize = 10_000;
/// Ended tasks of a page when nothing is said, and at most.
const HISTORY_PAGE: usize = 100;
const LARGEST_HISTORY: usize = 10_000;
/// Characters of a reason.
const LONGEST_REASON: usize = 256;

/// The parameters of a request, by name. Reading one marks it as known, so that the rest can be refused.
pub trait Parameters {
    /// The value as it was given.
    fn text(&mut self, name: &'static str) -> Option<&str>;

    /// Whether it was given. Does not mark it.
    fn has(&self, name: &str) -> bool;

    /// A flag; false when it is not given, true when it is given empty.
    ///
    /// # Errors
    /// 400 for anything but `true`, `false` or nothing.
    fn flag(&mut self, name: &'static str) -> Result<bool, Failure> {
        Ok(self.flag_if_given(name)?.unwrap_or(false))
    }

    /// A flag that may be absent.
    ///
    /// # Errors
    /// As [`Parameters::flag`].
    fn flag_if_given(&mut self, name: &'static str) -> Result<Option<bool>, Failure> {
        self.text(name).map_or(Ok(None), parse_flag)
    }

    /// Values with commas between them; empty when it is not given or given empty.
    fn list(&mut self, name: &'static str) -> Vec<String> {
        self.text(name).map(split_list).unwrap_or_default()
    }

    /// A whole number of 32 bits.
    ///
    /// # Errors
    /// 400 naming the parameter and the value.
    fn int(&mut self, name: &'static str) -> Result<Option<i32>, Failure> {
        let value = self.text(name);
        value
            .map(|value| parse_number(value, name, "int"))
            .transpose()
    }

    /// A time; `-1` is as none.
    ///
    /// # Errors
    /// 400 when it is none.
    fn time(&mut self, name: &'static str) -> Result<Option<Duration>, Failure> {
        let value = self.text(name);
        let time = value.map(|value| parse_time(value, name)).transpose()?;
        Ok(time.as_ref().and_then(TimeValue::duration))
    }
}

/// Reads a task's id; `None` for a text that stands for none.
///
/// # Errors
/// 400 when it is not `node:number`.
pub fn task_id(text: &str) -> Result<Option<TaskId>, Failure> {
    TaskId::parse(text).map_err(|malformed| {
        let failure = Failure::illegal_argument(malformed.to_string());
        match &malformed.not_a_number {
            Some(text) => failure.caused_by(Failure::number_format(text)),
            None => failure,
        }
    })
}

/// `actions` and `parent_task_id`; `strict` takes no `-1` for all parents, which old documentation does.
///
/// # Errors
/// 400 for a malformed id.
pub fn filter(params: &mut impl Parameters, strict: bool) -> Result<Filter, Failure> {
    let actions = params.list("actions");
    let actions = actions.into_iter().map(Pattern::new).collect();
    let parent = match params.text("parent_task_id") {
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

/// Adds to a filter what goes beyond the reference: `x_opaque_id`, `user`, `cancelled`, `cancellable`, `overdue`,
/// `min_running_time`, `root_task_id`, `internal`. Each is read only when it is given, so that no hint names it.
///
/// # Errors
/// 400 for a value that makes no sense.
pub fn filters(params: &mut impl Parameters, mut filter: Filter) -> Result<Filter, Failure> {
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
        filter.min_running = params.time("min_running_time")?;
    }
    if params.has("root_task_id") {
        filter.root = task_id(params.text("root_task_id").unwrap_or(""))?;
    }
    if params.has("internal") {
        filter.internal = params.flag("internal")?;
    }
    Ok(filter)
}

/// Whether it is wanted why each task is still there: `extended`.
///
/// # Errors
/// 400 for what is no flag.
pub fn extended(params: &mut impl Parameters) -> Result<bool, Failure> {
    if params.has("extended") {
        params.flag("extended")
    } else {
        Ok(false)
    }
}

/// The order and the page of a list: `size` and `sort` go into the filter, `after` is given back.
///
/// # Errors
/// 400 for a value that makes no sense, and for another order without a small page.
pub fn page(
    params: &mut impl Parameters,
    filter: &mut Filter,
) -> Result<Option<ListCursor>, Failure> {
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
        return after.parse().map(Some).map_err(|_| {
            Failure::illegal_argument(format!(
                "[after] must be the [next] of an earlier list but was [{after}]"
            ))
        });
    }
    Ok(None)
}

/// How much of each task a list shows.
#[must_use]
pub fn view(detailed: bool, human: bool) -> View {
    if !detailed {
        return View::PLAIN;
    }
    View {
        max_description: MAX_DESCRIPTION,
        form: form(human),
        ..View::DETAILED
    }
}

/// How a status is written.
#[must_use]
pub fn form(human: bool) -> Form {
    if human { Form::Human } else { Form::Plain }
}

/// Which ended tasks: `nodes` and `timeout` aside, everything that the history takes.
///
/// # Errors
/// 400 for a parameter that makes no sense.
pub fn history(
    params: &mut impl Parameters,
) -> Result<(HistoryFilter, Option<HistoryCursor>), Failure> {
    let filter = filter(params, false)?;
    let chosen = filters(params, filter)?;
    let outcomes = params
        .list("outcome")
        .iter()
        .map(|name| outcome(name))
        .collect::<Result<_, _>>()?;
    let since_millis = moment(params, "since")?;
    let until_millis = moment(params, "until")?;
    let size = params.int("size")?;
    let size = size.map_or(Ok(HISTORY_PAGE), |size| {
        let size = usize::try_from(size).ok();
        size.filter(|size| (1..=LARGEST_HISTORY).contains(size))
            .ok_or_else(|| {
                Failure::illegal_argument(format!(
                    "[size] must be between [1] and [{LARGEST_HISTORY}]"
                ))
            })
    })?;
    let after = params.text("after").map(str::parse).transpose();
    let after =
        after.map_err(|error: BadHistoryCursor| Failure::illegal_argument(error.to_string()))?;
    let filter = HistoryFilter {
        actions: chosen.actions,
        parent: chosen.parent,
        root: chosen.root,
        opaque_id: chosen.opaque_id,
        user: chosen.user,
        cancelled: chosen.cancelled,
        cancellable: chosen.cancellable,
        overdue: chosen.overdue,
        outcomes,
        min_running: chosen.min_running,
        since_millis,
        until_millis,
        internal: chosen.internal,
        after: None,
        size,
    };
    Ok((filter, after))
}

fn outcome(name: &str) -> Result<Outcome, Failure> {
    Outcome::ALL
        .into_iter()
        .find(|outcome| outcome.as_str() == name)
        .ok_or_else(|| {
            let names = Outcome::ALL.map(|outcome| format!("[{}]", outcome.as_str()));
            Failure::illegal_argument(format!(
                "[outcome] must be one of {} but was [{name}]",
                names.join(", ")
            ))
        })
}

/// A moment: milliseconds since 1970, or a time with a unit that says how long ago it was.
fn moment(params: &mut impl Parameters, name: &'static str) -> Result<Option<i64>, Failure> {
    let Some(text) = params.text(name) else {
        return Ok(None);
    };
    if let Ok(millis) = text.parse() {
        return Ok(Some(millis));
    }
    let ago = params.time(name)?.unwrap_or_default();
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let millis = now.saturating_sub(ago).as_millis();
    Ok(Some(i64::try_from(millis).unwrap_or(i64::MAX)))
}

/// Which tasks a cancel is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Which {
    /// All cancellable ones that fit the filter.
    Matching,
    /// This one, which must fit the filter too. An id that names nothing is refused by [`Which::check`].
    One(Option<TaskId>),
}

impl Which {
    /// Whether a cancel of these makes sense together with the rest of the question.
    ///
    /// # Errors
    /// 400 `action_request_validation_exception`.
    pub fn check(&self, nodes: &[String], dry_run: bool, token: bool) -> Result<(), Failure> {
        match self {
            Self::One(None) => Err(Failure::validation(["task id is required"])),
            Self::One(Some(_)) if !nodes.is_empty() => Err(Failure::validation([
                "task id cannot be used together with node ids",
            ])),
            _ if dry_run && token => Err(Failure::validation([
                "a dry run gives a token and takes none",
            ])),
            _ => Ok(()),
        }
    }
}

/// What the reference's cancel does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CancelOptions {
    /// Why.
    pub reason: Arc<str>,
    /// Why each task is still there.
    pub extended: bool,
    /// Cancels nothing: shows what would be cancelled.
    pub dry_run: bool,
    /// Cancels only what was shown under this token.
    pub token: Option<Arc<str>>,
    /// A cancel of everything is meant.
    pub force: bool,
}

impl Default for CancelOptions {
    fn default() -> Self {
        Self {
            reason: BY_USER_REQUEST.into(),
            extended: false,
            dry_run: false,
            token: None,
            force: false,
        }
    }
}

impl CancelOptions {
    /// Reads them. Each is read only when it is given, so that no hint names it.
    ///
    /// # Errors
    /// 400 for a value that makes no sense.
    pub fn read(params: &mut impl Parameters) -> Result<Self, Failure> {
        let mut asked = Self::default();
        if params.has("reason")
            && let Some(given) = params.text("reason")
        {
            if given.chars().count() > LONGEST_REASON {
                return Err(Failure::illegal_argument(format!(
                    "[reason] must have at most [{LONGEST_REASON}] characters"
                )));
            }
            asked.reason = given.into();
        }
        if params.has("dry_run") {
            asked.dry_run = params.flag("dry_run")?;
        }
        if params.has("token") {
            asked.token = params.text("token").map(Arc::from);
        }
        if params.has("force") {
            asked.force = params.flag("force")?;
        }
        asked.extended = extended(params)?;
        Ok(asked)
    }
}

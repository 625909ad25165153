//! What a run begins with, and what was asked of it since.

use crate::{Action, Caller};
use glasswork_content::failure::Failure;
use glasswork_tasks::{Headers, Reason, Task};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The value of a run's first key.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Head {
    /// Name of its action.
    pub(crate) action: String,
    /// The request, in postcard.
    pub(crate) request: Vec<u8>,
    /// Headers that its tasks carry.
    pub(crate) headers: Headers,
    /// Who asked.
    pub(crate) user: Option<String>,
    /// Over which connection.
    pub(crate) connection: Option<String>,
    /// When it began, in milliseconds since 1970.
    pub(crate) start_millis: i64,
    /// When it has to be over, in milliseconds since 1970.
    pub(crate) deadline_millis: Option<i64>,
    /// It waits until it is resumed.
    pub(crate) paused: bool,
    /// It was cancelled: whoever asked for that was told so.
    pub(crate) cancelled: Option<Kept>,
    /// What was asked of its parts, by their numbers.
    pub(crate) parts: BTreeMap<u32, Asked>,
}

/// What was asked of a part while it ran.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    /// Another pace; infinite without limit.
    pub(crate) requests_per_second: Option<f32>,
    /// To end, while the rest goes on.
    pub(crate) cancelled: Option<Kept>,
}

/// A reason as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Kept {
    pub(crate) text: String,
    pub(crate) by: Option<String>,
}

impl From<&Reason> for Kept {
    fn from(reason: &Reason) -> Self {
        Self {
            text: reason.text.to_string(),
            by: reason.by.as_deref().map(str::to_owned),
        }
    }
}

impl From<Kept> for Reason {
    fn from(kept: Kept) -> Self {
        Self {
            text: kept.text.into(),
            by: kept.by.map(Into::into),
        }
    }
}

impl Head {
    /// The head of `task`, which just began.
    pub(crate) fn of<A: Action>(
        task: &Task,
        request: &A::Request,
        caller: &Caller,
    ) -> Result<Self, Failure> {
        let request = postcard::to_stdvec(request).map_err(|error| {
            Failure::illegal_state(format!("the request can't be kept: {error}"))
        })?;
        let millis = |time: Duration| i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        Ok(Self {
            action: A::SPEC.name.to_owned(),
            request,
            headers: (*caller.headers).clone(),
            user: caller.user.as_deref().map(str::to_owned),
            connection: caller.connection.as_deref().map(str::to_owned),
            start_millis: task.start_millis(),
            deadline_millis: caller
                .deadline
                .map(|deadline| now_millis().saturating_add(millis(deadline))),
            paused: false,
            cancelled: None,
            parts: BTreeMap::new(),
        })
    }

    /// What stands for a head that can't be read.
    pub(super) fn unknown() -> Self {
        Self {
            action: String::new(),
            request: Vec::new(),
            headers: Headers::default(),
            user: None,
            connection: None,
            start_millis: 0,
            deadline_millis: None,
            paused: false,
            cancelled: None,
            parts: BTreeMap::new(),
        }
    }

    /// The caller as it was.
    pub(crate) fn caller(&self) -> Caller {
        let left = |until: i64| {
            let millis = until.saturating_sub(now_millis()).max(0);
            Duration::from_millis(millis.unsigned_abs())
        };
        Caller {
            headers: Arc::new(self.headers.clone()),
            user: self.user.as_deref().map(Arc::from),
            connection: self.connection.as_deref().map(Arc::from),
            deadline: self.deadline_millis.map(left),
        }
    }
}

pub(crate) fn now_millis() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

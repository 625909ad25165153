//! Takes the tasks of a list while it arrives.

use super::{
    Brief, MOST,
    brief::{Header, Progressing, Texts, moved},
};
use crate::view::State;
use glasswork_client::{Collect, Eta, Resources, Task, Wait};
use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, Visitor},
};
use std::fmt;

/// A description is kept up to this many bytes.
const DESCRIPTION: usize = 16 << 10;
/// The same for everything else that a task is told with.
const STATUS: usize = 64 << 10;
/// Tasks whose details are kept.
pub(in crate::top) const FEW: usize = 500;

/// Rows of a list, and what was left out of it.
#[derive(Default)]
pub(in crate::top) struct Rows {
    texts: Texts,
    own_id: Option<String>,
    pub(in crate::top) tasks: Vec<Brief>,
    pub(in crate::top) own: u64,
    pub(in crate::top) more: u64,
}

impl Rows {
    fn of(own_id: Option<&str>) -> Self {
        Self {
            own_id: own_id.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Takes a task unless it is one of `top` itself, or one too many.
    fn push(&mut self, opaque_id: Option<&str>, make: impl FnOnce(&mut Texts) -> Brief) -> bool {
        if opaque_id.is_some() && opaque_id == self.own_id.as_deref() {
            self.own += 1;
            return false;
        }
        if self.tasks.len() >= MOST {
            self.more += 1;
            return false;
        }
        let brief = make(&mut self.texts);
        self.tasks.push(brief);
        true
    }
}

/// Takes tasks that are told with their details, and keeps these while they are few.
pub(in crate::top) struct Detailed {
    pub(in crate::top) rows: Rows,
    pub(in crate::top) detailed: Vec<Task>,
}

impl Detailed {
    pub(in crate::top) fn of(own_id: Option<&str>) -> Self {
        Self {
            rows: Rows::of(own_id),
            detailed: Vec::new(),
        }
    }
}

impl Collect for Detailed {
    type Task = Task;

    fn take(&mut self, task: Task) {
        let task = detail(task);
        let few = self.rows.tasks.len() < FEW;
        let is_row = self.rows.push(task.opaque_id(), |texts| {
            let mut brief = Brief::of(&task, texts);
            // Those of so many are asked for again where they are seen.
            brief.description = brief.description.filter(|_| few);
            brief
        });
        match (is_row, few) {
            (true, true) => self.detailed.push(task),
            (true, false) => self.detailed = Vec::new(),
            (false, _) => {}
        }
    }
}

/// A task without what nobody reads to its end.
pub(in crate::top) fn detail(mut task: Task) -> Task {
    if let Some(description) = &mut task.description
        && description.len() > DESCRIPTION
    {
        let end = description.floor_char_boundary(DESCRIPTION);
        description.truncate(end);
        description.push('…');
        description.shrink_to_fit();
    }
    let size = |value: &serde_json::Value| value.to_string().len();
    task.status = task.status.filter(|status| size(status) <= STATUS);
    task.other.clear();
    task
}

/// Takes tasks that are told without details.
pub(in crate::top) struct Lean {
    pub(in crate::top) rows: Rows,
}

impl Lean {
    pub(in crate::top) fn of(own_id: Option<&str>) -> Self {
        Self {
            rows: Rows::of(own_id),
        }
    }
}

impl Collect for Lean {
    type Task = Told;

    fn take(&mut self, told: Told) {
        let opaque_id = told.headers.0.iter();
        let mut opaque_id = opaque_id.filter(|(name, _)| name.eq_ignore_ascii_case("X-Opaque-Id"));
        let opaque_id = opaque_id.next().map(|(_, value)| value.clone());
        self.rows
            .push(opaque_id.as_deref(), |texts| told.brief(texts));
    }
}

/// What is read of a task.
#[derive(Deserialize)]
pub(in crate::top) struct Told {
    node: String,
    id: i64,
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    action: String,
    #[serde(default)]
    running_time_in_nanos: i64,
    #[serde(default)]
    cancellable: bool,
    #[serde(default)]
    cancelled: bool,
    #[serde(default)]
    parent_task_id: Option<String>,
    #[serde(default)]
    headers: Headers,
    #[serde(default)]
    glasswork: Option<More>,
}

/// What is read of what Glasswork tells more.
#[derive(Default, Deserialize)]
#[serde(default)]
struct More {
    user: Option<String>,
    wait: Option<Wait>,
    progress: Option<Done>,
    cancel: Option<Cancel>,
    resources: Option<Resources>,
    durable: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Done {
    done: u64,
    total: Option<u64>,
    unit: String,
    eta_in_millis: Option<Eta>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Cancel {
    overdue: bool,
}

impl Told {
    fn brief(self, texts: &mut Texts) -> Brief {
        let extended = self.glasswork.is_some();
        let more = self.glasswork.unwrap_or_default();
        let resources = more.resources.as_ref();
        let state = if more.cancel.is_some_and(|cancel| cancel.overdue) {
            State::Overdue
        } else if self.cancelled {
            State::Cancelled
        } else if more.wait.is_some() {
            State::Waiting
        } else {
            State::Running
        };
        let headers = self.headers.0.iter();
        let headers: Vec<Header> = headers
            .map(|(name, value)| (texts.get(name), texts.get(value)))
            .collect();
        Brief {
            node: texts.get(&self.node),
            number: self.id,
            kind: texts.get(&self.kind),
            action: texts.get(&self.action),
            parent: texts.maybe(self.parent_task_id.as_deref()),
            running_nanos: u64::try_from(self.running_time_in_nanos).unwrap_or(0),
            cancellable: self.cancellable,
            cancelled: self.cancelled,
            durable: more.durable == Some(true),
            extended,
            state,
            headers: (!headers.is_empty()).then(|| headers.into()),
            description: None,
            cpu_nanos: resources.and_then(|resources| resources.cpu_time_in_nanos),
            memory: resources.and_then(|resources| resources.live_memory_in_bytes),
            moved: resources.and_then(moved),
            progress: more.progress.map(|progress| {
                Box::new(Progressing {
                    done: progress.done,
                    total: progress.total,
                    unit: texts.get(&progress.unit),
                    eta: progress.eta_in_millis,
                })
            }),
            user: texts.maybe(more.user.as_deref()),
            wait: texts.maybe(more.wait.as_ref().map(|wait| wait.on.as_str())),
            share: None,
            io: None,
        }
    }
}

/// Headers whose values are texts.
#[derive(Default)]
struct Headers(Vec<(String, String)>);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Headers;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of headers")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Headers, A::Error> {
                let mut headers = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    match map.next_value::<Text>()? {
                        Text::Is(value) => headers.push((name, value)),
                        Text::IsNot(_) => {}
                    }
                }
                Ok(Headers(headers))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Is(String),
    IsNot(IgnoredAny),
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_row_is_the_same_however_its_task_was_told() {
        let told = json!({"node": "n", "id": 7, "type": "transport", "action": "indices:data/read/search", "running_time_in_nanos": 41,
            "cancellable": true, "parent_task_id": "m:3", "headers": {"X-Opaque-Id": "dash-77", "odd": 7},
            "glasswork": {"user": "ads", "wait": {"on": "pool:search", "since_in_millis": 3}, "durable": true,
                "progress": {"done": 5, "total": 9, "unit": "docs", "eta_in_millis": {"low": 1, "high": 3}},
                "resources": {"cpu_time_in_nanos": 11, "live_memory_in_bytes": 12, "read_in_bytes": 4}}});
        let mut detailed = Detailed::of(Some("own"));
        detailed.take(serde_json::from_value(told.clone()).expect("a task"));
        let mut lean = Lean::of(Some("own"));
        lean.take(serde_json::from_value(told).expect("a task"));
        let shown = |brief: &Brief| format!("{:?}", brief);
        assert_eq!(shown(&detailed.rows.tasks[0]), shown(&lean.rows.tasks[0]));
        let mut own = json!({"node": "n", "id": 8, "headers": {"X-Opaque-Id": "own"}});
        lean.take(serde_json::from_value(own.clone()).expect("a task"));
        own["headers"] = json!({});
        lean.take(serde_json::from_value(own).expect("a task"));
        assert_eq!((lean.rows.tasks.len(), lean.rows.own), (2, 1));
    }

    #[test]
    fn details_are_kept_of_few_and_never_of_megabytes() {
        let task = |id: usize| {
            let told = json!({"node": "n", "id": id, "description": "é".repeat(DESCRIPTION)});
            serde_json::from_value::<Task>(told).expect("a task")
        };
        let mut few = Detailed::of(None);
        (0..FEW).for_each(|id| few.take(task(id)));
        assert_eq!(few.detailed.len(), FEW);
        let longest = few
            .detailed
            .iter()
            .filter_map(|task| task.description.as_ref());
        assert!(longest.map(String::len).max().unwrap_or(0) < DESCRIPTION + 8);
        few.take(task(FEW));
        assert_eq!((few.detailed.len(), few.rows.tasks.len()), (0, FEW + 1));
    }
}

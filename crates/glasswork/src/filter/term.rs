//! One condition of a filter.

use super::Subject;
use crate::view::{Shown, State, Waits};
use glasswork_client::matches_pattern;

/// A condition, or its contrary.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) negated: bool,
    pub(super) test: Test,
}

/// What is to hold.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Test {
    /// A field matches one of the patterns.
    Text(TextField, Vec<String>),
    /// A quantity compares so; times in nanoseconds, sizes in bytes.
    Number(NumberField, Compare, u128),
    /// The task is in this state.
    State(State),
    Cancellable(bool),
    Cancelled(bool),
    /// It has no parent.
    Root(bool),
    /// Some text of the task has this in it, in lower case.
    Words(String),
}

/// A field that is matched by patterns.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum TextField {
    Action,
    Id,
    /// The node's id or its name.
    Node,
    Type,
    Parent,
    Opaque,
    User,
    /// Matched anywhere, whatever the case.
    Description,
    Wait,
    Header(String),
}

/// A field that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberField {
    Age,
    Cpu,
    Memory,
}

/// How it is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Compare {
    More,
    AtLeast,
    Less,
    AtMost,
    Equal,
}

impl TextField {
    /// The field of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "action" => Self::Action,
            "id" => Self::Id,
            "node" => Self::Node,
            "type" => Self::Type,
            "parent" => Self::Parent,
            "opaque" => Self::Opaque,
            "user" => Self::User,
            "desc" | "description" => Self::Description,
            "wait" => Self::Wait,
            _ => match name.strip_prefix("header.") {
                Some(header) if !header.is_empty() => Self::Header(header.to_owned()),
                _ => return None,
            },
        })
    }

    fn matches(&self, pattern: &str, subject: Subject<'_>) -> bool {
        let task = subject.task;
        let optional = |text: Option<&str>| text.is_some_and(|text| matches_pattern(pattern, text));
        match self {
            Self::Action => matches_pattern(pattern, task.action()),
            Self::Id => matches_pattern(pattern, &task.id().to_string()),
            Self::Node => matches_pattern(pattern, task.node()) || optional(subject.node_name),
            Self::Type => matches_pattern(pattern, task.kind()),
            Self::Parent => optional(task.parent_text()),
            Self::Opaque => optional(task.opaque_id()),
            Self::User => optional(task.user()),
            Self::Description => {
                let anywhere = format!("*{}*", pattern.to_lowercase());
                task.description()
                    .is_some_and(|text| matches_pattern(&anywhere, &text.to_lowercase()))
            }
            Self::Wait => match task.wait() {
                Waits::On(what) => matches_pattern(pattern, what),
                Waits::Unknown | Waits::No => false,
            },
            Self::Header(name) => optional(task.header(name)),
        }
    }
}

impl NumberField {
    fn of(self, task: &dyn Shown) -> Option<u128> {
        match self {
            Self::Age => Some(task.running_time().as_nanos()),
            Self::Cpu => Some(task.cpu_time()?.as_nanos()),
            Self::Memory => Some(task.memory()?.into()),
        }
    }
}

impl Compare {
    fn holds(self, found: u128, value: u128) -> bool {
        match self {
            Self::More => found > value,
            Self::AtLeast => found >= value,
            Self::Less => found < value,
            Self::AtMost => found <= value,
            Self::Equal => found == value,
        }
    }
}

impl Term {
    /// Whether it holds; what is not known neither holds nor fails, so that its contrary does not hold either.
    pub(super) fn holds(&self, subject: Subject<'_>) -> bool {
        let task = subject.task;
        let holds = match &self.test {
            Test::Text(field, patterns) => Some(
                patterns
                    .iter()
                    .any(|pattern| field.matches(pattern, subject)),
            ),
            Test::Number(field, compare, value) => {
                field.of(task).map(|found| compare.holds(found, *value))
            }
            Test::State(state) => Some(task.state() == *state),
            Test::Cancellable(value) => Some(task.cancellable() == *value),
            Test::Cancelled(value) => Some(task.cancelled() == *value),
            Test::Root(value) => Some(task.parent_text().is_none() == *value),
            Test::Words(words) => Some(mentions(subject, words)),
        };
        holds.is_some_and(|holds| holds != self.negated)
    }
}

/// Whether any text of the task has the words in it.
fn mentions(subject: Subject<'_>, words: &str) -> bool {
    let task = subject.task;
    let id = task.id().to_string();
    let has = |text: &str| text.to_lowercase().contains(words);
    let texts = [
        Some(task.action()),
        Some(id.as_str()),
        subject.node_name,
        task.description(),
    ];
    texts.into_iter().flatten().any(has) || task.any_header(&mut |text| has(text))
}

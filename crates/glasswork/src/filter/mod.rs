//! Which tasks a user means: `action:*search* age>5s opaque:dash-* !cancelled:true`.
//!
//! Terms are separated by blanks and are all to hold. What the server can evaluate is sent to it
//! ([`Filter::narrow`]); everything is evaluated here as well, so that the answer is the same whatever the server did.

mod parse;
mod term;

use crate::view::Shown;
use glasswork_client::{ListOptions, TaskId};
pub(crate) use parse::FilterError;
use std::{collections::HashSet, time::Duration};
use term::{Compare, NumberField, Term, Test, TextField};

/// Terms that are all to hold.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Filter {
    terms: Vec<Term>,
}

/// What a filter looks at.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'a> {
    pub(crate) task: &'a dyn Shown,
    pub(crate) node_name: Option<&'a str>,
}

impl Filter {
    /// Reads a filter as a user writes it.
    pub(crate) fn parse(text: &str) -> Result<Self, FilterError> {
        Ok(Self {
            terms: parse::terms(text)?,
        })
    }

    /// All of them.
    pub(crate) fn all(filters: &[Self]) -> Self {
        Self {
            terms: filters
                .iter()
                .flat_map(|filter| filter.terms.clone())
                .collect(),
        }
    }

    /// Whether a term names nodes, so that their names have to be known.
    pub(crate) fn names_nodes(&self) -> bool {
        self.terms
            .iter()
            .any(|term| matches!(term.test, Test::Text(TextField::Node, _) | Test::Words(_)))
    }

    /// Whether the task matches.
    pub(crate) fn matches(&self, subject: Subject<'_>) -> bool {
        self.terms.iter().all(|term| term.holds(subject))
    }

    /// Has the server leave out what can't match, as far as it can: every OpenSearch picks actions, nodes and parents;
    /// Glasswork more.
    pub(crate) fn narrow(&self, mut options: ListOptions) -> ListOptions {
        // Each is asked for once; a second term of the same field is evaluated here alone.
        let mut asked = HashSet::new();
        for term in self.terms.iter().filter(|term| !term.negated) {
            options = match &term.test {
                Test::Text(field, patterns) => narrow_text(options, field, patterns, &mut asked),
                Test::Cancelled(value) if asked.insert("cancelled") => options.cancelled(*value),
                Test::Cancellable(value) if asked.insert("cancellable") => {
                    options.cancellable(*value)
                }
                Test::Number(NumberField::Age, compare, nanos)
                    if matches!(compare, Compare::More | Compare::AtLeast | Compare::Equal)
                        && asked.insert("age") =>
                {
                    options.older_than(Duration::from_nanos(
                        u64::try_from(*nanos).unwrap_or(u64::MAX),
                    ))
                }
                _ => options,
            };
        }
        options
    }
}

fn narrow_text(
    options: ListOptions,
    field: &TextField,
    patterns: &[String],
    asked: &mut HashSet<&'static str>,
) -> ListOptions {
    let all = |fits: fn(&str) -> bool| patterns.iter().all(|pattern| fits(pattern));
    match field {
        TextField::Action if all(is_action) && asked.insert("action") => {
            options.actions(patterns.to_vec())
        }
        // A node is named by its whole id or name; the server's other ways to choose nodes mean something else here.
        TextField::Node if all(is_node) && asked.insert("node") => options.nodes(patterns.to_vec()),
        TextField::Opaque if patterns.len() == 1 && asked.insert("opaque") => {
            options.opaque_id(&patterns[0])
        }
        TextField::Parent if patterns.len() == 1 => match patterns[0].parse::<TaskId>() {
            Ok(parent) if asked.insert("parent") => options.children_of(parent),
            _ => options,
        },
        _ => options,
    }
}

/// Whether the server reads the pattern as it is meant here: lists are split at commas.
fn is_action(pattern: &str) -> bool {
    !pattern.is_empty() && !pattern.contains(',') && pattern.trim() == pattern
}

fn is_node(pattern: &str) -> bool {
    is_action(pattern) && !pattern.starts_with('_') && !pattern.contains(['*', ':'])
}

#[cfg(test)]
mod tests {
    use super::*;
    use glasswork_client::Task;
    use serde_json::json;

    fn search() -> Task {
        let told = json!({"node": "abc", "id": 7, "type": "transport", "action": "indices:data/read/search", "description": "indices[Books]",
            "running_time_in_nanos": 41_000_000_000_u64, "cancellable": true, "cancelled": false, "parent_task_id": "abc:1",
            "headers": {"X-Opaque-Id": "dash-77", "X-Request-Id": "r1"},
            "resource_stats": {"total": {"cpu_time_in_nanos": 3_000_000_000_u64, "memory_in_bytes": 2_000_000}, "thread_info": {"thread_executions": 1}}});
        serde_json::from_value(told).expect("a task")
    }

    fn matches(filter: &str, task: &Task) -> bool {
        let subject = Subject {
            task,
            node_name: Some("node-1"),
        };
        Filter::parse(filter).expect(filter).matches(subject)
    }

    #[test]
    fn each_field_is_compared_in_its_own_way() {
        let task = search();
        for holds in [
            "",
            "action:*search* age>5s opaque:dash-*",
            "action:*bulk*,*search",
            "id:abc:7",
            "node:node-1",
            "node:abc",
            "node:ab*",
            "parent:abc:1",
            "type:transport",
            "desc:books",
            "books",
            "DASH",
            "header.x-request-id:r1",
            "cpu>=3s",
            "mem>1mb",
            "memory<2mb",
            "cancellable:true",
            "cancelled:false",
            "!action:*bulk*",
            "-opaque:tableau*",
            "root:false",
            "state:running",
            "\"indices[Books]\"",
            "age=41s",
        ] {
            assert!(matches(holds, &task), "{holds}");
        }
        for fails in [
            "action:search",
            "action:*SEARCH*",
            "age>41s",
            "age<41s",
            "!cpu>1s",
            "user:ads",
            "cancelled:true",
            "state:cancelled",
            "root:true",
            "header.none:*",
            "nothing",
            "action:*search* age>5m",
        ] {
            assert!(!matches(fails, &task), "{fails}");
        }
    }

    #[test]
    fn what_is_not_known_neither_holds_nor_fails() {
        let mut task = search();
        task.resource_stats = None;
        assert!(!matches("cpu>0s", &task));
        assert!(!matches("!cpu>0s", &task));
    }

    #[test]
    fn what_can_not_be_understood_is_said_so() {
        let said = |text: &str| Filter::parse(text).expect_err(text).to_string();
        assert_eq!(
            said("indices:data/read/search"),
            "`indices` is no field; the fields are action, id, node, type, parent, opaque, user, desc, header.NAME, wait, state, cancellable, cancelled, root, age, cpu, mem"
        );
        assert_eq!(
            said("age:5s"),
            "`age` is compared with >, >=, <, <= or =, as in age>5s"
        );
        assert_eq!(
            said("age>5"),
            "`5` is no time: a number with ms, s, m, h or d, as in 5s"
        );
        assert_eq!(
            said("mem>x"),
            "`x` is no size: a number with kb, mb or gb, as in 100mb"
        );
        assert_eq!(
            said("action>x"),
            "`action` is compared with `:`, as in action:*search*"
        );
        assert_eq!(said("cancelled:maybe"), "`maybe` is neither true nor false");
        assert_eq!(
            said("state:busy"),
            "`busy` is no state: running, waiting, cancelled or overdue"
        );
        assert_eq!(said("\"open"), "a quote is not closed");
        assert_eq!(said("action:"), "`action` needs a value");
        assert_eq!(said("!"), "`!` and `-` need a term");
    }

    #[test]
    fn the_server_is_sent_what_it_can_evaluate() {
        let narrowed = |text: &str| Filter::parse(text).expect(text).narrow(ListOptions::new());
        let plain = ListOptions::new();
        assert_eq!(
            narrowed("action:*search*,*bulk node:n1 parent:abc:1"),
            plain
                .clone()
                .actions(["*search*", "*bulk"])
                .nodes(["n1"])
                .children_of("abc:1".parse().expect("an id"))
        );
        assert_eq!(narrowed("action:a action:b"), plain.clone().actions(["a"]));
        assert_eq!(
            narrowed("age>5s opaque:x cancelled:false cancellable:true age>7s"),
            plain
                .clone()
                .older_than(Duration::from_secs(5))
                .opaque_id("x")
                .cancelled(false)
                .cancellable(true)
        );
        for local in [
            "!action:*search*",
            "node:n*",
            "node:_local",
            "parent:abc:*",
            "search",
            "age<5s",
            "!cancelled:true",
            "opaque:a,b",
        ] {
            assert_eq!(narrowed(local), plain, "{local}");
        }
    }
}

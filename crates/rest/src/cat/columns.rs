//! Columns: what they are called, and which of them a request wants to see.

use glasswork_content::failure::Failure;
use glasswork_tasks::Pattern;

/// A column of a table.
#[derive(Debug, Clone, Copy)]
pub struct Column {
    pub(super) name: &'static str,
    pub(super) aliases: &'static str,
    description: &'static str,
    default: bool,
    right: bool,
    sibling: Option<&'static str>,
}

impl Column {
    /// A column that is shown by default, aligned to the left. `aliases` with commas between them, as `help` prints
    /// them.
    pub const fn new(name: &'static str, aliases: &'static str, description: &'static str) -> Self {
        Self {
            name,
            aliases,
            description,
            default: true,
            right: false,
            sibling: None,
        }
    }

    /// Shown only when asked for.
    #[must_use]
    pub const fn hidden(mut self) -> Self {
        self.default = false;
        self
    }

    /// Aligned to the right, as numbers are.
    #[must_use]
    pub const fn right(mut self) -> Self {
        self.right = true;
        self
    }

    /// With a sibling: when this column is asked for by `h` and the flag `flag` is set, the column `flag.name` follows.
    #[must_use]
    pub const fn sibling(mut self, flag: &'static str) -> Self {
        self.sibling = Some(flag);
        self
    }

    pub(super) fn aliases(&self) -> impl Iterator<Item = &'static str> {
        self.aliases.split(',').filter(|alias| !alias.is_empty())
    }

    pub(super) fn description(&self) -> &'static str {
        if self.description.is_empty() {
            "not available"
        } else {
            self.description
        }
    }

    pub(super) fn is_right(&self) -> bool {
        self.right
    }
}

/// A column as it is shown: its place in the row, and the heading that the user gave it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    pub(super) at: usize,
    pub(super) heading: String,
}

/// The columns shown by default.
pub(super) fn defaults(columns: &[Column], timestamps: bool) -> Vec<Shown> {
    columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.default && (timestamps || !is_timestamp(column.name)))
        .map(|(at, column)| Shown {
            at,
            heading: column.name.to_owned(),
        })
        .collect()
}

/// The columns that `h` names, in its order; unknown names are left out.
pub(super) fn chosen(
    columns: &[Column],
    wanted: &[String],
    timestamps: bool,
    siblings: bool,
) -> Vec<Shown> {
    let mut names: Vec<&str> = Vec::new();
    for name in wanted {
        let expanded: Vec<&str> = if name.contains('*') {
            let pattern = Pattern::new(name.as_str());
            columns
                .iter()
                .filter(|column| {
                    pattern.matches(column.name)
                        || column.aliases().any(|alias| pattern.matches(alias))
                })
                .map(|column| column.name)
                .collect()
        } else {
            vec![name]
        };
        for name in expanded {
            if !names.contains(&name) {
                names.push(name);
            }
        }
    }
    let mut shown = Vec::new();
    for name in names {
        let Some(at) = named(columns, name).or_else(|| aliased(columns, name)) else {
            continue;
        };
        let column = &columns[at];
        if is_timestamp(column.name) && !timestamps {
            continue;
        }
        shown.push(Shown {
            at,
            heading: name.to_owned(),
        });
        if let Some(flag) = column.sibling.filter(|_| siblings)
            && let Some(at) = named(columns, &format!("{flag}.{}", column.name))
        {
            shown.push(Shown {
                at,
                heading: format!("{flag}.{name}"),
            });
        }
    }
    shown
}

/// The columns to sort by, each with whether it is descending.
///
/// # Errors
/// 500 `unsupported_operation_exception` for a name that no column has.
pub(super) fn order(columns: &[Column], keys: &[String]) -> Result<Vec<(usize, bool)>, Failure> {
    keys.iter()
        .map(|key| {
            let (name, descending) = match key.strip_suffix(":desc") {
                Some(name) => (name, true),
                None => (key.strip_suffix(":asc").unwrap_or(key), false),
            };
            aliased(columns, name)
                .map(|at| (at, descending))
                .ok_or_else(|| {
                    Failure::unsupported(format!("Unable to sort by unknown sort key `{name}`"))
                })
        })
        .collect()
}

fn named(columns: &[Column], name: &str) -> Option<usize> {
    columns.iter().position(|column| column.name == name)
}

/// By name or alias; when several columns have it, the last.
fn aliased(columns: &[Column], name: &str) -> Option<usize> {
    columns
        .iter()
        .rposition(|column| column.name == name || column.aliases().any(|alias| alias == name))
}

fn is_timestamp(name: &str) -> bool {
    name == "timestamp" || name == "epoch"
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column::new("action", "ac", "task action"),
        Column::new("timestamp", "ts,hms", "when"),
        Column::new("running_time_ns", "time", "in nanos").hidden(),
        Column::new("running_time", "time", "as text"),
        Column::new("size", "", "bytes").sibling("pri"),
        Column::new("pri.size", "", "bytes of primaries").hidden(),
    ];

    fn headings(shown: &[Shown]) -> Vec<&str> {
        shown.iter().map(|shown| shown.heading.as_str()).collect()
    }

    fn list(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    #[test]
    fn hidden_columns_are_shown_only_when_asked_for() {
        assert_eq!(
            headings(&defaults(COLUMNS, true)),
            ["action", "timestamp", "running_time", "size"]
        );
        assert_eq!(
            headings(&defaults(COLUMNS, false)),
            ["action", "running_time", "size"]
        );
    }

    #[test]
    fn a_column_is_shown_under_the_name_that_was_asked_for() {
        let shown = chosen(COLUMNS, &list("ac,time,nothing,ac"), true, false);
        assert_eq!(headings(&shown), ["ac", "time"]);
        assert_eq!(shown[1].at, 3);
    }

    #[test]
    fn a_pattern_shows_what_it_matches_once() {
        assert_eq!(
            headings(&chosen(COLUMNS, &list("running*,*"), false, false)),
            [
                "running_time_ns",
                "running_time",
                "action",
                "size",
                "pri.size"
            ]
        );
    }

    #[test]
    fn a_sibling_follows_its_column() {
        assert_eq!(
            headings(&chosen(COLUMNS, &list("size"), true, true)),
            ["size", "pri.size"]
        );
    }

    #[test]
    fn only_known_columns_sort() {
        assert_eq!(
            order(COLUMNS, &list("ac:desc,size:asc,time")).unwrap(),
            [(0, true), (4, false), (3, false)]
        );
        let failure = order(COLUMNS, &list("zzz:desc")).unwrap_err();
        assert_eq!(failure.reason(), "Unable to sort by unknown sort key `zzz`");
    }
}

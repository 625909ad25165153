//! `docs/tasks-actions.md`, written from the rows.

use super::ALL;
use crate::{Cancels, ClientGone, Spec, durable::LOST, shards::INTERNAL};
use std::fmt::Write;

const HEAD: &str = "\
# Actions

What a task of each action does with a cancel. One that can be cancelled ends within its bound; a task that outlives it is *overdue* (`extended`). One that can't be is expected to end by itself within its bound, and carries the reason.
*Measured* tasks show CPU time and memory; those marked *client* are cancelled when the client that asked hangs up.

";

/// Markdown: every action with its bound, or the reason why it can't be cancelled.
#[must_use]
pub fn document() -> String {
    let mut text = String::from(HEAD);
    let served = ALL.iter().map(|served| served.spec);
    let (internal, open): (Vec<&Spec>, Vec<&Spec>) =
        served.partition(|spec| spec.name.starts_with("internal:"));
    rows(&mut text, open);
    text.push_str(
        "\nBackground work and what nodes ask of each other; listed with `internal=true`:\n\n",
    );
    let own = INTERNAL.iter().copied().chain([&LOST]);
    rows(&mut text, internal.into_iter().chain(own).collect());
    text
}

fn rows(text: &mut String, mut specs: Vec<&Spec>) {
    specs.sort_by_key(|spec| spec.name);
    text.push_str("| action | cancel | bound | measured | client |\n|---|---|---|---|---|\n");
    for spec in specs {
        let (cancel, bound) = match spec.cancels {
            Cancels::Within(bound) => ("yes".to_owned(), bound),
            Cancels::Never(reason, bound) => (format!("no: {reason}"), bound),
        };
        let mark = |is: bool| if is { "yes" } else { "" };
        writeln!(
            text,
            "| `{}` | {cancel} | {} ms | {} | {} |",
            spec.name,
            bound.as_millis(),
            mark(spec.measured),
            mark(spec.client_gone == ClientGone::CancelsIt)
        )
        .expect("writing to a String does not fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_actions_is_of_today() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/tasks-actions.md");
        if std::env::var_os("GLASSWORK_WRITE_DOCS").is_some() {
            std::fs::write(path, document()).unwrap();
            return;
        }
        let page = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            page == document(),
            "docs/tasks-actions.md is not of today: GLASSWORK_WRITE_DOCS=1 cargo test -p glasswork-node the_page_of_actions"
        );
    }
}

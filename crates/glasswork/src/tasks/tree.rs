//! `glasswork tasks tree`: who started whom.

use super::{Session, TasksError, ls, out, report};
use crate::{
    arguments::tasks::{Choice, TreeArguments},
    exit::Code,
    view::{Forest, Sort},
};

pub(super) async fn run(session: &Session, arguments: &TreeArguments) -> Result<Code, TasksError> {
    // Below one task, everything that runs is looked at: its children may be on any node.
    let choice = match arguments.id {
        Some(_) => Choice {
            all: true,
            ..arguments.choice.clone()
        },
        None => arguments.choice.clone(),
    };
    let list = ls::list(session, &choice).await?;
    let forest = Forest::of(&list.tasks, &list.nodes, Sort::OLDEST);
    let rows = match &arguments.id {
        Some(id) => forest
            .rows_below(id)
            .ok_or_else(|| TasksError::NoSuchTask(id.clone()))?,
        None => forest.rows(),
    };
    if arguments.json {
        out::json(&ls::document(&list, forest.json(arguments.id.as_ref())))?;
    } else if rows.is_empty() {
        out::text("no task matches\n")?;
    } else {
        out::text(&ls::table(session, &arguments.look, &list).draw(&rows))?;
    }
    Ok(report::incomplete(&list))
}

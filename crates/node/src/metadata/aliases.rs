//! What actions on aliases do to the directory.

use glasswork_content::{Failure, Kind, Meta};
use glasswork_search::mapping::wildcard;
use std::sync::Arc;

use super::{
    Alias, Expand, ExpressionOptions, Index, IndexExpression, Metadata, changes::check_alias,
    stored::Directory,
};
use crate::actions::indices::AliasAction;

/// Names in these actions are those of indices that are there.
const OPTIONS: ExpressionOptions = ExpressionOptions {
    ignore_unavailable: false,
    allow_no_indices: false,
    expand: Expand::OPEN,
    forbid_closed: false,
    ignore_aliases: true,
};

/// Does the actions in order; gives the indices that they delete.
pub(super) fn apply(
    snapshot: &Metadata,
    directory: &mut Directory,
    actions: &[AliasAction],
) -> Result<Vec<Arc<Index>>, Failure> {
    let mut gone = Vec::new();
    let mut done = false;
    let mut asked = Vec::new();
    let only_removes = actions
        .iter()
        .all(|action| matches!(action, AliasAction::Remove { .. }));
    // Indices that go must not be in the way of an alias with their name.
    for action in actions {
        if let AliasAction::RemoveIndex { indices } = action {
            for index in named(snapshot, indices)? {
                index.options.blocks.check_delete(&index.name)?;
                directory.indices.remove(&*index.name);
                gone.push(index);
            }
        }
    }
    for action in actions {
        match action {
            AliasAction::RemoveIndex { .. } => {}
            AliasAction::Add {
                indices,
                aliases,
                alias,
            } => {
                add(snapshot, directory, indices, aliases, alias)?;
            }
            AliasAction::Remove {
                indices,
                aliases,
                must_exist,
            } => {
                let taken = remove(snapshot, directory, indices, aliases)?;
                if taken == 0 && *must_exist == Some(true) {
                    return Err(missing(aliases));
                }
                done |= taken > 0 || *must_exist == Some(false);
                asked.extend(aliases.iter().cloned());
            }
        }
    }
    if only_removes && !done {
        return Err(missing(&asked));
    }
    Ok(gone)
}

fn named(snapshot: &Metadata, names: &[String]) -> Result<Vec<Arc<Index>>, Failure> {
    snapshot.resolve(&IndexExpression {
        names: names.to_vec(),
        options: OPTIONS,
    })
}

fn add(
    snapshot: &Metadata,
    directory: &mut Directory,
    indices: &[String],
    aliases: &[String],
    alias: &Alias,
) -> Result<(), Failure> {
    for index in named(snapshot, indices)? {
        index.options.blocks.check_metadata(&index.name)?;
        for name in aliases {
            check_alias(name, alias)?;
            if let Some(listed) = directory.indices.get_mut(&*index.name) {
                listed.aliases.insert(name.clone(), alias.clone());
            }
        }
    }
    Ok(())
}

/// Takes the aliases away; gives how many there were.
fn remove(
    snapshot: &Metadata,
    directory: &mut Directory,
    indices: &[String],
    aliases: &[String],
) -> Result<usize, Failure> {
    let mut taken = 0;
    for index in named(snapshot, indices)? {
        index.options.blocks.check_metadata(&index.name)?;
        if let Some(listed) = directory.indices.get_mut(&*index.name) {
            let before = listed.aliases.len();
            listed.aliases.retain(|name, _| {
                !aliases
                    .iter()
                    .any(|pattern| pattern == "_all" || wildcard(pattern, name))
            });
            taken += before - listed.aliases.len();
        }
    }
    Ok(taken)
}

/// 404 `aliases_not_found_exception`.
fn missing(aliases: &[String]) -> Failure {
    let why = format!("aliases [{}] missing", aliases.join(", "));
    let id = match aliases {
        [one] => Meta::Text(one.clone()),
        several => Meta::Texts(several.to_vec()),
    };
    Failure::new(Kind::AliasesNotFound, why)
        .with("resource.id", id)
        .with_text("resource.type", "aliases")
}

//! What changes of metadata mean, each one compare-and-set on one key.

use glasswork_content::{Failure, Kind, Node as Json};
use glasswork_search::{mapping::Mapping, query};
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    Alias, Index, IndexExpression, IndexOptions, Metadata, Place, SettingsChange, Store,
    check_alias_name, check_index_name,
    definitions::{self, Changes},
    new_index::{fill, mapped, prepare},
    stored::{Directory, Listed, Record},
};
use crate::actions::indices::AliasAction;

/// How long to wait until a change shows here.
const SOON: Duration = Duration::from_secs(30);

/// An index that is to be made.
#[derive(Debug, Clone, Default)]
pub(crate) struct NewIndex {
    pub(crate) name: String,
    pub(crate) settings: SettingsChange,
    pub(crate) mappings: Option<Json>,
    pub(crate) aliases: BTreeMap<String, Alias>,
}

impl Store {
    /// Makes an index whose shards lie on `nodes` in turn.
    pub(crate) async fn create(
        &self,
        new: NewIndex,
        nodes: &[Arc<str>],
        now_millis: i64,
    ) -> Result<Arc<Index>, Failure> {
        let (record, uuid) = prepare(&new, now_millis)?;
        check_index_name(&new.name)?;
        free(&self.current(), &new.name)?;
        for (alias, says) in &new.aliases {
            check_alias(alias, says)?;
        }
        let record = mapped(record, &new)?;
        let shards = IndexOptions::from_settings(&record.settings).number_of_shards;
        let first = self.current().indices().count();
        let places: Vec<Place> = (0..shards as usize)
            .map(|shard| Place {
                primary: nodes[(first + shard) % nodes.len()].to_string(),
                term: 1,
            })
            .collect();
        self.put_new(&uuid, &record, &places).await?;
        let listed = Listed {
            uuid: uuid.clone(),
            open: true,
            aliases: new.aliases.clone(),
        };
        let made = self
            .change_directory(|snapshot, directory| {
                if directory
                    .indices
                    .get(&new.name)
                    .is_some_and(|known| known.uuid == uuid)
                {
                    return Ok(None);
                }
                free(snapshot, &new.name)?;
                // The directory may name what the snapshot does not show yet: another node has just made it.
                if let Some(listed) = directory.indices.get(&new.name) {
                    return Err(already_exists(&new.name, &listed.uuid));
                }
                let mut next = directory.clone();
                next.indices.insert(new.name.clone(), listed.clone());
                check_directory(&next)?;
                Ok(Some(next))
            })
            .await;
        if let Err(failure) = made {
            self.remove_old(&uuid, shards).await;
            return Err(failure);
        }
        let shown = self
            .wait_for(SOON, |metadata| metadata.index_of_uuid(&uuid).cloned())
            .await;
        shown.ok_or_else(|| {
            Failure::new(
                Kind::ProcessClusterEventTimeout,
                format!("index [{}] was made and does not show", new.name),
            )
        })
    }

    /// Deletes indices; gives those that are gone.
    pub(crate) async fn delete(
        &self,
        target: &IndexExpression,
    ) -> Result<Vec<Arc<Index>>, Failure> {
        let mut gone = Vec::new();
        self.change_directory(|snapshot, directory| {
            let mut next = directory.clone();
            for index in snapshot.resolve(target)? {
                index.options.blocks.check_delete(&index.name)?;
                let listed = next.indices.remove(&*index.name);
                if listed.is_some()
                    && !gone
                        .iter()
                        .any(|known: &Arc<Index>| known.uuid == index.uuid)
                {
                    gone.push(index);
                }
            }
            Ok((next != *directory).then_some(next))
        })
        .await?;
        Ok(gone)
    }

    /// Removes the keys of deleted indices.
    pub(crate) async fn forget(&self, gone: &[Arc<Index>]) {
        for index in gone {
            self.remove_old(&index.uuid, index.options.number_of_shards)
                .await;
        }
    }

    /// Opens or closes indices; gives their names.
    pub(crate) async fn set_open(
        &self,
        target: &IndexExpression,
        open: bool,
    ) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        self.change_directory(|snapshot, directory| {
            let indices = snapshot.resolve(target)?;
            names = indices.iter().map(|index| index.name.to_string()).collect();
            let mut next = directory.clone();
            for index in &indices {
                index.options.blocks.check_metadata(&index.name)?;
                if let Some(listed) = next.indices.get_mut(&*index.name) {
                    listed.open = open;
                }
            }
            Ok((next != *directory).then_some(next))
        })
        .await?;
        Ok(names)
    }

    /// Does all actions on aliases at once; gives the indices that are gone.
    pub(crate) async fn update_aliases(
        &self,
        actions: &[AliasAction],
    ) -> Result<Vec<Arc<Index>>, Failure> {
        let mut gone: Vec<Arc<Index>> = Vec::new();
        self.change_directory(|snapshot, directory| {
            let mut next = directory.clone();
            gone = super::aliases::apply(snapshot, &mut next, actions)?;
            check_directory(&next)?;
            Ok((next != *directory).then_some(next))
        })
        .await?;
        Ok(gone)
    }

    /// Merges a definition into the mapping of an index; gives the version that has it.
    pub(crate) async fn put_mapping(
        &self,
        uuid: &str,
        update: impl Fn(&Index) -> Result<Mapping, Failure> + Send + Sync,
    ) -> Result<u64, Failure> {
        let mut version = 0;
        self.change_record(uuid, |index, record| {
            version = record.mapping_version;
            let merged = index
                .mapping
                .merge(&update(index)?, &index.options.limits)?;
            let bytes = merged.to_bytes();
            if bytes == record.mapping {
                return Ok(None);
            }
            version += 1;
            Ok(Some(Record {
                mapping: bytes,
                mapping_version: version,
                ..record.clone()
            }))
        })
        .await?;
        Ok(version)
    }

    /// Changes settings of an index.
    pub(crate) async fn update_settings(
        &self,
        uuid: &str,
        change: &SettingsChange,
        preserve: bool,
    ) -> Result<(), Failure> {
        self.change_record(uuid, |index, record| {
            let mut settings = record.settings.clone();
            let mut change = change.clone();
            if preserve {
                change.retain(|name, _| settings.get(name).is_none());
            }
            check_update(index, &change)?;
            settings.apply(&change);
            fill(&mut settings);
            // Analyzers that don't build are refused here, not when the index is opened.
            super::parts::analysis_of(&settings)?;
            Ok((settings != record.settings).then(|| Record {
                settings,
                ..record.clone()
            }))
        })
        .await
    }
}

/// Refuses a name that an index or an alias has.
fn free(snapshot: &Metadata, name: &str) -> Result<(), Failure> {
    if let Some(index) = snapshot.index(name) {
        return Err(already_exists(&index.name, &index.uuid));
    }
    if !snapshot.indices_of_alias(name).is_empty() {
        let why = format!("Invalid index name [{name}], already exists as alias");
        return Err(Failure::new(Kind::InvalidIndexName, why)
            .with_text("index", name)
            .with_text("index_uuid", "_na_"));
    }
    Ok(())
}

/// 400 `resource_already_exists_exception`.
fn already_exists(name: &str, uuid: &str) -> Failure {
    Failure::new(
        Kind::ResourceAlreadyExists,
        format!("index [{name}/{uuid}] already exists"),
    )
    .with_text("index", name)
    .with_text("index_uuid", uuid)
}

/// Checks what an alias says.
pub(super) fn check_alias(name: &str, alias: &Alias) -> Result<(), Failure> {
    check_alias_name(name)?;
    if let Some(filter) = &alias.filter {
        query::parse(filter).map_err(|cause| {
            let why = format!("failed to parse filter for alias [{name}]");
            Failure::illegal_argument(why).caused_by(cause)
        })?;
    }
    if let Some(routing) = &alias.index_routing
        && routing.contains(',')
    {
        return Err(Failure::illegal_argument(format!(
            "alias [{name}] has several index routing values associated with it"
        )));
    }
    Ok(())
}

/// Refuses what can't stand side by side: an alias with the name of an index, an alias with two write indices.
fn check_directory(directory: &Directory) -> Result<(), Failure> {
    let mut writers: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (name, listed) in &directory.indices {
        for (alias, says) in &listed.aliases {
            if directory.indices.contains_key(alias) {
                let why = format!(
                    "Invalid alias name [{alias}]: an index exists with the same name as the alias"
                );
                return Err(Failure::new(Kind::InvalidAliasName, why)
                    .with_text("index", name)
                    .with_text("index_uuid", "_na_"));
            }
            if says.is_write_index == Some(true) {
                writers.entry(alias).or_default().push(name);
            }
        }
    }
    match writers.iter().find(|(_, names)| names.len() > 1) {
        Some((alias, names)) => {
            let why = format!(
                "alias [{alias}] has more than one write index [{}]",
                names.join(",")
            );
            Err(Failure::illegal_state(why))
        }
        None => Ok(()),
    }
}

/// Refuses settings that may not change now.
pub(crate) fn check_update(index: &Index, change: &SettingsChange) -> Result<(), Failure> {
    let mut fixed = Vec::new();
    for (name, value) in change {
        let definition = match value {
            Some(value) => definitions::check(name, value)?,
            None => definitions::definition(name).ok_or_else(|| definitions::unknown(name))?,
        };
        match definition.changes {
            Changes::Dynamic => {}
            Changes::Closed if !index.open => {}
            Changes::Final | Changes::Private if !index.open => {
                return Err(Failure::illegal_argument(format!(
                    "final {} setting [{name}], not updateable",
                    index.name
                )));
            }
            _ => fixed.push(name.as_str()),
        }
    }
    if !fixed.is_empty() {
        return Err(Failure::illegal_argument(format!(
            "Can't update non dynamic settings [[{}]] for open indices [[{}/{}]]",
            fixed.join(", "),
            index.name,
            index.uuid
        )));
    }
    let only_blocks = change.keys().all(|name| name.starts_with("index.blocks."));
    if !only_blocks {
        index.options.blocks.check_metadata(&index.name)?;
    }
    Ok(())
}

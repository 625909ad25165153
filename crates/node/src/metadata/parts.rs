//! What the keys of the metadata say, and the snapshot that follows from it.

use glasswork_content::Failure;
use glasswork_search::{
    analysis::{Analysis, AnalysisLimits},
    mapping::{Mapping, MappingVersions},
};
use glasswork_substrate::{Entry, Revision};
use hashbrown::HashMap;
use std::{collections::BTreeMap, sync::Arc};

use super::{
    Alias, Index, IndexOptions, Metadata, Place, Settings,
    stored::{self, Directory, Listed, Record},
};

/// What the keys say, each by its newest revision.
#[derive(Default)]
pub(super) struct Parts {
    pub(super) directory: (Revision, Directory),
    pub(super) settings: (Revision, Arc<Settings>),
    pub(super) records: HashMap<String, (Revision, Arc<Record>)>,
    places: HashMap<(String, u32), (Revision, Place)>,
    /// What records and places became, kept while they don't change.
    built: HashMap<String, Arc<Built>>,
}

/// A record, read.
struct Built {
    revision: Revision,
    settings: Arc<Settings>,
    options: Arc<IndexOptions>,
    mapping: Arc<Mapping>,
    mapping_version: u64,
    versions: Arc<MappingVersions>,
}

impl Parts {
    /// Takes what a key holds if it is newer; false when it is not, or the key is none of the metadata's.
    pub(super) fn take(
        &mut self,
        key: &str,
        entry: Option<&Entry>,
        revision: Revision,
    ) -> Result<bool, Failure> {
        if revision <= self.revision_of(key) {
            return Ok(false);
        }
        if key == stored::DIRECTORY {
            let directory = entry
                .map(|entry| stored::decode(key, &entry.value))
                .transpose()?;
            self.directory = (revision, directory.unwrap_or_default());
        } else if key == stored::SETTINGS {
            let settings = entry
                .map(|entry| stored::decode(key, &entry.value))
                .transpose()?;
            self.settings = (revision, Arc::new(settings.unwrap_or_default()));
        } else if let Some(uuid) = key.strip_prefix(stored::INDEX_PREFIX) {
            match entry {
                Some(entry) => {
                    let record = Arc::new(stored::decode(key, &entry.value)?);
                    self.records.insert(uuid.to_owned(), (revision, record));
                }
                None => {
                    self.records.remove(uuid);
                    self.built.remove(uuid);
                }
            }
        } else if let Some((uuid, shard)) = shard_of(key) {
            match entry {
                Some(entry) => {
                    let place = stored::decode(key, &entry.value)?;
                    self.places
                        .insert((uuid.to_owned(), shard), (revision, place));
                }
                None => drop(self.places.remove(&(uuid.to_owned(), shard))),
            }
        } else {
            return Ok(false);
        }
        Ok(true)
    }

    pub(super) fn revision_of(&self, key: &str) -> Revision {
        let known = if key == stored::DIRECTORY {
            Some(self.directory.0)
        } else if key == stored::SETTINGS {
            Some(self.settings.0)
        } else if let Some(uuid) = key.strip_prefix(stored::INDEX_PREFIX) {
            self.records.get(uuid).map(|(revision, _)| *revision)
        } else if let Some((uuid, shard)) = shard_of(key) {
            self.places
                .get(&(uuid.to_owned(), shard))
                .map(|(revision, _)| *revision)
        } else {
            None
        };
        known.unwrap_or_default()
    }

    /// Puts the snapshot together: indices that the directory names and of which everything is known.
    pub(super) fn assemble(&mut self) -> Result<Metadata, Failure> {
        let mut metadata = Metadata {
            settings: Arc::clone(&self.settings.1),
            ..Metadata::default()
        };
        let listed: Vec<(String, Listed)> = self
            .directory
            .1
            .indices
            .iter()
            .map(|(name, listed)| (name.clone(), listed.clone()))
            .collect();
        for (name, listed) in listed {
            let Some(built) = self.build(&listed.uuid)? else {
                continue;
            };
            let places: Option<Vec<Place>> = (0..built.options.number_of_shards)
                .map(|shard| {
                    self.places
                        .get(&(listed.uuid.clone(), shard))
                        .map(|(_, place)| place.clone())
                })
                .collect();
            let Some(places) = places else { continue };
            let aliases: BTreeMap<String, Arc<Alias>> = listed
                .aliases
                .into_iter()
                .map(|(alias, says)| (alias, Arc::new(says)))
                .collect();
            let index = Arc::new(Index {
                name: name.into(),
                uuid: listed.uuid.into(),
                open: listed.open,
                settings: Arc::clone(&built.settings),
                options: Arc::clone(&built.options),
                mapping: Arc::clone(&built.mapping),
                mapping_version: built.mapping_version,
                versions: Arc::clone(&built.versions),
                aliases,
                shards: places.into(),
            });
            for alias in index.aliases.keys() {
                metadata
                    .aliases
                    .entry(alias.clone())
                    .or_default()
                    .push(Arc::clone(&index));
            }
            metadata
                .by_uuid
                .insert(Arc::clone(&index.uuid), Arc::clone(&index));
            metadata.indices.insert(Arc::clone(&index.name), index);
        }
        Ok(metadata)
    }

    fn build(&mut self, uuid: &str) -> Result<Option<Arc<Built>>, Failure> {
        let Some((revision, record)) = self.records.get(uuid).cloned() else {
            return Ok(None);
        };
        let before = self.built.get(uuid).cloned();
        if let Some(built) = &before
            && built.revision == revision
        {
            return Ok(before);
        }
        let settings = Arc::new(record.settings.clone());
        let options = Arc::new(IndexOptions::from_settings(&settings));
        let analysis = match &before {
            Some(before) if before.settings == settings => Arc::clone(before.mapping.analysis()),
            _ => analysis_of(&settings)?,
        };
        let mapping = Arc::new(Mapping::from_bytes(&record.mapping, &analysis)?);
        let limits = options.limits.clone();
        let versions = match &before {
            Some(before) => Arc::clone(&before.versions),
            None => Arc::new(MappingVersions::new(
                record.mapping_version,
                Arc::clone(&mapping),
                limits.clone(),
            )),
        };
        versions.publish(record.mapping_version, Arc::clone(&mapping), limits);
        let mapping_version = record.mapping_version;
        let built = Arc::new(Built {
            revision,
            settings,
            options,
            mapping,
            mapping_version,
            versions,
        });
        self.built.insert(uuid.to_owned(), Arc::clone(&built));
        Ok(Some(built))
    }
}

/// The analyzers of an index.
pub(super) fn analysis_of(settings: &Settings) -> Result<Arc<Analysis>, Failure> {
    if settings
        .iter()
        .any(|(name, _)| name.starts_with("index.analysis."))
    {
        let limits = AnalysisLimits::from_settings(|name| settings.text(name));
        Analysis::with_limits(&settings.tree("index.analysis."), limits)
    } else {
        Ok(Analysis::built_in())
    }
}

fn shard_of(key: &str) -> Option<(&str, u32)> {
    let (uuid, shard) = key.strip_prefix(stored::SHARD_PREFIX)?.rsplit_once('.')?;
    Some((uuid, shard.parse().ok()?))
}

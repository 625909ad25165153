//! What a new index begins with: its settings, checked and completed, its mapping and its uuid.

use glasswork_content::Failure;
use glasswork_search::mapping::Mapping;

use super::{IndexOptions, NewIndex, Settings, definitions, stored::Record};
use crate::identity::random_id;

/// `index.version.created` of OpenSearch 3.8.0.
const VERSION_CREATED: &str = "137297827";

/// Settings of a new index, checked and completed, and its uuid.
pub(super) fn prepare(new: &NewIndex, now_millis: i64) -> Result<(Record, String), Failure> {
    for (name, value) in &new.settings {
        match value {
            Some(value) => drop(definitions::check(name, value)?),
            None if definitions::definition(name).is_none() => {
                return Err(definitions::unknown(name));
            }
            None => {}
        }
    }
    let mut settings = Settings::new();
    settings.apply(&new.settings);
    fill(&mut settings);
    let uuid = random_id();
    settings.set("index.creation_date", now_millis.to_string());
    settings.set("index.provided_name", new.name.clone());
    settings.set("index.uuid", uuid.clone());
    settings.set("index.version.created", VERSION_CREATED);
    settings.set("index.replication.type", "DOCUMENT");
    let options = IndexOptions::from_settings(&settings);
    let (shards, routing) = (options.number_of_shards, options.routing_shards);
    if routing < shards || routing % shards != 0 {
        return Err(Failure::illegal_argument(format!(
            "the number of source shards [{shards}] must be a factor of [{routing}]"
        )));
    }
    if options.routing_partition_size > 1 && options.routing_partition_size >= shards {
        return Err(Failure::illegal_argument(format!(
            "partition size [{}] should be a positive number less than the number of shards [{shards}] for [{}]",
            options.routing_partition_size, new.name
        )));
    }
    Ok((
        Record {
            settings,
            mapping: Vec::new(),
            mapping_version: 1,
        },
        uuid,
    ))
}

/// Sets what every index has.
pub(super) fn fill(settings: &mut Settings) {
    for (name, default) in [
        ("index.number_of_shards", "1"),
        ("index.number_of_replicas", "1"),
    ] {
        if settings.get(name).is_none() {
            settings.set(name, default);
        }
    }
}

/// The record with the mapping that the request gives.
pub(super) fn mapped(record: Record, new: &NewIndex) -> Result<Record, Failure> {
    let analysis = super::parts::analysis_of(&record.settings)?;
    let options = IndexOptions::from_settings(&record.settings);
    let mapping = match &new.mappings {
        None => Mapping::empty(analysis),
        Some(body) => {
            let parsed = Mapping::parse(body, &analysis).and_then(|mapping| {
                mapping.check(&options.limits)?;
                Ok(mapping)
            });
            parsed.map_err(|cause| {
                let why = format!("Failed to parse mapping [_doc]: {}", cause.reason());
                Failure::mapper_parsing(why).caused_by(cause)
            })?
        }
    };
    if options.routing_partition_size > 1 && !mapping.routing_required() {
        let why = format!(
            "mapping type [_doc] must have routing required for partitioned index [{}]",
            new.name
        );
        return Err(Failure::illegal_argument(why));
    }
    Ok(Record {
        mapping: mapping.to_bytes(),
        ..record
    })
}

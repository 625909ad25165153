//! The manifest: which durable segments make the shard, and up to which operation of the log. Layout in
//! `docs/format.md`.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use tantivy::index::SegmentId;

use crate::{EngineError, alive::Alive, fields::FieldSpec, segment::SegmentFacts};

const MAGIC: &[u8; 4] = b"GWSM";
const FORMAT: u8 = 1;
const NAME: &str = "manifest";
const TEMPORARY: &str = "manifest.tmp";
/// Magic, format, checksum.
const HEADER: usize = 9;

/// What a flush made durable.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Manifest {
    /// The fields, by number.
    pub(crate) fields: Vec<FieldSpec>,
    /// The mapping version they come from.
    pub(crate) mapping_version: u64,
    /// Every operation of the records up to this one is in the segments.
    pub(crate) record: u64,
    /// Every operation up to this `_seq_no` is in the segments, also those of later records. `None`: there was none.
    pub(crate) seq_no: Option<u64>,
    /// The highest term seen.
    pub(crate) term: u64,
    /// Oldest documents first.
    pub(crate) segments: Vec<ManifestSegment>,
}

/// A segment of a [`Manifest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct ManifestSegment {
    pub(crate) id: String,
    pub(crate) max_doc: u32,
    pub(crate) fields: u32,
    /// Number in the name of the file with the living documents; `None` when all are alive.
    pub(crate) alive: Option<u64>,
}

impl ManifestSegment {
    pub(crate) fn facts(&self) -> Result<SegmentFacts, EngineError> {
        Ok(SegmentFacts {
            id: SegmentId::from_uuid_string(&self.id)
                .map_err(|_| EngineError::Damaged(format!("segment named [{}]", self.id)))?,
            max_doc: self.max_doc,
            fields: self.fields,
        })
    }
}

impl Manifest {
    /// Reads the manifest of a folder; an empty one when there is none.
    pub(crate) fn read(dir: &Path) -> Result<Self, EngineError> {
        let path = dir.join(NAME);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) => {
                return Err(EngineError::io(format!("reading [{}]", path.display()))(
                    error,
                ));
            }
        };
        Self::decode(&bytes)
            .map_err(|what| EngineError::Damaged(format!("[{}]: {what}", path.display())))
    }

    /// Puts this manifest in the place of the present one: after a crash there is the one or the other.
    pub(crate) fn write(&self, dir: &Path) -> Result<(), EngineError> {
        let temporary = dir.join(TEMPORARY);
        let path = dir.join(NAME);
        let failed = || EngineError::io(format!("writing [{}]", path.display()));
        let mut file = File::create(&temporary).map_err(failed())?;
        file.write_all(&self.encode()).map_err(failed())?;
        file.sync_all().map_err(failed())?;
        fs::rename(&temporary, &path).map_err(failed())?;
        File::open(dir)
            .and_then(|dir| dir.sync_all())
            .map_err(failed())
    }

    fn encode(&self) -> Vec<u8> {
        let body =
            postcard::to_stdvec(self).expect("a manifest holds nothing that postcard refuses");
        let mut bytes = Vec::with_capacity(HEADER + body.len());
        bytes.extend_from_slice(MAGIC);
        bytes.push(FORMAT);
        bytes.extend_from_slice(&crc32fast::hash(&body).to_le_bytes());
        bytes.extend_from_slice(&body);
        bytes
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let Some((header, body)) = bytes.split_at_checked(HEADER) else {
            return Err("manifest ends too early".into());
        };
        if header[..4] != *MAGIC {
            return Err("not a manifest".into());
        }
        if header[4] != FORMAT {
            return Err(format!(
                "manifest of format {}, this version reads {FORMAT}",
                header[4]
            ));
        }
        if header[5..] != crc32fast::hash(body).to_le_bytes() {
            return Err("manifest with a wrong checksum".into());
        }
        postcard::from_bytes(body).map_err(|error| error.to_string())
    }
}

/// The name of a file with the living documents of a segment.
pub(crate) fn alive_file(id: SegmentId, number: u64) -> PathBuf {
    PathBuf::from(format!("{}.{number}.alive", id.uuid_string()))
}

/// Writes and fsyncs a file of living documents.
pub(crate) fn write_alive(dir: &Path, name: &Path, alive: &Alive) -> Result<(), EngineError> {
    let path = dir.join(name);
    let failed = || EngineError::io(format!("writing [{}]", path.display()));
    let body = alive.to_bytes();
    let mut file = File::create(&path).map_err(failed())?;
    file.write_all(&crc32fast::hash(&body).to_le_bytes())
        .map_err(failed())?;
    file.write_all(&body).map_err(failed())?;
    file.sync_all().map_err(failed())
}

/// Reads what [`write_alive`] wrote.
pub(crate) fn read_alive(dir: &Path, name: &Path, max_doc: u32) -> Result<Alive, EngineError> {
    let path = dir.join(name);
    let bytes =
        fs::read(&path).map_err(EngineError::io(format!("reading [{}]", path.display())))?;
    bytes
        .split_at_checked(4)
        .filter(|(checksum, body)| **checksum == crc32fast::hash(body).to_le_bytes())
        .and_then(|(_, body)| Alive::from_bytes(max_doc, body))
        .ok_or_else(|| EngineError::Damaged(format!("[{}]", path.display())))
}

/// Removes what a crash left in the folder: files that the manifest does not name.
pub(crate) fn sweep(dir: &Path, manifest: &Manifest) -> Result<(), EngineError> {
    let failed = || EngineError::io(format!("listing [{}]", dir.display()));
    for entry in fs::read_dir(dir).map_err(failed())? {
        let entry = entry.map_err(failed())?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let named = name == NAME
            || manifest.segments.iter().any(|segment| {
                let Some(rest) = name.strip_prefix(&segment.id) else {
                    return false;
                };
                match rest.strip_suffix(".alive") {
                    Some(number) => segment.alive.is_some_and(|n| number == format!(".{n}")),
                    None => true,
                }
            });
        if !named && let Err(error) = fs::remove_file(entry.path()) {
            tracing::warn!(file = %entry.path().display(), %error, "leftover could not be removed");
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fields::FieldKind;

    fn manifest() -> Manifest {
        Manifest {
            fields: vec![FieldSpec {
                name: "title".into(),
                kind: FieldKind::Text {
                    norms: true,
                    positions: true,
                },
                indexed: true,
                fast: false,
            }],
            mapping_version: 3,
            record: 17,
            seq_no: Some(99),
            term: 2,
            segments: vec![ManifestSegment {
                id: SegmentId::generate_random().uuid_string(),
                max_doc: 5,
                fields: 1,
                alive: Some(4),
            }],
        }
    }

    #[test]
    fn a_manifest_reads_back_and_no_other_bytes_do() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), Manifest::default());
        let manifest = manifest();
        manifest.write(dir.path()).unwrap();
        assert_eq!(Manifest::read(dir.path()).unwrap(), manifest);
        let bytes = manifest.encode();
        for at in 0..bytes.len() {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1;
            assert!(Manifest::decode(&bytes).is_err(), "byte {at}");
            assert!(Manifest::decode(&bytes[..at]).is_err());
        }
    }

    #[test]
    fn leftovers_are_swept() {
        let dir = tempfile::tempdir().unwrap();
        let manifest = manifest();
        manifest.write(dir.path()).unwrap();
        let id = &manifest.segments[0].id;
        let keep = [format!("{id}.term"), format!("{id}.4.alive")];
        let drop = [
            format!("{id}.3.alive"),
            "0123.store".to_owned(),
            TEMPORARY.to_owned(),
        ];
        for name in keep.iter().chain(&drop) {
            fs::write(dir.path().join(name), b"x").unwrap();
        }
        sweep(dir.path(), &manifest).unwrap();
        assert!(keep.iter().all(|name| dir.path().join(name).exists()));
        assert!(drop.iter().all(|name| !dir.path().join(name).exists()));
        assert!(dir.path().join(NAME).exists());
    }
}

//! The file of contexts: `$XDG_CONFIG_HOME/glasswork/config.toml`, for its owner alone.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// The file is read up to this many bytes.
const MAX_FILE: u64 = 1 << 20;

/// All contexts, and which is in use.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Contexts {
    /// The one that commands go to without `--to`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) current: Option<String>,
    /// By name.
    #[serde(default)]
    pub(crate) contexts: BTreeMap<String, Context>,
    /// Filters of `glasswork top`, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) filters: BTreeMap<String, String>,
}

/// A cluster. No password is ever in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Context {
    pub(crate) url: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) password_command: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ca_file: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) insecure: bool,
}

/// Why the contexts can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContextsError {
    #[error("neither XDG_CONFIG_HOME nor HOME says where the configuration is")]
    Nowhere,
    #[error("{}: {error}", .path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{} can't be understood: {reason}", .path.display())]
    Content { path: PathBuf, reason: String },
    #[error("{} can be written by others than its owner, who could send you and your password elsewhere; `chmod 600` it", .0.display())]
    Open(PathBuf),
    #[error("there is no context `{name}`{}", others(.known))]
    Unknown { name: String, known: Vec<String> },
}

fn others(names: &[String]) -> String {
    match names {
        [] => "; `glasswork context add` makes one".to_owned(),
        names => format!(" among {}", names.join(", ")),
    }
}

impl Contexts {
    /// What is in the file; nothing where there is no file.
    pub(crate) fn load() -> Result<Self, ContextsError> {
        Self::read(&path()?)
    }

    /// Writes the file: whole or not at all, mode 0600.
    pub(crate) fn save(&self) -> Result<(), ContextsError> {
        self.write(&path()?)
    }

    /// The context of this name.
    pub(crate) fn get(&self, name: &str) -> Result<&Context, ContextsError> {
        self.contexts
            .get(name)
            .ok_or_else(|| ContextsError::Unknown {
                name: glasswork_client::excerpt(name, 100),
                known: self.contexts.keys().cloned().collect(),
            })
    }

    fn read(path: &Path) -> Result<Self, ContextsError> {
        let failed = |error| ContextsError::File {
            path: path.to_owned(),
            error,
        };
        let about = match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Self::default()),
            about => about.map_err(failed)?,
        };
        if about.len() > MAX_FILE {
            return Err(failed(io::ErrorKind::FileTooLarge.into()));
        }
        if about.permissions().mode() & 0o022 != 0 {
            return Err(ContextsError::Open(path.to_owned()));
        }
        let text = fs::read_to_string(path).map_err(failed)?;
        toml::from_str(&text).map_err(|error| ContextsError::Content {
            path: path.to_owned(),
            reason: error.to_string().trim().replace('\n', " "),
        })
    }

    fn write(&self, path: &Path) -> Result<(), ContextsError> {
        let failed = |error| ContextsError::File {
            path: path.to_owned(),
            error,
        };
        let text = toml::to_string(self).map_err(|error| ContextsError::Content {
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut builder = fs::DirBuilder::new();
        builder
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(failed)?;
        // A temporary file is made with mode 0600.
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
        file.write_all(text.as_bytes()).map_err(failed)?;
        file.as_file().sync_all().map_err(failed)?;
        file.persist(path).map_err(|error| failed(error.error))?;
        Ok(())
    }
}

fn path() -> Result<PathBuf, ContextsError> {
    let absolute = |name| {
        std::env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let folder = absolute("XDG_CONFIG_HOME").or_else(|| Some(absolute("HOME")?.join(".config")));
    let folder = folder.ok_or(ContextsError::Nowhere)?;
    Ok(folder.join("glasswork").join("config.toml"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_by_its_owner_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("glasswork/config.toml");
        assert_eq!(
            Contexts::read(&path).expect("no file is no contexts"),
            Contexts::default()
        );
        let prod = Context {
            url: "https://h".into(),
            user: Some("ops".into()),
            password_command: Some("pass show prod".into()),
            ..Context::default()
        };
        let contexts = Contexts {
            filters: BTreeMap::new(),
            current: Some("prod".into()),
            contexts: BTreeMap::from([("prod".to_owned(), prod)]),
        };
        contexts.write(&path).expect("it can be written");
        contexts.write(&path).expect("it can be written again");
        assert_eq!(
            Contexts::read(&path).expect("it was just written"),
            contexts
        );
        let mode = |path: &Path| {
            fs::metadata(path)
                .expect("it is there")
                .permissions()
                .mode()
                & 0o777
        };
        assert_eq!(
            (mode(&path), mode(path.parent().expect("a folder"))),
            (0o600, 0o700)
        );
    }

    #[test]
    fn a_file_that_others_may_write_or_that_is_broken_is_refused() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("config.toml");
        fs::write(&path, "current = 5").expect("it can be written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o622)).expect("it is ours");
        assert!(matches!(Contexts::read(&path), Err(ContextsError::Open(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        let error = Contexts::read(&path).expect_err("5 is no name").to_string();
        assert!(
            error.contains("can't be understood") && !error.contains('\n'),
            "{error}"
        );
        fs::write(&path, "[contexts.a]\nurl = \"http://h\"\npassword = \"x\"")
            .expect("it can be written");
        assert!(matches!(
            Contexts::read(&path),
            Err(ContextsError::Content { .. })
        ));
    }

    #[test]
    fn a_context_that_is_not_there_is_told_with_those_that_are() {
        let contexts = Contexts {
            filters: BTreeMap::new(),
            current: None,
            contexts: BTreeMap::from([
                ("a".to_owned(), Context::default()),
                ("b".to_owned(), Context::default()),
            ]),
        };
        let error = contexts.get("c").expect_err("it is not there");
        assert_eq!(error.to_string(), "there is no context `c` among a, b");
    }
}

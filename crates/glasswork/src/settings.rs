//! Settings from everywhere, put together once: the file, then `-E`, then flags and their environment twins.

use crate::arguments::ServeArguments;
use std::{collections::BTreeMap, fs, path::PathBuf};

/// A setting that can't be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SettingsError {
    #[error("{path}: {reason}")]
    File { path: PathBuf, reason: String },
    #[error("setting [{0}] is not of the form key=value")]
    NoValue(String),
    #[error("setting [{key}] has the value [{value}], which is {reason}")]
    Value {
        key: &'static str,
        value: String,
        reason: String,
    },
    #[error("setting [{0}] may not be a list of lists")]
    Shape(String),
}

/// Settings by their dotted OpenSearch names.
#[derive(Debug, Default, Clone)]
pub(crate) struct Settings(BTreeMap<String, String>);

impl Settings {
    /// Everything that `arguments` and the file they name say.
    ///
    /// # Errors
    /// A file that can't be read or is no YAML, and a `-E` without `=`.
    pub(crate) fn gather(arguments: &ServeArguments) -> Result<Self, SettingsError> {
        let mut settings = Self::default();
        if let Some(path) = &arguments.config {
            settings.read(path.clone())?;
        }
        for setting in &arguments.settings {
            let (key, value) = setting
                .split_once('=')
                .ok_or_else(|| SettingsError::NoValue(setting.clone()))?;
            settings
                .0
                .insert(key.trim().to_owned(), value.trim().to_owned());
        }
        let flags = [
            ("http.host", arguments.host.clone()),
            ("http.port", arguments.port.map(|port| port.to_string())),
            (
                "path.data",
                arguments
                    .data
                    .as_ref()
                    .map(|path| path.display().to_string()),
            ),
            ("node.name", arguments.name.clone()),
            ("cluster.name", arguments.cluster_name.clone()),
        ];
        for (key, value) in flags {
            if let Some(value) = value {
                settings.0.insert(key.to_owned(), value);
            }
        }
        Ok(settings)
    }

    /// The first of `keys` that is set, taken out: what is left at the end is for the node.
    pub(crate) fn take(&mut self, keys: &[&str]) -> Option<String> {
        let mut found = None;
        for key in keys {
            let value = self.0.remove(*key);
            found = found.or(value);
        }
        found
    }

    /// What nobody has taken.
    pub(crate) fn rest(self) -> BTreeMap<String, String> {
        self.0
    }

    fn read(&mut self, path: PathBuf) -> Result<(), SettingsError> {
        let text = fs::read_to_string(&path).map_err(|error| SettingsError::File {
            path: path.clone(),
            reason: error.to_string(),
        })?;
        let tree: serde_json::Value =
            serde_saphyr::from_str(&text).map_err(|error| SettingsError::File {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        match tree {
            serde_json::Value::Null => Ok(()),
            serde_json::Value::Object(_) => self.flatten(tree),
            _ => Err(SettingsError::File {
                path,
                reason: "it is no map of settings".into(),
            }),
        }
    }

    /// Puts `{"a":{"b":1}}` down as `a.b`; a list becomes its elements with commas.
    fn flatten(&mut self, tree: serde_json::Value) -> Result<(), SettingsError> {
        use serde_json::Value;
        let mut open = vec![(String::new(), tree)];
        while let Some((key, value)) = open.pop() {
            let text = match value {
                Value::Object(fields) => {
                    let prefix = if key.is_empty() { key } else { key + "." };
                    open.extend(
                        fields
                            .into_iter()
                            .map(|(name, value)| (format!("{prefix}{name}"), value)),
                    );
                    continue;
                }
                Value::Array(elements) => {
                    let words: Option<Vec<_>> = elements.iter().map(scalar).collect();
                    words
                        .ok_or_else(|| SettingsError::Shape(key.clone()))?
                        .join(",")
                }
                other => scalar(&other).unwrap_or_default(),
            };
            self.0.insert(key, text);
        }
        Ok(())
    }
}

fn scalar(value: &serde_json::Value) -> Option<String> {
    use serde_json::Value;
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Null => Some(String::new()),
        Value::Object(_) | Value::Array(_) => None,
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::{Arguments, Command};
    use clap::Parser;
    use std::io::Write;

    fn gather(words: &[&str]) -> Result<Settings, SettingsError> {
        let arguments = Arguments::parse_from(["glasswork", "serve"].iter().chain(words));
        let Command::Serve(arguments) = arguments.command else {
            panic!("serve was asked for")
        };
        Settings::gather(&arguments)
    }

    #[test]
    fn a_flag_wins_over_a_setting_and_a_setting_over_the_file() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(
            file,
            "node:\n  name: file\n  attr:\n    rack: r1\ncluster.name: file\nhttp.port: 1\n"
        )
        .unwrap();
        let path = file.path().display().to_string();
        let mut settings = gather(&[
            "--config",
            &path,
            "-E",
            "node.name=setting",
            "-E",
            "http.port=2",
            "--port",
            "3",
        ])
        .unwrap();
        assert_eq!(settings.take(&["node.name"]).as_deref(), Some("setting"));
        assert_eq!(settings.take(&["cluster.name"]).as_deref(), Some("file"));
        assert_eq!(settings.take(&["http.port"]).as_deref(), Some("3"));
        assert_eq!(
            settings.rest().into_iter().collect::<Vec<_>>(),
            [("node.attr.rack".to_owned(), "r1".to_owned())]
        );
    }

    #[test]
    fn a_setting_without_a_value_is_refused() {
        assert!(matches!(
            gather(&["-E", "node.name"]),
            Err(SettingsError::NoValue(_))
        ));
    }

    #[test]
    fn a_file_that_is_no_map_is_refused() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        writeln!(file, "- a\n- b").unwrap();
        let path = file.path().display().to_string();
        assert!(matches!(
            gather(&["--config", &path]),
            Err(SettingsError::File { .. })
        ));
    }
}

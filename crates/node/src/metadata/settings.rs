//! Settings as they are kept and shown: dotted names, texts or lists of texts.

use glasswork_content::{Failure, Node, Render, Value};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use super::java_order;

/// The longest name of a setting, in bytes.
const MAX_NAME_BYTES: usize = 512;

/// The value of a setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettingValue {
    /// One text; numbers and booleans are kept as they were written.
    Text(String),
    /// A list.
    List(Vec<String>),
}

/// Settings by their dotted names, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings(BTreeMap<String, SettingValue>);

/// A change of settings: `None` takes a setting back to its default.
pub type SettingsChange = BTreeMap<String, Option<SettingValue>>;

impl Settings {
    /// No settings.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The text of a setting that is one; `None` when it is not set or a list.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name)? {
            SettingValue::Text(text) => Some(text),
            SettingValue::List(_) => None,
        }
    }

    /// The value of a setting.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&SettingValue> {
        self.0.get(name)
    }

    /// Sets a text.
    pub fn set(&mut self, name: impl Into<String>, text: impl Into<String>) {
        self.0.insert(name.into(), SettingValue::Text(text.into()));
    }

    /// Every setting, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &SettingValue)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Only those that `keep` wants.
    pub fn retain(&mut self, mut keep: impl FnMut(&str) -> bool) {
        self.0.retain(|name, _| keep(name));
    }

    /// Makes the change.
    pub fn apply(&mut self, change: &SettingsChange) {
        for (name, value) in change {
            match value {
                Some(value) => drop(self.0.insert(name.clone(), value.clone())),
                None => drop(self.0.remove(name)),
            }
        }
    }

    /// Writes `{"index.number_of_shards":"1",…}`, sorted.
    pub fn render_flat(&self, out: &mut Render) {
        out.object();
        for (name, value) in &self.0 {
            out.key(name);
            value.render(out);
        }
        out.end_object();
    }

    /// Writes `{"index":{"number_of_shards":"1",…}}`, in the order of the reference's hash maps.
    pub fn render(&self, out: &mut Render) {
        java_order::structured(self.iter()).render(out);
    }

    /// The settings below a prefix (`index.analysis.`) as a tree without it.
    #[must_use]
    pub fn tree(&self, prefix: &str) -> Node {
        let below = self
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix(prefix)?, value)));
        java_order::structured(below).to_node()
    }
}

impl FromIterator<(String, SettingValue)> for Settings {
    fn from_iter<T: IntoIterator<Item = (String, SettingValue)>>(settings: T) -> Self {
        Self(settings.into_iter().collect())
    }
}

impl SettingValue {
    pub(super) fn render(&self, out: &mut Render) {
        match self {
            Self::Text(text) => out.string(text),
            Self::List(texts) => {
                out.array();
                for text in texts {
                    out.string(text);
                }
                out.end_array();
            }
        }
    }
}

/// Reads settings of a body: nested, dotted or mixed; names without `prefix` (such as `index.`) get it. `null` resets.
///
/// # Errors
/// 400 when a value is an object where another wrote a text, or a list of anything but plain values.
pub fn parse_settings(body: &Node, prefix: &str) -> Result<SettingsChange, Failure> {
    let mut change = SettingsChange::new();
    // Depth is bounded by the reader's limit.
    let mut open = vec![(String::new(), body)];
    while let Some((path, node)) = open.pop() {
        if path.len() > MAX_NAME_BYTES {
            let start: String = path.chars().take(40).collect();
            let why =
                format!("the name of setting [{start}...] is longer than [{MAX_NAME_BYTES}] bytes");
            return Err(Failure::illegal_argument(why));
        }
        match &node.value {
            Value::Object(object) => {
                for (key, child) in object.iter() {
                    let path = if path.is_empty() {
                        key.to_owned()
                    } else {
                        format!("{path}.{key}")
                    };
                    open.push((path, child));
                }
            }
            Value::Null => drop(change.insert(path, None)),
            Value::Array(values) => {
                let texts: Option<Vec<String>> = values
                    .iter()
                    .map(|value| value.to_text().map(|text| text.into_owned()))
                    .collect();
                let texts = texts.ok_or_else(|| {
                    Failure::illegal_argument(format!(
                        "only value lists are allowed in serialized settings, found [{path}]"
                    ))
                })?;
                change.insert(path, Some(SettingValue::List(texts)));
            }
            _ => {
                let text = node
                    .to_text()
                    .map(|text| text.into_owned())
                    .unwrap_or_default();
                change.insert(path, Some(SettingValue::Text(text)));
            }
        }
    }
    if prefix.is_empty() {
        return Ok(change);
    }
    let named = |name: String| {
        if name.starts_with(prefix) {
            name
        } else {
            format!("{prefix}{name}")
        }
    };
    Ok(change
        .into_iter()
        .map(|(name, value)| (named(name), value))
        .collect())
}

//! Parameters of fields: which a type takes, how they are read, compared and shown.

/// The parameters that a definition sets, in the order in which they are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parameters {
    values: Vec<(&'static str, Setting)>,
}

/// The value of a parameter.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Setting {
    Flag(bool),
    Number(i64),
    Text(String),
    /// Compact JSON of anything else.
    Json(Vec<u8>),
}

impl Parameters {
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self.get(name)? {
            Setting::Flag(flag) => Some(*flag),
            _ => None,
        }
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.get(name)? {
            Setting::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn number(&self, name: &str) -> Option<i64> {
        match self.get(name)? {
            Setting::Number(number) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Setting> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }
}

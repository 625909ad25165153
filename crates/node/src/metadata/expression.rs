//! Index expressions: lists, wildcards, exclusions, aliases, resolved against one snapshot.

use glasswork_content::{Failure, Kind};
use serde::{Deserialize, Serialize};

/// Names of indices and aliases as a request gives them, and how to read them. No name means all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IndexExpression {
    /// The parts of the list, unresolved.
    pub names: Vec<String>,
    /// How to read them.
    pub options: ExpressionOptions,
}

/// `ignore_unavailable`, `allow_no_indices`, `expand_wildcards`, and what the operation itself asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpressionOptions {
    /// A concrete name that is missing or closed is passed over.
    pub ignore_unavailable: bool,
    /// Nothing at all is fine.
    pub allow_no_indices: bool,
    /// What wildcards stand for.
    pub expand: Expand,
    /// A closed index given by its name is an error.
    pub forbid_closed: bool,
    /// Aliases are not names here.
    pub ignore_aliases: bool,
}

/// `expand_wildcards`: what wildcards stand for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expand {
    /// Open indices.
    pub open: bool,
    /// Closed indices.
    pub closed: bool,
    /// Hidden indices too.
    pub hidden: bool,
}

impl Expand {
    /// Open ones that are not hidden.
    pub const OPEN: Self = Self {
        open: true,
        closed: false,
        hidden: false,
    };
    /// Every index.
    pub const ALL: Self = Self {
        open: true,
        closed: true,
        hidden: true,
    };
    /// Open and closed ones that are not hidden.
    pub const OPEN_AND_CLOSED: Self = Self {
        open: true,
        closed: true,
        hidden: false,
    };

    /// Reads `open,closed,hidden,none,all`.
    ///
    /// # Errors
    /// 400 `No valid expand wildcard value [x]`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        let mut expand = Self {
            open: false,
            closed: false,
            hidden: false,
        };
        for word in text.split(',') {
            match word {
                "open" => expand.open = true,
                "closed" => expand.closed = true,
                "hidden" => expand.hidden = true,
                "none" => {
                    expand = Self {
                        open: false,
                        closed: false,
                        hidden: false,
                    }
                }
                "all" => expand = Self::ALL,
                _ => {
                    return Err(Failure::illegal_argument(format!(
                        "No valid expand wildcard value [{word}]"
                    )));
                }
            }
        }
        Ok(expand)
    }
}

impl ExpressionOptions {
    /// Of searches, refresh, flush and the like: open indices, a closed one by name is an error.
    pub const OPEN: Self = Self {
        ignore_unavailable: false,
        allow_no_indices: true,
        expand: Expand::OPEN,
        forbid_closed: true,
        ignore_aliases: false,
    };
    /// Of reading metadata: open indices by wildcard, closed ones by name.
    pub const METADATA: Self = Self {
        forbid_closed: false,
        ..Self::OPEN
    };
    /// Of changing metadata and aliases: open and closed indices.
    pub const OPEN_AND_CLOSED: Self = Self {
        expand: Expand::OPEN_AND_CLOSED,
        ..Self::METADATA
    };
}

impl Default for ExpressionOptions {
    fn default() -> Self {
        Self::OPEN
    }
}

impl IndexExpression {
    /// An expression of a comma list; nothing, `_all` and `*` are all.
    #[must_use]
    pub fn parse(list: &str, options: ExpressionOptions) -> Self {
        let names = list
            .split(',')
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect();
        Self { names, options }
    }

    /// All indices.
    #[must_use]
    pub fn all(options: ExpressionOptions) -> Self {
        Self {
            names: Vec::new(),
            options,
        }
    }

    /// Exactly this name.
    #[must_use]
    pub fn one(name: impl Into<String>, options: ExpressionOptions) -> Self {
        Self {
            names: vec![name.into()],
            options,
        }
    }

    /// Whether it stands for all indices.
    #[must_use]
    pub fn is_all(&self) -> bool {
        match self.names.as_slice() {
            [] => true,
            [name] => name == "_all",
            _ => false,
        }
    }
}

/// 400 `index_closed_exception`.
pub(crate) fn closed(name: &str, uuid: &str) -> Failure {
    Failure::new(Kind::IndexClosed, "closed")
        .with_text("index", name)
        .with_text("index_uuid", uuid)
}

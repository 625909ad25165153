//! One write of one document, as the document endpoints and the lines of a bulk ask for it, and what all writes share.

use bytes::Bytes;
use glasswork_content::Failure;
use serde::{Deserialize, Serialize};
use std::time::Duration;

use super::update::Update;

/// The longest id, in bytes.
pub const MAX_ID_BYTES: usize = 512;

/// A write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct WriteItem {
    /// The index or alias to write to.
    pub index: String,
    /// The document; made up for an index operation without one.
    pub id: Option<String>,
    /// The routing, if not the id.
    pub routing: Option<String>,
    /// What to do.
    pub operation: Operation,
    /// `if_seq_no`.
    pub if_seq_no: Option<u64>,
    /// `if_primary_term`.
    pub if_primary_term: Option<u64>,
    /// `version`.
    pub version: Option<i64>,
    /// `version_type`.
    pub version_type: VersionType,
    /// The name must be one of an alias.
    pub require_alias: bool,
}

/// What a [`WriteItem`] does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Operation {
    /// Puts this source (JSON, kept byte for byte), replacing the present document.
    Index(Bytes),
    /// Puts this source; fails when there is a document.
    Create(Bytes),
    /// Deletes the document.
    Delete,
    /// Changes the present document.
    Update(Box<Update>),
}

/// The name of an operation, as a bulk spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum OperationKind {
    /// `index`
    Index,
    /// `create`
    Create,
    /// `delete`
    Delete,
    /// `update`
    Update,
}

impl OperationKind {
    /// `index`, `create`, `delete` or `update`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Index => "index",
            Self::Create => "create",
            Self::Delete => "delete",
            Self::Update => "update",
        }
    }
}

impl Operation {
    /// Its name.
    #[must_use]
    pub fn kind(&self) -> OperationKind {
        match self {
            Self::Index(_) => OperationKind::Index,
            Self::Create(_) => OperationKind::Create,
            Self::Delete => OperationKind::Delete,
            Self::Update(_) => OperationKind::Update,
        }
    }
}

/// `version_type`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum VersionType {
    /// Counted by the shard.
    #[default]
    Internal,
    /// Given; must be higher than the present one.
    External,
    /// Given; must not be lower than the present one.
    ExternalGte,
}

impl VersionType {
    /// Reads `internal`, `external`, `external_gt` or `external_gte`.
    ///
    /// # Errors
    /// 400 `No version type match [x]`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "internal" => Ok(Self::Internal),
            "external" | "external_gt" => Ok(Self::External),
            "external_gte" => Ok(Self::ExternalGte),
            _ => Err(Failure::illegal_argument(format!(
                "No version type match [{text}]"
            ))),
        }
    }
}

/// `refresh` of a write.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refresh {
    /// Nothing special.
    #[default]
    No,
    /// Refresh at once.
    Immediate,
    /// Answer after the next refresh.
    WaitUntil,
}

impl Refresh {
    /// Reads `false`, `true`, nothing (true) or `wait_for`.
    ///
    /// # Errors
    /// 400 `Unknown value for refresh: [x].`
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "false" => Ok(Self::No),
            "true" | "" => Ok(Self::Immediate),
            "wait_for" => Ok(Self::WaitUntil),
            _ => Err(Failure::illegal_argument(format!(
                "Unknown value for refresh: [{text}]."
            ))),
        }
    }

    /// What the description of a shard's part says.
    pub(crate) fn describe(self) -> &'static str {
        match self {
            Self::No => "",
            Self::Immediate => ", refresh[IMMEDIATE]",
            Self::WaitUntil => ", refresh[WAIT_UNTIL]",
        }
    }
}

/// `wait_for_active_shards`: how many copies of a shard must be there before something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ActiveShards {
    /// What the index says (`index.write.wait_for_active_shards`, 1).
    Default,
    /// This many.
    Count(u32),
    /// Every one.
    All,
}

impl ActiveShards {
    /// Reads a number or `all`.
    ///
    /// # Errors
    /// 400 `cannot parse ActiveShardCount[x]`.
    pub fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "all" => Ok(Self::All),
            _ => match text.parse::<i32>() {
                Ok(count) => u32::try_from(count).map(Self::Count).map_err(|_| {
                    Failure::illegal_argument("shard count cannot be a negative value")
                }),
                Err(_) => Err(Failure::illegal_argument(format!(
                    "cannot parse ActiveShardCount[{text}]"
                ))
                .caused_by(Failure::number_format(text))),
            },
        }
    }
}

/// What all items of a request share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOptions {
    /// `refresh`
    pub refresh: Refresh,
    /// `timeout`: how long to wait for shards.
    pub timeout: Duration,
    /// `wait_for_active_shards`
    pub wait_for_active_shards: ActiveShards,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self {
            refresh: Refresh::No,
            timeout: Duration::from_secs(60),
            wait_for_active_shards: ActiveShards::Default,
        }
    }
}

impl WriteItem {
    /// A plain write of a document.
    #[must_use]
    pub fn new(index: impl Into<String>, id: Option<String>, operation: Operation) -> Self {
        Self {
            index: index.into(),
            id,
            routing: None,
            operation,
            if_seq_no: None,
            if_primary_term: None,
            version: None,
            version_type: VersionType::Internal,
            require_alias: false,
        }
    }

    /// What is wrong with it: the numbered sentences of a validation failure.
    #[must_use]
    pub fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let conditional = self.if_seq_no.is_some() || self.if_primary_term.is_some();
        match (&self.operation, &self.id) {
            (Operation::Delete | Operation::Update(_), None) => {
                problems.push("id is missing".to_owned())
            }
            (Operation::Delete | Operation::Update(_), Some(id)) if id.is_empty() => {
                problems.push("id is missing".to_owned());
            }
            _ => {}
        }
        let is_create = matches!(self.operation, Operation::Create(_));
        if is_create {
            if self.version_type != VersionType::Internal {
                problems.push(
                    "create operations only support internal versioning. use index instead"
                        .to_owned(),
                );
                return problems;
            }
            if self.version.is_some() {
                problems.push(
                    "create operations do not support explicit versions. use index instead"
                        .to_owned(),
                );
                return problems;
            }
            if conditional {
                problems.push(
                    "create operations do not support compare and set. use index instead"
                        .to_owned(),
                );
                return problems;
            }
        }
        if self.id.is_none() && matches!(self.operation, Operation::Index(_)) {
            if self.version_type != VersionType::Internal || self.version.is_some() {
                problems.push("an id must be provided if version type or value are set".to_owned());
            }
            if conditional {
                problems.push("an id must be provided for compare and set operations".to_owned());
            }
        }
        if let Some(id) = &self.id
            && id.len() > MAX_ID_BYTES
        {
            problems.push(format!(
                "id [{id}] is too long, must be no longer than {MAX_ID_BYTES} bytes but was: {}",
                id.len()
            ));
        }
        self.version_problems(conditional, &mut problems);
        if let Operation::Update(update) = &self.operation {
            update.problems(conditional, &mut problems);
        }
        problems
    }

    /// `DocWriteRequest.validateSeqNoBasedCASParams` and `validateVersion`.
    fn version_problems(&self, conditional: bool, problems: &mut Vec<String>) {
        if matches!(self.operation, Operation::Update(_)) {
            if self.version.is_some() || self.version_type != VersionType::Internal {
                problems.push(
                    "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead"
                        .to_owned(),
                );
            }
        } else {
            match (self.version_type, self.version) {
                (VersionType::Internal, Some(_)) => problems.push(
                    "internal versioning can not be used for optimistic concurrency control. Please use `if_seq_no` and `if_primary_term` instead"
                        .to_owned(),
                ),
                (VersionType::External | VersionType::ExternalGte, version) if version.is_none_or(|v| v < 0) => {
                    let shown = version.map_or_else(|| "-3".to_owned(), |version| version.to_string());
                    let name = if self.version_type == VersionType::External { "EXTERNAL" } else { "EXTERNAL_GTE" };
                    problems.push(format!("illegal version value [{shown}] for version type [{name}]"));
                }
                _ => {}
            }
        }
        if conditional && self.version_type != VersionType::Internal {
            problems.push("compare and write operations can not use versioning".to_owned());
        }
        match (self.if_seq_no, self.if_primary_term) {
            (None, Some(term)) => {
                problems.push(format!(
                    "ifSeqNo is unassigned, but primary term is [{term}]"
                ));
            }
            (Some(_), None) => problems.push("ifSeqNo is set, but primary term is [0]".to_owned()),
            _ => {}
        }
    }
}

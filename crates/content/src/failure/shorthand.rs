//! Short ways to build the failures that many places answer with.

use super::{Failure, Kind, Meta, RootCauses, ShardFailure};
use crate::json::Position;

impl Failure {
    /// 400 `illegal_argument_exception`.
    pub fn illegal_argument(reason: impl Into<String>) -> Self {
        Self::new(Kind::IllegalArgument, reason)
    }

    /// 500 `illegal_state_exception`.
    pub fn illegal_state(reason: impl Into<String>) -> Self {
        Self::new(Kind::IllegalState, reason)
    }

    /// 500 `unsupported_operation_exception`.
    pub fn unsupported(reason: impl Into<String>) -> Self {
        Self::new(Kind::UnsupportedOperation, reason)
    }

    /// 400 `parsing_exception` with `line` and `col`.
    pub fn parsing(reason: impl Into<String>, at: Position) -> Self {
        Self::new(Kind::Parsing, reason)
            .with("line", Meta::Long(i64::from(at.line)))
            .with("col", Meta::Long(i64::from(at.column)))
    }

    /// 400 `x_content_parse_exception`; the position leads the reason: `[1:2] …`.
    pub fn content_parse(reason: impl AsRef<str>, at: Position) -> Self {
        Self::new(Kind::XContentParse, format!("[{at}] {}", reason.as_ref()))
    }

    /// 400 `parse_exception`.
    pub fn parse(reason: impl Into<String>) -> Self {
        Self::new(Kind::OpenSearchParse, reason)
    }

    /// 400 `mapper_parsing_exception`.
    pub fn mapper_parsing(reason: impl Into<String>) -> Self {
        Self::new(Kind::MapperParsing, reason)
    }

    /// 400 `number_format_exception` as Java words it: `For input string: "abc"`.
    pub fn number_format(input: &str) -> Self {
        Self::new(Kind::NumberFormat, format!("For input string: \"{input}\""))
    }

    /// 400 `action_request_validation_exception`: `Validation Failed: 1: …;2: …;`.
    pub fn validation<I>(problems: I) -> Self
    where
        I: IntoIterator,
        I::Item: AsRef<str>,
    {
        let mut reason = String::from("Validation Failed: ");
        for (number, problem) in (1u32..).zip(problems) {
            reason.push_str(&format!("{number}: {};", problem.as_ref()));
        }
        Self::new(Kind::ActionRequestValidation, reason)
    }

    /// 404 `index_not_found_exception` for a name out of an index expression.
    pub fn index_not_found(name: &str) -> Self {
        Self::index_not_found_as(name, "index_or_alias")
    }

    /// 404 `index_not_found_exception` with the given `resource.type` (`index_expression` for operations on a document).
    pub fn index_not_found_as(name: &str, resource_type: &str) -> Self {
        Self::new(Kind::IndexNotFound, format!("no such index [{name}]"))
            .with_text("index", name)
            .with_text("resource.id", name)
            .with_text("resource.type", resource_type)
            .with_text("index_uuid", "_na_")
    }

    /// 404 `resource_not_found_exception`.
    pub fn resource_not_found(reason: impl Into<String>) -> Self {
        Self::new(Kind::ResourceNotFound, reason)
    }

    /// 500 `task_cancelled_exception`: `cancelled task with reason: …`.
    pub fn task_cancelled(reason: &str) -> Self {
        Self::new(
            Kind::TaskCancelled,
            format!("cancelled task with reason: {reason}"),
        )
    }

    /// 429 `circuit_breaking_exception` with its sizes in bytes and `durability` (`TRANSIENT` or `PERMANENT`).
    pub fn circuit_breaking(
        reason: impl Into<String>,
        wanted: u64,
        limit: u64,
        durability: &str,
    ) -> Self {
        let long = |bytes: u64| Meta::Long(i64::try_from(bytes).unwrap_or(i64::MAX));
        Self::new(Kind::CircuitBreaking, reason)
            .with("bytes_wanted", long(wanted))
            .with("bytes_limit", long(limit))
            .with_text("durability", durability)
    }

    /// 429 `rejected_execution_exception`.
    pub fn rejected(reason: impl Into<String>) -> Self {
        Self::new(Kind::RejectedExecution, reason)
    }

    /// 504 `timeout_exception`.
    pub fn timeout(reason: impl Into<String>) -> Self {
        Self::new(Kind::Timeout, reason)
    }

    /// A failed search phase: `failed_shards` holds one entry for each distinct cause, `root_cause` their root causes and
    /// `caused_by` the first of these.
    pub fn search_phase(phase: &str, reason: impl Into<String>, shards: Vec<ShardFailure>) -> Self {
        let grouped = group_shard_failures(shards);
        let roots: Vec<Failure> = grouped
            .iter()
            .flat_map(|shard| shard.reason.root_causes())
            .cloned()
            .collect();
        let cause = roots
            .first()
            .map(|root| Box::new(root.as_cause_of_search_phase()));
        Self {
            cause,
            root_causes: RootCauses::Listed(roots),
            ..Self::new(Kind::SearchPhaseExecution, reason)
                .with_text("phase", phase)
                .with("grouped", Meta::Flag(true))
                .with("failed_shards", Meta::ShardFailures(grouped))
        }
    }

    /// Upstream wraps a root cause that is not its own exception into one of the same name and text.
    fn as_cause_of_search_phase(&self) -> Failure {
        if self.kind.origin() == super::kind::Origin::Own {
            return self.clone();
        }
        Failure {
            cause: Some(Box::new(self.clone())),
            ..Failure {
                cause: None,
                ..self.clone()
            }
        }
    }
}

/// Keeps the first of the shard failures that have the same index and the same cause (`ExceptionsHelper.groupBy`).
pub fn group_shard_failures(shards: Vec<ShardFailure>) -> Vec<ShardFailure> {
    let mut kept: Vec<ShardFailure> = Vec::new();
    for shard in shards {
        let known = kept.iter().any(|other| {
            other.index == shard.index
                && other.reason.kind == shard.reason.kind
                && other.reason.reason == shard.reason.reason
                && other.reason.cause == shard.reason.cause
        });
        if !known {
            kept.push(shard);
        }
    }
    kept
}

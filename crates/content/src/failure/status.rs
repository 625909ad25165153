//! Which HTTP status a failure answers with.

use super::{Failure, Kind, Meta};

/// What stands before the status in the reason of a `response_exception`.
const STATUS_LINE: &str = "status line [HTTP/1.1 ";

impl Failure {
    /// The HTTP status: that of the kind, except for a failed search phase (its shards', 503 without any), for what
    /// another cluster answered, and for wrappers that take the status of their cause.
    pub fn status(&self) -> u16 {
        match self.kind {
            Kind::SearchPhaseExecution => self.search_phase_status(),
            Kind::ClusterBlock => self.block_status(),
            Kind::Status => self.answered_status(),
            Kind::RemoteTransport => self.cause.as_deref().map_or(500, Failure::status),
            kind => kind.status(),
        }
    }

    /// `OpenSearchStatusException.status` of what another cluster answered: the status of the `response_exception` that led to
    /// it, where that is one of an error, else 500.
    fn answered_status(&self) -> u16 {
        let answered = || {
            let cause = self.cause.as_deref()?;
            let (_, line) = cause.reason().split_once(STATUS_LINE)?;
            line.get(..3)?.parse().ok()
        };
        let status = answered().filter(|status| (400..600).contains(status));
        status.unwrap_or(Kind::Status.status())
    }

    /// `ClusterBlockException.status`: 429 when every block that its reason lists is of that kind.
    fn block_status(&self) -> u16 {
        let reason = self.reason();
        if reason.contains("[SERVICE_UNAVAILABLE/") {
            503
        } else if reason.contains("[TOO_MANY_REQUESTS/") && !reason.contains("[FORBIDDEN/") {
            429
        } else {
            Kind::ClusterBlock.status()
        }
    }

    /// `SearchPhaseExecutionException.status`: the first shard's, unless a later one is a server error.
    fn search_phase_status(&self) -> u16 {
        let Some(Meta::ShardFailures(shards)) = self.meta("failed_shards") else {
            return self.cause.as_deref().map_or(503, Failure::status);
        };
        let mut statuses = shards.iter().map(|shard| shard.reason.status());
        let Some(first) = statuses.next() else {
            return self.cause.as_deref().map_or(503, Failure::status);
        };
        statuses.fold(
            first,
            |status, next| if next >= 500 { next } else { status },
        )
    }
}

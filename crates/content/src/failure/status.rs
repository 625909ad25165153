//! Which HTTP status a failure answers with.

use super::{Failure, Kind, Meta};

impl Failure {
    /// The HTTP status: that of the kind, except for a failed search phase (its shards', 503 without any) and for
    /// wrappers that take the status of their cause.
    pub fn status(&self) -> u16 {
        match self.kind {
            Kind::SearchPhaseExecution => self.search_phase_status(),
            Kind::ClusterBlock => self.block_status(),
            Kind::RemoteTransport => self.cause.as_deref().map_or(500, Failure::status),
            kind => kind.status(),
        }
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

//! What a shard wants done in the background, and who is told.

/// Work that a shard wants done soon, by a thread that may be busy for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Work {
    /// A full buffer waits to become a segment: [`crate::Shard::finish_segments`]. Writers do it themselves when
    /// nobody else does.
    Segments,
    /// Segments are worth merging: [`crate::Shard::merge_by_policy`].
    Merge,
    /// The log or the memory for deletes grew large: [`crate::Shard::flush`].
    Flush,
}

/// The owner of shards, who has threads and tasks for them.
pub trait Upkeep: Send + Sync {
    /// Is told that work is wanted; must return at once. The same work may be wanted again before it is done.
    fn wanted(&self, work: Work);
}

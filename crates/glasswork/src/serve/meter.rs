//! How many bytes a thread has allocated, as the allocator counts them.

use tikv_jemalloc_ctl::thread::{ThreadLocal, allocatedp};

thread_local! {
    /// Where the allocator counts this thread's bytes: found once, read in half a nanosecond.
    static ALLOCATED: Option<ThreadLocal<u64>> = allocatedp::read().ok();
}

/// Bytes that the calling thread has allocated so far; 0 where the allocator does not say.
pub(crate) fn allocated_bytes() -> u64 {
    ALLOCATED.with(|counter| counter.as_ref().map_or(0, |counter| counter.get()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_thread_allocates_is_counted() {
        let before = allocated_bytes();
        let kept = std::hint::black_box(vec![1_u8; 1 << 20]);
        let counted = allocated_bytes() - before;
        drop(kept);
        assert!((1 << 20..2 << 20).contains(&counted), "{counted}");
    }
}

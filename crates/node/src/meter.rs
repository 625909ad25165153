//! Measures the CPU time of threads.

use glasswork_tasks::Meter;
use rustix::time::{ClockId, clock_gettime};

/// CPU time by the thread's clock; bytes allocated by what the host's allocator says.
#[derive(Debug, Clone, Copy)]
pub struct CpuMeter {
    allocated: fn() -> u64,
}

impl CpuMeter {
    /// A meter; `allocated` gives the bytes that the calling thread has allocated so far.
    pub fn new(allocated: fn() -> u64) -> Self {
        Self { allocated }
    }
}

impl Default for CpuMeter {
    fn default() -> Self {
        Self::new(|| 0)
    }
}

impl Meter for CpuMeter {
    fn cpu_nanos(&self) -> u64 {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or_default()
    }

    fn allocated_bytes(&self) -> u64 {
        (self.allocated)()
    }
}

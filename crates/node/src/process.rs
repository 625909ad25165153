//! What the system says of this process. Zeros where it doesn't tell.

use crate::host::{kilobytes, percent};
use parking_lot::Mutex;
use rustix::time::{ClockId, Timespec, clock_gettime};
use serde::{Deserialize, Serialize};
use std::{fs, thread, time::Duration};

/// This process now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Its address space in bytes.
    pub virtual_bytes: u64,
    /// Its threads.
    pub threads: u64,
    /// Files and sockets that it has open.
    pub open_files: u64,
    /// How many it may have.
    pub max_files: u64,
    /// Time of processors that it has used, in milliseconds.
    pub cpu_millis: u64,
    /// Percent of the processors' time that it used since the last look (or since it started).
    pub cpu_percent: u8,
}

/// Time that it used, and time that went by, at the last look.
static LAST_LOOK: Mutex<(Duration, Duration)> = Mutex::new((Duration::ZERO, Duration::ZERO));

impl Process {
    /// Looks.
    #[must_use]
    pub fn look() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let used = time(clock_gettime(ClockId::ProcessCPUTime));
        Self {
            virtual_bytes: kilobytes(&status, "VmSize:"),
            threads: number(&status, "Threads:"),
            open_files: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
            max_files: number(&limits, "Max open files"),
            cpu_millis: u64::try_from(used.as_millis()).unwrap_or(u64::MAX),
            cpu_percent: cpu_percent(used),
        }
    }
}

fn time(time: Timespec) -> Duration {
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

fn cpu_percent(used: Duration) -> u8 {
    let now = time(clock_gettime(ClockId::Monotonic));
    let processors = thread::available_parallelism().map_or(1, usize::from) as u128;
    let mut last = LAST_LOOK.lock();
    let (part, passed) = (used.saturating_sub(last.0), now.saturating_sub(last.1));
    *last = (used, now);
    let all = passed.as_nanos() * processors;
    percent(
        u64::try_from(part.as_nanos()).unwrap_or(u64::MAX),
        u64::try_from(all).unwrap_or(u64::MAX),
    )
}

/// The first number behind `name`.
fn number(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_of_the_kernel_are_read() {
        let limits = "Max open files            1024                 4096                 files";
        assert_eq!(number(limits, "Max open files"), 1024);
        assert_eq!(number("Threads:\t7\n", "Threads:"), 7);
        assert_eq!(number("Max open files unlimited", "Max open files"), 0);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_process_has_threads_files_and_memory() {
        let process = Process::look();
        assert!(process.threads > 0 && process.open_files > 0 && process.virtual_bytes > 0);
        assert!(process.open_files <= process.max_files);
    }
}

//! What the machine says of itself: load, memory, use of its processors. Zeros where it doesn't tell.

use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::fs;

/// The machine and this process now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Host {
    /// Runnable tasks on average over 1, 5 and 15 minutes.
    pub load: [f64; 3],
    /// Memory of the machine in bytes.
    pub memory_total: u64,
    /// Of it, what is free or could be.
    pub memory_available: u64,
    /// What of its memory may be on disk, in bytes.
    pub swap_total: u64,
    /// Of it, what is free.
    pub swap_free: u64,
    /// Resident memory of this process in bytes.
    pub process_resident: u64,
    /// Percent of the processors' time in use since the last look (or since the machine started).
    pub cpu_percent: u8,
}

/// Processor time of the machine, in ticks: all of it and what was idle.
#[derive(Clone, Copy, Default)]
struct Ticks {
    all: u64,
    idle: u64,
}

/// The last look at the processors. The machine is one, whatever runs in this process.
static LAST_LOOK: Mutex<Ticks> = Mutex::new(Ticks { all: 0, idle: 0 });

impl Host {
    /// Looks.
    #[must_use]
    pub fn look() -> Self {
        let meminfo = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let mut averages = load
            .split(' ')
            .map(|average| average.parse().unwrap_or(0.0));
        Self {
            load: std::array::from_fn(|_| averages.next().unwrap_or(0.0)),
            memory_total: kilobytes(&meminfo, "MemTotal:"),
            memory_available: kilobytes(&meminfo, "MemAvailable:"),
            swap_total: kilobytes(&meminfo, "SwapTotal:"),
            swap_free: kilobytes(&meminfo, "SwapFree:"),
            process_resident: kilobytes(&status, "VmRSS:"),
            cpu_percent: cpu_percent(),
        }
    }

    /// Percent of the machine's memory in use.
    #[must_use]
    pub fn memory_percent(&self) -> u8 {
        let used = self.memory_total.saturating_sub(self.memory_available);
        percent(used, self.memory_total)
    }
}

/// How many of a hundred parts of `all` `part` is.
pub(crate) fn percent(part: u64, all: u64) -> u8 {
    let percent = part.saturating_mul(100).checked_div(all).unwrap_or(0);
    u8::try_from(percent.min(100)).unwrap_or(100)
}

pub(crate) fn kilobytes(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    number.unwrap_or(0) * 1024
}

fn cpu_percent() -> u8 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let now = ticks(stat.lines().next().unwrap_or_default());
    let mut last = LAST_LOOK.lock();
    let all = now.all.saturating_sub(last.all);
    let idle = now.idle.saturating_sub(last.idle);
    *last = now;
    percent(all.saturating_sub(idle), all)
}

/// `cpu user nice system idle iowait …`
fn ticks(line: &str) -> Ticks {
    let numbers = line.split_whitespace().skip(1);
    let numbers: Vec<u64> = numbers.map(|number| number.parse().unwrap_or(0)).collect();
    Ticks {
        all: numbers.iter().take(8).sum(),
        idle: numbers.iter().skip(3).take(2).sum(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percents_stay_between_zero_and_a_hundred() {
        assert_eq!(percent(1, 0), 0);
        assert_eq!(percent(1, 4), 25);
        assert_eq!(percent(9, 4), 100);
    }

    #[test]
    fn figures_of_the_kernel_are_read() {
        assert_eq!(
            kilobytes("MemTotal:  2048 kB\nX: 1 kB", "MemTotal:"),
            2 << 20
        );
        let ticks = ticks("cpu  10 0 10 70 10 0 0 0 0 0");
        assert_eq!((ticks.all, ticks.idle), (100, 80));
    }
}

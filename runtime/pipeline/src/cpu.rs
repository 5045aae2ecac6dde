//! CPU time and priority of the calling thread.

use std::time::Duration;

/// By how much the priority of sessions' threads is lower than that of the network's.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 5;

/// Lowers the priority of the calling thread. On Linux niceness belongs to a thread; elsewhere, or where the system refuses,
/// nothing changes.
pub(crate) fn lower_priority() {
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{getpriority_process, setpriority_process};
        let niceness = getpriority_process(None).map_or(NICENESS, |now| (now + NICENESS).min(19));
        if let Err(error) = setpriority_process(None, niceness) {
            tracing::debug!(%error, "a thread keeps its priority");
        }
    }
}

/// Measures the CPU time of the thread that made it.
#[derive(Debug)]
pub(crate) struct Meter(Duration);

impl Meter {
    /// Begins at the present.
    pub(crate) fn new() -> Self {
        Self(used())
    }

    /// CPU time since the last call, or since it was made.
    pub(crate) fn lap(&mut self) -> Duration {
        let now = used();
        now.saturating_sub(std::mem::replace(&mut self.0, now))
    }
}

/// CPU time of all threads of the process.
#[cfg(unix)]
pub(crate) fn process() -> Duration {
    of(rustix::time::ClockId::ProcessCPUTime)
}

#[cfg(unix)]
fn of(clock: rustix::time::ClockId) -> Duration {
    let time = rustix::time::clock_gettime(clock);
    Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
}

#[cfg(not(unix))]
pub(crate) fn process() -> Duration {
    Duration::ZERO
}

#[cfg(unix)]
fn used() -> Duration {
    of(rustix::time::ClockId::ThreadCPUTime)
}

#[cfg(not(unix))]
fn used() -> Duration {
    // There is no measure: sessions then count with their expected cost only.
    Duration::ZERO
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn a_thread_stands_back_alone_and_only_its_own_work_counts() {
        let before = rustix::process::getpriority_process(None).unwrap();
        let (niceness, busy) = std::thread::spawn(|| {
            lower_priority();
            let mut meter = Meter::new();
            let begin = Instant::now();
            let mut sum = 0u64;
            while begin.elapsed() < Duration::from_millis(30) {
                sum = std::hint::black_box(sum.wrapping_add(1));
            }
            (rustix::process::getpriority_process(None).unwrap(), meter.lap())
        })
        .join()
        .unwrap();
        assert_eq!(niceness, (before + NICENESS).min(19));
        assert_eq!(rustix::process::getpriority_process(None).unwrap(), before);
        assert!(busy > Duration::ZERO && busy < Duration::from_secs(1), "{busy:?}");
    }
}

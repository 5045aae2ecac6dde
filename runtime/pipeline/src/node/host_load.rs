//! Measures the idle time of the host and the CPU time of this process.
//!
//! Sessions report only their own CPU time: neither what the network uses for them nor what other processes use. Idle time
//! accounts for everything else on the host.

use std::time::{Duration, Instant};

/// Time over which the load is measured.
const WINDOW: Duration = Duration::from_secs(1);
/// Part of the host that is kept idle: without any, everything is late.
const RESERVE: f64 = 0.1;

/// CPU time of the host, ms a second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spare {
    /// Idle time of all processors together, less a reserve.
    pub left_ms: f64,
    /// Time of threads with lower priority (niced), those of sessions among them.
    pub niced_ms: f64,
    /// Time of this process.
    pub process_ms: f64,
}

/// Measures the load of the host.
#[derive(Debug, Default)]
pub(crate) struct HostLoad {
    last: Option<(Instant, Ticks, Duration)>,
}

/// Time of all processors, in ticks of the system.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Ticks {
    idle: u64,
    niced: u64,
    all: u64,
    cores: u32,
}

impl HostLoad {
    /// Measures since the last call, if that is long enough ago. None also where the system offers no measure.
    pub(crate) fn look(&mut self, now: Instant) -> Option<Spare> {
        let length = self.last.map(|(at, ..)| now.saturating_duration_since(at));
        if length.is_some_and(|length| length < WINDOW) {
            return None;
        }
        let ticks = read()?;
        let process = crate::cpu::process();
        let (_, before, process_before) = self.last.replace((now, ticks, process))?;
        let used = process.saturating_sub(process_before).as_secs_f64() / length?.as_secs_f64();
        spare(before, ticks, used * 1e3)
    }
}

fn spare(before: Ticks, after: Ticks, process_ms: f64) -> Option<Spare> {
    let all = after.all.checked_sub(before.all).filter(|all| *all > 0)? as f64;
    let whole = f64::from(after.cores) * 1e3;
    // Linux corrects the time of waiting for a disk downwards at times.
    let idle = after.idle.saturating_sub(before.idle) as f64 / all;
    let niced = after.niced.saturating_sub(before.niced) as f64 / all;
    Some(Spare { left_ms: (idle - RESERVE) * whole, niced_ms: niced * whole, process_ms })
}

#[cfg(target_os = "linux")]
fn read() -> Option<Ticks> {
    parse(&std::fs::read_to_string("/proc/stat").ok()?)
}

#[cfg(not(target_os = "linux"))]
fn read() -> Option<Ticks> {
    None
}

/// The text of `/proc/stat` (proc_stat(5)).
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn parse(text: &str) -> Option<Ticks> {
    let cores = text.lines().filter(|line| line.starts_with("cpu") && !line.starts_with("cpu ")).count();
    // user, nice, system, idle, iowait, irq, softirq, steal; what guests use is in user already.
    let fields = text.lines().next()?.strip_prefix("cpu ")?.split_ascii_whitespace().take(8);
    let ticks: Vec<u64> = fields.map(str::parse).collect::<Result<_, _>>().ok()?;
    let idle = ticks.get(3)?.saturating_add(*ticks.get(4)?);
    let all = ticks.iter().fold(0, |sum: u64, ticks| sum.saturating_add(*ticks));
    let niced = *ticks.get(1)?;
    Some(Ticks { idle, niced, all, cores: u32::try_from(cores).ok()?.max(1) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_idle_beyond_a_tenth_is_left() {
        let text = "cpu  100 20 30 800 50 0 0 0 7 7\ncpu0 1 2 3 4\ncpu1 1 2 3 4\nintr 5\n";
        let ticks = parse(text).unwrap();
        assert_eq!(ticks, Ticks { idle: 850, niced: 20, all: 1000, cores: 2 });
        let later = Ticks { idle: 950, niced: 40, all: 1200, cores: 2 };
        let found = spare(ticks, later, 5.0).unwrap();
        assert!((found.left_ms - 800.0).abs() < 1e-9, "half of two cores, less a tenth: {found:?}");
        assert!((found.niced_ms - 200.0).abs() < 1e-9 && found.process_ms == 5.0, "{found:?}");
        assert_eq!(spare(ticks, ticks, 0.0), None);
        assert!(spare(ticks, Ticks { all: 1100, ..ticks }, 0.0).unwrap().left_ms < 0.0);
        for wrong in ["", "cpu", "cpu  1 2", "cpu  a b c d e", "intr 1"] {
            assert_eq!(parse(wrong), None, "{wrong}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn it_is_measured_over_a_second() {
        let mut machine = HostLoad::default();
        let begin = Instant::now();
        assert_eq!(machine.look(begin), None);
        assert_eq!(machine.look(begin + WINDOW / 2), None);
        // Less than a tick may have passed in truth.
        #[expect(clippy::disallowed_methods, reason = "time must pass for the measurement")]
        std::thread::sleep(Duration::from_millis(50));
        let spare = machine.look(begin + WINDOW).unwrap();
        let cores = std::thread::available_parallelism().unwrap().get() as f64;
        assert!(spare.left_ms <= cores.max(1.0) * 1000.0 * 64.0 && spare.process_ms >= 0.0, "{spare:?}");
    }
}

//! Probes: a few packets at a higher rate than the estimate, whose arrival shows whether the path carries it. Without them the
//! estimate of a path that became better, or whose rate was never tried, would grow by some percent a second.

use std::time::{Duration, Instant};

use super::history::Arrived;

/// Rate of a probe, as a multiple of the estimate.
const STEP: f64 = 2.0;
/// Length of a probe.
const LENGTH: Duration = Duration::from_millis(20);
/// Packets of a probe, at least.
const MIN_PACKETS: u32 = 5;
/// Time before the first probe, and after a successful one.
const SOON: Duration = Duration::from_millis(150);
/// Time between two probes without success: at first, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_millis(1000), Duration::from_millis(4000));
/// A probe that is not reported on in this time has no result.
const TIMEOUT: Duration = Duration::from_millis(1200);
/// Part of a probe's packets that has to arrive.
const ARRIVED: f64 = 0.7;
/// A probe that arrives slower than this, as a part of the rate at which it was sent, filled the path.
const FULL: f64 = 0.92;
/// What is taken of the rate at which a full path delivered.
const MARGIN: f64 = 0.92;
/// Growth of the estimate that makes a probe successful.
const SUCCESS: f64 = 1.15;

/// Tells the packets of a probe.
pub type ProbeId = u32;

/// A probe to send.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probe {
    /// Marks its packets.
    pub id: ProbeId,
    /// The rate at which they are sent, b/s.
    pub rate: f64,
    /// How many there are at least.
    pub packets: u32,
    /// How many bytes they have together at least.
    pub bytes: usize,
}

#[derive(Debug)]
struct Running {
    probe: Probe,
    since: Instant,
    /// Times and sizes of the packets that were sent.
    sent: Vec<(Instant, usize)>,
    /// Times and sizes of the packets that arrived.
    arrived: Vec<(i64, usize)>,
}

/// Decides when to probe, and measures.
#[derive(Debug)]
pub(super) struct Probing {
    next_id: ProbeId,
    next: Option<Instant>,
    pause: Duration,
    running: Option<Running>,
    /// A rate that was known to work, to be tried first.
    hint: Option<f64>,
}

impl Default for Probing {
    fn default() -> Self {
        Self { next_id: 1, next: None, pause: PAUSE.0, running: None, hint: None }
    }
}

impl Probing {
    /// Has a rate tried again soon that worked before.
    pub(super) fn hint(&mut self, now: Instant, rate: f64) {
        self.hint = Some(rate);
        self.next = Some(now + PAUSE.0);
        self.pause = PAUSE.0;
    }

    /// The probe to send now, if one is due while the estimate is `target`; both rates in b/s.
    pub(super) fn due(&mut self, now: Instant, target: f64, cap: f64) -> Option<Probe> {
        if self.running.as_ref().is_some_and(|running| now > running.since + TIMEOUT) {
            self.running = None;
            self.failed(now);
        }
        let next = *self.next.get_or_insert(now + SOON);
        if self.running.is_some() || now < next || target >= 0.98 * cap {
            return None;
        }
        let wanted = self.hint.take().filter(|hint| *hint > target * SUCCESS).unwrap_or(target * STEP);
        let rate = wanted.min(cap * 1.05);
        let bytes = (rate / 8.0 * LENGTH.as_secs_f64()) as usize;
        let probe = Probe { id: self.next_id, rate, packets: MIN_PACKETS, bytes };
        self.next_id = self.next_id.wrapping_add(1).max(1);
        self.running = Some(Running { probe, since: now, sent: Vec::new(), arrived: Vec::new() });
        Some(probe)
    }

    /// Notes that a packet of a probe is sent.
    pub(super) fn sent(&mut self, now: Instant, id: ProbeId, size: usize) {
        if let Some(running) = self.running.as_mut().filter(|running| running.probe.id == id) {
            running.sent.push((now, size));
        }
    }

    /// Notes that a packet arrived.
    pub(super) fn arrived(&mut self, packet: &Arrived) {
        if let Some(running) = self.running.as_mut().filter(|running| Some(running.probe.id) == packet.probe) {
            running.arrived.push((packet.arrived, packet.size));
        }
    }

    /// The rate that a probe showed the path to carry, b/s, once enough of it has arrived.
    pub(super) fn result(&mut self, now: Instant, target: f64) -> Option<f64> {
        let running = self.running.as_ref()?;
        let sent: usize = running.sent.iter().map(|(_, size)| size).sum();
        let is_sent = running.sent.len() >= running.probe.packets as usize && sent >= running.probe.bytes;
        if !is_sent || (running.arrived.len() as f64) < ARRIVED * running.sent.len() as f64 {
            return None;
        }
        let rate = running.rate();
        self.running = None;
        match rate {
            Some(rate) if rate > target * SUCCESS => {
                self.pause = PAUSE.0;
                self.next = Some(now + SOON);
            }
            _ => self.failed(now),
        }
        rate
    }

    fn failed(&mut self, now: Instant) {
        self.next = Some(now + self.pause);
        self.pause = (self.pause * 2).min(PAUSE.1);
    }
}

impl Running {
    fn rate(&self) -> Option<f64> {
        let (first_sent, last_sent) = (self.sent.first()?.0, self.sent.last()?);
        let sending = last_sent.0.saturating_duration_since(first_sent).as_secs_f64();
        let sent = self.sent.iter().map(|(_, size)| size).sum::<usize>() - last_sent.1;
        let first = self.arrived.iter().min_by_key(|(at, _)| *at)?;
        let last = self.arrived.iter().max_by_key(|(at, _)| *at)?;
        let arriving = (last.0 - first.0) as f64 / 1e6;
        let arrived = self.arrived.iter().map(|(_, size)| size).sum::<usize>() - first.1;
        if sending <= 0.0 || arriving <= 0.0 {
            return None;
        }
        let (send_rate, arrival_rate) = (sent as f64 * 8.0 / sending, arrived as f64 * 8.0 / arriving);
        Some(if arrival_rate < FULL * send_rate { MARGIN * arrival_rate } else { send_rate.min(arrival_rate) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a probe over a path that carries `capacity`; returns what it shows.
    fn probe(probing: &mut Probing, now: Instant, target: f64, capacity: f64) -> Option<f64> {
        let probe = probing.due(now, target, 1e7)?;
        let packets = (probe.bytes as u64).div_ceil(500).max(probe.packets.into());
        for index in 0..packets {
            let at = now + Duration::from_secs_f64(index as f64 * 4000.0 / probe.rate);
            probing.sent(at, probe.id, 500);
            let arrived = (index as f64 * 4e9 / capacity.min(probe.rate)) as i64;
            probing.arrived(&Arrived { sent: at, arrived, size: 500, probe: Some(probe.id) });
        }
        probing.result(now + Duration::from_millis(100), target)
    }

    #[test]
    fn a_probe_finds_the_rate_and_failures_make_them_rare() {
        let (start, mut probing) = (Instant::now(), Probing::default());
        assert_eq!(probing.due(start, 1e6, 1e7), None, "the first one waits for the first reports");
        let found = probe(&mut probing, start + SOON, 1e6, 1e8).unwrap();
        assert!((found / 2e6 - 1.0).abs() < 0.01, "{found}");
        let found = probe(&mut probing, start + Duration::from_secs(1), 2e6, 3e6).unwrap();
        assert!((2.7e6..3e6).contains(&found), "{found}");
        let mut probes = 0;
        for ms in 2000..32_000 {
            probes += u32::from(probe(&mut probing, start + Duration::from_millis(ms), 2e6, 2e6).is_some());
        }
        assert!((7..=10).contains(&probes), "{probes}");
    }

    #[test]
    fn a_hint_is_tried_first_and_nothing_beyond_the_cap() {
        let (start, mut probing) = (Instant::now(), Probing::default());
        probing.hint(start, 1.7e6);
        let at = start + PAUSE.0;
        assert_eq!(probing.due(at, 1e6, 1e7).map(|probe| probe.rate), Some(1.7e6));
        let later = at + TIMEOUT + Duration::from_secs(5);
        assert_eq!(probing.due(later, 1e6, 1.2e6), None, "the last one has failed just now");
        let later = later + Duration::from_secs(5);
        assert_eq!(probing.due(later, 1e6, 1.2e6).map(|probe| probe.rate), Some(1.2e6 * 1.05));
        assert_eq!(Probing::default().due(later, 1.2e6, 1.2e6), None);
    }
}

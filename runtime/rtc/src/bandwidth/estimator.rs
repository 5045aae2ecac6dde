//! Puts the parts of the estimate together.

use std::fmt;
use std::time::{Duration, Instant};

use super::acknowledged::Acknowledged;
use super::history::{ArrivalReport, History};
use super::loss::{LossControl, Verdict};
use super::probe::{Probe, ProbeId, Probing};
use super::queue::StandingQueue;
use super::trend::{Trend, Usage};
use super::without_arrivals::{LossReport, WithoutArrivals};

/// A standing queue of this length is too long; half of it is no reason to go slower.
const QUEUE: Duration = Duration::from_millis(25);
/// Delay of reports for which more is sent ahead, at most.
const MAX_BACK: Duration = Duration::from_millis(400);
/// Time for which a path with gaps may be silent.
const GAP: Duration = Duration::from_millis(100);
/// Time after a gap for which another one is expected.
const GAPS: Duration = Duration::from_secs(20);
/// What is taken of the rate at which a full path delivers.
const BACKOFF: f64 = 0.9;
/// The largest step down while the delay only begins to grow.
const SMALL_STEP: f64 = 0.85;
/// Growth in a second: while the path's limit is not known, near it, and far below it.
const GROWTH: f64 = 0.08;
const NEAR_GROWTH: f64 = 0.03;
const FAR_GROWTH: f64 = 1.0;
/// Parts of the path's limit between which the estimate is near it.
const NEAR: (f64, f64) = (0.88, 1.08);
/// The estimate exceeds what arrives by at most this factor, and this rate, b/s: more was never tried.
const UNTRIED: (f64, f64) = (1.5, 50_000.0);
/// A standing queue of [`QUEUE`] slows the sending down, one longer by this much stops it nearly.
const DRAIN: Duration = Duration::from_millis(300);
const SLOWEST: f64 = 0.35;
/// What may be in flight, beside the round trip and the time between reports.
const SLACK: Duration = Duration::from_millis(60);
/// A packet without a report in this time, and three round trips, is not in flight any more.
const GIVE_UP: Duration = Duration::from_millis(400);
/// Without any report for this long, while packets are in flight, the path is interrupted.
const INTERRUPTED: Duration = Duration::from_millis(800);
/// Growth of the least round trip with each report that has a longer one.
const DRIFT: Duration = Duration::from_micros(100);
/// A queue that does not shrink for this long, although less is sent than the path delivers, is not ours.
const FOREIGN: Duration = Duration::from_secs(3);

/// Bounds of the estimate, b/s.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Where it starts.
    pub start: u32,
    /// The least.
    pub floor: u32,
    /// The most.
    pub cap: u32,
}

/// Estimates the rate that the path to one viewer carries.
#[derive(Debug)]
pub struct Estimator {
    limits: Limits,
    /// The estimate, b/s.
    target: f64,
    history: History,
    acknowledged: Acknowledged,
    trend: Trend,
    queue: StandingQueue,
    loss: LossControl,
    probing: Probing,
    without_arrivals: WithoutArrivals,
    /// The rate at which the path was full, smoothed, b/s.
    capacity: Option<f64>,
    round_trip: Option<Duration>,
    least_round_trip: Option<Duration>,
    /// By how much longer than the least round trip a packet is on its way that is not known to have arrived.
    overdue: Duration,
    /// By how much longer than usual reports are on their way, or wait for it.
    back: Duration,
    /// When several packets in sequence were last lost.
    gap: Option<Instant>,
    last_report: Option<Instant>,
    /// Mean time between reports.
    report_interval: Duration,
    last_queue: Duration,
    last_decrease: Option<Instant>,
    /// When the newest packet that is known to have arrived was sent.
    newest_sent: Option<Instant>,
    queued_since: Option<Instant>,
    interrupted: bool,
}

impl Estimator {
    /// An estimate that starts at `limits.start`.
    pub fn new(limits: Limits) -> Self {
        let floor = limits.floor.min(limits.cap);
        let limits = Limits { floor, start: limits.start.clamp(floor, limits.cap), ..limits };
        Self {
            target: limits.start.into(),
            limits,
            history: History::default(),
            acknowledged: Acknowledged::default(),
            trend: Trend::default(),
            queue: StandingQueue::default(),
            loss: LossControl::default(),
            probing: Probing::default(),
            without_arrivals: WithoutArrivals::default(),
            capacity: None,
            round_trip: None,
            least_round_trip: None,
            overdue: Duration::ZERO,
            back: Duration::ZERO,
            gap: None,
            last_report: None,
            report_interval: Duration::from_millis(100),
            last_queue: Duration::ZERO,
            last_decrease: None,
            newest_sent: None,
            queued_since: None,
            interrupted: false,
        }
    }

    /// The rate that the path carries, b/s.
    pub fn target(&self) -> u32 {
        self.target as u32
    }

    /// The rate to send at now, b/s: less than the target while a queue is to be emptied.
    pub fn allowed(&self) -> f64 {
        let excess = self.queue().saturating_sub(QUEUE).as_secs_f64() / DRAIN.as_secs_f64();
        (self.target * (1.0 - excess).max(SLOWEST)).max(self.limits.floor.into())
    }

    /// The delay that stands in queues of the path: what the packets that arrived show, and those that should have.
    pub fn queue(&self) -> Duration {
        self.queue.delay().max(self.overdue)
    }

    /// Returns whether so much queues that loss may be its doing.
    pub fn queues(&self) -> bool {
        self.queue() > QUEUE
    }

    /// Returns whether next to nothing queues.
    fn is_empty(&self) -> bool {
        self.queue() < QUEUE / 2
    }

    /// Returns whether the path has carried the most that is sent, and nothing queues on it.
    pub fn is_open(&self) -> bool {
        let cap = f64::from(self.limits.cap);
        self.capacity.is_none() && self.target >= 0.95 * cap && self.last_report.is_some() && self.is_empty()
    }

    /// By how much packets are delayed unevenly.
    pub fn spread(&self) -> Duration {
        self.queue.spread()
    }

    /// Part of the packets that was lost of late, 0 to 1.
    pub fn loss(&self) -> f64 {
        self.loss.loss()
    }

    /// Returns whether the path has gaps: it loses several packets in sequence now and then.
    pub fn has_gaps(&self, now: Instant) -> bool {
        self.gap.is_some_and(|at| now < at + GAPS)
    }

    /// The smoothed round trip; `None` before the first report.
    pub fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    /// The least round trip of late; `None` before the first report.
    pub fn least_round_trip(&self) -> Option<Duration> {
        self.least_round_trip
    }

    /// Returns whether another packet may be sent: more in flight would only fill queues.
    pub fn has_room(&self) -> bool {
        let Some(least) = self.least_round_trip else {
            // Before the first report: what the start allows in half a second.
            return (self.history.in_flight() as f64) < self.target / 8.0 * 0.5;
        };
        // Where nothing queues, frames that were late may follow each other, and what is sent into a gap, of which nothing is heard
        // until it is over, does not queue either.
        let waits = self.last_report.is_some_and(|now| self.has_gaps(now)) && self.is_empty();
        let gap = if waits { GAP } else { Duration::ZERO };
        let slack = if self.is_open() { least / 2 + 2 * SLACK } else { SLACK };
        let time = least + self.report_interval + slack + self.back.max(gap);
        (self.history.in_flight() as f64) < (self.target / 8.0 * time.as_secs_f64()).max(6000.0)
    }

    /// Notes that a packet of `size` bytes, headers included, is sent. Returns its transport-wide sequence number.
    pub fn sent(&mut self, now: Instant, size: usize, probe: Option<ProbeId>) -> u16 {
        if let Some(id) = probe {
            self.probing.sent(now, id, size);
        }
        self.history.sent(now, size, probe)
    }

    /// The probe to send now, if one is due.
    pub fn probe(&mut self, now: Instant) -> Option<Probe> {
        let is_calm = self.last_report.is_some_and(|at| now < at + INTERRUPTED)
            && self.trend.usage() != Usage::Over
            && self.is_empty()
            && !self.interrupted;
        if is_calm { self.probing.due(now, self.target, self.limits.cap.into()) } else { None }
    }

    /// To be called regularly: gives up packets that nothing is heard of. Returns whether the path was just found to be
    /// interrupted.
    pub fn tick(&mut self, now: Instant) -> bool {
        let patience = GIVE_UP + 3 * self.round_trip.unwrap_or(GIVE_UP / 2);
        if let Some(before) = now.checked_sub(patience) {
            self.history.give_up(before);
        }
        let is_silent = self.last_report.is_some_and(|at| now > at + INTERRUPTED.max(patience));
        let is_waiting = self.history.oldest().is_some_and(|at| now > at + patience / 2);
        let begins = is_silent && is_waiting && !self.interrupted;
        self.interrupted |= begins;
        begins
    }

    /// Takes a report on arrivals. Returns whether an interruption of the path is over.
    pub fn arrivals(&mut self, now: Instant, report: &ArrivalReport) -> bool {
        let news = self.history.report(now, report);
        let elapsed = self.last_report.map_or(Duration::ZERO, |at| now.saturating_duration_since(at));
        if news.arrived.is_empty() && news.lost == 0 {
            return false;
        }
        self.last_report = Some(now);
        if news.gap {
            self.gap = Some(now);
        }
        let resumed = !news.arrived.is_empty() && std::mem::take(&mut self.interrupted);
        if resumed {
            // Nothing that was measured before says anything of now, except the rate.
            self.acknowledged.reset();
            (self.trend, self.queue) = (Trend::default(), StandingQueue::default());
        } else if elapsed > Duration::ZERO {
            let interval = elapsed.clamp(Duration::from_millis(10), Duration::from_millis(250));
            self.report_interval = (self.report_interval * 7 + interval) / 8;
        }
        for packet in &news.arrived {
            self.acknowledged.arrived(packet.arrived, packet.size);
            self.trend.arrived(packet);
            self.queue.arrived(packet.sent, packet.arrived);
            self.probing.arrived(packet);
            self.newest_sent = self.newest_sent.max(Some(packet.sent));
        }
        if let Some(round_trip) = news.round_trip {
            self.round_trip = Some(self.round_trip.map_or(round_trip, |known| (known * 7 + round_trip) / 8));
            // It follows a longer path within some seconds.
            let least = self.least_round_trip.map_or(round_trip, |known| round_trip.min(known + DRIFT));
            self.least_round_trip = Some(least);
        }
        self.queue.settle();
        self.overdue = match (self.history.next(), self.least_round_trip) {
            (Some(next), Some(least)) => {
                // What the report itself was delayed by, on its way back, says nothing of the way there. Reports wait for an interval
                // anyway.
                let usual = least + self.queue.latest() + self.report_interval;
                let back = news.round_trip.unwrap_or(least).saturating_sub(usual);
                self.back = back.max(self.back * 7 / 8).min(MAX_BACK);
                now.saturating_duration_since(next).saturating_sub(least + 3 * self.queue.spread() + back)
            }
            _ => Duration::ZERO,
        };
        self.follow_probes(now);
        self.follow_delay(now, elapsed.min(Duration::from_millis(300)));
        let queues = self.queues();
        match self.loss.observe(now, news.arrived.len(), news.lost, queues, self.target) {
            Verdict::Stay => {}
            Verdict::Reduce(factor) => self.target *= factor,
            Verdict::Restore(rate) => self.target = self.target.max(rate),
        }
        self.clamp();
        resumed
    }

    /// Takes a receiver report. Ignored when the viewer reports arrivals.
    pub fn losses(&mut self, now: Instant, report: LossReport) {
        if self.last_report.is_none() {
            self.target = self.without_arrivals.report(now, report, self.target);
            self.clamp();
        }
    }

    /// Takes the viewer's own estimate, b/s. Ignored when the viewer reports arrivals.
    pub fn stated(&mut self, now: Instant, rate: f64) {
        self.without_arrivals.stated(now, rate);
        if self.last_report.is_none() {
            self.target = self.target.min(rate);
            self.clamp();
        }
    }

    fn follow_probes(&mut self, now: Instant) {
        if let Some(rate) = self.probing.result(now, self.target)
            && rate > self.target
        {
            self.target = rate;
            self.capacity = self.capacity.filter(|capacity| *capacity > rate);
        }
    }

    fn follow_delay(&mut self, now: Instant, elapsed: Duration) {
        let queue = self.queue();
        let grows = queue > self.last_queue + Duration::from_millis(2);
        self.last_queue = queue;
        let over = match self.trend.usage() {
            Usage::Over => queue > QUEUE / 2,
            _ => queue > QUEUE && grows || queue > 3 * QUEUE,
        };
        if queue < QUEUE {
            self.queued_since = None;
        }
        if over {
            self.decrease(now, queue);
        } else if queue < QUEUE / 2 && self.trend.usage() == Usage::Normal {
            self.increase(elapsed);
        }
    }

    fn decrease(&mut self, now: Instant, queue: Duration) {
        let since = *self.queued_since.get_or_insert(now);
        if now >= since + FOREIGN {
            // Less is sent than was delivered, and still the queue is there: the path has become longer, or others fill it.
            self.queue.accept();
            self.queued_since = None;
            return;
        }
        if self.last_decrease.is_some_and(|at| self.newest_sent.is_none_or(|sent| sent < at)) {
            // What is reported was sent before the last step had any effect.
            return;
        }
        let is_full = queue > QUEUE;
        let measured = if is_full { self.acknowledged.recent_rate() } else { self.acknowledged.rate() };
        let Some(delivered) = measured else {
            // Nothing is known of the path yet but that it is full.
            self.last_decrease = Some(now);
            self.target *= 0.7;
            return;
        };
        let mut rate = BACKOFF * delivered;
        if !is_full {
            // The delay only begins to grow.
            if self.last_decrease.is_some_and(|at| now < at + Duration::from_millis(400)) {
                return;
            }
            rate = rate.max(SMALL_STEP * self.target);
        }
        if rate >= self.target {
            return;
        }
        if is_full {
            self.capacity =
                Some(self.capacity.map_or(delivered, |known| 0.7 * known + 0.3 * delivered).min(delivered * 1.3));
        }
        if self.last_decrease.is_none_or(|at| now > at + Duration::from_secs(2)) {
            // What looks like a full path may have been a moment's disturbance.
            self.probing.hint(now, self.target);
        }
        self.last_decrease = Some(now);
        self.target = rate;
    }

    fn increase(&mut self, elapsed: Duration) {
        let seconds = elapsed.as_secs_f64();
        let (growth, limit) = match self.capacity {
            Some(capacity) if self.target < NEAR.0 * capacity => (FAR_GROWTH, NEAR.0 * capacity),
            Some(capacity) if self.target < NEAR.1 * capacity => (NEAR_GROWTH, f64::MAX),
            _ => {
                self.capacity = None;
                (GROWTH, f64::MAX)
            }
        };
        let tried = self.acknowledged.rate().map_or(self.target, |rate| UNTRIED.0 * rate + UNTRIED.1);
        let grown = (self.target * (1.0 + growth * seconds)).min(limit).min(tried);
        self.target = self.target.max(grown);
    }

    fn clamp(&mut self) {
        self.target = self.target.clamp(self.limits.floor.into(), self.limits.cap.into());
    }
}

impl fmt::Display for Estimator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kbps = |rate: f64| (rate / 1e3).round();
        write!(
            f,
            "target {} allowed {} delivered {} capacity {} kb/s, queue {} overdue {} spread {} round trip {} ms, in flight {}, {:?}, loss {:.2}",
            kbps(self.target),
            kbps(self.allowed()),
            kbps(self.acknowledged.rate().unwrap_or(0.0)),
            kbps(self.capacity.unwrap_or(0.0)),
            self.queue.delay().as_millis(),
            self.overdue.as_millis(),
            self.queue.spread().as_millis(),
            self.least_round_trip.unwrap_or_default().as_millis(),
            self.history.in_flight(),
            self.trend.usage(),
            self.loss.loss(),
        )
    }
}

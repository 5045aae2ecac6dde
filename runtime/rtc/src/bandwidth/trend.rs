//! Whether the delay on the path grows: the trendline filter of libwebrtc with its adaptive threshold (draft-ietf-rmcat-gcc-02
//! sections 5.1 to 5.4; the filter is a line through the accumulated delay instead of a Kalman filter).

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::history::Arrived;

/// Packets sent within this time are a group, whose delays are compared.
const BURST: Duration = Duration::from_millis(5);
/// Groups that the line goes through.
const WINDOW: usize = 20;
/// Weight of the past in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// Factor from the slope to what is compared with the threshold, ms.
const GAIN: f64 = 4.0;
/// Groups beyond this number do not increase the weight of the slope.
const MAX_GROUPS: f64 = 60.0;
/// First threshold, and its limits, ms.
const THRESHOLD: (f64, f64, f64) = (12.5, 6.0, 600.0);
/// How quickly the threshold follows a larger and a smaller slope, 1/ms.
const FOLLOW: (f64, f64) = (0.0087, 0.039);
/// The delay has to grow for this long, ms.
const OVERUSE_TIME: f64 = 10.0;

/// What the trend says about the load of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Usage {
    /// The delay falls: a queue is emptied.
    Under,
    /// The delay stays.
    Normal,
    /// The delay grows.
    Over,
}

/// A group of packets that were sent together.
#[derive(Clone, Copy, Debug)]
struct Group {
    first_sent: Instant,
    last_sent: Instant,
    last_arrived: i64,
}

/// The trend of the delay.
#[derive(Debug)]
pub(super) struct Trend {
    group: Option<Group>,
    previous: Option<Group>,
    start: Option<i64>,
    groups: f64,
    accumulated: f64,
    smoothed: f64,
    /// Arrival and smoothed delay, ms.
    points: VecDeque<(f64, f64)>,
    threshold: f64,
    last_update: Option<f64>,
    over_for: f64,
    over_groups: u32,
    previous_slope: f64,
    usage: Usage,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            group: None,
            previous: None,
            start: None,
            groups: 0.0,
            accumulated: 0.0,
            smoothed: 0.0,
            points: VecDeque::with_capacity(WINDOW + 1),
            threshold: THRESHOLD.0,
            last_update: None,
            over_for: 0.0,
            over_groups: 0,
            previous_slope: 0.0,
            usage: Usage::Normal,
        }
    }
}

impl Trend {
    /// What it says now.
    pub(super) fn usage(&self) -> Usage {
        self.usage
    }

    /// Takes a packet, in the order of sending.
    pub(super) fn arrived(&mut self, packet: &Arrived) {
        let Some(group) = &mut self.group else {
            self.group = Some(Group::of(packet));
            return;
        };
        if packet.sent < group.first_sent {
            return;
        }
        if packet.sent.saturating_duration_since(group.first_sent) <= BURST {
            group.last_sent = group.last_sent.max(packet.sent);
            group.last_arrived = group.last_arrived.max(packet.arrived);
            return;
        }
        let complete = self.group.replace(Group::of(packet));
        if let (Some(previous), Some(complete)) = (self.previous, complete) {
            let sent = complete.last_sent.saturating_duration_since(previous.last_sent).as_secs_f64() * 1e3;
            let arrived = (complete.last_arrived - previous.last_arrived) as f64 / 1e3;
            self.observe(complete.last_arrived, sent, arrived);
        }
        self.previous = complete;
    }

    /// Takes the times between two groups, ms.
    fn observe(&mut self, arrived_at: i64, sent: f64, arrived: f64) {
        if !(-1000.0..3000.0).contains(&(arrived - sent)) {
            // The path was interrupted, or the viewer's clock jumped.
            *self = Self { threshold: self.threshold, ..Self::default() };
            return;
        }
        let start = *self.start.get_or_insert(arrived_at);
        let at = (arrived_at - start) as f64 / 1e3;
        self.groups = (self.groups + 1.0).min(MAX_GROUPS);
        self.accumulated += arrived - sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.accumulated;
        self.points.push_back((at, self.smoothed));
        if self.points.len() > WINDOW {
            self.points.pop_front();
        }
        let slope = if self.points.len() == WINDOW { slope(&self.points).unwrap_or(0.0) } else { 0.0 };
        self.detect(at, sent, slope);
    }

    fn detect(&mut self, at: f64, sent: f64, slope: f64) {
        let modified = self.groups * slope * GAIN;
        if modified > self.threshold {
            self.over_for += sent;
            self.over_groups += 1;
            if self.over_for > OVERUSE_TIME && self.over_groups > 1 && slope >= self.previous_slope {
                self.over_for = 0.0;
                self.over_groups = 0;
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = 0.0;
            self.over_groups = 0;
            self.usage = if modified < -self.threshold { Usage::Under } else { Usage::Normal };
        }
        self.previous_slope = slope;
        let elapsed = (at - self.last_update.replace(at).unwrap_or(at)).clamp(0.0, 100.0);
        // A sudden jump is no slope of this path.
        if modified.abs() < self.threshold + 15.0 {
            let follow = if modified.abs() < self.threshold { FOLLOW.1 } else { FOLLOW.0 };
            self.threshold += follow * (modified.abs() - self.threshold) * elapsed;
            self.threshold = self.threshold.clamp(THRESHOLD.1, THRESHOLD.2);
        }
    }
}

impl Group {
    fn of(packet: &Arrived) -> Self {
        Self { first_sent: packet.sent, last_sent: packet.sent, last_arrived: packet.arrived }
    }
}

/// The slope of the line through the points with the least squares.
fn slope(points: &VecDeque<(f64, f64)>) -> Option<f64> {
    let count = points.len() as f64;
    let (x, y) = points.iter().fold((0.0, 0.0), |(x, y), point| (x + point.0 / count, y + point.1 / count));
    let (above, below) = points.iter().fold((0.0, 0.0), |(above, below), point| {
        (above + (point.0 - x) * (point.1 - y), below + (point.0 - x) * (point.0 - x))
    });
    (below > 0.0).then(|| above / below)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends a packet every 10 ms; `delay` is the delay of the packet sent at so many ms.
    fn run(trend: &mut Trend, start: Instant, range: std::ops::Range<u64>, delay: impl Fn(u64) -> f64) -> Usage {
        for ms in range.step_by(10) {
            let sent = start + Duration::from_millis(ms);
            let arrived = (ms as f64 * 1e3 + delay(ms) * 1e3) as i64;
            trend.arrived(&Arrived { sent, arrived, size: 1000, probe: None });
        }
        trend.usage()
    }

    #[test]
    fn a_growing_delay_is_overuse_and_a_constant_one_is_not() {
        let (start, mut trend) = (Instant::now(), Trend::default());
        assert_eq!(run(&mut trend, start, 0..2000, |_| 30.0), Usage::Normal);
        assert_eq!(run(&mut trend, start, 2000..2500, |ms| 30.0 + (ms - 2000) as f64 * 0.3), Usage::Over);
        assert_eq!(run(&mut trend, start, 2500..5000, |_| 180.0), Usage::Normal);
        assert_eq!(run(&mut trend, start, 5000..5400, |ms| 180.0 - (ms - 5000) as f64 * 0.3), Usage::Under);
    }

    #[test]
    fn jitter_is_not_overuse() {
        let (start, mut trend) = (Instant::now(), Trend::default());
        for from in (0..20_000).step_by(500) {
            let usage = run(&mut trend, start, from..from + 500, |ms| 40.0 + (ms / 10 * 7919 % 23) as f64);
            assert_ne!(usage, Usage::Over, "at {from}");
        }
    }
}

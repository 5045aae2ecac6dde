//! The estimate for viewers that do not report arrivals: from the loss of their receiver reports (RFC 3550 section 6.4.1), and
//! from the rate that they state themselves (REMB, draft-alvestrand-rmcat-remb-03).

use std::time::{Duration, Instant};

use super::loss::{LossControl, Verdict};

/// Growth in a second.
const GROWTH: f64 = 0.08;
/// Growth in a second after a reduction for congestion, for [`CAUTION`].
const SLOW_GROWTH: f64 = 0.02;
const CAUTION: Duration = Duration::from_secs(15);
/// A statement of the viewer's is forgotten after this time.
const STATEMENT: Duration = Duration::from_secs(5);

/// What a receiver report says of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LossReport {
    /// Highest sequence number that arrived, with its cycles.
    pub highest: u32,
    /// Packets that were lost since the beginning.
    pub lost: u32,
}

/// Follows loss and statements.
#[derive(Debug, Default)]
pub(super) struct WithoutArrivals {
    last: Option<LossReport>,
    loss: LossControl,
    at: Option<Instant>,
    reduced: Option<Instant>,
    stated: Option<(Instant, f64)>,
}

impl WithoutArrivals {
    /// Takes the viewer's own statement, b/s.
    pub(super) fn stated(&mut self, now: Instant, rate: f64) {
        self.stated = Some((now, rate));
    }

    /// Takes a report; returns the new rate, b/s. Reports count by their packets: browsers send one with each request for a
    /// packet, which covers few.
    pub(super) fn report(&mut self, now: Instant, report: LossReport, rate: f64) -> f64 {
        let Some(last) = self.last.replace(report) else { return rate };
        let sent = report.highest.wrapping_sub(last.highest);
        let lost = report.lost.wrapping_sub(last.lost);
        if sent > 1 << 20 || lost > sent {
            // Packets came out of order, or the viewer began anew.
            return rate;
        }
        let elapsed = now.saturating_duration_since(self.at.replace(now).unwrap_or(now)).min(Duration::from_secs(1));
        let is_cautious = self.reduced.is_some_and(|at| now < at + CAUTION);
        let growth = 1.0 + if is_cautious { SLOW_GROWTH } else { GROWTH } * elapsed.as_secs_f64();
        let rate = match self.loss.observe(now, (sent - lost) as usize, lost as usize, false, rate) {
            Verdict::Stay => rate * growth,
            Verdict::Reduce(factor) => {
                self.reduced = Some(now);
                rate * factor
            }
            Verdict::Restore(before) => {
                self.reduced = None;
                before
            }
        };
        match self.stated.filter(|(at, _)| now < *at + STATEMENT) {
            Some((_, stated)) => rate.min(stated),
            None => rate,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_reports_do_not_count_as_much_as_large_ones() {
        let (start, mut estimate, mut rate) = (Instant::now(), WithoutArrivals::default(), 1e6);
        let (mut highest, mut lost) = (0, 0);
        for step in 0..200u64 {
            // One packet in twenty is lost; a report follows each loss at once, and another one covers the rest.
            for (packets, missing) in [(3, 1), (17, 0)] {
                (highest, lost) = (highest + packets, lost + missing);
                rate = estimate.report(start + Duration::from_millis(step * 100), LossReport { highest, lost }, rate);
            }
        }
        assert!(rate > 1e6, "{rate}");
        estimate.stated(start + Duration::from_secs(20), 3e5);
        let report = LossReport { highest: highest + 20, lost };
        assert_eq!(estimate.report(start + Duration::from_secs(20), report, rate), 3e5);
    }
}

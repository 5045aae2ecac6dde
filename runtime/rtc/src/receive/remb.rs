//! The bit rate that a sender without transport-wide congestion control is told to keep to. Has no clock: `now` is an argument.
//!
//! A simple estimate from what arrives: it falls below what came when much is lost or the delay grows, and rises slowly above it.
//! (draft-alvestrand-rmcat-remb; the reaction is that of draft-ietf-rmcat-gcc-02 sections 5 and 6.)

use std::time::{Duration, Instant};

/// Time between two messages.
const INTERVAL: Duration = Duration::from_millis(500);
/// Silence after which an estimate is of no use.
const SILENCE: Duration = Duration::from_secs(2);
/// Bounds of the estimate, b/s.
const BOUNDS: (f64, f64) = (100_000.0, 20_000_000.0);
/// Part of the packets whose loss is congestion; random loss is less.
const MAX_LOSS: f64 = 0.1;
/// Growth of the delay within an interval that means that a queue fills, seconds.
const MAX_GROWTH: f64 = 0.06;
/// What is left of the rate that arrived.
const DECREASE: f64 = 0.85;
/// Growth in an interval; at most to this many times what arrives, so that a sender that has little to send is not believed to fill the
/// path.
const INCREASE: f64 = 1.05;
const MAX_LEAD: f64 = 2.0;

/// Estimates the bit rate of the path from the peer.
#[derive(Debug, Default)]
pub struct Remb {
    window: Option<Window>,
    estimate: Option<f64>,
}

/// What arrived since the last message.
#[derive(Clone, Copy, Debug)]
struct Window {
    began: Instant,
    last: Instant,
    bytes: usize,
    packets: u64,
    first_sequence: u16,
    highest: u16,
    /// Arrival and timestamp of the first frame, and the greatest delay against it that all of its later frames have, seconds.
    reference: (Instant, u32),
    least_recent: f64,
}

impl Remb {
    /// Notes a packet of the video.
    pub fn received(&mut self, now: Instant, sequence: u16, timestamp: u32, bytes: usize) {
        let fresh = Window {
            began: now,
            last: now,
            bytes: 0,
            packets: 0,
            first_sequence: sequence,
            highest: sequence,
            reference: (now, timestamp),
            least_recent: f64::INFINITY,
        };
        let window = self.window.get_or_insert(fresh);
        window.bytes += bytes;
        window.packets += 1;
        window.last = now;
        if (sequence.wrapping_sub(window.highest) as i16) > 0 {
            window.highest = sequence;
        }
        // Of the second half the least delay counts: a queue delays all packets.
        if now.saturating_duration_since(window.began) >= INTERVAL / 2 {
            let media = f64::from(timestamp.wrapping_sub(window.reference.1) as i32) / 90_000.0;
            let delay = now.saturating_duration_since(window.reference.0).as_secs_f64() - media;
            window.least_recent = window.least_recent.min(delay);
        }
    }

    /// The bit rate to send now, if it is time, b/s.
    pub fn due(&mut self, now: Instant) -> Option<f32> {
        let window = self.window.filter(|window| now >= window.began + INTERVAL)?;
        self.window = None;
        if now.saturating_duration_since(window.last) > SILENCE {
            return None;
        }
        let seconds = now.saturating_duration_since(window.began).as_secs_f64();
        let rate = window.bytes as f64 * 8.0 / seconds;
        let expected = f64::from(window.highest.wrapping_sub(window.first_sequence)) + 1.0;
        let loss = 1.0 - window.packets as f64 / expected.max(window.packets as f64);
        let grows = window.least_recent.is_finite() && window.least_recent > MAX_GROWTH;
        let estimate = match self.estimate {
            _ if loss > MAX_LOSS || grows => rate * DECREASE,
            None => rate * MAX_LEAD,
            Some(estimate) => (estimate * INCREASE).min((rate * MAX_LEAD).max(estimate)),
        };
        let estimate = estimate.clamp(BOUNDS.0, BOUNDS.1);
        self.estimate = Some(estimate);
        Some(estimate as f32)
    }

    /// When [`Self::due`] has to be called next.
    pub fn deadline(&self) -> Option<Instant> {
        self.window.map(|window| window.began + INTERVAL)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sends at a rate over a path that carries `capacity`, with a queue, and follows the estimate for a minute. Returns the rate at the
    /// end.
    fn settled(start_rate: f64, capacity: f64) -> f64 {
        let (start, mut remb) = (Instant::now(), Remb::default());
        let (mut rate, mut busy, mut sequence) = (start_rate, 0.0f64, 0u16);
        for frame in 0..1800u32 {
            let sent = f64::from(frame) / 30.0;
            let packets = (rate / 30.0 / 8.0 / 1200.0).ceil().max(1.0) as usize;
            for _ in 0..packets {
                let bytes = rate / 30.0 / 8.0 / packets as f64;
                let queued = (busy - sent).max(0.0);
                sequence = sequence.wrapping_add(1);
                // Half a second of queue; what finds no room is lost.
                if queued > 0.5 {
                    continue;
                }
                busy = busy.max(sent) + bytes * 8.0 / capacity;
                let now = start + Duration::from_secs_f64(busy + 0.02);
                remb.received(now, sequence, frame * 3000, bytes as usize);
                if let Some(estimate) = remb.due(now) {
                    rate = f64::from(estimate).min(2_500_000.0);
                }
            }
        }
        rate
    }

    #[test]
    fn the_estimate_finds_the_paths_rate_and_leaves_room_on_a_wide_one() {
        for (start, capacity, least, most) in
            [(300_000.0, 10e6, 2.4e6, 2.6e6), (1_500_000.0, 500e3, 300e3, 650e3), (2_000_000.0, 1e6, 600e3, 1.3e6)]
        {
            let rate = settled(start, capacity);
            assert!((least..=most).contains(&rate), "{start} over {capacity}: {rate}");
        }
    }

    #[test]
    fn nothing_is_said_of_a_peer_that_sends_nothing() {
        let (start, mut remb) = (Instant::now(), Remb::default());
        assert_eq!((remb.due(start), remb.deadline()), (None, None));
        remb.received(start, 1, 0, 1000);
        assert_eq!(remb.due(start + Duration::from_secs(10)), None);
        assert_eq!(remb.deadline(), None);
    }
}

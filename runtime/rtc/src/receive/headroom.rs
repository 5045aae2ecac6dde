//! Keeps room free on a way of the peer's that loses packets and delays them unevenly, as radio does: what it carries becomes less
//! without notice, and until the peer learns of it, its packets queue, or are lost, and the picture stands. There it is asked to send
//! somewhat less than it could, if that is still enough for a good picture. Has no clock: `now` is an argument.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Part of what came at most that may be sent.
const PART: f64 = 0.6;
/// Rate, b/s, below which pictures need all that there is.
const ENOUGH: f64 = 1_000_000.0;
/// Time that is looked at in one, and the number of such times that are judged together.
const WINDOW: Duration = Duration::from_secs(1);
const WINDOWS: usize = 6;
/// From this loss and this mean delay on, a way is uneven; below these, it is even again.
const UNEVEN: (f64, Duration) = (0.003, Duration::from_millis(5));
const EVEN: (f64, Duration) = (0.001, Duration::from_millis(3));
/// Growth within the last two of the windows that shows that the peer has not found its rate yet.
const GROWTH: f64 = 1.05;

/// What came in one window.
#[derive(Clone, Copy, Debug, Default)]
struct Window {
    packets: u32,
    lost: u64,
    /// Sum over its packets.
    queued: Duration,
    bytes: usize,
    /// Bits a second, when it is over.
    rate: f64,
}

/// Watches the peer's way.
#[derive(Debug, Default)]
pub struct Headroom {
    began: Option<Instant>,
    present: Window,
    past: VecDeque<Window>,
    lost: u64,
    ceiling: Option<f64>,
}

impl Headroom {
    /// Notes a packet that came, how long packets wait on their way, and how many were lost since the beginning.
    pub fn received(&mut self, now: Instant, bytes: usize, queued: Duration, lost: u64) {
        let began = *self.began.get_or_insert(now);
        let elapsed = now.saturating_duration_since(began);
        if elapsed >= WINDOW {
            self.present.rate = self.present.bytes as f64 * 8.0 / elapsed.as_secs_f64();
            self.present.lost = lost.saturating_sub(self.lost);
            (self.began, self.lost) = (Some(now), lost);
            self.past.push_back(std::mem::take(&mut self.present));
            if self.past.len() > WINDOWS {
                self.past.pop_front();
            }
            self.judge();
        }
        self.present.packets += 1;
        self.present.queued += queued;
        self.present.bytes += bytes;
    }

    /// The bit rate to ask the peer for, b/s; `None` when it may send what it likes.
    pub fn ceiling(&self) -> Option<f64> {
        self.ceiling
    }

    fn judge(&mut self) {
        let packets = self.past.iter().map(|window| window.packets).sum::<u32>().max(1);
        let lost = self.past.iter().map(|window| window.lost).sum::<u64>() as f64 / f64::from(packets);
        let queued = self.past.iter().map(|window| window.queued).sum::<Duration>() / packets;
        if self.ceiling.is_some() {
            if lost < EVEN.0 || queued < EVEN.1 {
                *self = Self { lost: self.lost, began: self.began, ..Self::default() };
            }
            return;
        }
        let is_uneven = lost >= UNEVEN.0 && queued >= UNEVEN.1;
        let highest =
            |windows: &mut dyn Iterator<Item = &Window>| windows.map(|window| window.rate).fold(0.0, f64::max);
        let (before, last) =
            (highest(&mut self.past.iter().rev().skip(2)), highest(&mut self.past.iter().rev().take(2)));
        let grows = last > before * GROWTH;
        if is_uneven && !grows && before > ENOUGH {
            self.ceiling = Some((before * PART).max(ENOUGH));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 1000 bytes at these rates, a second each, of which every so many-th is lost; returns the ceilings, kb/s.
    fn ceilings(rates: &[u32], every: u64, queued: u64) -> Vec<Option<u32>> {
        let (mut now, mut headroom, mut lost, mut count) = (Instant::now(), Headroom::default(), 0, 0);
        let mut ceilings = Vec::new();
        for rate in rates {
            let end = now + Duration::from_secs(1);
            while now < end {
                count += 1;
                lost += u64::from(count % every == 0);
                headroom.received(now, 1000, Duration::from_millis(queued), lost);
                now += Duration::from_secs(8000) / *rate;
            }
            ceilings.push(headroom.ceiling().map(|ceiling| (ceiling / 1000.0).round() as u32));
        }
        ceilings
    }

    #[test]
    fn room_is_kept_where_packets_are_lost_and_delayed() {
        let rates = [300_000, 600_000, 1_200_000, 1_800_000, 2_000_000, 2_000_000, 2_000_000, 2_000_000];
        let room = ceilings(&rates, 100, 12);
        assert_eq!(room[..5], [None; 5], "the peer has not found its rate");
        assert!((1190..=1210).contains(&room[7].unwrap()), "{room:?}");
        for (every, queued, what) in [(10_000, 12, "nothing is lost"), (100, 2, "nothing waits")] {
            assert_eq!(ceilings(&rates, every, queued), [None; 8], "{what}");
        }
        assert_eq!(ceilings(&[900_000; 12], 100, 12), [None; 12], "nothing to spare");
        assert!(ceilings(&[1_300_000; 12], 100, 12).contains(&Some(1000)), "but no more than that");
    }

    #[test]
    fn it_is_given_back_when_the_way_is_even_again() {
        let (mut now, mut headroom) = (Instant::now(), Headroom::default());
        let mut run = |seconds: u64, queued: u64, loss: u64, lost: &mut u64| {
            for packet in 0..seconds * 200 {
                *lost += u64::from(packet % 100 < loss);
                headroom.received(now, 1000, Duration::from_millis(queued), *lost);
                now += Duration::from_millis(5);
            }
            headroom.ceiling()
        };
        let mut lost = 0;
        assert!(run(10, 12, 1, &mut lost).is_some());
        assert!(run(60, 12, 1, &mut lost).is_some(), "as long as it is needed");
        assert_eq!(run(10, 12, 0, &mut lost), None);
    }
}

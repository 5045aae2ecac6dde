//! The rate at which packets arrived, by the viewer's clock.

use std::collections::VecDeque;

/// Length of the window, µs.
const WINDOW: i64 = 500_000;
/// A longer time between two packets begins anew, µs.
const RESTART: i64 = 2_000_000;
/// The rate is known once the window has this length, µs.
const MIN_WINDOW: i64 = 120_000;

/// What arrived in the last half second.
#[derive(Debug, Default)]
pub(super) struct Acknowledged {
    /// Arrival, µs, and size, bytes.
    arrivals: VecDeque<(i64, usize)>,
    bytes: usize,
    newest: Option<i64>,
}

impl Acknowledged {
    /// Notes that a packet arrived.
    pub(super) fn arrived(&mut self, at: i64, size: usize) {
        if self.newest.is_some_and(|newest| (at - newest).abs() > RESTART) {
            // The viewer's clock began anew, or nothing came for long.
            self.reset();
        }
        let newest = self.newest.map_or(at, |newest| newest.max(at));
        self.newest = Some(newest);
        self.arrivals.push_back((at, size));
        self.bytes += size;
        while let Some((oldest, size)) = self.arrivals.front().copied()
            && oldest < newest - WINDOW
        {
            self.arrivals.pop_front();
            self.bytes -= size;
        }
    }

    /// Bits a second; `None` while too little has arrived to tell.
    pub(super) fn rate(&self) -> Option<f64> {
        let (oldest, first) = *self.arrivals.front()?;
        let length = self.newest? - oldest;
        (length >= MIN_WINDOW && self.arrivals.len() >= 8).then(|| (self.bytes - first) as f64 * 8e6 / length as f64)
    }

    /// The rate of the last quarter of a second, b/s: that of a path which was busy all the time. `None` while too little has
    /// arrived to tell.
    pub(super) fn recent_rate(&self) -> Option<f64> {
        let newest = self.newest?;
        let recent = self.arrivals.iter().filter(|(at, _)| *at >= newest - WINDOW / 2);
        let (mut bytes, mut count, mut first) = (0, 0, (i64::MAX, 0));
        for &(at, size) in recent {
            (bytes, count, first) = (bytes + size, count + 1, first.min((at, size)));
        }
        let length = newest - first.0;
        (length >= MIN_WINDOW && count >= 6).then(|| (bytes - first.1) as f64 * 8e6 / length as f64)
    }

    /// Forgets everything.
    pub(super) fn reset(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_the_last_half_second() {
        let mut acknowledged = Acknowledged::default();
        assert_eq!(acknowledged.rate(), None);
        for at in 0..100 {
            acknowledged.arrived(at * 10_000, 1250);
        }
        assert!((acknowledged.rate().unwrap() - 1e6).abs() < 1e4);
        for at in 100..160 {
            acknowledged.arrived(at * 10_000, 125);
        }
        assert!((acknowledged.rate().unwrap() - 1e5).abs() < 1e3);
    }
}

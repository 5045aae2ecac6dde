//! How much delay stands in queues of the path: the least delay of the last moment over the least one of the last seconds. As in
//! CoDel (RFC 8289 section 3) it is the least one that counts: jitter and bursts come and go, a standing queue stays.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The moment, by the time of sending.
const MOMENT: Duration = Duration::from_millis(140);
/// The least delay is forgotten after this many seconds: a path changes, and clocks drift.
const MEMORY: usize = 60;

/// Weight of a moment in the spread.
const SETTLING: f64 = 0.08;

/// The delay in queues.
#[derive(Debug, Default)]
pub(super) struct StandingQueue {
    epoch: Option<(Instant, i64)>,
    /// Delays of the last moment, µs, by time of sending.
    recent: VecDeque<(Instant, i64)>,
    /// The least delay of each of the last seconds, µs.
    seconds: VecDeque<(u64, i64)>,
    /// Mean delay beyond the least of the moment, µs.
    spread: f64,
}

impl StandingQueue {
    /// Takes a packet that was sent and that arrived, µs on the viewer's clock.
    pub(super) fn arrived(&mut self, sent: Instant, arrived: i64) {
        let (epoch, origin) = *self.epoch.get_or_insert((sent, arrived));
        let since = sent.saturating_duration_since(epoch);
        let delay = arrived - origin - since.as_micros() as i64;
        let second = since.as_secs();
        match self.seconds.back_mut() {
            Some((last, least)) if *last >= second => *least = (*least).min(delay),
            _ => self.seconds.push_back((second, delay)),
        }
        while self.seconds.len() > MEMORY {
            self.seconds.pop_front();
        }
        self.recent.push_back((sent, delay));
        while self.recent.front().is_some_and(|(first, _)| *first + MOMENT < sent) {
            self.recent.pop_front();
        }
    }

    /// By how much packets are delayed beyond the least of the moment, on average and over some time: jitter.
    pub(super) fn spread(&self) -> Duration {
        Duration::from_micros(self.spread as u64)
    }

    /// Takes the spread of the moment into account; to be called once for each report.
    pub(super) fn settle(&mut self) {
        let Some(least) = self.recent.iter().map(|(_, delay)| *delay).min() else { return };
        let mean = self.recent.iter().map(|(_, delay)| (delay - least) as f64).sum::<f64>() / self.recent.len() as f64;
        self.spread += (mean - self.spread) * SETTLING;
    }

    /// The delay that stands, beside that of the path itself.
    pub(super) fn delay(&self) -> Duration {
        self.beside_base(self.recent.iter().map(|(_, delay)| *delay).min())
    }

    /// The delay of the newest packet, beside that of the path itself.
    pub(super) fn latest(&self) -> Duration {
        self.beside_base(self.recent.back().map(|(_, delay)| *delay))
    }

    fn beside_base(&self, delay: Option<i64>) -> Duration {
        let base = self.seconds.iter().map(|(_, delay)| *delay).min();
        match (base, delay) {
            (Some(base), Some(delay)) => Duration::from_micros(u64::try_from(delay - base).unwrap_or(0)),
            _ => Duration::ZERO,
        }
    }

    /// Takes the present delay for that of the path itself.
    pub(super) fn accept(&mut self) {
        if let Some(now) = self.recent.iter().map(|(_, delay)| *delay).min()
            && let Some((second, _)) = self.seconds.back().copied()
        {
            self.seconds.clear();
            self.seconds.push_back((second, now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(queue: &mut StandingQueue, start: Instant, range: std::ops::Range<u64>, delay: impl Fn(u64) -> u64) -> u128 {
        for ms in range.step_by(10) {
            queue.arrived(start + Duration::from_millis(ms), ((ms + delay(ms)) * 1000) as i64);
        }
        queue.delay().as_millis()
    }

    #[test]
    fn a_queue_stands_and_jitter_does_not() {
        let (start, mut queue) = (Instant::now(), StandingQueue::default());
        assert_eq!(run(&mut queue, start, 0..1000, |_| 30), 0);
        assert_eq!(run(&mut queue, start, 1000..1500, |ms| 30 + ms / 10 * 37 % 60 * u64::from(ms % 50 != 0)), 0);
        assert_eq!(run(&mut queue, start, 1500..2000, |_| 130), 100);
        assert_eq!(run(&mut queue, start, 2000..3000, |_| 30), 0);
        // A longer path is taken for a queue until its delay has been the least one for a minute.
        assert_eq!(run(&mut queue, start, 3000..9000, |_| 80), 50);
        assert_eq!(run(&mut queue, start, 9000..70_000, |_| 80), 0);
        assert_eq!(run(&mut queue, start, 70_000..71_000, |_| 180), 100);
        queue.accept();
        assert_eq!(queue.delay(), Duration::ZERO);
    }
}

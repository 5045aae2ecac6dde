//! How late packets or frames come: by how much longer they are on their way than the soonest of the last seconds. Has no clock:
//! `now` is an argument.

use std::time::{Duration, Instant};

/// How long the soonest and the latest are remembered, at least; twice that at most.
const WINDOW: Duration = Duration::from_secs(4);
/// What is later than this, µs, or so much off in RTP time, begins anew: the peer's clock has changed, or its path.
const MAX: i64 = 1_000_000;
/// Ticks of RTP time a second.
const RATE: i64 = 90_000;

/// What is known of a stream.
#[derive(Debug, Default)]
pub struct Lateness {
    /// When the first came, and its time stamp.
    origin: Option<(Instant, u32)>,
    /// The newest time since, in ticks.
    newest: i64,
    /// Shortest and longest time on the way in the window before and in this one, from that of the first on, µs.
    windows: [Option<(i64, i64)>; 2],
    began: Option<Instant>,
}

impl Lateness {
    /// Notes what came now; returns how late it is.
    pub fn came(&mut self, now: Instant, timestamp: u32) -> Duration {
        let (start, first) = *self.origin.get_or_insert((now, timestamp));
        let step = i64::from(timestamp.wrapping_sub(first.wrapping_add(self.newest as u32)) as i32);
        // Out of order, as frames that refer to a later one are: when it comes, the newest has come already.
        let time = self.newest + step.max(0);
        let on_the_way = now.saturating_duration_since(start).as_micros() as i64 - time * 1_000_000 / RATE;
        let is_off = self.known().is_some_and(|(least, _)| (on_the_way - least).abs() > MAX);
        if is_off || step < -RATE {
            *self = Self::default();
            return self.came(now, timestamp);
        }
        self.newest = time;
        if self.began.is_none_or(|began| now >= began + WINDOW) {
            self.windows = [self.windows[1], None];
            self.began = Some(now);
        }
        let (least, most) = self.windows[1].unwrap_or((on_the_way, on_the_way));
        self.windows[1] = Some((least.min(on_the_way), most.max(on_the_way)));
        let least = self.known().map_or(on_the_way, |(least, _)| least);
        micros(on_the_way - least)
    }

    /// How late the latest of the last seconds was.
    pub fn worst(&self) -> Duration {
        self.known().map_or(Duration::ZERO, |(least, most)| micros(most - least))
    }

    fn known(&self) -> Option<(i64, i64)> {
        self.windows.into_iter().flatten().reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
    }
}

fn micros(micros: i64) -> Duration {
    Duration::from_micros(u64::try_from(micros).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn what_takes_longer_than_the_soonest_is_late() {
        let (start, mut lateness) = (Instant::now(), Lateness::default());
        let mut came = |at: u64, time: u32| lateness.came(start + ms(at), (time * 90).wrapping_sub(1000));
        assert_eq!([came(50, 0), came(75, 33), came(166, 66), came(166, 99)], [ms(0), ms(0), ms(58), ms(25)]);
        assert_eq!(came(170, 66), ms(29), "one that comes out of order");
        assert_eq!(lateness.worst(), ms(58));
    }

    #[test]
    fn another_path_or_clock_is_the_measure_in_the_end() {
        let (start, mut lateness) = (Instant::now(), Lateness::default());
        let mut worst = Vec::new();
        for second in 0..30u64 {
            let late = if second < 10 { 0 } else { 500 };
            lateness.came(start + ms(second * 1000 + late), second as u32 * 90_000);
            worst.push(lateness.worst());
        }
        assert_eq!((worst[9], worst[10], worst[19], worst[29]), (ms(0), ms(500), ms(0), ms(0)));
        for timestamp in [0, u32::MAX, 1 << 31, 7] {
            assert!(lateness.came(start + ms(31_000), timestamp) < ms(1));
        }
    }
}

//! How long an answer of the peer takes. Has no clock: durations are arguments.

use std::time::Duration;

/// What is assumed before the first measurement.
const INITIAL: Duration = Duration::from_millis(100);
/// Bounds of what is believed.
const BOUNDS: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(1000));

/// The round-trip time, from requests for packets to their retransmissions.
#[derive(Clone, Copy, Debug, Default)]
pub struct RoundTrip {
    smoothed: Option<Duration>,
}

impl RoundTrip {
    /// The smoothed round-trip time.
    pub fn get(&self) -> Duration {
        self.smoothed.unwrap_or(INITIAL)
    }

    /// Notes that an answer came this long after its first request. It may be the answer to a later one, when the first one was lost:
    /// what is rare moves the smoothed time by little. (RFC 6298 section 3 leaves such measurements out; on a long path there
    /// would be no other.)
    pub fn measured(&mut self, sample: Duration) {
        let sample = sample.clamp(BOUNDS.0, BOUNDS.1);
        self.smoothed = Some(match self.smoothed {
            None => sample,
            Some(smoothed) => (smoothed * 7 + sample.min(smoothed * 4)) / 8,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_measurement_counts_and_the_others_are_smoothed() {
        let ms = Duration::from_millis;
        let mut round_trip = RoundTrip::default();
        assert_eq!(round_trip.get(), INITIAL);
        round_trip.measured(ms(250));
        assert_eq!(round_trip.get(), ms(250));
        for _ in 0..100 {
            round_trip.measured(ms(200));
        }
        assert_eq!(round_trip.get().as_millis(), 200);
        round_trip.measured(ms(1_000_000));
        assert!(round_trip.get() < ms(301));
        round_trip.measured(Duration::ZERO);
        assert!(round_trip.get() > ms(200));
    }
}

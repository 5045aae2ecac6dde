//! Notices when a camera is connected and none of its pictures arrives, and says why. `now` is an argument.

use std::time::{Duration, Instant};

use framebox_rtc::Stats;

/// Time without a whole frame after which the viewer is told why.
const PATIENCE: Duration = Duration::from_secs(2);
/// Time between two looks.
const INTERVAL: Duration = Duration::from_millis(500);
/// Time between two warnings.
const REMINDER: Duration = Duration::from_secs(10);
/// Time after which a session ends whose camera never sent anything.
const HOPELESS: Duration = Duration::from_secs(12);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// All is well, or it is too early to say.
    Nothing,
    /// The viewer is told, and the camera is asked for a keyframe.
    Warning {
        /// For programs.
        code: &'static str,
        /// For people.
        message: &'static str,
    },
    /// The session is over, for this reason.
    Over(&'static str),
}

/// Watches what arrives of a camera.
#[derive(Clone, Copy, Debug)]
pub struct Watchdog {
    begin: Instant,
    next: Instant,
    /// The last counts, and when frames came last.
    last: Stats,
    frame: Instant,
    /// The counts when frames came last, or when the viewer was told.
    since: Stats,
    told: Option<Instant>,
}

impl Watchdog {
    /// A watchdog of a camera that is connected.
    pub fn new(now: Instant) -> Self {
        let none = Stats::default();
        Self { begin: now, next: now + INTERVAL, last: none, frame: now, since: none, told: None }
    }

    /// When to look next.
    pub fn deadline(&self) -> Instant {
        self.next
    }

    /// Looks at the counts of the connection.
    pub fn look(&mut self, now: Instant, stats: Stats) -> Finding {
        if now.saturating_duration_since(self.next) >= PATIENCE {
            // The connection was lost meanwhile, and nobody looked.
            self.frame = now;
        }
        self.next = now + INTERVAL;
        let came = stats.frames_received > self.last.frames_received;
        self.last = stats;
        if came {
            (self.frame, self.since, self.told) = (now, stats, None);
            return Finding::Nothing;
        }
        let past = |since: Instant, limit| now.saturating_duration_since(since) >= limit;
        if stats.packets_received == 0 && past(self.begin, HOPELESS) {
            return Finding::Over(match stats.packets_foreign {
                0 => {
                    "the camera is connected but never sent video: is it muted, or does a firewall stop what it sends?"
                }
                _ => "the camera sends video in a format that was not negotiated",
            });
        }
        if !past(self.frame, PATIENCE) || self.told.is_some_and(|told| !past(told, REMINDER)) {
            return Finding::Nothing;
        }
        let packets = stats.packets_received > self.since.packets_received;
        let foreign = stats.packets_foreign > self.since.packets_foreign;
        let (code, message) = match (packets, foreign) {
            (true, _) => (
                "camera-incomplete",
                "your camera's video arrives, but no frame is complete: a keyframe was asked for; the network may lose too much",
            ),
            (false, true) => (
                "camera-format",
                "your camera sends video in a format that was not negotiated: let it send the one that the answer names",
            ),
            // A camera that is switched off for a while is no fault.
            (false, false) if stats.frames_received > 0 => {
                ("camera-silent", "no video arrives any more: is your camera paused?")
            }
            (false, false) => (
                "camera-silent",
                "no video arrives from your camera: is it muted or used by another program, or does a firewall stop it?",
            ),
        };
        (self.told, self.since) = (Some(now), stats);
        Finding::Warning { code, message }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks for half a minute at the counts that a second has: packets, foreign packets, frames. Returns when something was found.
    fn found(counts: impl Fn(u64) -> (u64, u64, u64)) -> Vec<(u64, &'static str)> {
        let start = Instant::now();
        let mut watchdog = Watchdog::new(start);
        let mut found = Vec::new();
        for ms in (0..30_000).step_by(500) {
            let (packets_received, packets_foreign, frames_received) = counts(ms);
            let stats = Stats { packets_received, packets_foreign, frames_received, ..Stats::default() };
            match watchdog.look(start + Duration::from_millis(ms), stats) {
                Finding::Nothing => {}
                Finding::Warning { code, .. } => found.push((ms, code)),
                Finding::Over(_) => {
                    found.push((ms, "over"));
                    break;
                }
            }
        }
        found
    }

    #[test]
    fn what_is_wrong_with_a_camera_is_said_after_two_seconds_and_then_seldom() {
        assert_eq!(found(|ms| (ms, 0, ms / 33)), [], "all is well");
        assert_eq!(found(|_| (0, 0, 0)), [(2000, "camera-silent"), (12_000, "over")]);
        assert_eq!(found(|ms| (0, ms, 0)), [(2000, "camera-format"), (12_000, "over")]);
        let seldom = |code| [(2000, code), (12_000, code), (22_000, code)];
        assert_eq!(found(|ms| (ms, ms, 0)), seldom("camera-incomplete"));
        let ends = [(2000, "camera-incomplete"), (12_000, "camera-silent"), (22_000, "camera-silent")];
        assert_eq!(found(|ms| (ms.min(1), 0, 0)), ends, "a session that began goes on");
    }

    #[test]
    fn a_camera_that_pauses_is_mentioned_and_not_given_up() {
        let paused = |ms: u64| if ms < 5000 { ms } else { 5000 };
        assert_eq!(
            found(|ms| (paused(ms), 0, paused(ms) / 33)),
            [(7000, "camera-silent"), (17_000, "camera-silent"), (27_000, "camera-silent")]
        );
        let back = |ms: u64| if ms < 8000 { ms.min(5000) } else { ms };
        assert_eq!(found(|ms| (back(ms), 0, back(ms) / 33)), [(7000, "camera-silent")]);
    }
}

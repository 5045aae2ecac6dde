//! The limits of instances and calls.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The limits of one call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Wall time, including the host's work for the guest.
    pub time: Duration,
    /// Fuel: about one unit per WebAssembly instruction and per byte of a bulk operation.
    pub fuel: u64,
}

/// The limits of an instance.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Budget of a call for a frame. Callers derive the budget that they pass with each call from it.
    pub call: Budget,
    /// Budget of instantiation, `describe`, `init`, `configure` and `close`, each.
    pub setup: Budget,
    /// Linear memory of the instance, all memories together, bytes.
    pub memory: usize,
    /// Linear memory above which an instance that keeps growing is replaced between two frames, bytes. At most three quarters
    /// of `memory` take effect.
    pub soft_memory: usize,
    /// Size of all values put in one call, bytes.
    pub values_bytes: usize,
    /// Largest picture that a guest may ask for or put, pixels.
    pub output_pixels: u64,
    /// Log lines per second.
    pub log_lines: u32,
    /// Length of a log line, bytes. Longer ones are truncated.
    pub log_line_bytes: usize,
    /// Log bytes per second.
    pub log_bytes: usize,
    /// Handles that exist at once, for resources of the host and of the guest.
    pub handles: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Budget { time: Duration::from_millis(500), fuel: 20_000_000_000 },
            setup: Budget { time: Duration::from_secs(2), fuel: 100_000_000_000 },
            memory: 128 * 1024 * 1024,
            soft_memory: 96 * 1024 * 1024,
            values_bytes: 1024 * 1024,
            output_pixels: 3840 * 2160,
            log_lines: 100,
            log_line_bytes: 4096,
            log_bytes: 64 * 1024,
            handles: 1024,
        }
    }
}

impl Budget {
    /// Returns the lower of both limits, separately for time and fuel.
    pub fn bounded(self, upper: Self) -> Self {
        Self { time: self.time.min(upper.time), fuel: self.fuel.min(upper.fuel) }
    }
}

impl Limits {
    /// Returns these limits, none higher than in `upper`.
    pub fn bounded(&self, upper: &Self) -> Self {
        Self {
            call: self.call.bounded(upper.call),
            setup: self.setup.bounded(upper.setup),
            memory: self.memory.min(upper.memory),
            soft_memory: self.soft_memory.min(upper.soft_memory),
            values_bytes: self.values_bytes.min(upper.values_bytes),
            output_pixels: self.output_pixels.min(upper.output_pixels),
            log_lines: self.log_lines.min(upper.log_lines),
            log_line_bytes: self.log_line_bytes.min(upper.log_line_bytes),
            log_bytes: self.log_bytes.min(upper.log_bytes),
            handles: self.handles.min(upper.handles),
        }
    }

    /// Returns the names of the limits that are higher than in `upper`, for callers that reject rather than clamp.
    pub fn above(&self, upper: &Self) -> Vec<&'static str> {
        // Destructured, so that no limit can be forgotten here.
        let Self {
            call,
            setup,
            memory,
            soft_memory,
            values_bytes,
            output_pixels,
            log_lines,
            log_line_bytes,
            log_bytes,
            handles,
        } = self;
        [
            ("call.time", call.time > upper.call.time),
            ("call.fuel", call.fuel > upper.call.fuel),
            ("setup.time", setup.time > upper.setup.time),
            ("setup.fuel", setup.fuel > upper.setup.fuel),
            ("memory", *memory > upper.memory),
            ("soft-memory", *soft_memory > upper.soft_memory),
            ("values-bytes", *values_bytes > upper.values_bytes),
            ("output-pixels", *output_pixels > upper.output_pixels),
            ("log-lines", *log_lines > upper.log_lines),
            ("log-line-bytes", *log_line_bytes > upper.log_line_bytes),
            ("log-bytes", *log_bytes > upper.log_bytes),
            ("handles", *handles > upper.handles),
        ]
        .into_iter()
        .filter_map(|(name, above)| above.then_some(name))
        .collect()
    }

    /// Returns the effective soft memory limit, bytes.
    pub(crate) fn soft_memory(&self) -> usize {
        self.soft_memory.min(self.memory - self.memory / 4)
    }

    /// Returns how many bytes a guest may pass to the host in one host call: those of the largest picture, and some more.
    pub(crate) fn host_call_bytes(&self) -> usize {
        let picture = usize::try_from(self.output_pixels).unwrap_or(usize::MAX).saturating_mul(4);
        picture.max(self.values_bytes).saturating_add(1024 * 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounded_limits_are_within_the_upper_ones_and_excesses_are_named() {
        let upper = Limits::default();
        assert_eq!(upper.bounded(&upper), upper);
        assert!(upper.above(&upper).is_empty());
        let wanted = Limits {
            call: Budget { time: Duration::from_millis(100), fuel: u64::MAX },
            memory: usize::MAX,
            log_lines: 5,
            handles: 2000,
            ..Limits::default()
        };
        assert_eq!(wanted.above(&upper), ["call.fuel", "memory", "handles"]);
        let given = wanted.bounded(&upper);
        assert_eq!(
            given,
            Limits { call: Budget { fuel: upper.call.fuel, ..wanted.call }, log_lines: 5, ..upper.clone() }
        );
        assert!(given.above(&upper).is_empty());
    }

    #[test]
    fn the_soft_limit_leaves_room_below_the_hard_one() {
        let soft = |memory, soft_memory| Limits { memory, soft_memory, ..Limits::default() }.soft_memory();
        assert_eq!((soft(100, 60), soft(100, 90), soft(0, 9), soft(usize::MAX, 9)), (60, 75, 0, 9));
    }
}

//! What a handler may use.

use std::time::Duration;

/// What one call may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Wall time; the host's work for the guest counts too.
    pub time: Duration,
    /// Fuel: about one unit for each WebAssembly instruction and for each byte of a bulk operation.
    pub fuel: u64,
}

/// What an instance may use over its life.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A call for a frame. The sandbox takes the budget with each call; this is what callers start from.
    pub call: Budget,
    /// Instantiation, `describe`, `init`, `configure` and `close`, each.
    pub setup: Budget,
    /// Linear memory of an instance, all its memories together, bytes.
    pub memory: usize,
    /// Linear memory past which an instance that keeps growing asks to be replaced between two frames, bytes. Three
    /// quarters of `memory` when that is less.
    pub soft_memory: usize,
    /// Values put in one call, bytes.
    pub values_bytes: usize,
    /// The largest picture that a guest may ask for or put, pixels.
    pub output_pixels: u64,
    /// Lines of log a second.
    pub log_lines: u32,
    /// Length of a line of log, bytes; longer ones are cut.
    pub log_line_bytes: usize,
    /// Log a second, all lines together, bytes.
    pub log_bytes: usize,
    /// Handles that live at once: resources that the guest was given, and those that it makes itself.
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
    /// The less of both, each by itself.
    pub fn bounded(self, upper: Self) -> Self {
        Self { time: self.time.min(upper.time), fuel: self.fuel.min(upper.fuel) }
    }
}

impl Limits {
    /// These limits, none above that of `upper`.
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

    /// Names of the limits that are above those of `upper`, for whoever would rather refuse than clamp.
    pub fn above(&self, upper: &Self) -> Vec<&'static str> {
        // Taken apart, so that a limit that is added cannot be forgotten here.
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

    /// The soft limit that holds, bytes.
    pub(crate) fn soft_memory(&self) -> usize {
        self.soft_memory.min(self.memory - self.memory / 4)
    }

    /// What a guest may hand to the host in one host call, bytes: the largest picture and room for the rest.
    pub(crate) fn host_call_bytes(&self) -> usize {
        let picture = usize::try_from(self.output_pixels).unwrap_or(usize::MAX).saturating_mul(4);
        picture.max(self.values_bytes).saturating_add(1024 * 1024)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_above_the_upper_bounds_and_what_was_is_named() {
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

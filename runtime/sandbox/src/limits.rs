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
    /// Values put in one call, bytes.
    pub values_bytes: usize,
    /// The largest picture that a guest may ask for or put, pixels.
    pub output_pixels: u64,
    /// Lines of log a second.
    pub log_lines: u32,
    /// Length of a line of log, bytes; longer ones are cut.
    pub log_line_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            call: Budget { time: Duration::from_millis(500), fuel: 20_000_000_000 },
            setup: Budget { time: Duration::from_secs(2), fuel: 100_000_000_000 },
            memory: 128 * 1024 * 1024,
            values_bytes: 1024 * 1024,
            output_pixels: 3840 * 2160,
            log_lines: 100,
            log_line_bytes: 4096,
        }
    }
}

impl Limits {
    /// What a guest may hand to the host in one host call, bytes: the largest picture and room for the rest.
    pub(crate) fn host_call_bytes(&self) -> usize {
        let picture = usize::try_from(self.output_pixels).unwrap_or(usize::MAX).saturating_mul(4);
        picture.max(self.values_bytes).saturating_add(1024 * 1024)
    }
}

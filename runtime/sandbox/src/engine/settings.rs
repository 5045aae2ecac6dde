//! The size of an engine.

use std::time::Duration;

/// How many instances an engine has room for, and how large they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Instances that may exist at once. Loading a component uses one more for a moment.
    pub instances: u32,
    /// Linear memory of one instance, at most, whatever its own limits are, bytes.
    pub memory: usize,
    /// Interval at which a call that is past its deadline is interrupted again until it ends.
    pub tick: Duration,
    /// Where guests run.
    pub guests: Guests,
}

/// Where the guests of an engine run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Guests {
    /// In this process.
    #[default]
    Here,
    /// In other processes, which get the [parts](crate::Parts) of a component. This one looks at compiled code only where it
    /// is asked to describe a component; it needs no more than one instance for that.
    Elsewhere,
}

impl Default for Settings {
    fn default() -> Self {
        Self { instances: 64, memory: 256 * 1024 * 1024, tick: Duration::from_millis(1), guests: Guests::Here }
    }
}

//! Shared by several handlers: clocks, rates, playing a video.

pub mod clip;
pub mod player;

mod clock;
mod rate;

pub use clock::Clock;
pub use rate::Rate;

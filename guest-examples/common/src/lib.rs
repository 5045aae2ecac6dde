//! What several handlers do: time, playing a video.

pub mod clip;
pub mod player;

mod clock;
mod rate;

pub use clock::Clock;
pub use rate::Rate;

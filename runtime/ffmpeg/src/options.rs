//! How an input is read.

use std::time::Duration;

/// Time without output after which a source is given up.
const SILENCE: Duration = Duration::from_secs(10);

/// How an input is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How fast.
    pub pace: Pace,
    /// Whether a file starts over at its end.
    pub looped: bool,
    /// What comes out.
    pub output: Output,
    /// Whether interlaced pictures of what is live are made whole, too: each picture is held back until the next one is there. If
    /// not, they fail with [`Failure::Interlaced`](crate::Failure::Interlaced); all others are always made whole.
    pub deinterlace: bool,
    /// Time without output after which it is given up, while its reader waits.
    pub silence: Duration,
}

/// How fast an input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// As its times say: what is live comes when it comes, with as little delay as possible.
    Live,
    /// As fast as the reader takes it.
    Demand,
}

/// What comes out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// Pictures, scaled down where they would not fit into this width and height, pixels; those on edge have its width as height.
    Pictures(u32, u32),
    /// The coded pictures as they are. An input in another codec fails.
    H264,
}

impl Options {
    /// Pictures as their times say.
    pub fn live(width: u32, height: u32) -> Self {
        let output = Output::Pictures(width, height);
        Self { pace: Pace::Live, looped: false, output, deinterlace: false, silence: SILENCE }
    }

    /// Pictures as fast as the reader takes them.
    pub fn on_demand(width: u32, height: u32) -> Self {
        Self { pace: Pace::Demand, ..Self::live(width, height) }
    }

    /// Starts over at the end.
    #[must_use]
    pub fn looped(self, looped: bool) -> Self {
        Self { looped, ..self }
    }
}

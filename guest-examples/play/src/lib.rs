//! Plays a video that the operator granted: a generator that shows pictures of a source.

use common::clip::{Clip, Settings};
use common::player::Player;
use framebox_handler::{About, Generator, Moment, Result};

/// What is open is given back with it.
#[derive(Default)]
struct Play(Player<Clip>);

impl Generator for Play {
    type Settings = Settings;

    fn about() -> About {
        About::new("Play", "Plays a video that was granted to it, at the video's own speed.")
    }

    fn configured(&mut self, settings: &Settings) -> Result<(), String> {
        self.0.set(settings)
    }

    fn next(&mut self, frame: &Moment<Settings>) -> Result {
        self.0.show(frame)
    }
}

framebox_handler::export!(generator Play);

//! A generator that plays a video granted by the operator.

use common::clip::{Clip, Settings};
use common::player::Player;
use framebox_handler::{About, Generator, Result, Tick};

/// Closes its source when dropped.
#[derive(Default)]
struct Play(Player<Clip>);

impl Generator for Play {
    type Settings = Settings;

    fn about() -> About {
        About::new("Play", "Plays a granted video at its own speed.")
    }

    fn configured(&mut self, settings: &Settings) -> Result<(), String> {
        self.0.set(settings)
    }

    fn next(&mut self, frame: &Tick<Settings>) -> Result {
        self.0.show(frame)
    }
}

framebox_handler::export!(generator Play);

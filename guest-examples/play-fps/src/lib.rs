//! Plays a granted video at 60 frames a second, and says once a second how many there were.

use common::Rate;
use common::clip::{Clip, Settings};
use common::player::Player;
use framebox_handler::{About, Generator, Moment, OutputKind, Result};

#[derive(Default)]
struct PlayFps {
    player: Player<Clip>,
    rate: Rate,
}

impl Generator for PlayFps {
    type Settings = Settings;

    fn about() -> About {
        About::new("Play at 60", "Plays a granted video at 60 frames a second, and measures the rate.")
            .output("fps", "FPS", OutputKind::Number)
            .unit("fps")
            .fps(60.0)
    }

    fn configured(&mut self, settings: &Settings) -> Result<(), String> {
        self.player.set(settings)
    }

    fn next(&mut self, frame: &Moment<Settings>) -> Result {
        self.player.show(frame)?;
        self.rate.count(frame.now_us).map_or(Ok(()), |fps| frame.put("fps", fps))
    }
}

framebox_handler::export!(generator PlayFps);

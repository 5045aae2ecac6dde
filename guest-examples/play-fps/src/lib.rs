//! Plays a granted video at 60 frames a second, and reports the frame rate once a second.

use common::Rate;
use common::clip::{Clip, Settings};
use common::player::Player;
use framebox_handler::{About, Generator, OutputKind, Result, Tick};

#[derive(Default)]
struct PlayFps {
    player: Player<Clip>,
    rate: Rate,
}

impl Generator for PlayFps {
    type Settings = Settings;

    fn about() -> About {
        About::new("Play at 60", "Plays a granted video at 60 frames a second and measures the frame rate.")
            .output("fps", "FPS", OutputKind::Number)
            .unit("fps")
            .fps(60.0)
    }

    fn configured(&mut self, settings: &Settings) -> Result<(), String> {
        self.player.set(settings)
    }

    fn next(&mut self, frame: &Tick<Settings>) -> Result {
        self.player.show(frame)?;
        self.rate.count(frame.now_us).map_or(Ok(()), |fps| frame.put("fps", fps))
    }
}

framebox_handler::export!(generator PlayFps);

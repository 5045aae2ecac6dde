//! A granted video for the player, and the parameters of the handlers that play one.

use std::time::Instant;

use framebox_handler::raw::media::Frame;
use framebox_handler::sources::{self, Source};
use framebox_handler::{Stop, Tick, parameters};

use crate::player::{Halt, Player, Video};

parameters! {
    /// Parameters of playing.
    pub struct Settings {
        source: String = text("Source", 64, "clip").help("The name of a granted video."),
        r#loop: bool = toggle("Loop", true).help("Start again at the end."),
        speed: f64 = number("Speed", 0.25..=4.0, 1.0).step(0.25).unit("×").help("1 is the original speed."),
    }
}

/// An open source.
pub struct Clip {
    name: String,
    source: Source,
}

impl Video for Clip {
    type Picture = Frame;

    fn open(name: &str) -> Result<Self, String> {
        Ok(Self { name: name.into(), source: sources::open(name)? })
    }

    fn next(&mut self) -> Result<Option<(Frame, i64)>, String> {
        Ok(self.source.next()?.map(|frame| {
            let pts = frame.info().pts_us;
            (frame, pts)
        }))
    }

    fn rewind(&mut self) -> Result<(), String> {
        self.source.seek(0).or_else(|_| sources::open(&self.name).map(|source| self.source = source))
    }

    fn interval(&self) -> Option<i64> {
        let fps = self.source.info().fps;
        (fps > 0.0).then(|| (1e6 / fps) as i64)
    }
}

impl Player<Clip> {
    /// Applies the parameters. A new source plays from its beginning.
    pub fn set(&mut self, settings: &Settings) -> Result<(), String> {
        if settings.source != self.source() {
            self.set_source(settings.source.clone())?;
        }
        self.set_loops(settings.r#loop);
        self.set_speed(settings.speed);
        Ok(())
    }

    /// Shows the current picture.
    pub fn show(&mut self, frame: &Tick<Settings>) -> framebox_handler::Result {
        let begin = Instant::now();
        // Reading uses the time of the call: after half of it, the last picture read is shown.
        let late = || begin.elapsed().as_micros() > u128::from(frame.budget.time_us / 2);
        match self.at(frame.now_us, late) {
            Ok(picture) => Ok(frame.out.show(picture)?),
            Err(Halt::Failed(why)) => Err(Stop::Failed(why)),
            Err(Halt::Finished(why)) => Err(Stop::Finished(why)),
        }
    }
}

//! Animated GIF, WebP and PNG: pictures that say how long each is shown.

use std::collections::VecDeque;
use std::time::Duration;

use framebox_picture::Size;

use super::reel::{Reel, Turn};
use super::rgba::Image;
use super::still::Still;
use super::{Bounds, Clip, Error, Frame, Info};

pub(super) struct Animation {
    image: Image,
    reel: Reel,
    size: Size,
    /// After the first picture, frames a second.
    fps: f32,
    seek_pixels: u64,
    /// Decoded already; the picture that is shown at a time is only known from how long it is.
    ahead: VecDeque<Turn>,
    /// When the next picture is shown.
    clock: Duration,
    /// Known after the end was met once.
    duration: Option<Duration>,
    /// What went wrong; until the next seek.
    fault: Option<Error>,
}

impl Animation {
    /// A still when there is a single picture.
    pub(super) fn open(image: Image, bounds: &Bounds) -> Result<Box<dyn Clip>, Error> {
        let mut reel = Reel::new(image.clone())?;
        let first = reel.next()?.ok_or_else(|| Error::Broken("it has no pictures".into()))?;
        let (size, delay) = (first.0.size(), first.1);
        let (ahead, fault) = match reel.next() {
            Ok(Some(second)) => (VecDeque::from([first, second]), None),
            Ok(None) => return Ok(Box::new(Still::of(first.0))),
            Err(error) => (VecDeque::from([first]), Some(error)),
        };
        let (fps, seek_pixels) = (1.0 / delay.as_secs_f32(), bounds.seek_pixels);
        let (clock, duration) = (Duration::ZERO, None);
        Ok(Box::new(Self { image, reel, size, fps, seek_pixels, ahead, clock, duration, fault }))
    }

    /// The next picture, and how long it is shown.
    fn turn(&mut self) -> Result<Option<Turn>, Error> {
        if let Some(turn) = self.ahead.pop_front() {
            return Ok(Some(turn));
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let turn = self.reel.next().inspect_err(|error| self.fault = Some(error.clone()))?;
        if turn.is_none() {
            self.duration = Some(self.clock);
        }
        Ok(turn)
    }

    fn rewind(&mut self) -> Result<(), Error> {
        self.reel = Reel::new(self.image.clone())?;
        self.ahead.clear();
        (self.clock, self.fault) = (Duration::ZERO, None);
        Ok(())
    }
}

impl Clip for Animation {
    fn info(&self) -> Info {
        Info { size: self.size, fps: self.fps, duration: self.duration }
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        let Some((picture, delay)) = self.turn()? else { return Ok(None) };
        let pts = self.clock;
        self.clock = self.clock.saturating_add(delay);
        Ok(Some(Frame { picture, pts }))
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        if to < self.clock || self.fault.is_some() {
            self.rewind()?;
        }
        let mut pixels = 0u64;
        while let Some(turn) = self.turn()? {
            if self.clock.saturating_add(turn.1) > to {
                self.ahead.push_front(turn);
                return Ok(());
            }
            self.clock = self.clock.saturating_add(turn.1);
            pixels = pixels.saturating_add(self.size.pixels());
            if pixels > self.seek_pixels {
                return Err(Error::TooFar);
            }
        }
        Ok(())
    }
}

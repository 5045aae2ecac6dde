//! Animated GIF, WebP and PNG images.

use std::collections::VecDeque;
use std::time::Duration;

use framebox_picture::{Format, Pool, Size};

use super::bounds::Bounds;
use super::error::Error;
use super::image_thread::{AnimationDecoder, TimedPicture};
use super::interface::{Clip, Frame, Info};
use super::rgba::Image;
use super::still::Still;

/// Pictures of RGBA that a decoder of animations holds: the canvas, the one before it, and the one being decoded.
const CANVASES: usize = 3;

pub(super) struct Animation {
    image: Image,
    decoder: AnimationDecoder,
    size: Size,
    /// Frame rate according to the duration of the first picture, frames per second.
    fps: f32,
    seek_pixels: u64,
    /// Pictures decoded in advance: finding the picture shown at a time needs its duration.
    decoded: VecDeque<TimedPicture>,
    /// Presentation time of the next picture.
    next_pts: Duration,
    /// Known once the end has been reached.
    duration: Option<Duration>,
    /// Returned until the next seek.
    error: Option<Error>,
}

impl Animation {
    /// Opens an image, as a still if it has a single picture.
    pub(super) fn open(image: Image, bounds: &Bounds) -> Result<Box<dyn Clip>, Error> {
        let mut decoder = AnimationDecoder::new(image.clone())?;
        let first = decoder.next()?.ok_or_else(|| Error::Broken("it has no pictures".into()))?;
        let (size, delay) = (first.0.size(), first.1);
        let (decoded, error) = match decoder.next() {
            Ok(Some(second)) => (VecDeque::from([first, second]), None),
            Ok(None) => return Ok(Box::new(Still::of(first.0))),
            Err(error) => (VecDeque::from([first]), Some(error)),
        };
        let (fps, seek_pixels) = (1.0 / delay.as_secs_f32(), bounds.seek_pixels);
        let (next_pts, duration) = (Duration::ZERO, None);
        Ok(Box::new(Self { image, decoder, size, fps, seek_pixels, decoded, next_pts, duration, error }))
    }

    /// Returns the next picture and its duration.
    fn next_picture(&mut self) -> Result<Option<TimedPicture>, Error> {
        if let Some(picture) = self.decoded.pop_front() {
            return Ok(Some(picture));
        }
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        let picture = self.decoder.next().inspect_err(|error| self.error = Some(error.clone()))?;
        if picture.is_none() {
            self.duration = Some(self.next_pts);
        }
        Ok(picture)
    }

    fn rewind(&mut self) -> Result<(), Error> {
        self.decoder = AnimationDecoder::new(self.image.clone())?;
        self.decoded.clear();
        (self.next_pts, self.error) = (Duration::ZERO, None);
        Ok(())
    }
}

impl Clip for Animation {
    fn info(&self) -> Info {
        Info { size: self.size, fps: self.fps, duration: self.duration, dropped: Vec::new() }
    }

    fn memory(&self) -> usize {
        let canvases = CANVASES.saturating_mul(Format::Rgba8.bytes(self.size));
        let pictures = Pool::KEPT.saturating_mul(Format::I420.bytes(self.size));
        self.image.bytes.len().saturating_add(canvases).saturating_add(pictures)
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        let Some((picture, delay)) = self.next_picture()? else { return Ok(None) };
        let pts = self.next_pts;
        self.next_pts = self.next_pts.saturating_add(delay);
        Ok(Some(Frame { picture, pts }))
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        if to < self.next_pts || self.error.is_some() {
            self.rewind()?;
        }
        let mut pixels = 0u64;
        while let Some(picture) = self.next_picture()? {
            if self.next_pts.saturating_add(picture.1) > to {
                self.decoded.push_front(picture);
                return Ok(());
            }
            self.next_pts = self.next_pts.saturating_add(picture.1);
            pixels = pixels.saturating_add(self.size.pixels());
            if pixels > self.seek_pixels {
                return Err(Error::TooFar);
            }
        }
        Ok(())
    }
}

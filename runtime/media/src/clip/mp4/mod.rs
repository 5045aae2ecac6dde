//! MP4 with H.264.
//!
//! The crate `mp4-atom` decodes the boxes: it is maintained and small, does not allocate memory according to a table's claimed
//! size, and returns the tables as they are in the file, so that bounds are checked before anything grows. (`mp4` has had no
//! release for years; `re_mp4` and Symphonia's reader build their sample lists before the counts can be checked, and the latter
//! supports audio only.) It only decodes single boxes on the way to the video's tables: its containers decode their contents
//! recursively, and deeply nested boxes would overflow the stack.

mod boxes;
mod index;
mod units;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use framebox_picture::{Format, Pool, Size};

use super::bounds::Bounds;
use super::error::Error;
use super::file::File;
use super::interface::{Clip, Frame, Info};
use crate::{Codec, Decoder, decode};
use boxes::Track;
use index::{Index, Sample};
use units::Units;

/// Maximum size of a sample, bytes.
const MAX_SAMPLE: u32 = 16 << 20;
/// Consecutive samples without a picture, at most. H.264 delays pictures by 16 samples at most.
const MAX_WITHOUT_PICTURE: usize = 32;

pub(super) struct Video {
    file: File,
    index: Index,
    units: Units,
    settings: decode::Settings,
    seek_pixels: u64,
    info: Info,
    decoder: Box<dyn Decoder>,
    /// Index of the next sample.
    at: usize,
    /// Presentation times of the samples whose pictures the decoder still holds, earliest first.
    times: BinaryHeap<Reverse<Duration>>,
    /// Pictures before this time are decoded but not returned.
    from: Duration,
    /// Time of the last picture since the last seek. Those of a damaged file may go back.
    last: Duration,
    /// Returned until the next seek.
    error: Option<Error>,
    /// The first picture, decoded when the file was opened.
    first: Option<Frame>,
    coded: Vec<u8>,
    bytes: Vec<u8>,
    pool: Pool,
}

impl Video {
    pub(super) fn open(file: File, bounds: &Bounds) -> Result<Self, Error> {
        let track = Track::read(&file, bounds)?;
        let index = Index::new(&track.tables, bounds)?;
        let settings = decode::Settings::any_references(bounds.pixels);
        let mut video = Self {
            file,
            units: Units::new(&track.parameters)?,
            decoder: decoder(&settings)?,
            settings,
            seek_pixels: bounds.seek_pixels,
            info: Info { size: Size::new(0, 0), fps: index.fps(), duration: Some(index.duration) },
            index,
            at: 0,
            times: BinaryHeap::new(),
            from: Duration::ZERO,
            last: Duration::ZERO,
            error: None,
            first: None,
            coded: Vec::new(),
            bytes: Vec::new(),
            pool: Pool::default(),
        };
        let first = video.next()?.ok_or_else(|| Error::Broken("it has no picture that can be decoded".into()))?;
        video.info.size = first.picture.size();
        video.first = Some(first);
        Ok(video)
    }

    /// Returns the next picture of the decoder.
    fn decode(&mut self) -> Result<Option<Frame>, Error> {
        for _ in 0..MAX_WITHOUT_PICTURE {
            let has_picture = match self.index.samples.get(self.at) {
                Some(&sample) => {
                    self.at += 1;
                    self.feed(sample)?
                }
                None if self.decoder.flush().map_err(codec_error)? => true,
                None => return Ok(None),
            };
            if !has_picture {
                continue;
            }
            let Some(planes) = self.decoder.picture() else { continue };
            let picture = self.pool.filled(|picture| picture.copy_from(planes))?;
            let Reverse(pts) =
                self.times.pop().ok_or_else(|| Error::Broken("it has more pictures than times".into()))?;
            self.last = self.last.max(pts);
            return Ok(Some(Frame { picture, pts: self.last }));
        }
        Err(Error::Broken(format!("{MAX_WITHOUT_PICTURE} samples in a row contain no picture")))
    }

    /// Decodes a sample. Returns whether it resulted in a picture.
    fn feed(&mut self, sample: Sample) -> Result<bool, Error> {
        if sample.bytes > MAX_SAMPLE {
            return Err(Error::TooMuch { what: "the size of a coded picture in bytes", most: MAX_SAMPLE.into() });
        }
        if sample.bytes == 0 {
            return Ok(false);
        }
        self.bytes.clear();
        self.file.append(sample.offset, sample.bytes as usize, &mut self.bytes, "the end of its pictures")?;
        self.units.stream(&self.bytes, sample.keyframe, &mut self.coded)?;
        self.times.push(Reverse(sample.pts));
        self.decoder.decode(&self.coded).map_err(codec_error)
    }

    /// Returns the next picture that is not before the target of the last seek.
    fn next_shown(&mut self) -> Result<Option<Frame>, Error> {
        loop {
            match self.decode()? {
                Some(frame) if frame.pts < self.from => {}
                other => return Ok(other),
            }
        }
    }
}

impl Clip for Video {
    fn info(&self) -> Info {
        self.info
    }

    fn memory(&self) -> usize {
        let index = self.index.samples.len().saturating_mul(size_of::<Sample>());
        let pictures = Pool::KEPT.saturating_mul(Format::I420.bytes(self.info.size));
        let buffers = self.coded.capacity().saturating_add(self.bytes.capacity());
        [self.decoder.memory(), pictures, buffers].into_iter().fold(index, usize::saturating_add)
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if let Some(error) = &self.error {
            return Err(error.clone());
        }
        self.next_shown().inspect_err(|error| self.error = Some(error.clone()))
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        let (at, from) = if to.is_zero() {
            // As after opening, whatever the times of a damaged file are.
            (0, Duration::ZERO)
        } else if to < self.index.duration {
            let (keyframe, wanted) = self.index.find(to);
            let between = wanted.saturating_sub(keyframe) as u64;
            if between.saturating_mul(self.info.size.pixels()) > self.seek_pixels {
                return Err(Error::TooFar);
            }
            (keyframe, self.index.samples[wanted].pts)
        } else {
            (self.index.samples.len(), to)
        };
        // A new decoder holds no earlier pictures.
        self.decoder = decoder(&self.settings)?;
        self.times.clear();
        self.first = None;
        self.error = None;
        self.last = Duration::ZERO;
        (self.at, self.from) = (at, from);
        Ok(())
    }
}

fn decoder(settings: &decode::Settings) -> Result<Box<dyn Decoder>, Error> {
    Codec::H264.decoder_with(settings).map_err(|_| Error::Decoder)
}

fn codec_error(error: crate::Error) -> Error {
    match error {
        crate::Error::TooLarge { size, max_pixels } => Error::TooLarge { size, most: max_pixels },
        _ => Error::Broken(
            "a picture cannot be decoded, or uses an unsupported variant of H.264 (10 bits, 4:2:2, interlaced)".into(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever decodes as samples arrive finds the time of a picture by this.
    #[test]
    fn the_decoder_tells_how_many_pictures_it_holds_back() {
        for (path, reorders) in [("tests/clips/reordered.mp4", true), ("clips/clip.mp4", false)] {
            let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
            let bounds = Bounds::default();
            let mut video = Video::open(File::open(&path, &bounds).unwrap(), &bounds).unwrap();
            video.seek(Duration::ZERO).unwrap();
            let mut most = 0;
            for (fed, sample) in video.index.samples.clone().into_iter().take(40).enumerate() {
                let has_picture = video.feed(sample).unwrap();
                most = most.max(video.decoder.held());
                assert_eq!(
                    video.decoder.held() + usize::from(has_picture),
                    video.times.len(),
                    "sample {fed} of {path:?}"
                );
                if has_picture {
                    video.times.pop();
                }
            }
            assert_eq!(most > 0, reorders, "{path:?}: {most}");
        }
    }
}

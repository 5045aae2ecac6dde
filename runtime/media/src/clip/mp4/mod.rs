//! MP4 with H.264.
//!
//! The boxes are decoded by the crate `mp4-atom`: it is maintained, small, reserves no memory on a table's word, and gives
//! the tables as they are in the file, so that bounds are checked before anything grows. (`mp4` has had no release for
//! years; `re_mp4` and Symphonia's reader build their sample lists before one can look at the counts, and the latter knows
//! audio only.) It is asked for single boxes on the way to the video's tables and for nothing else: its containers decode
//! whatever is inside of them recursively, which a file of boxes in boxes in boxes would turn into an overflow of the stack.

mod boxes;
mod index;
mod units;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use framebox_picture::{Pool, Size};

use super::file::File;
use super::{Bounds, Clip, Error, Frame, Info};
use crate::{Codec, Decoder, decode};
use boxes::Track;
use index::{Index, Sample};
use units::Units;

/// The longest sample, bytes.
const LONGEST: u32 = 16 << 20;
/// Samples without a picture that are passed over at most before one with a picture. H.264 holds back 16 at most.
const SILENT: usize = 32;

pub(super) struct Video {
    file: File,
    index: Index,
    units: Units,
    settings: decode::Settings,
    seek_pixels: u64,
    info: Info,
    decoder: Box<dyn Decoder>,
    /// The next sample.
    at: usize,
    /// Times of the samples whose pictures are to come, the earliest first.
    times: BinaryHeap<Reverse<Duration>>,
    /// Pictures before this one are only decoded.
    from: Duration,
    /// What went wrong; until the next seek.
    fault: Option<Error>,
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
        let settings = decode::Settings { max_pixels: bounds.pixels };
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
            fault: None,
            first: None,
            coded: Vec::new(),
            bytes: Vec::new(),
            pool: Pool::default(),
        };
        let first = video.next()?.ok_or_else(|| Error::Broken("no picture comes out of it".into()))?;
        video.info.size = first.picture.size();
        video.first = Some(first);
        Ok(video)
    }

    /// The next picture that comes out of the decoder.
    fn decode(&mut self) -> Result<Option<Frame>, Error> {
        for _ in 0..SILENT {
            let came = match self.index.samples.get(self.at) {
                Some(&sample) => {
                    self.at += 1;
                    self.feed(sample)?
                }
                None if self.decoder.flush().map_err(coded)? => true,
                None => return Ok(None),
            };
            if !came {
                continue;
            }
            let Some(planes) = self.decoder.picture() else { continue };
            let picture = self.pool.filled(|picture| picture.copy_from(planes))?;
            let Reverse(pts) =
                self.times.pop().ok_or_else(|| Error::Broken("it has more pictures than times".into()))?;
            return Ok(Some(Frame { picture, pts }));
        }
        Err(Error::Broken(format!("no picture comes out of {SILENT} samples")))
    }

    /// Decodes a sample; true: a picture came.
    fn feed(&mut self, sample: Sample) -> Result<bool, Error> {
        if sample.bytes > LONGEST {
            return Err(Error::TooMuch { what: "the bytes of a picture", most: LONGEST.into() });
        }
        if sample.bytes == 0 {
            return Ok(false);
        }
        self.bytes.clear();
        self.file.append(sample.offset, sample.bytes as usize, &mut self.bytes, "the end of its pictures")?;
        self.units.stream(&self.bytes, sample.keyframe, &mut self.coded)?;
        self.times.push(Reverse(sample.pts));
        self.decoder.decode(&self.coded).map_err(coded)
    }

    fn following(&mut self) -> Result<Option<Frame>, Error> {
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

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        self.following().inspect_err(|error| self.fault = Some(error.clone()))
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        let (keyframe, wanted) = self.index.find(to);
        let between = wanted.saturating_sub(keyframe) as u64;
        if between.saturating_mul(self.info.size.pixels()) > self.seek_pixels {
            return Err(Error::TooFar);
        }
        // A fresh decoder holds nothing back of what it saw before.
        self.decoder = decoder(&self.settings)?;
        self.times.clear();
        self.first = None;
        self.fault = None;
        (self.at, self.from) = if to < self.index.duration || to.is_zero() {
            (keyframe, self.index.samples[wanted].pts)
        } else {
            (self.index.samples.len(), to)
        };
        Ok(())
    }
}

fn decoder(settings: &decode::Settings) -> Result<Box<dyn Decoder>, Error> {
    Codec::H264.decoder_with(settings).map_err(|_| Error::Decoder)
}

fn coded(error: crate::Error) -> Error {
    match error {
        crate::Error::TooLarge { size, max_pixels } => Error::TooLarge { size, most: max_pixels },
        _ => Error::Broken(
            "a picture cannot be decoded, or is H.264 of a kind that is not read (10 bits, 4:2:2, interlaced)".into(),
        ),
    }
}

//! MP4 and QuickTime with H.264.
//!
//! The crate `mp4-atom` decodes the boxes: it is maintained and small, does not allocate memory according to a table's claimed
//! size, and returns the tables as they are in the file, so that bounds are checked before anything grows. (`mp4` has had no
//! release for years; `re_mp4` and Symphonia's reader build their sample lists before the counts can be checked, and the latter
//! supports audio only.) It only decodes single boxes on the way to the video's tables: its containers decode their contents
//! recursively, and deeply nested boxes would overflow the stack. Runs of samples in fragments are read here, since there they
//! take no memory.
//!
//! | module | contents |
//! |---|---|
//! | `boxes` | walks through boxes |
//! | `movie` | chooses the track that is shown |
//! | `entry` | how its samples are coded, and how their pictures are meant |
//! | `tables`, `fragments` | where its samples are: in one index, or in fragments as they were recorded |
//! | `samples`, `edits`, `index` | its samples and their times, the parts that are shown, and what to decode for a time |
//! | `units` | samples to the byte stream of the decoder |

mod boxes;
mod edits;
mod entry;
mod fragments;
mod index;
mod movie;
mod samples;
mod tables;
mod units;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use framebox_picture::sample::Sampler;
use framebox_picture::{Format, Orientation, Pool, Size};

use super::bounds::Bounds;
use super::error::Error;
use super::file::File;
use super::interface::{Clip, Frame, Info};
use crate::h264::{annexb, nal};
use crate::{Codec, Decoder, decode};
use entry::Entry;
use index::{Index, Place};
use movie::Movie;
use samples::Sample;

/// Maximum size of a sample, bytes.
const MAX_SAMPLE: u32 = 16 << 20;
/// Consecutive samples without a picture, at most. H.264 delays pictures by 16 samples at most.
const MAX_WITHOUT_PICTURE: usize = 32;
/// Samples that a segment may begin before the first one that it needs.
const MAX_BACK: usize = 4096;
/// Sequence parameter sets of a stream, at most.
const MAX_SETS: usize = 32;

pub(super) struct Video {
    file: File,
    index: Index,
    entries: Vec<Result<Entry, Error>>,
    orientation: Orientation,
    settings: decode::Settings,
    seek_pixels: u64,
    info: Info,
    decoder: Box<dyn Decoder>,
    /// Number of the segment that is shown.
    segment: usize,
    /// Place of the next sample.
    at: usize,
    /// Whether `coded` is the next sample.
    loaded: bool,
    /// Whether the next sample begins a new stream, which the decoder's old one has to end for.
    begins: bool,
    /// Place of the entry that the decoder's stream has; none before it begins.
    entry: Option<u8>,
    /// Sequence parameter sets of the decoder's stream.
    sets: Vec<Vec<u8>>,
    /// Times of the samples whose pictures the decoder still holds, earliest first.
    times: BinaryHeap<Reverse<i64>>,
    /// Pictures of the segment before this time are decoded but not returned.
    from: i64,
    /// Time of the last picture since the last seek. Those of a damaged file may go back.
    last: Duration,
    /// Returned until the next seek.
    error: Option<Error>,
    /// The first picture, decoded when the file was opened.
    first: Option<Frame>,
    coded: Vec<u8>,
    bytes: Vec<u8>,
    sampler: Sampler,
    pool: Pool,
}

/// What came of a step.
enum Step {
    /// A picture that is shown.
    Shown(Frame),
    /// A picture that is not shown.
    Hidden,
    /// No picture.
    Nothing,
    /// Nothing comes any more.
    End,
}

impl Video {
    pub(super) fn open(file: File, bounds: &Bounds) -> Result<Self, Error> {
        let movie = Movie::read(&file, bounds)?;
        let index = Index::read(&file, &movie, bounds)?;
        let settings = decode::Settings::any_references(bounds.pixels);
        let info =
            Info { size: Size::new(0, 0), fps: index.fps(), duration: Some(index.duration()), dropped: movie.dropped };
        let mut video = Self {
            file,
            entries: movie.track.entries,
            orientation: movie.orientation,
            decoder: decoder(&settings)?,
            settings,
            seek_pixels: bounds.seek_pixels,
            info,
            index,
            segment: 0,
            at: 0,
            loaded: false,
            begins: false,
            entry: None,
            sets: Vec::new(),
            times: BinaryHeap::new(),
            from: i64::MIN,
            last: Duration::ZERO,
            error: None,
            first: None,
            coded: Vec::new(),
            bytes: Vec::new(),
            sampler: Sampler::default(),
            pool: Pool::default(),
        };
        video.enter(0)?;
        let first = video.next()?.ok_or_else(|| Error::Broken("it has no picture that can be decoded".into()))?;
        video.info.size = first.picture.size();
        video.first = Some(first);
        Ok(video)
    }

    /// Goes to the beginning of a segment.
    fn enter(&mut self, segment: usize) -> Result<(), Error> {
        self.segment = segment;
        if let Some(segment) = self.index.segment(segment) {
            let (begin, from) = (segment.samples.start, segment.shown.start);
            (self.at, self.from) = (self.entry_point(begin, begin.saturating_sub(MAX_BACK))?, from);
        }
        Ok(())
    }

    /// Returns the last sample until `keyframe` that the decoder can start at: OpenH264 takes none but IDR pictures. Returns `keyframe`
    /// if there is none from `first` on.
    fn entry_point(&self, keyframe: usize, first: usize) -> Result<usize, Error> {
        for at in (first..=keyframe).rev() {
            let sample = self.index.samples[at];
            if let Some(Ok(entry)) = self.entries.get(usize::from(sample.entry))
                && sample.keyframe
                && entry.units.hold_idr(&self.file, sample)?
            {
                return Ok(at);
            }
        }
        Ok(keyframe)
    }

    /// Starts a new decoder, which holds no earlier pictures.
    fn restart(&mut self) -> Result<(), Error> {
        self.decoder = decoder(&self.settings)?;
        self.times.clear();
        self.entry = None;
        Ok(())
    }

    /// Forgets what is known of the stream.
    fn forget(&mut self) {
        (self.loaded, self.begins) = (false, false);
        self.sets.clear();
    }

    /// Decodes the next sample, or ends the decoder's stream.
    fn step(&mut self) -> Result<Step, Error> {
        let Some(segment) = self.index.segment(self.segment) else { return Ok(Step::End) };
        let next = (self.at < segment.samples.end).then(|| self.index.samples[self.at]);
        if let Some(sample) = next {
            if !self.loaded {
                self.load(sample)?;
                self.loaded = true;
            }
            if !self.begins {
                self.loaded = false;
                self.at += 1;
                if self.coded.is_empty() {
                    return Ok(Step::Nothing);
                }
                if self.entry.replace(sample.entry).is_none() && !annexb::is_keyframe(&self.coded) {
                    return Err(Error::Codec { name: "H.264 that does not begin with an IDR picture".into() });
                }
                self.times.push(Reverse(sample.time));
                return if self.decoder.decode(&self.coded).map_err(codec_error)? {
                    self.picture()
                } else {
                    Ok(Step::Nothing)
                };
            }
        }
        // What the decoder holds back is shown before what comes.
        if self.decoder.flush().map_err(codec_error)? {
            return self.picture();
        }
        if next.is_none() {
            if self.segment + 1 == self.index.segments() {
                self.segment += 1;
                return Ok(Step::End);
            }
            self.enter(self.segment + 1)?;
            self.forget();
        }
        self.begins = false;
        self.restart()?;
        Ok(Step::Nothing)
    }

    /// Reads a sample into `coded`, and sees whether it begins a new stream.
    fn load(&mut self, sample: Sample) -> Result<(), Error> {
        if sample.bytes > MAX_SAMPLE {
            return Err(Error::TooMuch { what: "the size of a coded picture in bytes", most: MAX_SAMPLE.into() });
        }
        self.coded.clear();
        if sample.bytes == 0 {
            return Ok(());
        }
        let missing = || Error::Broken("its index names a codec that it does not have".into());
        let units = match self.entries.get(usize::from(sample.entry)).ok_or_else(missing)? {
            Ok(entry) => &entry.units,
            Err(error) => return Err(error.clone()),
        };
        self.bytes.clear();
        self.file.append(sample.offset, sample.bytes as usize, &mut self.bytes, "the end of its pictures")?;
        let another = self.entry.is_some_and(|entry| entry != sample.entry);
        units.stream(&self.bytes, sample.keyframe || another, &mut self.coded)?;
        self.begins = another;
        if sample.keyframe || another {
            let sets = || annexb::units(&self.coded).filter(|unit| nal::kind(unit) == nal::SPS).take(MAX_SETS);
            if another || sets().any(|set| !self.sets.iter().any(|known| known == set)) {
                // OpenH264 would drop pictures that it holds back for a new size.
                self.begins |= !self.sets.is_empty();
                self.sets = sets().map(<[u8]>::to_vec).collect();
            }
        }
        Ok(())
    }

    /// Copies the decoder's picture, if it is shown.
    fn picture(&mut self) -> Result<Step, Error> {
        let Some(coded) = self.decoder.picture() else { return Ok(Step::Nothing) };
        let time = self.times.pop().ok_or_else(|| Error::Broken("it has more pictures than times".into()))?.0;
        let Some(segment) = self.index.segment(self.segment) else { return Ok(Step::End) };
        if time < self.from || time >= segment.shown.end {
            return Ok(Step::Hidden);
        }
        let entry = self.entry.and_then(|entry| self.entries.get(usize::from(entry)));
        let mut coded = match entry {
            Some(Ok(entry)) => entry.meant(coded, self.settings.max_pixels),
            _ => coded,
        };
        coded.orientation = self.orientation;
        let (size, sampler) = (self.orientation.size(coded.size), &mut self.sampler);
        let picture = self.pool.filled(|picture| sampler.draw(coded, size, picture))?;
        self.last = self.last.max(self.index.pts(segment, time));
        Ok(Step::Shown(Frame { picture, pts: self.last }))
    }

    /// Returns the next picture that is shown.
    fn decode(&mut self) -> Result<Option<Frame>, Error> {
        let mut without = 0;
        while without < MAX_WITHOUT_PICTURE {
            match self.step()? {
                Step::Shown(frame) => return Ok(Some(frame)),
                Step::Hidden => without = 0,
                Step::Nothing => without += 1,
                Step::End => return Ok(None),
            }
        }
        Err(Error::Broken(format!("{MAX_WITHOUT_PICTURE} samples in a row contain no picture")))
    }
}

impl Clip for Video {
    fn info(&self) -> Info {
        self.info.clone()
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
        self.decode().inspect_err(|error| self.error = Some(error.clone()))
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        let mut place = if to.is_zero() { None } else { self.index.find(to) };
        if let Some(Place { keyframe, wanted, .. }) = &mut place {
            let most = usize::try_from(self.seek_pixels / self.info.size.pixels().max(1)).unwrap_or(usize::MAX);
            let first = wanted.saturating_sub(most);
            if *keyframe >= first {
                *keyframe = self.entry_point(*keyframe, first)?;
            }
            if *keyframe < first {
                return Err(Error::TooFar);
            }
        }
        self.restart()?;
        self.forget();
        self.first = None;
        self.error = None;
        self.last = Duration::ZERO;
        match place {
            Some(Place { segment, keyframe, wanted }) => {
                self.enter(segment)?;
                (self.at, self.from) = (keyframe, self.index.samples[wanted].time);
            }
            // As after opening, whatever the times of a damaged file are.
            None if to.is_zero() => self.enter(0)?,
            None => self.enter(self.index.segments())?,
        }
        Ok(())
    }
}

fn decoder(settings: &decode::Settings) -> Result<Box<dyn Decoder>, Error> {
    Codec::H264.decoder_with(settings).map_err(|_| Error::Decoder)
}

fn codec_error(error: crate::Error) -> Error {
    match error {
        crate::Error::TooLarge { size, max_pixels } => Error::TooLarge { size, most: max_pixels },
        crate::Error::Interlaced => Error::Codec { name: "H.264 with interlaced pictures".into() },
        _ => Error::Broken("a picture cannot be decoded".into()),
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
            for fed in 0..40 {
                let step = video.step().unwrap();
                most = most.max(video.decoder.held());
                assert!(!matches!(step, Step::Hidden | Step::End));
                assert_eq!(video.decoder.held(), video.times.len(), "sample {fed} of {path:?}");
            }
            assert_eq!(most > 0, reorders, "{path:?}: {most}");
        }
    }
}

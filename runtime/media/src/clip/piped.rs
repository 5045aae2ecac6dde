//! Pictures of a pipe into which another program decodes a file ([`crate::nut`]).

use std::any::Any;
use std::collections::VecDeque;
use std::io::{self, Read};
use std::time::{Duration, Instant};

use framebox_picture::{Format, Pool};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::bounds::Bounds;
use super::error::Error;
use super::interface::{Clip, Frame, Info};
use crate::nut::{self, Coding, Data, Reader};

/// Longest time for a picture to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest coded picture, bytes: there are none.
const CODED: usize = 0;

/// A pipe into which a file is decoded, from its beginning.
pub struct Decoded {
    /// Its reading end.
    pub pipe: std::fs::File,
    /// Is kept for as long as it is read.
    pub permit: Box<dyn Any + Send>,
}

/// Starts decoding a file from its beginning; fails with a text for whoever reads it.
pub type Decode = Box<dyn FnMut() -> Result<Decoded, String> + Send>;

/// A file that another program decodes. Going back begins anew.
pub struct Piped {
    decode: Decode,
    reading: Reading,
    seek_pixels: u64,
    pixels: u64,
    info: Info,
    /// The picture that was returned last, which is shown until the next one.
    returned: Option<Frame>,
    /// Pictures that were read in advance.
    ahead: VecDeque<Frame>,
    pool: Pool,
    /// Returned until the next seek.
    error: Option<Error>,
}

/// A pipe that is read.
struct Reading {
    reader: Reader<Patient>,
    /// Time of the first picture, ns.
    first: Option<i64>,
    /// Presentation time of the last picture.
    last: Duration,
    _permit: Box<dyn Any + Send>,
}

impl Piped {
    /// Starts decoding, and reads the first picture.
    ///
    /// # Errors
    /// If it cannot be decoded, or its pictures exceed `bounds`.
    pub fn open(mut decode: Decode, bounds: &Bounds) -> Result<Self, Error> {
        let mut reading = Reading::begin(&mut decode, bounds.pixels)?;
        let size = reading.reader.track().size;
        let mut pool = Pool::default();
        let first = reading.next(&mut pool)?.ok_or_else(empty)?;
        // The second one tells the rate, and that it is more than a picture.
        let mut error = None;
        let second = reading.next(&mut pool).unwrap_or_else(|problem| {
            error = Some(problem);
            None
        });
        let step = second.as_ref().map(|second| second.pts.saturating_sub(first.pts)).filter(|step| !step.is_zero());
        let info =
            Info { size, fps: step.map_or(0.0, |step| 1.0 / step.as_secs_f32()), duration: None, dropped: Vec::new() };
        let ahead = [Some(first), second].into_iter().flatten().collect();
        let (seek_pixels, pixels) = (bounds.seek_pixels, bounds.pixels);
        Ok(Self { decode, reading, seek_pixels, pixels, info, returned: None, ahead, pool, error })
    }

    fn begin_anew(&mut self) -> Result<(), Error> {
        // The program before ends first.
        (self.returned, self.error) = (None, None);
        self.ahead.clear();
        self.reading =
            Reading::begin(&mut self.decode, self.pixels).inspect_err(|error| self.error = Some(error.clone()))?;
        Ok(())
    }

    fn next_picture(&mut self) -> Result<Option<Frame>, Error> {
        if let Some(frame) = self.ahead.pop_front() {
            return Ok(Some(frame));
        }
        match &self.error {
            Some(error) => Err(error.clone()),
            None => self.reading.next(&mut self.pool).inspect_err(|error| self.error = Some(error.clone())),
        }
    }

    /// How long the last picture is shown.
    fn period(&self) -> Duration {
        if self.info.fps > 0.0 { Duration::from_secs_f32(1.0 / self.info.fps) } else { Duration::MAX }
    }
}

impl Clip for Piped {
    fn info(&self) -> Info {
        self.info.clone()
    }

    fn memory(&self) -> usize {
        (Pool::KEPT + 1).saturating_mul(Format::I420.bytes(self.info.size))
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        let next = self.next_picture()?;
        if next.is_some() {
            self.returned.clone_from(&next);
        }
        Ok(next)
    }

    fn seek(&mut self, to: Duration) -> Result<(), Error> {
        let earliest = self.returned.as_ref().or(self.ahead.front());
        if self.error.is_some() || earliest.is_some_and(|earliest| to < earliest.pts) {
            self.begin_anew()?;
        }
        let (mut shown, mut pixels) = (self.returned.take(), 0_u64);
        // Which picture is shown at a time is known when the next one is there.
        while let Some(frame) = self.next_picture()? {
            if frame.pts > to {
                self.ahead.push_front(frame);
                break;
            }
            shown = Some(frame);
            pixels = pixels.saturating_add(self.info.size.pixels());
            if pixels > self.seek_pixels {
                return Err(Error::TooFar);
            }
        }
        match shown {
            Some(frame) if !self.ahead.is_empty() || to < frame.pts.saturating_add(self.period()) => {
                self.ahead.push_front(frame);
            }
            shown => self.returned = shown,
        }
        Ok(())
    }
}

impl Reading {
    fn begin(decode: &mut Decode, pixels: u64) -> Result<Self, Error> {
        let Decoded { pipe, permit } = decode().map_err(Error::Unsupported)?;
        let bounds = nut::Bounds { pixels, coded_bytes: CODED };
        let reader = Reader::new(Patient(pipe), bounds).map_err(stream_error)?;
        if reader.track().coding != Coding::Pictures {
            return Err(Error::Unsupported("it was not decoded".into()));
        }
        Ok(Self { reader, first: None, last: Duration::ZERO, _permit: permit })
    }

    fn next(&mut self, pool: &mut Pool) -> Result<Option<Frame>, Error> {
        let Some(frame) = self.reader.next(pool).map_err(stream_error)? else { return Ok(None) };
        let Data::Picture(picture) = frame.data else { return Err(Error::Memory) };
        let since = frame.time.saturating_sub(*self.first.get_or_insert(frame.time));
        // Those of a damaged file may go back.
        self.last = self.last.max(Duration::from_nanos(since.max(0).unsigned_abs()));
        Ok(Some(Frame { picture, pts: self.last }))
    }
}

/// A pipe that is not waited for for ever.
struct Patient(std::fs::File);

impl Read for Patient {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = Timespec::try_from(until.saturating_duration_since(Instant::now())).map_err(io::Error::other)?;
            match poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&left)) {
                Ok(0) => return Err(io::ErrorKind::TimedOut.into()),
                Ok(_) => return self.0.read(buffer),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn stream_error(error: nut::Error) -> Error {
    match error {
        nut::Error::Read(io::ErrorKind::TimedOut) => Error::Broken("a picture takes too long to decode".into()),
        nut::Error::Read(kind) => Error::Read(kind),
        nut::Error::TooLarge { size, most } => Error::TooLarge { size, most },
        nut::Error::Empty => empty(),
        other => Error::Broken(other.to_string()),
    }
}

fn empty() -> Error {
    Error::Broken("it has no picture that can be decoded".into())
}

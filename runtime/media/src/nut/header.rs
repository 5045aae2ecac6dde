//! The main header, with its table of frame codes, and that of the track.

use framebox_picture::Size;

use super::error::Error;
use super::input::Numbers;

/// The version that is finished.
const VERSION: u64 = 3;
/// Most units of time.
const UNITS: u64 = 16;
/// Most frame headers that are left out, and their length, bytes.
const ELIDED: u64 = 128;
const ELIDED_BYTES: usize = 256;
/// Most reserved numbers that a frame may have.
const RESERVED: u64 = 256;
/// Most bits of a time that is counted from the one before.
const SHIFT: u64 = 30;
/// Largest number of a fraction, so that products fit.
const TERM: u64 = 1 << 31;

/// What a frame's header has, by its code (the flags of nut.txt).
pub(super) mod flag {
    pub(in super::super) const KEY: u64 = 1;
    pub(in super::super) const CODED_TIME: u64 = 8;
    pub(in super::super) const STREAM: u64 = 16;
    pub(in super::super) const SIZE: u64 = 32;
    pub(in super::super) const CHECKSUM: u64 = 64;
    pub(in super::super) const RESERVED: u64 = 128;
    pub(in super::super) const SIDE_DATA: u64 = 256;
    pub(in super::super) const HEADER: u64 = 1024;
    pub(in super::super) const MATCH_TIME: u64 = 2048;
    pub(in super::super) const CODED: u64 = 4096;
    pub(in super::super) const INVALID: u64 = 8192;
}

/// How the pictures of a track are coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coding {
    /// Not at all: I420.
    Pictures,
    /// H.264, as a byte stream (ITU-T H.264, annex B).
    H264,
}

/// The only track.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Track {
    /// How its pictures are coded.
    pub coding: Coding,
    /// Their size.
    pub size: Size,
}

/// What is the same for all frames.
#[derive(Debug)]
pub(super) struct Main {
    /// Units of time, s: numerator and denominator.
    pub(super) units: Vec<(u64, u64)>,
    codes: Vec<Code>,
    /// Beginnings of frames that are left out.
    pub(super) elided: Vec<Vec<u8>>,
}

/// What a frame code stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Code {
    pub(super) flags: u64,
    pub(super) stream: u64,
    /// Of the size in bytes: what its higher part counts by, and the lower part.
    pub(super) times: u64,
    pub(super) size: u64,
    /// Time since the frame before, units.
    pub(super) step: i64,
    pub(super) reserved: u64,
    pub(super) header: u64,
}

impl Main {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Error> {
        let mut numbers = Numbers::new(bytes);
        if numbers.number()? != VERSION {
            return Err(Error::Unsupported("another version of NUT"));
        }
        if numbers.number()? != 1 {
            return Err(Error::Unsupported("another number of tracks than one"));
        }
        // Longest distance of syncpoints, which are not looked for.
        numbers.number()?;
        let count = numbers.up_to(UNITS, "too many units of time")?;
        let mut term = || match numbers.up_to(TERM, "a unit of time is out of range")? {
            0 => Err(Error::Broken("a unit of time is out of range")),
            term => Ok(term),
        };
        let units = (0..count).map(|_| Ok((term()?, term()?))).collect::<Result<Vec<_>, Error>>()?;
        let codes = codes(&mut numbers)?;
        let mut elided = vec![Vec::new()];
        for _ in 0..numbers.up_to(ELIDED, "too many headers are left out")? {
            let bytes = numbers.bytes()?;
            if bytes.len() > ELIDED_BYTES {
                return Err(Error::Broken("a header that is left out is too long"));
            }
            elided.push(bytes.to_vec());
        }
        Ok(Self { units, codes, elided })
    }

    pub(super) fn code(&self, byte: u8) -> Option<&Code> {
        self.codes.get(usize::from(byte)).filter(|code| code.flags & flag::INVALID == 0)
    }
}

/// The table of all frame codes: runs of codes that differ in their size only.
fn codes(numbers: &mut Numbers<'_>) -> Result<Vec<Code>, Error> {
    let invalid = Code { flags: flag::INVALID, stream: 0, times: 1, size: 0, step: 0, reserved: 0, header: 0 };
    let mut codes = Vec::with_capacity(256);
    let mut run = invalid;
    while codes.len() < 256 {
        run.flags = numbers.number()?;
        let fields = numbers.up_to(64, "a frame code is wrong")?;
        if fields > 0 {
            run.step = numbers.signed()?;
        }
        if fields > 1 {
            run.times = numbers.up_to(TERM, "a frame code is wrong")?;
        }
        if fields > 2 {
            run.stream = numbers.number()?;
        }
        run.size = if fields > 3 { numbers.up_to(TERM, "a frame code is wrong")? } else { 0 };
        run.reserved = if fields > 4 { numbers.up_to(RESERVED, "a frame code is wrong")? } else { 0 };
        let count = if fields > 5 { numbers.number()? } else { run.times.saturating_sub(run.size) };
        if fields > 6 {
            numbers.signed()?;
        }
        if fields > 7 {
            run.header = numbers.number()?;
        }
        for _ in 8..fields {
            numbers.number()?;
        }
        if count == 0 {
            return Err(Error::Broken("a run of frame codes is empty"));
        }
        for nth in 0..count {
            // The byte that startcodes begin with stands for no frame, and does not count.
            if codes.len() == usize::from(b'N') {
                codes.push(invalid);
            }
            if codes.len() >= 256 {
                break;
            }
            codes.push(Code { size: run.size + nth, ..run });
        }
    }
    Ok(codes)
}

/// What is the same for all frames of the track.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) track: Track,
    /// Index of its unit of time.
    pub(super) unit: usize,
    /// Bits of a time that is counted from the one before.
    pub(super) shift: u32,
}

impl Stream {
    pub(super) fn read(bytes: &[u8], main: &Main) -> Result<Self, Error> {
        let mut numbers = Numbers::new(bytes);
        if numbers.number()? != 0 {
            return Err(Error::Broken("its only track is not the first one"));
        }
        if numbers.number()? != 0 {
            return Err(Error::Unsupported("its track is no video"));
        }
        let coding = match numbers.bytes()? {
            b"I420" => Coding::Pictures,
            // The latter as in MP4, from which it was taken.
            b"H264" | b"avc1" => Coding::H264,
            _ => return Err(Error::Unsupported("its video is neither I420 nor H.264")),
        };
        let unit = numbers.number()?;
        let unit = usize::try_from(unit).ok().filter(|unit| *unit < main.units.len());
        let unit = unit.ok_or(Error::Broken("a unit of time is missing"))?;
        let shift = numbers.up_to(SHIFT, "its times are counted wrongly")? as u32;
        // Longest step of time, delay of the decoder, flags; parameter sets, which its frames have, too.
        for _ in 0..3 {
            numbers.number()?;
        }
        numbers.bytes()?;
        let mut side = || numbers.up_to(Size::MAX_SIDE.into(), "a side of its pictures is too long");
        let size = Size::new(side()? as u32, side()? as u32);
        if !size.is_valid() {
            return Err(Error::Broken("its pictures have no pixels"));
        }
        Ok(Self { track: Track { coding, size }, unit, shift })
    }
}

//! The samples of a track: where they are in the file, and when they are shown.

use super::super::error::Error;
use super::boxes::damaged;

/// The latest time that is counted with, units: sums of a few do not overflow.
const MAX_TIME: i64 = i64::MAX / 8;

/// One coded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// Offset in the file, bytes.
    pub(super) offset: u64,
    pub(super) bytes: u32,
    /// Whether it can be decoded without any earlier one.
    pub(super) keyframe: bool,
    /// Place of the entry that says how it is coded; one that is not there is an error of this sample.
    pub(super) entry: u8,
    /// When it is shown, in the track's units of time.
    pub(super) time: i64,
}

/// A sample as a table has it.
pub(super) struct New {
    /// Offset in the file, bytes.
    pub(super) offset: u64,
    pub(super) bytes: u32,
    pub(super) keyframe: bool,
    /// Number of the entry, from 1 on.
    pub(super) entry: u32,
    /// Time until the next one is decoded, units.
    pub(super) duration: u32,
    /// Time from decoding to presentation, units.
    pub(super) shift: i64,
}

/// The samples of a track in decoding order.
pub(super) struct Samples {
    list: Vec<Sample>,
    /// Samples at most.
    most: u32,
    /// Samples that end behind it are not there, bytes.
    until: u64,
    /// Units of time per second.
    timescale: u32,
    /// When the next one is decoded.
    clock: i64,
    /// When the last one is decoded.
    last: i64,
    /// Added to the times of fragments.
    jumped: i64,
    /// End of the one that is shown last.
    end: i64,
}

impl Samples {
    /// Starts a list of `most` samples at most, with `timescale` units of time per second.
    pub(super) fn new(most: u32, timescale: u32) -> Self {
        Self { list: Vec::new(), most, until: u64::MAX, timescale, clock: 0, last: 0, jumped: 0, end: i64::MIN }
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    /// Makes room for `count` samples.
    pub(super) fn reserve(&mut self, count: u32) -> Result<(), Error> {
        if count > self.most {
            return Err(self.too_many());
        }
        self.list.reserve_exact(count as usize);
        Ok(())
    }

    /// Takes no samples that end behind `until`, bytes.
    pub(super) fn end_at(&mut self, until: u64) {
        self.until = until;
    }

    /// Appends a sample. Returns whether it is there.
    pub(super) fn push(&mut self, new: New) -> Result<bool, Error> {
        if new.offset.saturating_add(new.bytes.into()) > self.until {
            return Ok(false);
        }
        if self.list.len() >= self.most as usize {
            return Err(self.too_many());
        }
        let time = self.clock.saturating_add(new.shift);
        let next = self.clock + i64::from(new.duration);
        if time.unsigned_abs() > MAX_TIME as u64 || next > MAX_TIME {
            return Err(damaged("the times of its pictures are invalid"));
        }
        self.end = self.end.max(time + i64::from(new.duration));
        (self.last, self.clock) = (self.clock, next);
        let entry = u8::try_from(new.entry.saturating_sub(1)).unwrap_or(u8::MAX);
        self.list.push(Sample { offset: new.offset, bytes: new.bytes, keyframe: new.keyframe, entry, time });
        Ok(true)
    }

    /// Marks a sample as one that can be decoded without any earlier one.
    pub(super) fn mark_keyframe(&mut self, at: usize) {
        if let Some(sample) = self.list.get_mut(at) {
            sample.keyframe = true;
        }
    }

    /// A fragment begins whose first sample is decoded at `time`. Where that is a second or more before the last sample, as in
    /// recordings that follow each other in one file, the times go on from there.
    pub(super) fn begin_fragment(&mut self, time: u64) -> Result<(), Error> {
        let invalid = || damaged("the times of its pictures are invalid");
        let time = i64::try_from(time).ok().and_then(|time| time.checked_add(self.jumped)).ok_or_else(invalid)?;
        if time > MAX_TIME {
            return Err(invalid());
        }
        if time.saturating_add(self.timescale.into()) <= self.last {
            self.jumped = self.jumped.saturating_add(self.clock - time);
        } else {
            self.clock = time.max(self.last);
        }
        Ok(())
    }

    /// Returns the list, which is not empty, and the end of the one that is shown last.
    pub(super) fn finish(mut self) -> Result<(Vec<Sample>, i64), Error> {
        // There is no earlier one that it could refer to.
        self.list.first_mut().ok_or_else(|| damaged("it has no pictures"))?.keyframe = true;
        Ok((self.list, self.end))
    }

    fn too_many(&self) -> Error {
        Error::TooMuch { what: "the number of its pictures", most: self.most.into() }
    }
}

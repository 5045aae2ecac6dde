//! Converts the samples of an MP4, whose NAL units have length prefixes, to the byte stream of H.264 Annex B.

use mp4_atom::Avcc;

use super::super::error::Error;
use super::super::file::File;
use super::samples::Sample;
use crate::h264::{annexb, nal};

/// NAL units of a sample that are looked at for an IDR slice: others, such as SEI, come before.
const MAX_BEFORE_IDR: usize = 32;

/// Converts the samples of a track.
pub(super) struct Units {
    /// Parameter sets as a byte stream.
    parameters: Vec<u8>,
    /// Size of a length prefix, bytes.
    length_size: usize,
}

impl Units {
    pub(super) fn new(parameters: &Avcc) -> Result<Self, Error> {
        let length_size = usize::from(parameters.length_size);
        if ![1, 2, 4].contains(&length_size) {
            return Err(Error::Broken("the size of its length prefixes is invalid".into()));
        }
        let sets = parameters.sequence_parameter_sets.iter().chain(&parameters.picture_parameter_sets);
        let mut stream = Vec::new();
        sets.for_each(|set| annexb::append(&mut stream, set));
        Ok(Self { parameters: stream, length_size })
    }

    /// Returns whether a sample holds an IDR picture, which refers to no other one.
    pub(super) fn hold_idr(&self, file: &File, sample: Sample) -> Result<bool, Error> {
        let (mut at, end) = (sample.offset, sample.offset.saturating_add(sample.bytes.into()));
        let mut head = [0; 5];
        let head = &mut head[..=self.length_size];
        for _ in 0..MAX_BEFORE_IDR {
            if at >= end || file.read_some(at, head)? < head.len() {
                break;
            }
            let (length, unit) = head.split_at(self.length_size);
            match nal::kind(unit) {
                nal::IDR => return Ok(true),
                nal::SLICE => break,
                _ => {}
            }
            let length = length.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
            at = at.saturating_add(head.len() as u64 - 1).saturating_add(length);
        }
        Ok(false)
    }

    /// Replaces `out` with the byte stream of a sample. A keyframe is preceded by the parameter sets.
    pub(super) fn stream(&self, sample: &[u8], keyframe: bool, out: &mut Vec<u8>) -> Result<(), Error> {
        out.clear();
        if keyframe {
            out.extend_from_slice(&self.parameters);
        }
        let mut rest = sample;
        while !rest.is_empty() {
            let (length, after) = rest.split_at_checked(self.length_size).ok_or_else(too_long)?;
            let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            let (unit, after) = after.split_at_checked(length).ok_or_else(too_long)?;
            annexb::append(out, unit);
            rest = after;
        }
        Ok(())
    }
}

fn too_long() -> Error {
    Error::Broken("a NAL unit is longer than its picture".into())
}

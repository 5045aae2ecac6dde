//! From the samples of an MP4, NAL units with their lengths, to the byte stream that decoders take (H.264 Annex B).

use mp4_atom::Avcc;

use super::Error;
use crate::h264::annexb;

/// What the samples of a track need to become a byte stream.
pub(super) struct Units {
    /// Parameter sets, as a byte stream.
    parameters: Vec<u8>,
    /// Bytes of a length.
    length_size: usize,
}

impl Units {
    pub(super) fn new(parameters: &Avcc) -> Result<Self, Error> {
        let length_size = usize::from(parameters.length_size);
        if ![1, 2, 4].contains(&length_size) {
            return Err(Error::Broken("the lengths in its pictures have a size that does not exist".into()));
        }
        let sets = parameters.sequence_parameter_sets.iter().chain(&parameters.picture_parameter_sets);
        let mut stream = Vec::new();
        sets.for_each(|set| annexb::append(&mut stream, set));
        Ok(Self { parameters: stream, length_size })
    }

    /// Makes `out` the byte stream of a sample, with the parameter sets in front of a keyframe.
    pub(super) fn stream(&self, sample: &[u8], keyframe: bool, out: &mut Vec<u8>) -> Result<(), Error> {
        out.clear();
        if keyframe {
            out.extend_from_slice(&self.parameters);
        }
        let mut rest = sample;
        while !rest.is_empty() {
            let (length, after) = rest.split_at_checked(self.length_size).ok_or_else(cut)?;
            let length = length.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
            let (unit, after) = after.split_at_checked(length).ok_or_else(cut)?;
            annexb::append(out, unit);
            rest = after;
        }
        Ok(())
    }
}

fn cut() -> Error {
    Error::Broken("a part of a picture is longer than the picture".into())
}

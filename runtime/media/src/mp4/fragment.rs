//! The fragment that is being filled: pictures that are not in the file yet.

use mp4_atom::{Encode, Error, FourCC, Header, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry, TrunSamples};

use super::movie::TRACK;

/// Bytes of the header of the box with the pictures.
const HEADER: usize = 8;
/// What a keyframe depends on: nothing (ISO/IEC 14496-12 §8.8.3.1).
const KEYFRAME: u32 = 0x0200_0000;
/// Any other picture depends on earlier ones, and playing does not start at it.
const DEPENDENT: u32 = 0x0101_0000;

/// A coded picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// When it is shown, units.
    pub(super) time: u64,
    /// Bytes.
    pub(super) bytes: u32,
    pub(super) keyframe: bool,
}

/// The pictures of a fragment, in the order in which they are decoded.
#[derive(Debug, Default)]
pub(super) struct Fragment {
    samples: Vec<Sample>,
    data: Vec<u8>,
}

impl Fragment {
    /// Adds a picture: `append` writes its bytes.
    pub(super) fn push(&mut self, time: u64, keyframe: bool, append: impl FnOnce(&mut Vec<u8>)) {
        let before = self.data.len();
        append(&mut self.data);
        let bytes = u32::try_from(self.data.len() - before).unwrap_or(u32::MAX);
        self.samples.push(Sample { time, bytes, keyframe });
    }

    /// Returns when the first picture is shown.
    pub(super) fn begin(&self) -> Option<u64> {
        self.samples.first().map(|sample| sample.time)
    }

    /// Returns the number of pictures.
    pub(super) fn pictures(&self) -> usize {
        self.samples.len()
    }

    /// Returns the size of the pictures, bytes.
    pub(super) fn bytes(&self) -> usize {
        self.data.len()
    }

    /// Returns the time between the last two pictures.
    pub(super) fn last_interval(&self) -> Option<u64> {
        let [.., before, last] = &self.samples[..] else { return None };
        last.time.checked_sub(before.time).filter(|interval| *interval > 0)
    }

    /// Splits off the last picture: a fragment of its own.
    pub(super) fn split_last(&mut self) -> Self {
        let Some(last) = self.samples.pop() else { return Self::default() };
        let begin = self.data.len().saturating_sub(last.bytes as usize);
        Self { samples: vec![last], data: self.data.split_off(begin) }
    }

    /// Appends the boxes `moof` and `mdat` to `out`, and forgets the pictures. Nothing in it is decoded before `from`; the
    /// next fragment begins at `next`, or later. Returns where this one ends.
    pub(super) fn encode(&mut self, number: u32, from: u64, next: u64, out: &mut Vec<u8>) -> Result<u64, Error> {
        let mut times: Vec<u64> = self.samples.iter().map(|sample| sample.time).collect();
        // Pictures are decoded at the times at which pictures are shown.
        times.sort_unstable();
        let mut earliest = from;
        for time in &mut times {
            *time = (*time).max(earliest);
            earliest = *time + 1;
        }
        let end = next.max(earliest);
        let begin = times.first().copied().unwrap_or(from);
        let ends = times.iter().skip(1).chain(std::iter::once(&end));
        let reordered = self.samples.iter().zip(&times).any(|(sample, decoded)| sample.time != *decoded);
        let entry = |(sample, (decoded, end)): (&Sample, (&u64, &u64))| TrunEntry {
            duration: Some(u32::try_from(end - decoded).unwrap_or(u32::MAX)),
            size: Some(sample.bytes),
            flags: Some(if sample.keyframe { KEYFRAME } else { DEPENDENT }),
            cts: reordered.then(|| i64::try_from(sample.time).unwrap_or(i64::MAX).saturating_sub_unsigned(*decoded)),
        };
        let entries = self.samples.iter().zip(times.iter().zip(ends)).map(entry).collect();
        let run = Trun { data_offset: Some(0), samples: TrunSamples::Explicit(entries) };
        let mut moof = Moof {
            mfhd: Mfhd { sequence_number: number },
            traf: vec![Traf {
                tfhd: Tfhd { track_id: TRACK, default_base_is_moof: true, ..Tfhd::default() },
                tfdt: Some(Tfdt { base_media_decode_time: begin }),
                trun: vec![run],
                ..Traf::default()
            }],
        };
        // The box holds the distance to what follows it.
        let at = out.len();
        moof.encode(out)?;
        moof.traf[0].trun[0].data_offset = i32::try_from(out.len() - at + HEADER).ok();
        out.truncate(at);
        moof.encode(out)?;
        Header { kind: FourCC::new(b"mdat"), size: Some(self.data.len()) }.encode(out)?;
        out.extend_from_slice(&self.data);
        self.samples.clear();
        self.data.clear();
        Ok(end)
    }
}

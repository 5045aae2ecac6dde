//! H.264 as it is in MP4 (ISO/IEC 14496-15 §5): parameter sets in the description of the track, and NAL units that follow their
//! lengths.

use framebox_picture::Size;
use mp4_atom::{Avcc, AvccExt};

use crate::h264::{self, annexb, nal};

/// Sequence parameter sets that a track can describe (§5.3.3.1).
const MAX_SEQUENCE_SETS: usize = 31;
/// Picture parameter sets that it can describe.
const MAX_PICTURE_SETS: usize = 255;
/// The profile whose description goes on behind the sets.
const HIGH: u8 = 100;

/// The parameter sets of a track.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParameterSets {
    sequence: Vec<Vec<u8>>,
    picture: Vec<Vec<u8>>,
    size: Size,
    changed: bool,
}

impl ParameterSets {
    /// Reads the sets of a keyframe (a byte stream of Annex B). None if it lacks one, or they cannot be described.
    pub fn of(keyframe: &[u8]) -> Option<Self> {
        let of_kind = |kind| {
            let mut sets: Vec<Vec<u8>> = Vec::new();
            for unit in annexb::units(keyframe).filter(|unit| nal::kind(unit) == kind) {
                if !sets.iter().any(|set| set == unit) {
                    sets.push(unit.to_vec());
                }
            }
            sets
        };
        let (sequence, picture) = (of_kind(nal::SPS), of_kind(nal::PPS));
        let size = h264::size(sequence.first()?)?;
        let fits = (1..=MAX_SEQUENCE_SETS).contains(&sequence.len())
            && (1..=MAX_PICTURE_SETS).contains(&picture.len())
            && sequence.iter().chain(&picture).all(|set| u16::try_from(set.len()).is_ok());
        fits.then_some(Self { sequence, picture, size, changed: false })
    }

    /// Returns the size of the pictures.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns the description of the track.
    pub fn configuration(&self) -> Avcc {
        // A set whose size is known has these bytes.
        let [_, profile, compatibility, level] = *self.sequence[0].first_chunk().unwrap_or(&[0; 4]);
        Avcc {
            configuration_version: 1,
            avc_profile_indication: profile,
            profile_compatibility: compatibility,
            avc_level_indication: level,
            length_size: 4,
            sequence_parameter_sets: self.sequence.clone(),
            picture_parameter_sets: self.picture.clone(),
            // Other formats than 4:2:0 with 8 bits have no size above.
            ext: (profile == HIGH).then(AvccExt::default),
        }
    }

    /// Appends an access unit (a byte stream of Annex B) as a sample: each NAL unit follows its length, and the sets that the
    /// track describes are left out. From the first other set on, all of them are kept.
    pub fn append(&mut self, access_unit: &[u8], sample: &mut Vec<u8>) {
        for unit in annexb::units(access_unit) {
            let described = match nal::kind(unit) {
                nal::SPS => Some(&self.sequence),
                nal::PPS => Some(&self.picture),
                _ => None,
            };
            if let Some(described) = described {
                self.changed |= !described.iter().any(|set| set == unit);
                if !self.changed {
                    continue;
                }
            }
            let length = u32::try_from(unit.len()).unwrap_or(u32::MAX);
            sample.extend_from_slice(&length.to_be_bytes());
            sample.extend_from_slice(unit);
        }
    }

    /// Returns whether samples have parameter sets of their own. Then the track's sample entry is `avc3` rather than `avc1`
    /// (§5.4.2.1).
    pub fn changed(&self) -> bool {
        self.changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h264::parameter_set_of;

    fn access_unit(units: &[&[u8]]) -> Vec<u8> {
        let mut stream = Vec::new();
        units.iter().for_each(|unit| annexb::append(&mut stream, unit));
        stream
    }

    #[test]
    fn sets_that_the_track_describes_are_left_out_until_another_comes() {
        let (small, large) = (parameter_set_of(40, 30), parameter_set_of(80, 45));
        let (pps, idr, delta) = (&[0x68, 1][..], &[0x65, 2][..], &[0x41, 3][..]);
        let keyframe = access_unit(&[&small, pps, idr]);
        let mut sets = ParameterSets::of(&keyframe).unwrap();
        assert_eq!(sets.size(), Size::new(640, 480));
        let avcc = sets.configuration();
        assert_eq!(
            (avcc.sequence_parameter_sets, avcc.picture_parameter_sets),
            (vec![small.clone()], vec![pps.to_vec()])
        );
        let mut sample = |access_unit: &[u8]| {
            let mut out = Vec::new();
            sets.append(access_unit, &mut out);
            (out, sets.changed())
        };
        let lengths = |units: &[&[u8]]| {
            units.iter().flat_map(|unit| [&(unit.len() as u32).to_be_bytes(), *unit].concat()).collect::<Vec<_>>()
        };
        assert_eq!(sample(&keyframe), (lengths(&[idr]), false));
        assert_eq!(sample(&access_unit(&[delta])), (lengths(&[delta]), false));
        assert_eq!(sample(&access_unit(&[&large, pps, idr])), (lengths(&[&large, pps, idr]), true));
        assert_eq!(
            sample(&keyframe),
            (lengths(&[&small, pps, idr]), true),
            "those described are not in force any more"
        );
    }

    #[test]
    fn a_keyframe_without_its_sets_describes_no_track() {
        let sps = parameter_set_of(40, 30);
        for units in [&[&[0x65, 2][..]][..], &[&sps, &[0x65, 2]], &[&[0x68, 1], &[0x65, 2]], &[&[0x67, 66], &[0x68, 1]]]
        {
            assert_eq!(ParameterSets::of(&access_unit(units)), None, "{units:?}");
        }
        let long = [&[0x68][..], &[1; 70_000]].concat();
        assert_eq!(ParameterSets::of(&access_unit(&[&sps, &long])), None);
    }
}

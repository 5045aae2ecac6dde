//! How a video's pictures are coded.

use framebox_picture::Size;
use mp4_atom::{Avc1, Colr, FourCC, Visual, Vp08, VpcC};

use super::parameter_sets::ParameterSets;
use crate::codec::Codec;
use crate::frame::EncodedFrame;
use crate::vp8;

/// BT.601 with 525 lines: primaries, transfer and matrix (ISO/IEC 23091-2).
const BT601: u8 = 6;

/// What a file says of the colours of its pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colour {
    /// BT.601, limited range: what the runtime's own encoders are given.
    Bt601,
    /// Nothing: what the coded pictures say of themselves holds.
    Unsaid,
}

/// How the pictures of a video are coded, as far as a player has to know it before the first one.
#[derive(Clone, Debug)]
pub struct Track {
    pub(super) coding: Coding,
    size: Size,
    colour: Colour,
}

/// What differs between codecs.
#[derive(Clone, Debug)]
pub(super) enum Coding {
    H264(ParameterSets),
    Vp8,
}

impl Track {
    /// Reads it from the first frame of a video. None if that is not a keyframe, or not a complete one.
    pub fn of(frame: &EncodedFrame, colour: Colour) -> Option<Self> {
        if !frame.keyframe {
            return None;
        }
        let (coding, size) = match frame.codec {
            Codec::H264 => {
                let sets = ParameterSets::of(&frame.data)?;
                let size = sets.size();
                (Coding::H264(sets), size)
            }
            Codec::Vp8 => (Coding::Vp8, vp8::header::parse(&frame.data)?.keyframe?),
        };
        Some(Self { coding, size, colour })
    }

    /// A track of H.264 with these parameter sets.
    pub fn h264(sets: ParameterSets, colour: Colour) -> Self {
        Self { size: sets.size(), coding: Coding::H264(sets), colour }
    }

    /// Returns the codec.
    pub fn codec(&self) -> Codec {
        match self.coding {
            Coding::H264(_) => Codec::H264,
            Coding::Vp8 => Codec::Vp8,
        }
    }

    /// Returns the size of the first picture, pixels.
    pub fn size(&self) -> Size {
        self.size
    }

    /// Returns the kind of the sample entry that [`Track::entry`] makes, and the one that holds once samples bring parameter
    /// sets of their own.
    pub(super) fn kinds(&self) -> (FourCC, FourCC) {
        match self.coding {
            Coding::H264(_) => (FourCC::new(b"avc1"), FourCC::new(b"avc3")),
            // The size is in every keyframe.
            Coding::Vp8 => (FourCC::new(b"vp08"), FourCC::new(b"vp08")),
        }
    }

    /// The sample entry (ISO/IEC 14496-12 §8.5.2).
    pub(super) fn entry(&self) -> mp4_atom::Codec {
        let side = |side: u32| u16::try_from(side).unwrap_or(u16::MAX);
        let (width, height) = (side(self.size.width), side(self.size.height));
        let visual = Visual { data_reference_index: 1, width, height, ..Visual::default() };
        let code = u16::from(BT601);
        let nclx = Colr::Nclx {
            colour_primaries: code,
            transfer_characteristics: code,
            matrix_coefficients: code,
            full_range_flag: false,
        };
        let colr = (self.colour == Colour::Bt601).then_some(nclx);
        match &self.coding {
            Coding::H264(sets) => {
                mp4_atom::Codec::Avc1(Avc1 { visual, avcc: sets.configuration(), colr, ..Avc1::default() })
            }
            Coding::Vp8 => {
                let vpcc = VpcC {
                    color_primaries: BT601,
                    transfer_characteristics: BT601,
                    matrix_coefficients: BT601,
                    ..VpcC::default()
                };
                mp4_atom::Codec::Vp08(Vp08 { visual, vpcc, colr, ..Vp08::default() })
            }
        }
    }
}

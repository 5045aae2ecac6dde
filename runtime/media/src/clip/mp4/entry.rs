//! Sample entries: how the samples of a video track are coded, and how their pictures are meant.

use framebox_picture::{Aspect, Coded, Matrix, Range};
use mp4_atom::{Avcc, Colr, FourCC, Pasp};

use super::super::error::Error;
use super::boxes::{Children, damaged, find, is, leaf, required};
use super::units::Units;

/// Size of a video's sample entry before the boxes in it (ISO/IEC 14496-12 §12.1.3), bytes.
const HEAD: usize = 78;
/// Sample entries of a track, at most.
const MAX_ENTRIES: usize = 64;
/// The code point of a matrix that is not known (ITU-T H.273).
const UNSPECIFIED: u16 = 2;

/// How samples are coded, and what the file says of their pictures. What it does not say, the samples may.
pub(super) struct Entry {
    pub(super) units: Units,
    matrix: Option<Matrix>,
    range: Option<Range>,
    /// Width of a pixel to its height.
    aspect: Option<Aspect>,
}

/// Reads the entries of the table `stsd`. An entry of another codec than H.264 is an error of its own.
pub(super) fn all(table: &[u8]) -> Result<Vec<Result<Entry, Error>>, Error> {
    let entries = table.get(8..).ok_or_else(|| damaged("its table of codecs is truncated"))?;
    let mut all = Vec::new();
    for child in Children(entries) {
        let (kind, entry) = child?;
        if all.len() == MAX_ENTRIES {
            return Err(Error::TooMuch { what: "the number of its codecs", most: MAX_ENTRIES as u64 });
        }
        all.push(Entry::read(kind, entry));
    }
    if all.is_empty() { Err(damaged("it names no codec")) } else { Ok(all) }
}

impl Entry {
    fn read(kind: FourCC, entry: &[u8]) -> Result<Self, Error> {
        if is(kind, b"encv") {
            return Err(Error::Unsupported("its video is encrypted".into()));
        }
        if !is(kind, b"avc1") && !is(kind, b"avc3") {
            return Err(Error::Codec { name: name(kind) });
        }
        let inner = entry.get(HEAD..).ok_or_else(|| damaged("the entry of its codec is truncated"))?;
        let parameters: Avcc = leaf(required(inner, b"avcC")?)?;
        if let Some(name) = unknown_profile(parameters.avc_profile_indication) {
            return Err(Error::Codec { name: name.into() });
        }
        let (matrix, range) = colour(inner);
        // What is damaged says nothing.
        let shape = find(inner, b"pasp").ok().flatten().and_then(|body| leaf::<Pasp>(body).ok());
        let aspect = shape.and_then(|shape| Aspect::new(shape.h_spacing, shape.v_spacing));
        Ok(Self { units: Units::new(&parameters)?, matrix, range, aspect })
    }

    /// Adds what the file says to what the decoder returned, which has at most `max_pixels`.
    pub(super) fn meant<'a>(&self, mut coded: Coded<'a>, max_pixels: u64) -> Coded<'a> {
        coded.colour.matrix = self.matrix.unwrap_or(coded.colour.matrix);
        coded.colour.range = self.range.unwrap_or(coded.colour.range);
        if let Some(aspect) = self.aspect {
            coded.size = aspect.square(coded.planes.size, max_pixels);
        }
        coded
    }
}

/// Reads the first box of colours that has code points, as far as it says something.
fn colour(inner: &[u8]) -> (Option<Matrix>, Option<Range>) {
    let boxes = Children(inner).filter_map(Result::ok).filter(|(kind, _)| is(*kind, b"colr"));
    for (_, body) in boxes {
        match leaf::<Colr>(body) {
            Ok(Colr::Nclx { colour_primaries, transfer_characteristics, matrix_coefficients, full_range_flag }) => {
                let says_nothing =
                    [colour_primaries, transfer_characteristics, matrix_coefficients] == [UNSPECIFIED; 3];
                let range = if full_range_flag { Range::Full } else { Range::Limited };
                let range = Some(range).filter(|range| *range == Range::Full || !says_nothing);
                return (Matrix::of_code(matrix_coefficients), range);
            }
            // QuickTime's has no range.
            Ok(Colr::Nclc { matrix_coefficients, .. }) => return (Matrix::of_code(matrix_coefficients), None),
            _ => {}
        }
    }
    (None, None)
}

/// Returns the name of an H.264 profile that the decoder does not know.
fn unknown_profile(profile: u8) -> Option<&'static str> {
    match profile {
        110 => Some("H.264 with 10 bits"),
        122 => Some("H.264 with 4:2:2 chroma"),
        144 | 244 => Some("H.264 with 4:4:4 chroma"),
        44 => Some("H.264 with keyframes only, in CAVLC 4:4:4"),
        _ => None,
    }
}

/// Returns the name of a codec.
fn name(kind: FourCC) -> String {
    let kind = <[u8; 4]>::from(kind);
    let name = match &kind {
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "HEVC",
        b"av01" => "AV1",
        b"vp08" => "VP8",
        b"vp09" => "VP9",
        b"vvc1" | b"vvi1" => "VVC",
        b"mp4v" => "MPEG-4, MPEG-2 or MJPEG (mp4v)",
        b"jpeg" | b"mjpa" | b"mjpb" => "MJPEG",
        b"s263" | b"h263" | b"H263" => "H.263",
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => "ProRes",
        _ => return kind.escape_ascii().to_string(),
    };
    name.into()
}

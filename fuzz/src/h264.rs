//! H.264 byte streams: NAL units, parameter sets, and OpenH264 behind their check.

use framebox_media::h264::annexb;
use framebox_media::{Codec, decode};
use framebox_picture::Size;

use crate::allocation::{FIXED, within};
use crate::pieces::Pieces;

/// Largest picture that is allowed, pixels: small ones, of which many are tried.
const MAX_PIXELS: u64 = 320 * 192;

/// NAL units are slices of the stream, and writing them gives the same units again. A decoder survives any access units, one
/// after the other; what it gives is a whole picture of a size that is allowed.
pub fn run(data: &[u8]) {
    within(FIXED + 64 * data.len(), || units(data));
    let settings = decode::Settings::up_to(Size::new(320, 192));
    let mut decoder = Codec::H264.decoder_with(&settings).expect("the library starts");
    for unit in Pieces(data) {
        if matches!(decoder.decode(unit), Ok(true)) {
            whole(&*decoder);
        } else {
            assert!(decoder.picture().is_none(), "a call without a picture has none");
        }
    }
    for _ in 0..64 {
        match decoder.flush() {
            Ok(true) => whole(&*decoder),
            _ => break,
        }
    }
}

fn whole(decoder: &dyn framebox_media::Decoder) {
    let planes = decoder.picture().expect("it said that there is one");
    assert!(planes.size.is_valid() && planes.size.pixels() <= MAX_PIXELS, "{}", planes.size);
    let covers = |plane: framebox_picture::Plane<'_>, size: Size| {
        let (width, height) = (size.width as usize, size.height as usize);
        assert!(plane.stride >= width && plane.data.len() >= plane.stride * (height - 1) + width);
        // Reads the picture: a plane that is none crashes here.
        plane.data.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte))
    };
    let chroma = planes.size.chroma();
    std::hint::black_box([covers(planes.y, planes.size), covers(planes.u, chroma), covers(planes.v, chroma)]);
}

fn units(stream: &[u8]) {
    let mut written = Vec::new();
    let mut total = 0;
    for unit in annexb::units(stream) {
        assert!(!unit.is_empty() && !unit.ends_with(&[0]));
        assert!(!unit.windows(3).any(|window| window == [0, 0, 1]), "a start code is inside of a unit");
        total += unit.len() + 3;
        annexb::append(&mut written, unit);
    }
    assert!(total <= stream.len(), "units overlap");
    assert!(annexb::units(&written).eq(annexb::units(stream)));
    assert_eq!(annexb::is_keyframe(&written), annexb::is_keyframe(stream));
}

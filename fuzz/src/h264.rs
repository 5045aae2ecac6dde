//! H.264 byte streams: NAL units, parameter sets, and OpenH264 behind their check.

use framebox_media::h264::annexb;
use framebox_media::{Codec, decode};

use crate::allocation::{FIXED, within};
use crate::pieces::Pieces;
use crate::whole::{LARGEST, whole};

/// NAL units are slices of the stream, and writing them gives the same units again. A decoder survives any access units, one
/// after the other; what it gives is a whole picture of a size that is allowed.
pub fn run(data: &[u8]) {
    within(FIXED + 64 * data.len(), || units(data));
    let settings = decode::Settings::up_to(LARGEST);
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

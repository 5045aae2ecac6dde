//! VP8: coded pictures, and libvpx behind the check of their headers.

use framebox_media::{Codec, decode, vp8};

use crate::allocation::{FIXED, within};
use crate::pieces::Pieces;
use crate::whole::{LARGEST, whole};

/// A decoder survives any coded pictures, one after the other; what it gives is a whole picture of a size that is allowed.
pub fn run(data: &[u8]) {
    within(FIXED, || {
        for unit in Pieces(data) {
            std::hint::black_box(vp8::header::parse(unit));
        }
    });
    let Ok(mut decoder) = Codec::Vp8.decoder_with(&decode::Settings::up_to(LARGEST)) else { return };
    for unit in Pieces(data) {
        if matches!(decoder.decode(unit), Ok(true)) {
            whole(&*decoder);
        } else {
            assert!(decoder.picture().is_none(), "a call without a picture has none");
        }
    }
}

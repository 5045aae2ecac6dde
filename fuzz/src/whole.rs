//! What a decoded picture must be.

use framebox_picture::{Coded, Size};

/// Largest picture that is allowed: small ones, of which many are tried.
pub const LARGEST: Size = Size::new(320, 192);
/// Its pixels, however it is stretched.
const LARGEST_SHOWN: u64 = LARGEST.pixels();

/// Reads the decoder's picture: it has as many pixels as its size says, and no more than [`LARGEST`].
pub fn whole(decoder: &dyn framebox_media::Decoder) {
    let Coded { planes, size, .. } = decoder.picture().expect("it said that there is one");
    assert!(size.is_valid() && size.pixels() <= LARGEST_SHOWN, "{size}");
    assert!(planes.size.is_valid() && planes.size.pixels() <= LARGEST.pixels(), "{}", planes.size);
    let covers = |plane: framebox_picture::Plane<'_>, size: Size| {
        let (width, height) = (size.width as usize, size.height as usize);
        assert!(plane.stride >= width && plane.data.len() >= plane.stride * (height - 1) + width);
        // Reads the picture: a plane that is none crashes here.
        plane.data.iter().fold(0u8, |sum, byte| sum.wrapping_add(*byte))
    };
    let chroma = planes.size.chroma();
    std::hint::black_box([covers(planes.y, planes.size), covers(planes.u, chroma), covers(planes.v, chroma)]);
}

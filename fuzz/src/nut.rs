//! NUT: what comes out of the pipe into which ffmpeg writes.

use framebox_media::nut::{Bounds, Coding, Data, Reader};
use framebox_picture::{MemoryAccount, Pool};

use crate::allocation::{FIXED, within};

/// Largest picture, pixels, and largest coded picture, bytes.
const PIXELS: u64 = 16 << 10;
const CODED: usize = 64 << 10;
/// What pictures may take, bytes.
const PICTURES: usize = 128 << 10;

/// A stream is refused, or its frames are of the track that it announced and within bounds; after its end there is nothing.
/// Frames take no more bytes than there are.
pub fn run(data: &[u8]) {
    within(FIXED + PICTURES + 4 * CODED, || {
        let Ok(mut reader) = Reader::new(data, Bounds { pixels: PIXELS, coded_bytes: CODED }) else { return };
        let track = reader.track();
        assert!(track.size.is_valid() && track.size.pixels() <= PIXELS, "{}", track.size);
        let mut pool = Pool::of(&MemoryAccount::new(PICTURES));
        let mut bytes = 0;
        while let Ok(Some(frame)) = reader.next(&mut pool) {
            bytes += match (frame.data, track.coding) {
                (Data::Picture(picture), Coding::Pictures) => {
                    assert_eq!(picture.size(), track.size);
                    picture.bytes().len()
                }
                (Data::NoRoom, Coding::Pictures) => 0,
                (Data::Coded(coded), Coding::H264) => {
                    assert!((1..=CODED).contains(&coded.len()), "{}", coded.len());
                    // The beginnings of frames may be left out.
                    coded.len().min(1)
                }
                (other, coding) => panic!("{other:?} in a track of {coding:?}"),
            };
        }
        assert!(bytes <= data.len(), "{bytes} bytes of {}", data.len());
        assert!(matches!(reader.next(&mut pool), Ok(None)), "nothing follows");
    });
}

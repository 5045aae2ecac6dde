//! Video and picture files: MP4, Y4M, GIF, PNG, WebP, JPEG.

use std::sync::Once;
use std::time::Duration;

use framebox_media::clip::{Bounds, Clip, open};

use crate::allocation::within;
use crate::file::MemoryFile;

/// Largest picture, pixels.
const PIXELS: u64 = 16 << 10;
/// Memory for reading any file with such pictures, bytes: the libraries' limit of 16 bytes a pixel, twice for a reader that is
/// being replaced, and their tables.
const MEMORY: usize = 16 << 20;
/// Pictures that are read of one file.
const PICTURES: usize = 64;

/// A file is refused, or its pictures have a size that is allowed and times that only rise; an error stays; reading from the
/// beginning gives the same again.
pub fn run(data: &[u8]) {
    static ONCE: Once = Once::new();
    ONCE.call_once(tolerate_panics_of_image_threads);
    let bounds = Bounds {
        file_bytes: 1 << 20,
        image_bytes: 1 << 20,
        pixels: PIXELS,
        frames: 256,
        index_bytes: 64 << 10,
        seek_pixels: 64 * PIXELS,
    };
    let file = MemoryFile::new(data);
    within(MEMORY + 64 * data.len(), || {
        let Ok(mut clip) = open(&file.path(), &bounds) else { return };
        let info = clip.info();
        assert!(info.size.is_valid() && info.size.pixels() <= PIXELS, "{}", info.size);
        assert!(info.fps >= 0.0 && info.fps.is_finite());
        let first = read(&mut *clip);
        assert!(!first.is_empty(), "the first picture was decoded when it was opened");
        let middle = first[first.len() / 2];
        if clip.seek(middle).is_ok()
            && let Ok(Some(frame)) = clip.next()
        {
            // A damaged video may have lost that picture; then the next one follows.
            let is_video = [b"ftyp", b"moov", b"mdat", b"wide"].iter().any(|kind| data.get(4..8) == Some(&kind[..]));
            assert!(is_video || frame.pts <= middle, "the picture shown at {middle:?} begins at {:?}", frame.pts);
        }
        clip.seek(Duration::ZERO).expect("seeking to the beginning is always allowed");
        assert_eq!(read(&mut *clip), first);
        let _ = clip.seek(Duration::MAX);
        let _ = clip.next();
    });
}

/// Reads pictures; returns their times.
fn read(clip: &mut dyn Clip) -> Vec<Duration> {
    let mut times: Vec<Duration> = Vec::new();
    while times.len() < PICTURES {
        match clip.next() {
            Ok(Some(frame)) => {
                let size = frame.picture.size();
                assert!(size.is_valid() && size.pixels() <= PIXELS, "{size}");
                assert!(times.last().is_none_or(|last| *last <= frame.pts), "time goes back to {:?}", frame.pts);
                times.push(frame.pts);
            }
            Ok(None) => break,
            Err(error) => {
                assert_eq!(clip.next().err(), Some(error), "the same error until a seek succeeds");
                break;
            }
        }
    }
    times
}

/// A panic of the crate `image` ends a thread of its own and is an error of the file. libFuzzer would end the process.
fn tolerate_panics_of_image_threads() {
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if std::thread::current().name() != Some("image") {
            hook(panic);
        }
    }));
}

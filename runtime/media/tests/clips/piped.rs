//! Pictures of a pipe.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use framebox_media::clip::{Bounds, Clip, Decode, Decoded, Error, Looping, Piped};
use framebox_picture::Size;

use crate::support::all;

/// Four pictures of 34×18, 25 a second; each is brighter than the one before.
const RAW: &[u8] = include_bytes!("../nut/raw.nut");
const H264: &[u8] = include_bytes!("../nut/h264.nut");

/// Decodes into a pipe, each time anew, and counts how often, and how many pipes are open.
fn decode(bytes: &'static [u8]) -> (Decode, Arc<AtomicUsize>, Arc<AtomicUsize>) {
    struct Permit(Arc<AtomicUsize>);
    impl Drop for Permit {
        fn drop(&mut self) {
            self.0.fetch_sub(1, Ordering::Relaxed);
        }
    }
    let (times, open) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let (count, opened) = (times.clone(), open.clone());
    let decode = move || {
        let (read, mut write) = std::io::pipe().unwrap();
        // Who does not read to the end does not want the rest.
        std::thread::spawn(move || drop(write.write_all(bytes)));
        count.fetch_add(1, Ordering::Relaxed);
        opened.fetch_add(1, Ordering::Relaxed);
        Ok(Decoded { pipe: OwnedFd::from(read).into(), permit: Box::new(Permit(opened.clone())) })
    };
    (Box::new(decode), times, open)
}

fn times(clip: &mut dyn Clip) -> Vec<u128> {
    let (frames, error) = all(clip);
    assert_eq!(error, None);
    frames.iter().map(|frame| frame.pts.as_millis()).collect()
}

#[test]
fn a_pipe_is_a_clip_like_any_other() {
    let (decode, _, open) = decode(RAW);
    let mut clip = Piped::open(decode, &Bounds::default()).unwrap();
    let info = clip.info();
    assert_eq!((info.size, info.fps, info.duration), (Size::new(34, 18), 25.0, None));
    let (frames, error) = all(&mut clip);
    let seen: Vec<_> = frames.iter().map(|frame| (frame.pts.as_millis(), frame.picture.bytes()[0])).collect();
    assert_eq!((seen.as_slice(), error), (&[(0, 16), (40, 56), (80, 96), (120, 136)][..], None));
    assert!(clip.next().unwrap().is_none(), "it stays at its end");
    drop(clip);
    assert_eq!(open.load(Ordering::Relaxed), 0);
}

#[test]
fn going_back_decodes_anew_and_going_on_does_not() {
    let (decode, count, open) = decode(RAW);
    let mut clip = Piped::open(decode, &Bounds::default()).unwrap();
    let rest = |clip: &mut Piped, to: u64| {
        clip.seek(Duration::from_millis(to)).unwrap();
        times(clip)
    };
    assert_eq!(rest(&mut clip, 0), [0, 40, 80, 120]);
    assert_eq!(count.load(Ordering::Relaxed), 1);
    assert_eq!(rest(&mut clip, 0), [0, 40, 80, 120]);
    assert_eq!(rest(&mut clip, 79), [40, 80, 120]);
    assert_eq!(rest(&mut clip, 80), [80, 120]);
    assert_eq!(rest(&mut clip, 159), [120]);
    assert_eq!(rest(&mut clip, 160), [] as [u128; 0]);
    let before = count.load(Ordering::Relaxed);
    clip.seek(Duration::ZERO).unwrap();
    assert_eq!(clip.next().unwrap().unwrap().pts, Duration::ZERO);
    assert_eq!(clip.next().unwrap().unwrap().pts.as_millis(), 40);
    // The picture that is shown is the one that was returned last.
    clip.seek(Duration::from_millis(50)).unwrap();
    assert_eq!(clip.next().unwrap().unwrap().pts.as_millis(), 40);
    clip.seek(Duration::from_millis(130)).unwrap();
    assert_eq!(clip.next().unwrap().unwrap().pts.as_millis(), 120);
    assert_eq!(count.load(Ordering::Relaxed), before + 1);
    assert_eq!(open.load(Ordering::Relaxed), 1, "one at a time");
    let few = Bounds { seek_pixels: 34 * 18, ..Bounds::default() };
    let mut clip = Piped::open(self::decode(RAW).0, &few).unwrap();
    assert_eq!(clip.seek(Duration::from_secs(1)), Err(Error::TooFar));
}

#[test]
fn a_loop_goes_on() {
    let mut clip = Looping::new(Box::new(Piped::open(decode(RAW).0, &Bounds::default()).unwrap()));
    let times: Vec<_> = (0..10).map(|_| clip.next().unwrap().unwrap().pts.as_millis()).collect();
    assert_eq!(times, [0, 40, 80, 120, 160, 200, 240, 280, 320, 360]);
}

#[test]
fn one_picture_is_a_still() {
    // The headers and the first frame.
    let length = RAW.len() - 3 * (34 * 18 * 3 / 2 + 3);
    let still: &[u8] = &RAW[..length];
    let mut clip = Piped::open(decode(still).0, &Bounds::default()).unwrap();
    assert_eq!((clip.info().fps, clip.info().duration), (0.0, None));
    assert_eq!(times(&mut clip), [0]);
}

#[test]
fn what_cannot_be_decoded_is_refused_with_the_reason() {
    let refusal = |decode: Decode, bounds: &Bounds| Piped::open(decode, bounds).map(|clip| clip.info()).unwrap_err();
    let none: Decode = Box::new(|| Err("there is no ffmpeg".into()));
    assert_eq!(refusal(none, &Bounds::default()).to_string(), "there is no ffmpeg");
    assert_eq!(
        refusal(decode(b"").0, &Bounds::default()),
        Error::Broken("it has no picture that can be decoded".into())
    );
    assert!(matches!(refusal(decode(b"nonsense, and more of it").0, &Bounds::default()), Error::Broken(_)));
    assert!(matches!(refusal(decode(H264).0, &Bounds::default()), Error::Unsupported(_)));
    let small = Bounds { pixels: 100, ..Bounds::default() };
    assert!(matches!(refusal(decode(RAW).0, &small), Error::TooLarge { most: 100, .. }));
}

#[test]
fn a_pipe_that_breaks_off_is_an_error_until_it_begins_anew() {
    let cut: &[u8] = &RAW[..RAW.len() - 5];
    let mut clip = Piped::open(decode(cut).0, &Bounds::default()).unwrap();
    let (frames, error) = all(&mut clip);
    assert_eq!(frames.len(), 3);
    assert_eq!(clip.next().unwrap_err(), error.unwrap());
    clip.seek(Duration::ZERO).unwrap();
    assert_eq!(all(&mut clip).0.len(), 3);
}

use std::io::{self, Read};

use framebox_picture::{Format, MemoryAccount, Pool, Size};

use super::*;

/// Four pictures and six coded pictures, as ffmpeg writes them.
const RAW: &[u8] = include_bytes!("../../tests/nut/raw.nut");
const H264: &[u8] = include_bytes!("../../tests/nut/h264.nut");

fn open(bytes: &[u8]) -> Result<Reader<&[u8]>, Error> {
    Reader::new(bytes, Bounds::up_to(1 << 20))
}

/// All frames, and how the stream ends.
fn read<R: Read>(reader: &mut Reader<R>) -> (Vec<Frame>, Result<(), Error>) {
    let (mut frames, mut pool) = (Vec::new(), Pool::default());
    loop {
        match reader.next(&mut pool) {
            Ok(Some(frame)) => frames.push(frame),
            Ok(None) => return (frames, Ok(())),
            Err(error) => return (frames, Err(error)),
        }
    }
}

fn bytes_of(frame: &Frame) -> &[u8] {
    match &frame.data {
        Data::Picture(picture) => picture.bytes(),
        Data::Coded(bytes) => bytes,
        Data::NoRoom => &[],
    }
}

#[test]
fn pictures_are_read_with_their_times() {
    let mut reader = open(RAW).unwrap();
    assert_eq!(reader.track(), Track { coding: Coding::Pictures, size: Size::new(34, 18) });
    let (frames, end) = read(&mut reader);
    assert_eq!(end, Ok(()));
    let times: Vec<_> = frames.iter().map(|frame| frame.time).collect();
    assert_eq!(times, [0, 40_000_000, 80_000_000, 120_000_000]);
    for frame in &frames {
        let Data::Picture(picture) = &frame.data else { panic!("{frame:?}") };
        assert!(frame.keyframe && picture.size() == Size::new(34, 18));
    }
    // They become brighter, and each is darkest on the left.
    let begins: Vec<_> = frames.iter().map(|frame| bytes_of(frame)[..3].to_vec()).collect();
    assert_eq!(begins, [[16, 17, 18], [56, 57, 58], [96, 97, 98], [136, 137, 138]]);
    assert!(
        frames.iter().all(|frame| bytes_of(frame).ends_with(&[128, 100]) || bytes_of(frame).ends_with(&[100, 100]))
    );
}

#[test]
fn coded_pictures_are_read_in_coded_order() {
    let mut reader = open(H264).unwrap();
    assert_eq!(reader.track(), Track { coding: Coding::H264, size: Size::new(64, 48) });
    let (frames, end) = read(&mut reader);
    assert_eq!(end, Ok(()));
    let times: Vec<_> = frames.iter().map(|frame| frame.time / 10_000).collect();
    assert_eq!(times, [6673, 16683, 10010, 13346, 23356, 20020]);
    assert_eq!(
        frames.iter().map(|frame| frame.keyframe).collect::<Vec<_>>(),
        [true, false, false, false, false, false]
    );
    assert_eq!(frames.iter().map(|frame| bytes_of(frame).len()).collect::<Vec<_>>(), [2256, 55, 11, 11, 83, 10]);
    assert!(bytes_of(&frames[0]).starts_with(&[0, 0, 0, 1, 0x67]), "the parameter sets come first");
    assert!(bytes_of(&frames[2]).starts_with(&[0, 0]), "the beginning that was left out is there");
}

/// A reader that returns few bytes at once, as a pipe may.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len());
        self.0.read(&mut buffer[..count])
    }
}

#[test]
fn a_stream_is_the_same_in_pieces_of_any_size() {
    for stream in [RAW, H264] {
        let (whole, _) = read(&mut open(stream).unwrap());
        for piece in [1, 3, 4095, 4096, 4097] {
            let (frames, end) = read(&mut Reader::new(Slow(stream, piece), Bounds::up_to(1 << 20)).unwrap());
            assert_eq!(end, Ok(()));
            assert!(frames.len() == whole.len(), "{piece}");
            for (one, other) in frames.iter().zip(&whole) {
                assert!(one.time == other.time && bytes_of(one) == bytes_of(other), "{piece}");
            }
        }
    }
}

#[test]
fn a_frame_is_there_as_soon_as_it_was_written() {
    // What comes after the first frame's last byte is not waited for.
    let mut reader = Reader::new(Slow(RAW, 1), Bounds::up_to(1 << 20)).unwrap();
    let frame = reader.next(&mut Pool::default()).unwrap().unwrap();
    let bytes = Format::I420.bytes(Size::new(34, 18));
    assert_eq!(bytes_of(&frame).len(), bytes);
    let rest = reader.reader().0;
    let last = RAW.len() - rest.len();
    assert_eq!(RAW[last - bytes..last], *bytes_of(&frame));
    assert!(!reader.has_begun_next());
}

#[test]
fn a_stream_that_breaks_off_is_an_error_wherever_it_does() {
    for stream in [RAW, H264] {
        let (whole, _) = read(&mut open(stream).unwrap());
        let (mut opened, mut ended) = (0, 0);
        for length in 0..stream.len() {
            let Ok(mut reader) = open(&stream[..length]) else { continue };
            let (frames, end) = read(&mut reader);
            assert!(frames.len() < whole.len() || end == Ok(()), "{length}");
            assert!(matches!(end, Ok(()) | Err(Error::CutOff)), "{length}: {end:?}");
            assert!(reader.next(&mut Pool::default()).unwrap().is_none(), "nothing follows");
            opened += 1;
            ended += usize::from(end == Ok(()));
        }
        assert!(opened > 0 && ended < 20, "between two packets it ends, within one it breaks off: {ended}");
    }
    assert_eq!(open(&[]).err(), Some(Error::Empty));
    assert_eq!(open(b"nut").err(), Some(Error::CutOff));
}

#[test]
fn what_is_damaged_is_an_error_and_no_panic() {
    for stream in [RAW, H264] {
        // Headers and the first frame: what follows is alike.
        for at in 0..stream.len().min(400) {
            for value in [0, 1, 0x4e, 0x7f, 0x80, 0xff] {
                let mut damaged = stream.to_vec();
                damaged[at] = value;
                if let Ok(mut reader) = open(&damaged) {
                    let (frames, _) = read(&mut reader);
                    assert!(frames.len() <= stream.len());
                }
            }
        }
    }
}

#[test]
fn pictures_beyond_the_bounds_are_refused_before_memory_is_allocated() {
    let pixels = u64::from(34 * 18_u32);
    assert!(Reader::new(RAW, Bounds::up_to(pixels)).is_ok());
    let refused = Reader::new(RAW, Bounds::up_to(pixels - 1)).err();
    assert_eq!(refused, Some(Error::TooLarge { size: Size::new(34, 18), most: pixels - 1 }));
    let mut reader = Reader::new(H264, Bounds { pixels: 1 << 20, coded_bytes: 100 }).unwrap();
    assert_eq!(read(&mut reader).1, Err(Error::Broken("a frame is too large")));
}

#[test]
fn a_session_without_memory_loses_pictures_and_goes_on() {
    let bytes = Format::I420.bytes(Size::new(34, 18));
    let account = MemoryAccount::new(bytes);
    let mut pool = Pool::of(&account);
    let mut reader = open(RAW).unwrap();
    let first = reader.next(&mut pool).unwrap().unwrap();
    assert!(matches!(first.data, Data::Picture(_)));
    let second = reader.next(&mut pool).unwrap().unwrap();
    assert!(matches!(second.data, Data::NoRoom) && second.time == 40_000_000);
    drop(first);
    let third = reader.next(&mut pool).unwrap().unwrap();
    assert!(matches!(third.data, Data::Picture(_)) && third.time == 80_000_000);
    assert_eq!(account.peak(), bytes);
}

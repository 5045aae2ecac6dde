#![expect(clippy::disallowed_methods, reason = "tests wait for times to pass")]

use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use framebox_media::{Codec, EncodedFrame};
use framebox_picture::Size;

use super::*;
use crate::stream::keyframes::FOLD;
use crate::stream::report::Encoding;

const H264: Needs = Needs::of(Codec::H264);

/// Counts what a rendition reports, and lets a test wait for it.
#[derive(Default)]
struct Log {
    state: Mutex<Seen>,
    changed: Condvar,
}

#[derive(Default)]
struct Seen {
    rooms: usize,
    done: Vec<Encoding>,
    frames: Vec<EncodedFrame>,
}

impl Log {
    fn change(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
    }

    fn wait(&self, until: impl Fn(&Seen) -> bool) {
        let state = self.state.lock().unwrap();
        let limit = Duration::from_secs(60);
        let (_state, timeout) = self.changed.wait_timeout_while(state, limit, |seen| !until(seen)).unwrap();
        assert!(!timeout.timed_out(), "it did not happen");
    }

    fn frames(&self) -> Vec<EncodedFrame> {
        self.state.lock().unwrap().frames.clone()
    }
}

impl Report for Log {
    fn room(&self) {
        self.change(|seen| seen.rooms += 1);
    }
    fn done(&self, encoding: Encoding) {
        self.change(|seen| seen.done.push(encoding));
    }
    fn failed(&self, error: &framebox_media::Error) {
        panic!("{error}");
    }
    fn panicked(&self) {}
}

impl Viewer for Log {
    fn frame(&self, frame: EncodedFrame) {
        self.change(|seen| seen.frames.push(frame));
    }
}

fn start() -> (Stream, Arc<Log>) {
    let log = Arc::<Log>::default();
    let settings = Settings { bitrate: 1_500_000, max_bitrate: 2_500_000, fps: 30.0 };
    (Stream::new(settings, &MemoryAccount::unlimited(), log.clone()), log)
}

fn attach(stream: &Stream, viewer: &Arc<Log>) -> Attachment {
    stream.attach(H264, viewer.clone()).unwrap()
}

fn picture(sequence: u64) -> Shown {
    let mut picture = Picture::black(Size::new(64, 48)).unwrap();
    picture.planes_mut().0.fill(40 + sequence as u8);
    Shown {
        picture: Arc::new(picture),
        sequence,
        pts: Duration::from_millis(33) * sequence as u32,
        rtp_timestamp: 3000 * sequence as u32,
        captured: Instant::now(),
        processed: true,
    }
}

/// Encodes one picture, and waits until it is with every viewer.
fn encode(stream: &Stream, log: &Log, sequence: u64, viewers: &[&Log]) {
    let before: Vec<_> = viewers.iter().map(|viewer| viewer.frames().len()).collect();
    assert!(stream.show(&picture(sequence)));
    log.wait(|seen| seen.done.iter().any(|encoding| encoding.sequence == sequence));
    for (viewer, before) in viewers.iter().zip(before) {
        viewer.wait(|seen| seen.frames.len() > before);
    }
}

/// Which of its frames are keyframes.
fn keyframes(viewer: &Log) -> Vec<bool> {
    viewer.frames().iter().map(|frame| frame.keyframe).collect()
}

#[test]
fn two_viewers_share_bytes_keyframes_and_the_lower_bit_rate() {
    let (stream, log) = start();
    let (first, second) = (Arc::<Log>::default(), Arc::<Log>::default());
    let (first_attached, second_attached) = (attach(&stream, &first), attach(&stream, &second));
    (0..3).for_each(|sequence| encode(&stream, &log, sequence, &[&first, &second]));
    std::thread::sleep(FOLD);
    first_attached.request_keyframe();
    second_attached.request_keyframe();
    (3..6).for_each(|sequence| encode(&stream, &log, sequence, &[&first, &second]));
    let (one, other) = (first.frames(), second.frames());
    assert_eq!(one, other);
    assert!(one.iter().zip(&other).all(|(one, other)| one.data.as_ptr() == other.data.as_ptr()), "bytes are shared");
    let count = keyframes(&first).into_iter().filter(|keyframe| *keyframe).count();
    assert_eq!((count, keyframes(&first)[0]), (2, true), "one keyframe at the start, and one for two wishes");
    assert_eq!(stream.bitrate(), Some(1_500_000));
    first_attached.set_bitrate(2_000_000);
    second_attached.set_bitrate(1_400_000);
    assert_eq!(stream.bitrate(), Some(1_400_000), "the slower viewer decides");
    drop(second_attached);
    let (of_first, of_second) = (first.frames().len(), second.frames().len());
    assert_eq!(stream.bitrate(), Some(2_000_000));
    first_attached.set_bitrate(9_000_000);
    assert_eq!(stream.bitrate(), Some(2_500_000), "within the maximum");
    (6..9).for_each(|sequence| encode(&stream, &log, sequence, &[&first]));
    assert_eq!((first.frames().len(), second.frames().len()), (of_first + 3, of_second));
    assert!(
        first.frames()[of_first..].iter().all(|frame| !frame.keyframe),
        "who is gone changes nothing for the other"
    );
    stream.close();
}

#[test]
fn a_viewer_that_comes_later_begins_with_a_keyframe() {
    let (stream, log) = start();
    let (first, second) = (Arc::<Log>::default(), Arc::<Log>::default());
    let _first = attach(&stream, &first);
    (0..3).for_each(|sequence| encode(&stream, &log, sequence, &[&first]));
    std::thread::sleep(FOLD);
    let _second = attach(&stream, &second);
    (3..5).for_each(|sequence| encode(&stream, &log, sequence, &[&first, &second]));
    assert!(keyframes(&second)[0] && keyframes(&second)[1..].iter().all(|keyframe| !keyframe));
    stream.close();
}

#[test]
fn two_hundred_viewers_cost_one_encode_and_who_comes_later_one_keyframe() {
    let (stream, log) = start();
    let crowd: Vec<_> = (0..200).map(|_| Arc::<Log>::default()).collect();
    let _attached: Vec<_> = crowd.iter().map(|viewer| attach(&stream, viewer)).collect();
    let all: Vec<_> = crowd.iter().map(|viewer| &**viewer).collect();
    (0..3).for_each(|sequence| encode(&stream, &log, sequence, &all));
    let late: Vec<_> = (0..50).map(|_| Arc::<Log>::default()).collect();
    let _late: Vec<_> = late.iter().map(|viewer| attach(&stream, viewer)).collect();
    // No picture comes any more: the last one is encoded again.
    all.iter().for_each(|viewer| viewer.wait(|seen| seen.frames.len() == 4));
    assert!(all.iter().all(|viewer| keyframes(viewer) == [true, false, false, true]));
    for viewer in &late {
        viewer.wait(|seen| !seen.frames.is_empty());
        assert!(keyframes(viewer).iter().all(|keyframe| *keyframe));
    }
    let encodings = log.state.lock().unwrap().done.len();
    assert_eq!(encodings, 4, "each picture is encoded once for all of them");
    stream.close();
}

#[test]
fn who_comes_while_nothing_moves_sees_the_last_picture() {
    let (stream, _log) = start();
    assert!(!stream.show(&picture(0)), "nobody watches");
    let (first, second) = (Arc::<Log>::default(), Arc::<Log>::default());
    let _first = attach(&stream, &first);
    first.wait(|seen| seen.frames.len() == 1);
    assert!(first.frames()[0].keyframe);
    let _second = attach(&stream, &second);
    let frames = second.frames();
    assert_eq!((frames.len(), &frames[0].data), (1, &first.frames()[0].data), "what is there shows the present");
    assert!(stream.show(&picture(1)));
    for viewer in [&first, &second] {
        viewer.wait(|seen| seen.frames.len() == 2);
        let stamps: Vec<_> = viewer.frames().iter().map(|frame| frame.rtp_timestamp).collect();
        assert!(!viewer.frames()[1].keyframe && stamps.is_sorted_by(|a, b| a < b), "{stamps:?}");
    }
    stream.close();
    assert!(stream.last_picture().is_none());
}

#[test]
fn each_codec_has_its_rendition_while_somebody_needs_it() {
    if !Codec::Vp8.is_available() {
        println!("skipped: built without libvpx");
        return;
    }
    let (stream, log) = start();
    let (h264, vp8) = (Arc::<Log>::default(), Arc::<Log>::default());
    let _attached = attach(&stream, &h264);
    encode(&stream, &log, 0, &[&h264]);
    assert_eq!(stream.renditions().len(), 1);
    let other = stream.attach(Needs::of(Codec::Vp8), vp8.clone()).unwrap();
    // The other one may miss a picture that comes while it works.
    for sequence in 1..40 {
        encode(&stream, &log, sequence, &[&h264]);
        vp8.wait(|seen| !seen.frames.is_empty() || sequence < 39);
    }
    let seen: Vec<_> = stream.renditions().iter().map(|one| (one.codec, one.viewers)).collect();
    assert_eq!(seen, [(Codec::H264, 1), (Codec::Vp8, 1)]);
    assert!(vp8.frames()[0].keyframe && vp8.frames().iter().all(|frame| frame.codec == Codec::Vp8));
    assert!(h264.frames().iter().all(|frame| frame.codec == Codec::H264));
    assert!(h264.frames()[1..].iter().all(|frame| !frame.keyframe), "who needs another codec costs nothing here");
    drop(other);
    assert_eq!(stream.renditions().len(), 1);
    let before = vp8.frames().len();
    encode(&stream, &log, 40, &[&h264]);
    assert!(vp8.frames().len() <= before + 1);
    stream.close();
}

#[test]
fn without_viewers_nothing_is_encoded() {
    let (stream, log) = start();
    (0..3).for_each(|sequence| assert!(!stream.show(&picture(sequence)) && stream.has_room()));
    let viewer = Arc::<Log>::default();
    let attached = attach(&stream, &viewer);
    encode(&stream, &log, 3, &[&viewer]);
    assert!(viewer.frames()[0].keyframe, "its stream begins with a keyframe");
    drop(attached);
    assert!(!stream.show(&picture(4)));
    stream.close();
    assert!(log.state.lock().unwrap().done.iter().all(|encoding| encoding.sequence <= 3));
}

/// Blocks its rendition's thread until it is released.
#[derive(Default)]
struct Blocks {
    entered: Mutex<(usize, bool)>,
    changed: Condvar,
}

impl Viewer for Blocks {
    fn frame(&self, _: EncodedFrame) {
        let mut state = self.entered.lock().unwrap();
        state.0 += 1;
        self.changed.notify_all();
        drop(self.changed.wait_while(state, |(_, released)| !*released).unwrap());
    }
}

#[test]
fn one_picture_waits_while_another_is_encoded_and_the_end_waits_for_both() {
    let (stream, log) = start();
    let viewer = Arc::<Blocks>::default();
    let _attached = stream.attach(H264, viewer.clone());
    assert!(stream.show(&picture(0)));
    let entered = viewer.entered.lock().unwrap();
    drop(viewer.changed.wait_while(entered, |(entered, _)| *entered == 0).unwrap());
    assert!(stream.has_room(), "what is being encoded does not wait any more");
    assert!(stream.show(&picture(1)));
    assert!(!stream.has_room());
    assert!(!stream.show(&picture(2)), "there is room for one");
    viewer.entered.lock().unwrap().1 = true;
    viewer.changed.notify_all();
    stream.close();
    assert!(!stream.show(&picture(3)), "after the end nothing is taken");
    let seen = log.state.lock().unwrap();
    let sequences: Vec<_> = seen.done.iter().map(|encoding| encoding.sequence).collect();
    assert_eq!((sequences, seen.rooms), (vec![0, 1], 3), "room twice, and at the end");
}

#[test]
fn a_picture_that_no_handler_touched_has_the_size_of_the_results() {
    let (stream, log) = start();
    let viewer = Arc::<Log>::default();
    let _attached = attach(&stream, &viewer);
    encode(&stream, &log, 0, &[&viewer]);
    let large = Arc::new(Picture::black(Size::new(320, 240)).unwrap());
    assert!(stream.show(&Shown { picture: large, processed: false, ..picture(1) }));
    viewer.wait(|seen| seen.frames.len() == 2);
    stream.close();
    let mut decoder = Codec::H264.decoder().unwrap();
    for frame in viewer.frames() {
        assert!(decoder.decode(&frame.data).unwrap());
        assert_eq!(decoder.picture().unwrap().size, Size::new(64, 48));
    }
    assert!(!viewer.frames()[1].keyframe, "the encoder need not start anew");
}

#[test]
fn a_blocked_viewer_skips_frames_when_it_is_alone_and_slows_nobody_else() {
    let (stream, log) = start();
    let (first, second) = (Arc::<Log>::default(), Arc::<Log>::default());
    let blocked = attach(&stream, &first);
    encode(&stream, &log, 0, &[&first]);
    blocked.set_blocked(true);
    assert!(!stream.has_room());
    blocked.set_blocked(false);
    assert!(stream.has_room());
    let _second = attach(&stream, &second);
    blocked.set_blocked(true);
    assert!(stream.has_room());
    std::thread::sleep(Duration::from_millis(200));
    let before = first.frames().len();
    (1..4).for_each(|sequence| encode(&stream, &log, sequence, &[&second]));
    assert_eq!(first.frames().len(), before, "it misses frames, alone");
    blocked.set_blocked(false);
    // Its keyframe may have to wait for the fold.
    for sequence in 4..1000 {
        encode(&stream, &log, sequence, &[&second]);
        if first.frames().len() > before {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    assert!(first.frames()[before].keyframe, "it goes on with a keyframe");
    stream.close();
}

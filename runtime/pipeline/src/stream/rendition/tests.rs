use std::sync::Condvar;
use std::time::Duration;

use framebox_media::{Codec, EncodedFrame, encode};
use framebox_picture::{Picture, Size};

use super::*;

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

fn start() -> (Rendition, Arc<Log>) {
    let encode = encode::Settings { bitrate: 1_500_000, max_bitrate: 2_500_000, ..encode::Settings::default() };
    let log = Arc::<Log>::default();
    (Rendition::start(Settings { codec: Codec::H264, encode, max_pixels: None }, log.clone()).unwrap(), log)
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

/// Encodes one picture, and waits until its frame is with every viewer.
fn encode(rendition: &Rendition, log: &Log, sequence: u64, viewers: &[&Log]) {
    rendition.show(picture(sequence)).unwrap();
    log.wait(|seen| seen.done.iter().any(|encoding| encoding.sequence == sequence));
    for viewer in viewers {
        viewer.wait(|seen| seen.frames.last().is_some_and(|frame| frame.rtp_timestamp == 3000 * sequence as u32));
    }
}

#[test]
fn two_viewers_share_bytes_keyframes_and_the_lower_bit_rate() {
    let (rendition, log) = start();
    let (first, second) = (Arc::<Log>::default(), Arc::<Log>::default());
    let first_attached = rendition.attach(first.clone());
    let second_attached = rendition.attach(second.clone());
    (0..3).for_each(|sequence| encode(&rendition, &log, sequence, &[&first, &second]));
    first_attached.request_keyframe();
    second_attached.request_keyframe();
    (3..6).for_each(|sequence| encode(&rendition, &log, sequence, &[&first, &second]));
    let (one, other) = (first.frames(), second.frames());
    assert_eq!(one, other);
    assert!(one.iter().zip(&other).all(|(one, other)| one.data.as_ptr() == other.data.as_ptr()), "bytes are shared");
    let keyframes: Vec<_> = one.iter().filter(|frame| frame.keyframe).map(|frame| frame.rtp_timestamp / 3000).collect();
    assert_eq!(keyframes, [0, 3], "one keyframe at the start, and one for two wishes");
    assert_eq!(rendition.bitrate(), 1_500_000);
    first_attached.set_bitrate(2_000_000);
    second_attached.set_bitrate(300_000);
    assert_eq!(rendition.bitrate(), 300_000);
    first_attached.set_bitrate(9_000_000);
    assert_eq!(rendition.bitrate(), 300_000, "the slower viewer decides");
    drop(second_attached);
    assert_eq!(rendition.bitrate(), 2_500_000, "within the maximum");
    (6..9).for_each(|sequence| encode(&rendition, &log, sequence, &[&first]));
    assert_eq!((first.frames().len(), second.frames().len()), (9, 6));
    assert!(first.frames()[6..].iter().all(|frame| !frame.keyframe), "who is gone changes nothing for the other");
    rendition.close();
}

#[test]
fn a_viewer_that_comes_later_begins_with_a_keyframe() {
    let (rendition, log) = start();
    let (first, second) = (Arc::<Log>::default(), Arc::<Log>::default());
    let _first = rendition.attach(first.clone());
    (0..3).for_each(|sequence| encode(&rendition, &log, sequence, &[&first]));
    let _second = rendition.attach(second.clone());
    (3..5).for_each(|sequence| encode(&rendition, &log, sequence, &[&first, &second]));
    assert_eq!(second.frames().iter().map(|frame| frame.keyframe).collect::<Vec<_>>(), [true, false]);
    rendition.close();
}

#[test]
fn without_viewers_nothing_is_encoded_and_every_picture_is_reported() {
    let (rendition, log) = start();
    (0..3).for_each(|sequence| encode(&rendition, &log, sequence, &[]));
    let viewer = Arc::<Log>::default();
    let _attached = rendition.attach(viewer.clone());
    encode(&rendition, &log, 3, &[&viewer]);
    let sent: Vec<_> = log.state.lock().unwrap().done.iter().map(|encoding| encoding.sent).collect();
    assert_eq!(sent, [false, false, false, true]);
    assert!(viewer.frames()[0].keyframe, "its stream begins with a keyframe");
    rendition.close();
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
    let (rendition, log) = start();
    let viewer = Arc::<Blocks>::default();
    let _attached = rendition.attach(viewer.clone());
    rendition.show(picture(0)).unwrap();
    let entered = viewer.entered.lock().unwrap();
    drop(viewer.changed.wait_while(entered, |(entered, _)| *entered == 0).unwrap());
    assert!(rendition.has_room(), "what is being encoded does not wait any more");
    rendition.show(picture(1)).unwrap();
    assert!(!rendition.has_room());
    assert_eq!(rendition.show(picture(2)).unwrap_err().sequence, 2, "there is room for one");
    viewer.entered.lock().unwrap().1 = true;
    viewer.changed.notify_all();
    rendition.close();
    assert!(rendition.show(picture(3)).is_err(), "after the end nothing is taken");
    let seen = log.state.lock().unwrap();
    let sequences: Vec<_> = seen.done.iter().map(|encoding| encoding.sequence).collect();
    assert_eq!((sequences, seen.rooms), (vec![0, 1], 3), "room twice, and at the end");
}

#[test]
fn a_picture_that_no_handler_touched_has_the_size_of_the_results() {
    let (rendition, log) = start();
    let viewer = Arc::<Log>::default();
    let _attached = rendition.attach(viewer.clone());
    encode(&rendition, &log, 0, &[&viewer]);
    let large = Arc::new(Picture::black(Size::new(320, 240)).unwrap());
    rendition.show(Shown { picture: large, processed: false, ..picture(1) }).unwrap();
    viewer.wait(|seen| seen.frames.len() == 2);
    rendition.close();
    let mut decoder = Codec::H264.decoder().unwrap();
    for frame in viewer.frames() {
        assert!(decoder.decode(&frame.data).unwrap());
        assert_eq!(decoder.picture().unwrap().size, Size::new(64, 48));
    }
    assert!(!viewer.frames()[1].keyframe, "the encoder need not start anew");
}

//! One encode, many viewers: real encoders, and viewers of every kind.

use framebox_pipeline::session::stats::RenditionStats;

use super::*;

/// A viewer, and what keeps it attached.
struct Watching {
    viewer: Arc<Listener>,
    attachment: Attachment,
}

fn watch(session: &Session, needs: Needs) -> Watching {
    let viewer = Arc::<Listener>::default();
    let attachment = session.stream().attach(needs, viewer.clone()).unwrap();
    Watching { viewer, attachment }
}

impl Watching {
    fn frames(&self) -> Vec<EncodedFrame> {
        self.viewer.0.lock().unwrap().frames.clone()
    }

    fn seen(&self) -> usize {
        self.viewer.0.lock().unwrap().frames.len()
    }

    fn keyframes(&self) -> usize {
        self.frames().iter().filter(|frame| frame.keyframe).count()
    }

    /// Sizes of the pictures, each change once. All can be decoded, and their times go on.
    fn sizes(&self, codec: Codec) -> Vec<Size> {
        let frames = self.frames();
        assert!(frames.windows(2).all(|pair| 0 < pair[1].rtp_timestamp.wrapping_sub(pair[0].rtp_timestamp) as i32));
        let mut decoder = codec.decoder().unwrap();
        let mut sizes = Vec::new();
        for frame in frames {
            assert_eq!(frame.codec, codec);
            assert!(decoder.decode(&frame.data).unwrap());
            sizes.push(decoder.picture().unwrap().size);
        }
        sizes.dedup();
        sizes
    }
}

/// Films until something is true, however slow the machine is.
fn film_until(session: &Session, camera: &mut Camera, what: &str, until: impl Fn() -> bool) {
    let begin = Instant::now();
    while !until() {
        camera.film(session, 3);
        assert!(begin.elapsed() < Duration::from_secs(120), "{what} did not happen: {:?}", session.stats().renditions);
    }
}

fn of(renditions: &[RenditionStats]) -> Vec<(Codec, usize)> {
    renditions.iter().map(|rendition| (rendition.codec, rendition.viewers)).collect()
}

#[test]
fn two_hundred_viewers_cost_one_encode() {
    let (session, listener) = start(built_in("invert"));
    let crowd: Vec<_> = (0..199).map(|_| watch(&session, H264)).collect();
    let mut camera = Camera::new();
    film_until(&session, &mut camera, "a second of pictures", || crowd.iter().all(|viewer| viewer.seen() >= 30));
    let stats = session.stats();
    assert_eq!(of(&stats.renditions), [(Codec::H264, 200)]);
    assert_eq!(stats.renditions[0].picture.map(|size| (size.width, size.height)), Some((320, 240)));
    // Wishes of all of them are one keyframe.
    let before = crowd[0].keyframes();
    crowd.iter().for_each(|viewer| viewer.attachment.request_keyframe());
    film_until(&session, &mut camera, "a keyframe", || crowd[0].keyframes() > before);
    session.join();
    assert_eq!(crowd[0].keyframes(), before + 1);
    let frames = listener.0.lock().unwrap().frames.clone();
    for viewer in &crowd {
        let shared = viewer.frames();
        assert!(shared.iter().zip(&frames).all(|(one, other)| one.data.as_ptr() == other.data.as_ptr()));
    }
}

#[test]
fn a_viewer_with_a_slow_path_gets_a_smaller_size_and_hurts_nobody() {
    let size = Size::new(640, 480);
    let (session, _listener) = start(built_in("invert"));
    let (fast, slow) = (watch(&session, H264), watch(&session, H264));
    let mut camera = Camera::of(size);
    fast.attachment.set_bitrate(2_000_000);
    slow.attachment.set_bitrate(2_000_000);
    film_until(&session, &mut camera, "pictures", || slow.seen() >= 10);
    assert_eq!(session.stats().renditions.len(), 1);
    slow.attachment.set_bitrate(300_000);
    film_until(&session, &mut camera, "a smaller size", || {
        slow.attachment.set_bitrate(300_000);
        let renditions = session.stats().renditions;
        renditions.len() == 2 && renditions[1].viewers == 1 && renditions[1].picture.is_some()
    });
    let renditions = session.stats().renditions;
    let bitrates: Vec<_> = renditions.iter().map(|rendition| rendition.bitrate_bps).collect();
    assert_eq!(bitrates, [2_000_000, 300_000]);
    film_until(&session, &mut camera, "its return", || {
        slow.attachment.set_bitrate(2_000_000);
        session.stats().renditions.len() == 1
    });
    camera.film(&session, 10);
    session.join();
    assert_eq!(fast.sizes(Codec::H264), [size]);
    assert_eq!(fast.keyframes(), 2, "at the start, and when the other one returned");
    assert_eq!(slow.sizes(Codec::H264), [size, Size::new(320, 240), size]);
}

#[test]
fn a_newcomer_begins_with_a_keyframe_also_when_the_publisher_is_away() {
    let (session, listener) = start(built_in("invert"));
    let mut camera = Camera::new();
    camera.film(&session, 20);
    listener.wait("pictures", |heard| heard.frames.len() >= 10);
    // Nobody sends anything any more.
    let late: Vec<_> = (0..20).map(|_| watch(&session, H264)).collect();
    for viewer in &late {
        viewer.viewer.wait("a picture", |heard| !heard.frames.is_empty());
    }
    let vp8 = Codec::Vp8.is_available().then(|| watch(&session, Needs::of(Codec::Vp8)));
    if let Some(other) = &vp8 {
        other.viewer.wait("a picture", |heard| !heard.frames.is_empty());
        assert!(other.frames()[0].keyframe);
    }
    // The publisher returns.
    camera.film(&session, 10);
    for viewer in &late {
        viewer.viewer.wait("pictures that move", |heard| heard.frames.len() >= 5);
        assert!(viewer.frames()[0].keyframe && viewer.sizes(Codec::H264) == [SIZE]);
    }
    assert!(session.stream().last_picture().is_some());
    session.join();
}

#[test]
fn h264_and_vp8_viewers_get_theirs_while_they_are_there_and_a_publisher_may_change_its_codec() {
    if !Codec::Vp8.is_available() {
        println!("skipped: built without libvpx");
        return;
    }
    let (session, listener) = start(built_in("invert"));
    let mut camera = Camera::new();
    film_until(&session, &mut camera, "pictures", || listener.0.lock().unwrap().frames.len() >= 5);
    let vp8 = watch(&session, Needs::of(Codec::Vp8));
    film_until(&session, &mut camera, "pictures", || vp8.seen() >= 10);
    assert_eq!(of(&session.stats().renditions), [(Codec::H264, 1), (Codec::Vp8, 1)]);
    // Another publisher, with another codec: first what cannot be decoded, then its keyframe.
    let mut other = Camera::with(Codec::Vp8, SIZE);
    let first = other.next();
    session.push(other.next());
    listener.wait("a request", |heard| heard.keyframes_needed >= 1);
    session.push(first);
    let (received, before) = (session.stats().frames.received, vp8.seen());
    film_until(&session, &mut other, "pictures of the other", || vp8.seen() >= before + 10);
    assert!(session.stats().frames.received > received);
    assert_eq!(vp8.sizes(Codec::Vp8), [SIZE]);
    drop(vp8);
    assert_eq!(of(&session.stats().renditions), [(Codec::H264, 1)]);
    film_until(&session, &mut Camera::new(), "the first codec again", || {
        session.stats().frames.received >= received + 15
    });
    session.join();
    let heard = listener.0.lock().unwrap();
    assert!(heard.frames.iter().all(|frame| frame.codec == Codec::H264) && heard.ended.is_some());
}

#[test]
fn a_stopped_viewer_stops_nobody_else() {
    let (session, listener) = start(built_in("invert"));
    let stopped = watch(&session, H264);
    stopped.attachment.set_blocked(true);
    let mut camera = Camera::new();
    film_until(&session, &mut camera, "pictures", || listener.0.lock().unwrap().frames.len() >= 40);
    assert!(stopped.seen() < 30, "{}", stopped.seen());
    stopped.attachment.set_blocked(false);
    let before = stopped.seen();
    film_until(&session, &mut camera, "its return", || stopped.seen() >= before + 5);
    assert!(stopped.frames()[before].keyframe && stopped.sizes(Codec::H264) == [SIZE]);
    session.join();
}

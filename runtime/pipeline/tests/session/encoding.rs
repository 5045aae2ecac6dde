//! Encoding beside the handler, for any number of viewers.

use std::sync::Condvar;

use framebox_pipeline::Skipping;
use framebox_pipeline::schedule::gate::Backlog;
use framebox_pipeline::schedule::skip_reason::SkipReason;

use super::policies::{count, skipped, start_with};
use super::*;

/// Holds the rendition's thread with the first frame until it is released.
#[derive(Default)]
struct Holds {
    released: Mutex<bool>,
    changed: Condvar,
}

impl Viewer for Holds {
    fn frame(&self, _: EncodedFrame) {
        let released = self.released.lock().unwrap();
        drop(self.changed.wait_while(released, |released| !*released).unwrap());
    }
}

impl Holds {
    fn release(&self) {
        *self.released.lock().unwrap() = true;
        self.changed.notify_all();
    }
}

fn push(session: &Session, listener: &Listener, camera: &mut Camera, frames: u32) {
    for _ in 0..frames {
        let received = session.stats().frames.received;
        session.push(camera.next());
        listener.wait("decoding", |_| session.stats().frames.received > received);
    }
}

#[test]
fn one_frame_is_processed_while_another_is_encoded_and_then_the_gate_decides() {
    for skipping in [Skipping::Latest, Skipping::Never] {
        let (session, listener) = start_with(built_in("invert"), |setup| {
            setup.policy.skipping = skipping;
            setup.budgets.backlog = Backlog { age: Duration::from_secs(3600), ..Backlog::default() };
        });
        let holds = Arc::<Holds>::default();
        let _attached = session.stream().attach(H264, holds.clone()).unwrap();
        let mut camera = Camera::new();
        push(&session, &listener, &mut camera, 1);
        listener.wait("the first picture", |heard| heard.frames.len() == 1);
        push(&session, &listener, &mut camera, 1);
        listener.wait("the next result", |_| session.stats().frames.processed == 2);
        push(&session, &listener, &mut camera, 10);
        let counts = session.stats().frames;
        assert_eq!((counts.received, counts.processed, counts.in_work, counts.sent), (12, 2, 0, 1), "{skipping}");
        match skipping {
            Skipping::Never => assert_eq!((counts.waiting, skipped(&counts)), (10, 0)),
            _ => assert_eq!((counts.waiting, count(&counts, SkipReason::Busy)), (1, 9)),
        }
        holds.release();
        listener.wait("the rest", |heard| heard.frames.len() as u64 == 12 - skipped(&counts));
        let numbers: Vec<_> = session.frames(0).0.iter().map(|row| row.sequence).collect();
        assert_eq!(numbers.len(), 12, "each frame has its row: {numbers:?}");
        session.join();
        let heard = listener.0.lock().unwrap();
        assert!(heard.frames.windows(2).all(|pair| pair[0].rtp_timestamp != pair[1].rtp_timestamp));
        let stamps: Vec<_> =
            heard.frames.iter().map(|frame| frame.rtp_timestamp.wrapping_sub(u32::MAX - 30_000)).collect();
        assert!(stamps.is_sorted(), "in order: {stamps:?}");
    }
}

#[test]
fn what_waits_at_the_end_is_encoded_and_the_end_comes_last() {
    let (session, listener) = start(built_in("invert"));
    let holds = Arc::<Holds>::default();
    let _attached = session.stream().attach(H264, holds.clone()).unwrap();
    let mut camera = Camera::new();
    push(&session, &listener, &mut camera, 1);
    listener.wait("the first picture", |heard| heard.frames.len() == 1);
    push(&session, &listener, &mut camera, 1);
    listener.wait("the next result", |_| session.stats().frames.processed == 2);
    session.end();
    assert_eq!(listener.0.lock().unwrap().ended, None);
    holds.release();
    session.join();
    let heard = listener.0.lock().unwrap();
    assert_eq!((heard.frames.len(), heard.ended.is_some()), (2, true));
}

#[test]
fn two_viewers_of_a_session_see_the_same() {
    let (session, listener) = start(built_in("invert"));
    let other = Arc::new(Listener::default());
    let attached = session.stream().attach(H264, other.clone()).unwrap();
    let mut camera = Camera::new();
    push(&session, &listener, &mut camera, 5);
    attached.set_bitrate(200_000);
    assert_eq!(session.bitrate(), 200_000);
    session.join();
    let (one, two) = (listener.0.lock().unwrap(), other.0.lock().unwrap());
    assert!(!one.frames.is_empty() && one.frames == two.frames);
    assert!(one.frames.iter().zip(&two.frames).all(|(one, two)| one.data.as_ptr() == two.data.as_ptr()));
}

#[test]
fn an_observer_has_no_rendition() {
    let (session, listener) = start(built_in("watch"));
    assert!(session.stream().attach(H264, listener.clone()).is_none());
    session.join();
}

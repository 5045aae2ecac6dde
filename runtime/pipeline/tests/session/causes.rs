//! Failures are booked to who caused them, and a camera that is too large is told so.

use framebox_pipeline::session::cause::Cause;
use framebox_pipeline::session::history::{Outcome, Row};

use super::*;

/// The rows of the frames that failed.
fn failed(session: &Session) -> Vec<Row> {
    session.frames(0).0.into_iter().filter(|row| row.outcome == Outcome::Failed).collect()
}

/// Films until `frames` frames have failed; returns their rows.
fn film_until_failed(session: &Session, frames: usize) -> Vec<Row> {
    let (mut camera, begin) = (Camera::new(), Instant::now());
    loop {
        camera.film(session, 10);
        let rows = failed(session);
        if rows.len() >= frames {
            return rows;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "{:?}", session.stats());
    }
}

fn rests(listener: &Listener) -> bool {
    listener.0.lock().unwrap().notices.iter().any(|notice| notice.code == "resting")
}

#[test]
fn a_camera_that_is_too_large_is_told_in_words_and_goes_on_when_it_is_smaller() {
    let listener = Arc::new(Listener::default());
    let setup = setup(built_in("invert"), Duration::from_millis(400));
    let session = connect(Setup { largest_input: SIZE, ..setup }, &listener);
    Camera::of(Size::new(640, 480)).film(&session, 5);
    listener.wait("a notice", |heard| !heard.notices.is_empty());
    {
        let heard = listener.0.lock().unwrap();
        let Notice { code, message, .. } = &heard.notices[0];
        assert_eq!(*code, "camera-too-large");
        assert!(message.contains("640×480") && message.contains("320×240"), "{message}");
        assert!(heard.keyframes_needed > 0, "the next keyframe may be smaller");
        assert_eq!(heard.notices.len(), 1, "not with every frame");
    }
    let mut camera = Camera::new();
    camera.film(&session, 10);
    listener.wait("a picture", |heard| !heard.frames.is_empty());
    assert!(failed(&session).is_empty() && session.stats().instances_made == 1);
    session.join();
}

#[test]
fn pictures_beyond_the_pixel_limit_are_not_held_against_the_handler() {
    let listener = Arc::new(Listener::default());
    let mut setup = setup(built_in("invert"), Duration::from_millis(400));
    setup.limits.output_pixels = 100 * 100;
    let session = connect(setup, &listener);
    let rows = film_until_failed(&session, 5);
    assert!(rows.iter().all(|row| row.cause == Some(Cause::Input)), "{rows:?}");
    assert!(!rests(&listener), "the breaker does not count them");
    session.join();
}

#[test]
fn a_session_without_memory_for_a_picture_fails_as_the_hosts() {
    let listener = Arc::new(Listener::default());
    let setup = setup(built_in("invert"), Duration::from_millis(400));
    // The camera's picture takes 115,200 bytes, the handler's as many.
    let account = MemoryAccount::new(200_000);
    let session = connect(Setup { account: account.clone(), ..setup }, &listener);
    let rows = film_until_failed(&session, 5);
    assert!(rows.iter().all(|row| row.cause == Some(Cause::Host)), "{rows:?}");
    assert!(rows.iter().all(|row| row.reason == Some("host-memory")), "{rows:?}");
    assert!(!rests(&listener) && account.peak() <= 200_000);
    session.join();
    assert_eq!(account.used(), 0, "everything is given back");
}

#[test]
fn what_the_handler_does_is_held_against_it() {
    let (session, listener) = start(case("trap"));
    let rows = film_until_failed(&session, 3);
    assert!(rows.iter().all(|row| row.cause == Some(Cause::Handler)), "{rows:?}");
    listener.wait("a rest", |heard| heard.notices.iter().any(|notice| notice.code == "resting"));
    session.join();
}

//! Another component takes over a session that runs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_pipeline::Budgets;
use framebox_pipeline::session::history::Outcome;
use framebox_pipeline::session::swap::{Swap, SwapError};
use framebox_sandbox::{Component, Kind, Limits};
use serde_json::json;

use super::{Camera, Session, built_in, case, lumas, start};

fn swap(session: &Session, component: Component) -> Result<u64, SwapError> {
    let limits = Limits {
        call: framebox_sandbox::Budget { time: Duration::from_millis(400), fuel: u64::MAX / 2 },
        ..Limits::default()
    };
    session.swap(Swap { component, limits, budgets: Budgets::default() })
}

#[test]
fn from_one_frame_on_another_component_answers() {
    let (session, listener) = start(built_in("invert"));
    let mut camera = Camera::new();
    let mut timestamps = camera.film(&session, 20);
    let from = std::thread::scope(|scope| {
        let swapped = scope.spawn(|| swap(&session, case("good")).unwrap());
        timestamps.extend(camera.film(&session, 40));
        swapped.join().unwrap()
    });
    listener.wait("the last picture's arrival", |heard| {
        heard.frames.last().is_some_and(|frame| Some(&frame.rtp_timestamp) == timestamps.last())
    });
    let stats = session.stats();
    let (rows, _) = session.frames(0);
    session.join();
    let heard = listener.0.lock().unwrap();
    assert!((1..59).contains(&from), "{from}");
    for (frame, luma) in heard.frames.iter().zip(lumas(&heard.frames)) {
        let index = timestamps.iter().position(|timestamp| *timestamp == frame.rtp_timestamp).unwrap();
        let shown = 40 + index as u8;
        let expected = if (index as u64) < from { 251 - shown } else { shown };
        assert!(luma.abs_diff(expected) <= 3, "picture {index} of a swap at {from}: {luma}, not {expected}");
    }
    assert_eq!((rows.len(), stats.frames.received), (60, 60));
    assert_eq!(stats.frames.received, stats.frames.processed + stats.frames.skipped.values().sum::<u64>());
    assert_eq!(stats.instances_made, 2);
    assert!(heard.notices.is_empty(), "{:?}", heard.notices);
}

#[test]
fn under_load_every_frame_is_accounted_for() {
    let (session, _listener) = start(built_in("edges"));
    let components = [built_in("invert"), built_in("edges"), built_in("motion")];
    let mut camera = Camera::new();
    let firsts: Vec<u64> = std::thread::scope(|scope| {
        let swaps = scope.spawn(|| (0..30).map(|n| swap(&session, components[n % 3].clone()).unwrap()).collect());
        camera.film(&session, 90);
        swaps.join().unwrap()
    });
    assert!(firsts.is_sorted(), "{firsts:?}");
    let is_done = || {
        let frames = session.stats().frames;
        frames.received == 90 && frames.waiting + frames.in_work == 0 && session.frames(0).1 == 90
    };
    let begin = Instant::now();
    while !is_done() && begin.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    let frames = session.stats().frames;
    let skipped: u64 = frames.skipped.values().sum();
    assert_eq!((frames.received, frames.failed.len()), (90, 0), "{frames:?}");
    assert_eq!(frames.received, frames.processed + skipped, "{frames:?}");
    let (rows, _) = session.frames(0);
    let mut sequences: Vec<_> = rows.iter().map(|row| row.sequence).collect();
    sequences.sort_unstable();
    assert!(sequences.into_iter().eq(0..90), "each frame has its row");
    session.join();
}

#[test]
fn what_cannot_take_over_leaves_everything_as_it_is() {
    let (session, listener) = start(built_in("invert"));
    let mut camera = Camera::new();
    camera.film(&session, 10);
    let started = swap(&session, case("spin-init")).unwrap_err();
    assert!(matches!(&started, SwapError::Start(failure) if failure.code() == "time"), "{started}");
    let other = swap(&session, built_in("plasma")).unwrap_err();
    assert_eq!(other, SwapError::Kind { session: Kind::Transform, successor: Kind::Generator });
    assert_eq!(other.to_string(), "a session of a transform cannot go on with a generator");
    camera.film(&session, 10);
    listener.wait("pictures", |heard| heard.frames.len() >= 15);
    assert_eq!(session.stats().instances_made, 1);
    let session = Arc::new(session);
    session.end();
    assert_eq!(swap(&session, case("good")).unwrap_err(), SwapError::Ended);
}

#[test]
fn what_was_held_against_one_is_not_held_against_the_next() {
    let (session, listener) = start(case("trap"));
    let mut camera = Camera::new();
    for _ in 0..10 {
        camera.film(&session, 10);
        if listener.0.lock().unwrap().notices.iter().any(|notice| notice.code == "resting") {
            break;
        }
    }
    let from = swap(&session, case("good")).unwrap();
    camera.film(&session, 30);
    listener.wait("pictures", |heard| heard.frames.len() >= 15);
    let (rows, _) = session.frames(0);
    assert!(rows.iter().any(|row| row.sequence < from && row.outcome == Outcome::Failed));
    assert!(rows.iter().filter(|row| row.sequence >= from).all(|row| row.outcome != Outcome::Failed));
    session.join();
}

#[test]
fn values_of_parameters_are_carried_over() {
    let (session, listener) = start(built_in("edges"));
    assert_eq!(session.set_parameters(json!({ "threshold": 10 }).as_object().unwrap(), None), []);
    listener.wait("the change", |heard| !heard.applied.is_empty());
    swap(&session, built_in("flip")).unwrap();
    let of_flip = session.parameters();
    assert!(!of_flip.contains_key("threshold") && !of_flip.is_empty(), "{of_flip:?}");
    swap(&session, built_in("edges")).unwrap();
    assert_eq!(session.parameters()["threshold"], 40, "what the one in between did not have is at its default again");
    assert_eq!(session.set_parameters(json!({ "threshold": 20 }).as_object().unwrap(), None), []);
    listener.wait("the change", |heard| heard.applied.len() >= 2);
    swap(&session, built_in("edges")).unwrap();
    assert_eq!(session.parameters()["threshold"], 20);
    session.join();
}

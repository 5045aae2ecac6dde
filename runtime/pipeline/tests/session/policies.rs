//! Policies: which frames are skipped, and what is shown instead.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use framebox_pipeline::schedule::skip_reason::SkipReason;
use framebox_pipeline::session::history::{Outcome, Row};
use framebox_pipeline::session::stats::Counts;
use framebox_pipeline::{Skipping, Unprocessed};

use super::*;

pub(super) fn start_with(component: Component, change: impl FnOnce(&mut Setup)) -> (Session, Arc<Listener>) {
    let listener = Arc::new(Listener::default());
    let mut setup = setup(component, Duration::from_secs(5));
    change(&mut setup);
    (connect(setup, &listener), listener)
}

fn under(skipping: Skipping, unprocessed: Unprocessed, component: Component) -> (Session, Arc<Listener>) {
    start_with(component, |setup| setup.policy = Policy { skipping, unprocessed })
}

/// Films while somebody else looks at the counts all the time: at each moment everything received is accounted for.
pub(super) fn film(session: &Session, camera: &mut Camera, frames: u32) -> Vec<u32> {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Relaxed) {
                check(&session.stats().frames);
                sleep(Duration::from_millis(1));
            }
        });
        let timestamps = camera.film(session, frames);
        done.store(true, Relaxed);
        timestamps
    })
}

/// Films until `until` is true of the counts, however slow the machine is. Returns the timestamps of all frames.
pub(super) fn film_until(session: &Session, what: &str, until: impl Fn(&Counts) -> bool) -> Vec<u32> {
    let (mut camera, mut timestamps) = (Camera::new(), Vec::new());
    let begin = Instant::now();
    loop {
        timestamps.extend(film(session, &mut camera, 15));
        let counts = session.stats().frames;
        if until(&counts) {
            return timestamps;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "{what} did not happen: {counts:?}");
    }
}

pub(super) fn count(counts: &Counts, reason: SkipReason) -> u64 {
    counts.skipped.get(&reason).copied().unwrap_or_default()
}

pub(super) fn skipped(counts: &Counts) -> u64 {
    counts.skipped.values().sum()
}

fn check(counts: &Counts) {
    let failed: u64 = counts.failed.values().sum();
    let known = counts.processed + skipped(counts) + failed + counts.waiting + counts.in_work;
    assert_eq!(counts.received, known, "{counts:?}");
    assert!(counts.in_work <= 1);
}

fn processed(session: &Session) -> Vec<Row> {
    let (mut rows, _) = session.frames(0);
    rows.retain(|row| row.outcome == Outcome::Processed);
    rows
}

fn in_order(frames: &[EncodedFrame]) -> bool {
    // The RTP clock wraps on the way.
    frames.windows(2).all(|pair| (pair[1].rtp_timestamp.wrapping_sub(pair[0].rtp_timestamp) as i32) > 0)
}

#[test]
fn adaptive_leaves_frames_out_by_plan() {
    let (session, _) = under(Skipping::Adaptive, Unprocessed::Hold, case("naps"));
    film_until(&session, "pacing", |counts| count(counts, SkipReason::Pacing) >= 60 && counts.processed >= 8);
    let numbers: Vec<_> = processed(&session).iter().map(|row| row.sequence).collect();
    session.join();
    // How even the gaps are is a matter of the machine, too; that they are long enough is not.
    let gaps: Vec<_> = numbers.windows(2).skip(4).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps.iter().all(|gap| *gap >= 5), "{gaps:?}");
}

#[test]
fn never_loses_no_frame_to_a_handler_that_keeps_up() {
    let (session, listener) = under(Skipping::Never, Unprocessed::Hold, built_in("invert"));
    let timestamps = film(&session, &mut Camera::new(), 60);
    listener.wait("the last row", |_| session.frames(0).1 == 60);
    let counts = session.stats().frames;
    assert_eq!((counts.received, counts.processed, skipped(&counts)), (60, 60, 0));
    let numbers: Vec<_> = processed(&session).iter().map(|row| row.sequence).collect();
    assert_eq!(numbers, (0..60).collect::<Vec<_>>());
    session.join();
    let heard = listener.0.lock().unwrap();
    for (frame, luma) in heard.frames.iter().zip(lumas(&heard.frames)) {
        let index = timestamps.iter().position(|timestamp| *timestamp == frame.rtp_timestamp).unwrap();
        assert!(luma.abs_diff(251 - (40 + index as u8)) <= 3, "each frame has its own picture: {index}, {luma}");
    }
}

#[test]
fn never_bounds_its_lag_and_warns() {
    let (session, listener) = under(Skipping::Never, Unprocessed::Hold, case("naps"));
    film_until(&session, "a backlog", |counts| {
        assert!(counts.waiting <= 32);
        count(counts, SkipReason::Backlog) >= 40 && counts.waiting >= 5
    });
    let rows = processed(&session);
    let counts = session.stats().frames;
    assert!(counts.skipped.keys().all(|reason| *reason == SkipReason::Backlog), "{counts:?}");
    // A second, and what the machine adds between the choice and the copy.
    assert!(rows.iter().all(|row| row.wait_us <= 1_300_000), "{rows:?}");
    assert!(rows.iter().any(|row| row.wait_us >= 500_000), "they do wait");
    listener.wait("a warning", |heard| heard.notices.iter().any(|notice| notice.code == "backlog"));
    session.join();
    assert!(in_order(&listener.0.lock().unwrap().frames));
}

#[test]
fn what_is_skipped_passes_through_in_order() {
    let (session, listener) = under(Skipping::Latest, Unprocessed::Passthrough, case("naps"));
    let timestamps = film_until(&session, "passing", |counts| counts.passed >= 50 && counts.processed >= 5);
    session.join();
    let heard = listener.0.lock().unwrap();
    assert!(in_order(&heard.frames));
    for (frame, luma) in heard.frames.iter().zip(lumas(&heard.frames)) {
        let index = timestamps.iter().position(|timestamp| *timestamp == frame.rtp_timestamp).unwrap();
        assert!(luma.abs_diff(40 + (index % 160) as u8) <= 3, "each frame has its own picture: {index}, {luma}");
    }
}

#[test]
fn failures_and_rests_pass_through_and_the_choice_can_change_while_it_runs() {
    let (session, listener) = under(Skipping::Latest, Unprocessed::Hold, case("trap"));
    let mut camera = Camera::new();
    film(&session, &mut camera, 20);
    assert_eq!(listener.0.lock().unwrap().frames.len(), 0, "the last picture stands, and there is none");
    session.set_policy(Policy { skipping: Skipping::Adaptive, unprocessed: Unprocessed::Passthrough });
    assert_eq!(session.policy(), session.stats().policy);
    let json = json!(session.stats());
    assert_eq!((&json["policy"], &json["unprocessed"]), (&json!("adaptive"), &json!("passthrough")));
    let begin = Instant::now();
    loop {
        film(&session, &mut camera, 15);
        let counts = session.stats().frames;
        if counts.passed >= 30 && count(&counts, SkipReason::Resting) >= 10 && counts.failed["trap"] >= 3 {
            assert_eq!(counts.processed, 0);
            break;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "{counts:?}");
    }
    let (rows, _) = session.frames(0);
    assert!(rows.iter().any(|row| (row.outcome, row.reason) == (Outcome::Failed, Some("trap"))));
    assert!(rows.iter().any(|row| (row.outcome, row.reason) == (Outcome::Skipped, Some("resting"))));
    session.set_policy(Policy::default());
    // What passes is decided frame by frame: what was under way may still come.
    let under_way = session.stats().frames;
    film(&session, &mut camera, 30);
    let passed = session.stats().frames.passed - under_way.passed;
    session.join();
    assert!(passed <= 20, "{passed} passed after that");
    assert!(in_order(&listener.0.lock().unwrap().frames));
}

#[test]
fn every_frame_is_accounted_for_through_changes_of_policy() {
    let (session, listener) = under(Skipping::Never, Unprocessed::Passthrough, case("naps"));
    std::thread::scope(|scope| {
        let films = scope.spawn(|| film(&session, &mut Camera::new(), 150));
        for round in 0..40 {
            let skipping = [Skipping::Latest, Skipping::Never, Skipping::Adaptive][round % 3];
            let unprocessed = [Unprocessed::Hold, Unprocessed::Passthrough][round / 2 % 2];
            session.set_policy(Policy { skipping, unprocessed });
            sleep(Duration::from_millis(110));
        }
        films.join().unwrap();
    });
    session.set_policy(Policy::default());
    listener.wait("an empty gate", |_| {
        let counts = session.stats().frames;
        let decoded = counts.received + counts.undecodable == 150;
        decoded && (counts.waiting, counts.in_work) == (0, 0) && session.frames(0).1 == counts.received
    });
    let counts = session.stats().frames;
    check(&counts);
    assert_eq!(counts.received + counts.undecodable, 150);
    // Every frame has its row, once.
    let (rows, cursor) = session.frames(0);
    let mut numbers: Vec<_> = rows.iter().map(|row| row.sequence).collect();
    numbers.sort_unstable();
    assert_eq!((numbers, cursor), ((0..counts.received).collect(), counts.received));
    session.join();
}

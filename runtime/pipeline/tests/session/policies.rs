//! Policies: which frames are skipped, and what is shown instead.

use framebox_pipeline::ring::{Outcome, Row};
use framebox_pipeline::stats::Counts;
use framebox_pipeline::{Skipping, Unprocessed};

use super::*;

pub(super) fn start_with(component: Component, change: impl FnOnce(&mut Setup)) -> (Session, Arc<Listener>) {
    let listener = Arc::new(Listener::default());
    let mut setup = setup(component, Duration::from_secs(5));
    change(&mut setup);
    (Session::start(setup, listener.clone()).unwrap(), listener)
}

fn under(skipping: Skipping, unprocessed: Unprocessed, component: Component) -> (Session, Arc<Listener>) {
    start_with(component, |setup| setup.policy = Policy { skipping, unprocessed })
}

/// Films while somebody else looks at the counts all the time: at each moment everything received is accounted for.
pub(super) fn film(session: &Session, frames: u32) -> Vec<u32> {
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        let looks = scope.spawn(|| {
            let mut looks = 0;
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                check(&session.stats().frames);
                looks += 1;
                sleep(Duration::from_millis(1));
            }
            looks
        });
        let timestamps = Camera::new().film(session, frames);
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        assert!(looks.join().unwrap() > 10);
        timestamps
    })
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

fn in_order(frames: &[Frame]) -> bool {
    // The RTP clock wraps on the way.
    frames.windows(2).all(|pair| (pair[1].rtp_timestamp.wrapping_sub(pair[0].rtp_timestamp) as i32) > 0)
}

#[test]
fn adaptive_spaces_results_evenly() {
    let (session, _) = under(Skipping::Adaptive, Unprocessed::Hold, beast("naps"));
    film(&session, 210);
    let numbers: Vec<_> = processed(&session).iter().map(|row| row.sequence).collect();
    let counts = session.stats().frames;
    let reasons: Vec<_> = counts.skipped.keys().map(|reason| reason.as_str()).collect();
    assert!(reasons.contains(&"pacing"), "{counts:?}");
    // Two seconds to learn; a busy machine may lose a turn.
    let gaps: Vec<_> = numbers.windows(2).filter(|pair| pair[0] >= 60).map(|pair| pair[1] - pair[0]).collect();
    let mut sorted = gaps.clone();
    sorted.sort_unstable();
    let usual = sorted[sorted.len() / 2];
    let even = gaps.iter().filter(|gap| gap.abs_diff(usual) <= 1).count();
    assert!(usual >= 6 && even * 4 >= gaps.len() * 3, "gaps {gaps:?}");
    session.join();
}

#[test]
fn never_loses_no_frame_to_a_handler_that_keeps_up() {
    let (session, listener) = under(Skipping::Never, Unprocessed::Hold, built_in("invert"));
    let timestamps = film(&session, 60);
    listener.wait("the last picture's arrival", |_| session.stats().frames.processed == 60);
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
    let (session, listener) = under(Skipping::Never, Unprocessed::Hold, beast("naps"));
    film(&session, 120);
    let rows = processed(&session);
    let counts = session.stats().frames;
    assert!(skipped(&counts) >= 40, "{counts:?}");
    assert!(counts.skipped.keys().all(|reason| reason.as_str() == "backlog"), "{counts:?}");
    assert!(counts.waiting >= 10 && counts.waiting <= 32, "{counts:?}");
    assert!(rows.iter().all(|row| row.wait_us <= 1_300_000), "{rows:?}");
    assert!(rows.iter().any(|row| row.wait_us >= 500_000), "they do wait");
    listener.wait("a warning", |heard| heard.notices.iter().any(|notice| notice.code == "backlog"));
    session.join();
    assert!(in_order(&listener.0.lock().unwrap().frames));
}

#[test]
fn what_is_skipped_passes_through_in_order() {
    let (session, listener) = under(Skipping::Latest, Unprocessed::Passthrough, beast("naps"));
    let timestamps = film(&session, 90);
    listener.wait("nearly every picture", |heard| heard.frames.len() >= 75);
    let counts = session.stats().frames;
    session.join();
    assert!(counts.passed >= 50 && counts.processed >= 5, "{counts:?}");
    assert!(counts.sent >= counts.passed + counts.processed - 1, "{counts:?}");
    let heard = listener.0.lock().unwrap();
    assert!(in_order(&heard.frames));
    for (frame, luma) in heard.frames.iter().zip(lumas(&heard.frames)) {
        let index = timestamps.iter().position(|timestamp| *timestamp == frame.rtp_timestamp).unwrap();
        assert!(luma.abs_diff(40 + index as u8) <= 3, "each frame has its own picture: {index}, {luma}");
    }
}

#[test]
fn failures_and_rests_pass_through_and_the_choice_can_change_while_it_runs() {
    let (session, listener) = under(Skipping::Latest, Unprocessed::Hold, beast("trap"));
    film(&session, 20);
    assert_eq!(listener.0.lock().unwrap().frames.len(), 0, "the last picture stands, and there is none");
    session.set_policy(Policy { skipping: Skipping::Adaptive, unprocessed: Unprocessed::Passthrough });
    assert_eq!(session.policy(), session.stats().policy);
    let json = json!(session.stats());
    assert_eq!((&json["policy"], &json["unprocessed"]), (&json!("adaptive"), &json!("passthrough")));
    film(&session, 45);
    listener.wait("pictures", |heard| heard.frames.len() >= 30);
    let counts = session.stats().frames;
    let resting = counts.skipped.iter().find(|(reason, _)| reason.as_str() == "resting").map(|(_, count)| *count);
    assert!(resting.unwrap_or_default() >= 10 && counts.processed == 0, "{counts:?}");
    assert!(counts.failed["trap"] >= 3 && counts.passed >= 30, "{counts:?}");
    let (rows, _) = session.frames(0);
    assert!(rows.iter().any(|row| (row.outcome, row.reason) == (Outcome::Failed, Some("trap"))));
    assert!(rows.iter().any(|row| (row.outcome, row.reason) == (Outcome::Skipped, Some("resting"))));
    session.set_policy(Policy::default());
    // What was in the decoder's hands may still come.
    sleep(Duration::from_millis(300));
    let before = session.stats().frames.passed;
    film(&session, 15);
    assert_eq!(session.stats().frames.passed, before);
    session.join();
    assert!(in_order(&listener.0.lock().unwrap().frames[..30]));
}

#[test]
fn every_change_of_policy_keeps_the_books_straight() {
    let (session, listener) = under(Skipping::Never, Unprocessed::Passthrough, beast("naps"));
    std::thread::scope(|scope| {
        let films = scope.spawn(|| film(&session, 150));
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
        (counts.waiting, counts.in_work) == (0, 0)
    });
    let counts = session.stats().frames;
    assert_eq!(counts.received, 150);
    check(&counts);
    // Every frame has its row, once.
    let (rows, cursor) = session.frames(0);
    let mut numbers: Vec<_> = rows.iter().map(|row| row.sequence).collect();
    numbers.sort_unstable();
    assert_eq!((numbers, cursor), ((0..150).collect(), 150));
    session.join();
}

//! Budgets for a second: purses, the ladder, the node, and the memory of an instance.

use framebox_pipeline::admission;
use framebox_pipeline::gate::Reason;
use framebox_pipeline::ladder::{self, Step};
use framebox_pipeline::node::Node;
use framebox_pipeline::stats::Counts;

use super::policies::{film, skipped, start_with};
use super::*;

/// Fuel of a call of `invert`.
fn fuel_of_a_call() -> u64 {
    let (session, listener) = start(built_in("invert"));
    Camera::new().film(&session, 5);
    listener.wait("a result", |_| session.stats().fuel.p50 > 0);
    let fuel = session.stats().fuel.p50;
    session.join();
    fuel
}

fn steps(steps: &[Step]) -> ladder::Settings {
    ladder::Settings {
        steps: steps.to_vec(),
        up_after: Duration::from_millis(300),
        rest: Duration::from_millis(300),
        tries: 1,
        ..ladder::Settings::default()
    }
}

#[test]
fn a_session_gets_its_fuel_a_second_and_skips_beyond() {
    let fuel = fuel_of_a_call();
    let (session, _) = start_with(built_in("invert"), |setup| {
        setup.budgets = Budgets { fuel_per_second: Some(fuel * 5), ladder: steps(&[]), ..Budgets::default() };
    });
    film(&session, 120);
    let counts = session.stats().frames;
    session.join();
    // Five a second for four seconds, and what can be saved.
    assert!((8..=28).contains(&counts.processed), "{counts:?}");
    assert!(counts.skipped[&Reason::OverBudget] >= 60, "{counts:?}");
}

#[test]
fn the_ladder_goes_up_to_the_end_and_says_so() {
    let fuel = fuel_of_a_call();
    let (session, listener) = start_with(built_in("invert"), |setup| {
        let ladder = steps(&[Step::SkipMore, Step::PassThrough, Step::End]);
        setup.budgets = Budgets { fuel_per_second: Some(fuel), ladder, ..Budgets::default() };
    });
    let mut camera = Camera::new();
    let begin = Instant::now();
    while listener.0.lock().unwrap().ended.is_none() && begin.elapsed() < Duration::from_secs(30) {
        camera.film(&session, 10);
    }
    let stats = session.stats();
    session.join();
    let heard = listener.0.lock().unwrap();
    let reason = heard.ended.clone().unwrap_or_default();
    assert!(reason.contains("times what it may use") && reason.ends_with("the session ends"), "{reason}");
    let codes: Vec<_> = heard.notices.iter().map(|notice| notice.code).collect();
    assert!(codes.contains(&"ladder") && codes.last() == Some(&"over-budget"), "{codes:?}");
    assert!(heard.notices.iter().any(|notice| notice.message.contains("unprocessed")));
    assert!(stats.frames.passed > 0, "though the policy holds, the ladder passes through: {:?}", stats.frames);
    assert_eq!(json!(stats)["ladder"]["step"], "end");
}

#[test]
fn the_ladder_makes_pictures_smaller_where_that_is_allowed() {
    let fuel = fuel_of_a_call();
    let (session, listener) = start_with(built_in("invert"), |setup| {
        let ladder = steps(&[Step::Smaller]);
        // 30 a second want three times as much; a quarter of the area fits.
        setup.budgets = Budgets { fuel_per_second: Some(fuel * 10), ladder, ..Budgets::default() };
    });
    film(&session, 120);
    let stats = session.stats();
    session.join();
    assert_eq!(json!(stats)["ladder"]["sides_percent"], 50, "{stats:?}");
    let heard = listener.0.lock().unwrap();
    let mut decoder = Codec::H264.decoder().unwrap();
    let sizes: Vec<_> = heard
        .frames
        .iter()
        .filter_map(|frame| {
            let shown = decoder.decode(&frame.data).unwrap();
            shown.then(|| decoder.picture().unwrap().size)
        })
        .collect();
    assert_eq!((sizes.first(), sizes.last()), (Some(&SIZE), Some(&Size::new(160, 120))));
}

#[test]
fn a_leaking_instance_is_replaced_before_it_fails() {
    let (session, listener) = start_with(beast("leaks"), |setup| setup.limits.soft_memory = 32 << 20);
    film(&session, 60);
    listener.wait("the last frames", |_| session.stats().frames.waiting == 0);
    let stats = session.stats();
    session.join();
    assert!(stats.frames.failed.is_empty() && stats.frames.processed >= 20, "{:?}", stats.frames);
    let least = stats.frames.processed / 20;
    assert!(stats.instances_made > least, "{} for {} frames", stats.instances_made, stats.frames.processed);
}

/// Films `invert` on a node of its own with `capacity_ms`; returns its counts and what the node heard.
fn on_a_node(capacity_ms: f64, frames: u32) -> (Counts, f64) {
    let node = Node::new(admission::Settings { capacity_ms, unknown_ms: 1.0 });
    let place = node.admit(Instant::now(), "invert").unwrap();
    let (session, _) = start_with(built_in("invert"), |setup| setup.place = Some(place));
    film(&session, frames);
    let load = node.load(Instant::now());
    let counts = session.stats().frames;
    session.join();
    assert_eq!((load.sessions, node.load(Instant::now()).sessions), (1, 0), "its place is given back");
    (counts, load.used_ms)
}

#[test]
fn the_node_hears_what_a_session_uses_and_its_share_is_all_it_gets() {
    let (counts, used) = on_a_node(1e6, 120);
    assert!(used > 1.0 && !counts.skipped.contains_key(&Reason::Contention), "{used}, {counts:?}");
    let (counts, used) = on_a_node(used * 0.6, 240);
    assert!(used > 0.0 && counts.skipped.get(&Reason::Contention).is_some_and(|count| *count >= 20), "{counts:?}");
    assert!(counts.processed >= 20 && skipped(&counts) < 240, "{counts:?}");
}

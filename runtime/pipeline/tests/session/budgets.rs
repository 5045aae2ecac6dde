//! Budgets for a second: token buckets, degradation, the node, and the memory of an instance.

use framebox_pipeline::budget::degradation::{self, Step};
use framebox_pipeline::node::Node;
use framebox_pipeline::node::admission;
use framebox_pipeline::schedule::skip_reason::SkipReason;

use super::policies::{count, film, film_until, start_with};
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

fn steps(steps: &[Step]) -> degradation::Settings {
    degradation::Settings {
        steps: steps.to_vec(),
        up_after: Duration::from_millis(300),
        rest: Duration::from_millis(300),
        tries: 1,
        ..degradation::Settings::default()
    }
}

#[test]
fn a_session_gets_its_fuel_a_second_and_skips_beyond() {
    let fuel = fuel_of_a_call();
    let (session, _) = start_with(built_in("invert"), |setup| {
        setup.budgets = Budgets { fuel_per_second: Some(fuel * 5), degradation: steps(&[]), ..Budgets::default() };
    });
    let begin = Instant::now();
    film_until(&session, "skipping", |counts| count(counts, SkipReason::OverBudget) >= 40);
    let (seconds, counts) = (begin.elapsed().as_secs_f64(), session.stats().frames);
    session.join();
    // Five a second, and what can be saved; one call may overdraw.
    let most = seconds * 5.0 + 7.0;
    assert!(counts.processed >= 5 && counts.processed as f64 <= most, "{counts:?} in {seconds} s");
}

#[test]
fn degradation_goes_up_to_the_end_and_gives_notice() {
    let fuel = fuel_of_a_call();
    let (session, listener) = start_with(built_in("invert"), |setup| {
        let degradation = steps(&[Step::SkipMore, Step::PassThrough, Step::End]);
        setup.budgets = Budgets { fuel_per_second: Some(fuel), degradation, ..Budgets::default() };
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
    assert!(stats.frames.passed > 0, "though the policy holds, the degradation passes through: {:?}", stats.frames);
    assert_eq!(json!(stats)["ladder"]["step"], "end");
}

#[test]
fn degradation_makes_pictures_smaller_where_that_is_allowed() {
    let fuel = fuel_of_a_call();
    let (session, listener) = start_with(built_in("invert"), |setup| {
        let degradation = steps(&[Step::Smaller]);
        // 30 a second want three times as much; a quarter of the area fits.
        setup.budgets = Budgets { fuel_per_second: Some(fuel * 10), degradation, ..Budgets::default() };
    });
    film_until(&session, "smaller pictures", |_| json!(session.stats())["ladder"]["sides_percent"] == 50);
    film(&session, &mut Camera::new(), 30);
    session.join();
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
    assert!(sizes.first() == Some(&SIZE) && sizes.contains(&Size::new(160, 120)), "{sizes:?}");
}

#[test]
fn a_leaking_instance_is_replaced_before_it_fails() {
    let (session, _) = start_with(case("leaks"), |setup| setup.limits.soft_memory = 32 << 20);
    film_until(&session, "enough", |counts| counts.processed >= 40);
    let stats = session.stats();
    session.join();
    assert!(stats.frames.failed.is_empty(), "{:?}", stats.frames);
    let least = stats.frames.processed / 20;
    assert!(stats.instances_made > least, "{} for {} frames", stats.instances_made, stats.frames.processed);
}

/// `invert` on a node of its own.
fn on_a_node(capacity_ms: f64) -> (Arc<Node>, Session) {
    let node = Node::new(admission::Settings { capacity_ms, unknown_ms: 1.0 }, u64::MAX);
    let permit = node.admit(Instant::now(), "invert", 1).unwrap();
    let (session, _) = start_with(built_in("invert"), |setup| setup.permit = Some(Box::new(permit)));
    (node, session)
}

#[test]
fn the_node_hears_what_a_session_uses_and_its_share_is_all_it_gets() {
    let (node, session) = on_a_node(1e6);
    film_until(&session, "a few results", |counts| counts.processed >= 60);
    let (counts, used) = (session.stats().frames, node.load(Instant::now()).used_ms);
    assert!(used > 1.0 && count(&counts, SkipReason::Contention) == 0, "{used}, {counts:?}");
    session.join();
    assert_eq!(node.load(Instant::now()).sessions, 0, "its permit is given back");
    let (_node, session) = on_a_node(used * 0.5);
    film_until(&session, "contention", |counts| count(counts, SkipReason::Contention) >= 20);
    assert!(session.stats().frames.processed >= 10, "{:?}", session.stats().frames);
    session.join();
}

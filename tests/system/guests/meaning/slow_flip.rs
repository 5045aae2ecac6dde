use std::time::Duration;

use framebox_picture::Size;
use framebox_sandbox::Budget;
use serde_json::json;

use crate::guests::handler::{PLENTY, Running, have_example, load_example, once};
use crate::guests::pictures::scene;

const SIZE: Size = Size::new(320, 240);

fn start(ms: u64) -> Running {
    let mut running = Running::new(&load_example("slow-flip"), &json!({ "work-ms": ms }));
    // The first frame takes longer, since memory is not there yet.
    running.call(&scene(SIZE, 0)).result.unwrap();
    running
}

#[test]
fn it_turns_the_picture_upside_down() {
    if !have_example("slow-flip") {
        return;
    }
    for size in [SIZE, Size::new(33, 21)] {
        let picture = scene(size, 0);
        let flipped = once("slow-flip", &json!({ "work-ms": 0 }), &picture);
        assert!(flipped == once("flip", &json!({ "direction": "vertical" }), &picture));
    }
}

#[test]
fn it_works_for_as_long_as_it_is_told() {
    if !have_example("slow-flip") {
        return;
    }
    let call = start(200).call(&scene(SIZE, 1));
    // The guest's clock goes in steps of a millisecond.
    assert!(call.cost.time >= Duration::from_millis(198), "{:?}", call.cost.time);
    let idle = start(0).call(&scene(SIZE, 1));
    assert!(idle.cost.fuel < 1_000_000, "{} units", idle.cost.fuel);
    assert!(call.cost.fuel > 10 * idle.cost.fuel, "it computes, it does not sleep: {} units", call.cost.fuel);
}

#[test]
fn two_hundred_milliseconds_unless_told_otherwise() {
    if !have_example("slow-flip") {
        return;
    }
    let mut running = Running::new(&load_example("slow-flip"), &json!({}));
    let took = running.call(&scene(SIZE, 0)).cost.time;
    assert!(took >= Duration::from_millis(198), "{took:?}");
}

#[test]
fn it_stays_within_its_time() {
    if !have_example("slow-flip") {
        return;
    }
    let budget = Budget { time: Duration::from_millis(700), ..PLENTY };
    let mut running = start(1000);
    let call = running.call_within(&scene(SIZE, 1), 0, budget);
    assert!(call.result.is_ok(), "{:?}", call.result);
    assert!(call.cost.time >= Duration::from_millis(500), "{:?}", call.cost.time);
}

#[test]
fn it_stays_within_its_fuel() {
    if !have_example("slow-flip") {
        return;
    }
    let mut running = start(1000);
    let call = running.call_within(&scene(SIZE, 1), 0, Budget { fuel: 100_000_000, ..PLENTY });
    assert!(call.result.is_ok(), "{:?}", call.result);
    assert!(call.cost.fuel > 10_000_000, "{} units", call.cost.fuel);
}

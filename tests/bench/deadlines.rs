//! How late a call is interrupted that does not end by itself.

use std::sync::Arc;
use std::time::Duration;

use framebox_picture::Size;
use framebox_sandbox::{Budget, Engine, Settings};

use crate::figure::{Goal, ms, print};
use crate::stages::{input, start};
use framebox_test_support::scene;

const BUDGET: Budget = Budget { time: Duration::from_millis(20), fuel: u64::MAX / 2 };
const CALLS: usize = 150;

/// Test components, and what each is doing when its time is over.
const CASES: [(&str, &str); 4] =
    [("spin", "computes"), ("sleeps", "sleeps"), ("fill", "is in `memory.fill`"), ("samples", "is in `sample`")];

pub fn run() {
    let engine = Engine::new(&Settings::default()).unwrap();
    let picture = Arc::new(scene::picture(Size::new(640, 480), 7));
    for (name, what) in CASES {
        let component = engine.load(&framebox_test_components::case(name)).unwrap();
        let mut late: Vec<f64> = (0..CALLS)
            .map(|frame| {
                let call = start(&component).process(input(&picture, frame), BUDGET);
                assert_eq!(call.result.unwrap_err().code(), "time", "{name}");
                ms(call.cost.time.saturating_sub(BUDGET.time))
            })
            .collect();
        late.sort_by(f64::total_cmp);
        println!("a guest that {what}: {:.2} ms late p50, {:.2} max", late[CALLS / 2], late[CALLS - 1]);
        print(
            &format!("late by, of 20 ms, when the guest {what}, p99"),
            late[CALLS * 99 / 100],
            "ms",
            Goal::AtMost(2.0),
        );
    }
}

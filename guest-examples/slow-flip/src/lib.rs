//! Turns the picture upside down, slowly: demonstrates a handler that is slower than the camera.

use std::hint::black_box;
use std::time::{Duration, Instant};

use framebox_handler::{About, Frame, Result, Transform, parameters};

/// Steps of work between two readings of the clock; some tens of microseconds.
const STEPS: u64 = 20_000;
/// Maximum fuel of a step.
const STEP_FUEL: u64 = 16;

parameters! {
    struct Settings {
        work_ms: u16 = integer("Work for each frame", 0..=1000, 200)
            .step(10.0)
            .unit("ms")
            .help("At most four fifths of the call's time budget."),
    }
}

#[derive(Default)]
struct SlowFlip;

impl Transform for SlowFlip {
    type Settings = Settings;

    fn about() -> About {
        About::new(
            "Slow flip",
            "Turns the picture upside down and takes 200 ms for each frame, to demonstrate skipped frames.",
        )
    }

    fn process(&mut self, frame: &Frame<Settings>) -> Result {
        let begin = Instant::now();
        let mut picture = frame.i420();
        for mut plane in picture.planes() {
            plane.upside_down();
        }
        frame.show(&picture)?;
        // Results count only if the call returns in time, so a part of the budget is kept in reserve.
        let time = Duration::from_micros((frame.budget.time_us / 5 * 4).into());
        work(begin, Duration::from_millis(frame.settings.work_ms.into()).min(time), frame.budget.fuel / 2);
        Ok(())
    }
}

/// Computes until `time` has passed since `begin`, or `fuel` is used up.
///
/// It does not sleep: a sleeping handler leaves the processor to others, and would not demonstrate how an expensive handler
/// affects other sessions.
fn work(begin: Instant, time: Duration, fuel: u64) {
    let mut number = black_box(1_u64);
    for _ in 0..fuel / (STEPS * STEP_FUEL) {
        if begin.elapsed() >= time {
            break;
        }
        for _ in 0..STEPS {
            // Each step depends on the previous one, so that the compiler cannot combine them.
            number ^= number << 13;
            number ^= number >> 7;
            number ^= number << 17;
        }
    }
    black_box(number);
}

framebox_handler::export!(SlowFlip);

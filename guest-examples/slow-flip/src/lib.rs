//! Turns the picture upside down, and takes its time: what a handler does that is slower than the camera.

wit_bindgen::generate!({ world: "video-handler", path: "../../wit" });

use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use exports::framebox::video::{lifecycle, transform};
use framebox::video::media::{Frame, Output};
use framebox::video::types::*;

/// Steps of work between two looks at the clock; some tens of microseconds.
const STEPS: u64 = 20_000;
/// The most fuel that a step takes.
const STEP_FUEL: u64 = 16;

thread_local! {
    static WORK: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

struct SlowFlip;

impl lifecycle::Guest for SlowFlip {
    fn describe() -> Descriptor {
        Descriptor {
            title: "Slow flip".into(),
            summary:
                "Turns the picture upside down and works for 200 ms on each frame, to show how frames are skipped."
                    .into(),
            parameters: vec![Parameter {
                id: "work-ms".into(),
                label: "Work for each frame".into(),
                help: Some("At most four fifths of what a call may take.".into()),
                group: None,
                kind: ParameterKind::Integer(IntegerSpec {
                    min: 0,
                    max: 1000,
                    step: 10,
                    default: 200,
                    unit: Some("ms".into()),
                }),
            }],
            outputs: vec![],
            size: None,
            fps: None,
        }
    }

    fn init(settings: Vec<NamedValue>) -> Result<(), String> {
        Self::configure(settings)
    }

    fn configure(changed: Vec<NamedValue>) -> Result<(), String> {
        for NamedValue { id, value } in changed {
            match (id.as_str(), value) {
                ("work-ms", Value::Integer(ms)) => WORK.set(Duration::from_millis(ms.clamp(0, 1000) as u64)),
                _ => return Err(format!("{id} is not known")),
            }
        }
        Ok(())
    }

    fn close() {}
}

impl transform::Guest for SlowFlip {
    fn process(input: &Frame, out: &Output, budget: Budget) -> Result<(), Stop> {
        let begin = Instant::now();
        let size = input.info().size;
        let mut pixels = input.pixels(PixelFormat::I420);
        for (plane, width) in common::I420::new(size.width, size.height).planes(&mut pixels) {
            common::upside_down(plane, width);
        }
        out.pixels(size, PixelFormat::I420, &pixels).map_err(Stop::Failed)?;
        // What was put counts only when the call returns in time, so a part of the budget is left alone.
        let time = Duration::from_micros((budget.time_us / 5 * 4).into());
        work(begin, WORK.get().min(time), budget.fuel / 2);
        Ok(())
    }
}

/// Computes until `time` has passed since `begin`, or `fuel` is used up.
///
/// It does not sleep: a handler that sleeps leaves the processor to the others, and a demonstration with it would show
/// nothing of what a model or a filter of that cost does to the sessions beside it.
fn work(begin: Instant, time: Duration, fuel: u64) {
    let mut number = black_box(1_u64);
    for _ in 0..fuel / (STEPS * STEP_FUEL) {
        if begin.elapsed() >= time {
            break;
        }
        for _ in 0..STEPS {
            // Each step needs the one before, and two of them cannot be made one.
            number ^= number << 13;
            number ^= number >> 7;
            number ^= number << 17;
        }
    }
    black_box(number);
}

export!(SlowFlip);

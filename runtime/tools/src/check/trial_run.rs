//! Runs a handler on generated frames and measures fuel, time and memory.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_picture::{Picture, Size};
use framebox_sandbox::CallError;

use crate::pattern;
use crate::runner::Runner;
use crate::statistics::Percentiles;
use crate::text::micros;

/// Number of measured frames with growing memory that counts as a leak. A handler that needs much memory without leaking has it
/// after the warm-up.
const LEAK_FRAMES: u32 = 4;
/// Time between two frames, µs.
const INTERVAL: i64 = 33_333;
/// Pictures that are drawn beforehand and used in turn.
const PICTURES: u64 = 24;

/// How long a trial run takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunLength {
    /// Frames to measure.
    pub(super) frames: u32,
    /// Frames before those that are measured.
    pub(super) warm_up: u32,
    /// Time after which the warm-up ends, if it has had one frame.
    pub(super) warm_up_time: Duration,
    /// Time after which the measurement ends, once there are `min_frames`.
    pub(super) time: Duration,
    pub(super) min_frames: u32,
}

impl Default for RunLength {
    fn default() -> Self {
        let (warm_up_time, time) = (Duration::from_secs(1), Duration::from_secs(4));
        Self { frames: 60, warm_up: 10, warm_up_time, time, min_frames: 5 }
    }
}

/// The result of a trial run.
#[derive(Debug)]
pub(super) struct TrialRun {
    /// Size of the frames that the handler received or, for a generator, of those that it made; `None` if it made none.
    pub(super) size: Option<Size>,
    /// Frames that were measured.
    pub(super) frames: u32,
    /// Time of a frame, µs.
    pub(super) time: Percentiles,
    /// Fuel of a frame.
    pub(super) fuel: Percentiles,
    /// Largest linear memory, bytes.
    pub(super) peak: usize,
    /// Measured frames during which the memory grew.
    pub(super) growth_frames: u32,
    /// Sum of the growth during those frames, bytes.
    pub(super) growth: usize,
    /// Frames for which the handler showed a picture.
    pub(super) pictures: u32,
    /// The reason with which the handler ended the stream, if it did.
    pub(super) finished: Option<String>,
    /// Number of frames for which the handler returned an error and continued, and the text of the first one.
    pub(super) frame_errors: Option<(u32, String)>,
    /// Number of the frame at which the handler failed, and the error.
    pub(super) failed: Option<(u64, CallError)>,
}

impl TrialRun {
    fn new(size: Option<Size>) -> Self {
        Self {
            size,
            frames: 0,
            time: Percentiles::default(),
            fuel: Percentiles::default(),
            peak: 0,
            growth_frames: 0,
            growth: 0,
            pictures: 0,
            finished: None,
            frame_errors: None,
            failed: None,
        }
    }

    /// Returns whether the memory grows with the number of frames.
    pub(super) fn leaks(&self) -> bool {
        self.growth_frames >= LEAK_FRAMES
    }

    /// Returns the frames per second that the handler could process on one core.
    pub(super) fn fps(&self) -> f64 {
        if self.frames == 0 { 0.0 } else { 1e6 / self.time.p50.max(1) as f64 }
    }
}

/// Runs a handler on frames of `size`, or a generator if it is `None`.
pub(super) fn run(mut runner: Runner, size: Option<Size>, length: &RunLength) -> TrialRun {
    let mut pictures: VecDeque<Arc<Picture>> = size.map_or_else(VecDeque::new, pictures);
    let mut result = TrialRun::new(size);
    let (mut times, mut fuels) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    let (mut warm_since, mut calls) = (None, 0);
    for number in 0.. {
        let is_warm = number >= u64::from(length.warm_up) || begin.elapsed() >= length.warm_up_time;
        if warm_since.is_none() && is_warm && number > 0 {
            warm_since = Some(Instant::now());
        }
        if let Some(since) = warm_since {
            let is_late = result.frames >= length.min_frames && since.elapsed() >= length.time;
            if result.frames >= length.frames || is_late {
                break;
            }
        }
        pictures.rotate_left(pictures.len().min(1));
        let memory_before = runner.memory();
        let call = runner.call(pictures.front(), number as i64 * INTERVAL);
        let memory = runner.memory();
        result.peak = result.peak.max(memory);
        match call.result {
            Ok(output) => {
                result.pictures += u32::from(output.picture.is_some());
                result.size = result.size.or(output.picture.map(|picture| picture.size()));
            }
            Err(CallError::Finished(reason)) => {
                result.finished = Some(reason);
                break;
            }
            Err(CallError::Failed(reason)) => result.frame_errors.get_or_insert((0, reason)).0 += 1,
            Err(error) => {
                result.failed = Some((number, error));
                break;
            }
        }
        if warm_since.is_some() {
            result.frames += 1;
            times.push(micros(call.cost.time));
            fuels.push(call.cost.fuel);
            if memory > memory_before {
                result.growth_frames += 1;
                result.growth += memory - memory_before;
            }
        }
        if runner.recycle()
            && let Err(error) = runner.start()
        {
            result.failed = Some((number, error));
            break;
        }
        calls += 1;
    }
    // An error for every frame is a failure.
    let is_all = |count: u32| count == calls && result.failed.is_none();
    if let Some((_, reason)) = result.frame_errors.take_if(|(count, _)| is_all(*count)) {
        result.failed = Some((0, CallError::Failed(reason)));
    }
    (result.time, result.fuel) = (Percentiles::of(times), Percentiles::of(fuels));
    runner.close();
    result
}

fn pictures(size: Size) -> VecDeque<Arc<Picture>> {
    let step = pattern::PERIOD / PICTURES;
    (0..PICTURES).filter_map(|number| pattern::picture(size, number * step)).map(Arc::new).collect()
}

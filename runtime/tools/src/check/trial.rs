//! A handler on generated frames.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_picture::{Picture, Size};
use framebox_sandbox::CallError;

use crate::figures::Spread;
use crate::pattern;
use crate::subject::Subject;
use crate::text::micros;

/// So many frames that grow the memory after the warm-up are a leak; one that only needs much has it by then.
const LEAK: u32 = 4;
/// Between two frames, µs.
const INTERVAL: i64 = 33_333;
/// Pictures that are drawn before the trial, and given over and over.
const PICTURES: u64 = 24;

/// How long a trial is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Frames that are measured.
    pub(super) frames: u32,
    /// Frames before them, and the time after which no further one is given.
    pub(super) warm_up: u32,
    pub(super) warm_time: Duration,
    /// The time after which no further frame is measured, unless there are only a few.
    pub(super) time: Duration,
    pub(super) least: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self { frames: 60, warm_up: 10, warm_time: Duration::from_secs(1), time: Duration::from_secs(4), least: 5 }
    }
}

/// What came of a trial.
#[derive(Debug)]
pub(super) struct Trial {
    /// Of the frames that it was given; of a generator, of its own. None: it put none.
    pub(super) size: Option<Size>,
    /// Frames that were measured.
    pub(super) frames: u32,
    /// A frame, µs.
    pub(super) time: Spread,
    /// A frame.
    pub(super) fuel: Spread,
    /// The most linear memory that it had, bytes.
    pub(super) peak: usize,
    /// Measured frames during which its memory grew, and by how much all together, bytes.
    pub(super) growths: u32,
    pub(super) growth: usize,
    /// Frames for which there was a picture.
    pub(super) pictures: u32,
    /// The stream was over by its own account.
    pub(super) finished: Option<String>,
    /// Frames that failed by the handler's own account, and the first reason; it lives on.
    pub(super) declined: Option<(u32, String)>,
    /// Number of the frame at which it failed, and why.
    pub(super) failed: Option<(u64, CallError)>,
}

impl Trial {
    /// Memory grows with the frames.
    pub(super) fn leaks(&self) -> bool {
        self.growths >= LEAK
    }

    /// Frames a second that the handler alone could keep.
    pub(super) fn fps(&self) -> f64 {
        if self.frames == 0 { 0.0 } else { 1e6 / self.time.p50.max(1) as f64 }
    }
}

/// Tries a handler with frames of `size`, or a generator.
pub(super) fn run(mut subject: Subject, size: Option<Size>, plan: &Plan) -> Trial {
    let mut pictures: VecDeque<Arc<Picture>> = size.map_or_else(VecDeque::new, pictures);
    let mut trial = Trial {
        size,
        frames: 0,
        time: Spread::default(),
        fuel: Spread::default(),
        peak: 0,
        growths: 0,
        growth: 0,
        pictures: 0,
        finished: None,
        declined: None,
        failed: None,
    };
    let (mut times, mut fuels) = (Vec::new(), Vec::new());
    let begin = Instant::now();
    let (mut warm, mut given) = (None, 0);
    for number in 0.. {
        if warm.is_none() && (number >= u64::from(plan.warm_up) || begin.elapsed() >= plan.warm_time) && number > 0 {
            warm = Some(Instant::now());
        }
        if let Some(warm) = warm
            && (trial.frames >= plan.frames || trial.frames >= plan.least && warm.elapsed() >= plan.time)
        {
            break;
        }
        pictures.rotate_left(pictures.len().min(1));
        let before = subject.memory();
        let call = subject.call(pictures.front(), number as i64 * INTERVAL);
        let memory = subject.memory();
        trial.peak = trial.peak.max(memory);
        match call.result {
            Ok(output) => {
                trial.pictures += u32::from(output.picture.is_some());
                trial.size = trial.size.or(output.picture.map(|picture| picture.size()));
            }
            Err(CallError::Finished(reason)) => {
                trial.finished = Some(reason);
                break;
            }
            Err(CallError::Failed(reason)) => trial.declined.get_or_insert((0, reason)).0 += 1,
            Err(failure) => {
                trial.failed = Some((number, failure));
                break;
            }
        }
        if warm.is_some() {
            trial.frames += 1;
            times.push(micros(call.cost.time));
            fuels.push(call.cost.fuel);
            if memory > before {
                trial.growths += 1;
                trial.growth += memory - before;
            }
        }
        // As a server does it between two frames.
        if subject.tidy()
            && let Err(failure) = subject.start()
        {
            trial.failed = Some((number, failure));
            break;
        }
        given += 1;
    }
    if let Some((_, reason)) = trial.declined.take_if(|(count, _)| *count == given && trial.failed.is_none()) {
        trial.failed = Some((0, CallError::Failed(reason)));
    }
    (trial.time, trial.fuel) = (Spread::of(times), Spread::of(fuels));
    subject.close();
    trial
}

fn pictures(size: Size) -> VecDeque<Arc<Picture>> {
    let every = pattern::PERIOD / PICTURES;
    (0..PICTURES).filter_map(|number| pattern::picture(size, number * every)).map(Arc::new).collect()
}

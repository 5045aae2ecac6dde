//! The measurement: a copy of the picture and the handlers take turns, so that other load on the machine affects all equally.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_picture::{Picture, Size};

use crate::runner::Runner;
use crate::statistics::{Percentiles, median};
use crate::{Error, pattern};

/// Pictures that are drawn beforehand and used in turn.
const PICTURES: u64 = 12;
/// Time between two frames, µs.
const INTERVAL: i64 = 33_333;

/// How long a measurement takes.
#[derive(Clone, Copy, Debug)]
pub(super) struct RunLength {
    /// Frames to measure.
    pub(super) frames: u32,
    /// Frames before those that are measured.
    pub(super) warm_up: u32,
    /// Time after which the measurement ends, once there are `min_frames`.
    pub(super) time: Duration,
    pub(super) min_frames: u32,
}

impl Default for RunLength {
    fn default() -> Self {
        Self { frames: 100, warm_up: 10, time: Duration::from_secs(10), min_frames: 5 }
    }
}

/// The measurements of all handlers at one size.
#[derive(Debug)]
pub(super) struct Comparison {
    /// Size of the frames; `None` for generators that returned no picture.
    pub(super) size: Option<Size>,
    /// Frames that were measured.
    pub(super) frames: u32,
    /// Time of copying the picture, ns.
    pub(super) copy: Percentiles,
    pub(super) handlers: Vec<Measurement>,
    /// Time of the second handler divided by that of the first, if there are two.
    pub(super) time_ratio: Option<f64>,
    /// Fuel of the second handler divided by that of the first, if there are two.
    pub(super) fuel_ratio: Option<f64>,
}

/// The measurements of one handler.
#[derive(Debug)]
pub(super) struct Measurement {
    /// Time of a frame, ns.
    pub(super) time: Percentiles,
    /// Fuel of a frame.
    pub(super) fuel: Percentiles,
    /// Time of a frame divided by that of copying its picture.
    pub(super) copies: Option<f64>,
    /// Largest linear memory, bytes.
    pub(super) peak: usize,
    /// The error that ended the measurement, if any.
    pub(super) failed: Option<String>,
}

/// A handler while it is measured.
struct Candidate {
    runner: Runner,
    times: Vec<u64>,
    fuels: Vec<u64>,
    peak: usize,
    failed: Option<String>,
}

/// Measures handlers on frames of `size`, or generators on their own frames if it is `None`.
pub(super) fn run(runners: Vec<Runner>, size: Option<Size>, length: &RunLength) -> Result<Comparison, Error> {
    let step = pattern::PERIOD / PICTURES;
    let draw = |size| (0..PICTURES).filter_map(move |number| pattern::picture(size, number * step)).map(Arc::new);
    let mut pictures: Vec<Arc<Picture>> = size.into_iter().flat_map(draw).collect();
    let generate = size.is_none();
    let mut candidates: Vec<_> = runners.into_iter().map(Candidate::new).collect();
    for candidate in &mut candidates {
        candidate.runner.start().map_err(Error::Start)?;
    }
    let mut copies = Vec::new();
    let mut target = Vec::new();
    let mut begin = Instant::now();
    let mut frames = 0;
    for number in 0_u32.. {
        let measured = number >= length.warm_up;
        if number == length.warm_up {
            begin = Instant::now();
        }
        let is_late = frames >= length.min_frames && begin.elapsed() >= length.time;
        let is_done = measured && (frames >= length.frames || is_late);
        if is_done || candidates.iter().all(|candidate| candidate.failed.is_some()) {
            break;
        }
        let picture = pictures.get(number as usize % pictures.len().max(1)).cloned();
        if let Some(picture) = &picture {
            let time = copy(picture, &mut target);
            copies.extend(measured.then_some(time));
        }
        // The first of a turn leaves different caches to the second, so the order alternates.
        let count = candidates.len();
        for turn in 0..count {
            let candidate = &mut candidates[(turn + number as usize) % count];
            let input = picture.as_ref().filter(|_| !generate);
            let output = candidate.call(input, i64::from(number) * INTERVAL, measured);
            if generate && pictures.is_empty() {
                pictures.extend(output);
            }
        }
        frames += u32::from(measured);
    }
    let copy = Percentiles::of(copies.iter().copied());
    let ratio = |a: &[u64], b: &[u64]| median(a.iter().zip(b).map(|(a, b)| *a as f64 / (*b).max(1) as f64).collect());
    let (time_ratio, fuel_ratio) = match &candidates[..] {
        [first, second] => (ratio(&second.times, &first.times), ratio(&second.fuels, &first.fuels)),
        _ => (None, None),
    };
    let size = size.or_else(|| pictures.first().map(|picture| picture.size()));
    let handlers = candidates.into_iter().map(|candidate| candidate.finish(&copies)).collect();
    Ok(Comparison { size, frames, copy, handlers, time_ratio, fuel_ratio })
}

/// Copies a picture; returns the time that it took, ns.
fn copy(picture: &Picture, target: &mut Vec<u8>) -> u64 {
    let bytes = picture.bytes();
    target.resize(bytes.len(), 0);
    let begin = Instant::now();
    target.copy_from_slice(black_box(bytes));
    black_box(&*target);
    nanos(begin.elapsed())
}

impl Candidate {
    fn new(runner: Runner) -> Self {
        Self { runner, times: Vec::new(), fuels: Vec::new(), peak: 0, failed: None }
    }

    /// Calls the handler for a frame, unless it has failed; returns the picture that it showed.
    fn call(&mut self, picture: Option<&Arc<Picture>>, pts_us: i64, measured: bool) -> Option<Arc<Picture>> {
        if self.failed.is_some() {
            return None;
        }
        let call = self.runner.call(picture, pts_us);
        self.peak = self.peak.max(self.runner.memory());
        match call.result {
            Ok(output) => {
                if measured {
                    self.times.push(nanos(call.cost.time));
                    self.fuels.push(call.cost.fuel);
                }
                // Otherwise a memory leak would end a long measurement.
                self.runner.recycle();
                output.picture
            }
            Err(error) => {
                self.failed = Some(error.to_string());
                None
            }
        }
    }

    fn finish(self, copies: &[u64]) -> Measurement {
        let Self { runner, times, fuels, peak, failed } = self;
        runner.close();
        let ratios = times.iter().zip(copies).map(|(time, copy)| *time as f64 / (*copy).max(1) as f64);
        let copies = median(ratios.collect());
        Measurement { time: Percentiles::of(times), fuel: Percentiles::of(fuels), copies, peak, failed }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

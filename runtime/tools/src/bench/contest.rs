//! The measuring: a copy of the picture, the handler and its rival take turns, so that the machine's moods fall on all.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use framebox_picture::{Picture, Size};

use crate::figures::{Spread, middle};
use crate::subject::Subject;
use crate::{Error, pattern};

/// Pictures that are drawn before it begins.
const PICTURES: u64 = 12;
/// Between two frames, µs.
const INTERVAL: i64 = 33_333;

/// How long it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// Frames that are measured.
    pub(super) frames: u32,
    /// Frames before them.
    pub(super) warm_up: u32,
    /// Time after which no further frame is measured, unless there are only a few.
    pub(super) time: Duration,
    pub(super) least: u32,
}

impl Default for Plan {
    fn default() -> Self {
        Self { frames: 100, warm_up: 10, time: Duration::from_secs(10), least: 5 }
    }
}

/// What was measured at one size.
#[derive(Debug)]
pub(super) struct Contest {
    /// Of the frames; none: generators whose pictures were not seen.
    pub(super) size: Option<Size>,
    pub(super) frames: u32,
    /// What a copy of the picture takes, ns.
    pub(super) copy: Spread,
    pub(super) runners: Vec<Runner>,
    /// The second one's time, and fuel, for one of the first.
    pub(super) rival_time: Option<f64>,
    pub(super) rival_fuel: Option<f64>,
}

/// What was measured of one handler.
#[derive(Debug)]
pub(super) struct Runner {
    /// A frame, ns.
    pub(super) time: Spread,
    pub(super) fuel: Spread,
    /// Its time for one of the copy.
    pub(super) copies: Option<f64>,
    /// The most linear memory that it had, bytes.
    pub(super) peak: usize,
    /// Why it was given up.
    pub(super) failed: Option<String>,
}

/// One that takes part.
struct Entrant {
    subject: Subject,
    times: Vec<u64>,
    fuels: Vec<u64>,
    peak: usize,
    failed: Option<String>,
}

/// Measures the subjects on frames of `size`, or on their own.
pub(super) fn run(subjects: Vec<Subject>, size: Option<Size>, plan: &Plan) -> Result<Contest, Error> {
    let every = pattern::PERIOD / PICTURES;
    let drawn = |size| (0..PICTURES).filter_map(move |number| pattern::picture(size, number * every)).map(Arc::new);
    let mut pictures: Vec<Arc<Picture>> = size.into_iter().flat_map(drawn).collect();
    let own = size.is_none();
    let entrant = |subject| Entrant { subject, times: vec![], fuels: vec![], peak: 0, failed: None };
    let mut entrants: Vec<_> = subjects.into_iter().map(entrant).collect();
    for entrant in &mut entrants {
        entrant.subject.start().map_err(Error::Start)?;
    }
    let mut copies = Vec::new();
    let mut target = Vec::new();
    let mut begin = Instant::now();
    let mut frames = 0;
    for number in 0_u32.. {
        let measured = number >= plan.warm_up;
        if number == plan.warm_up {
            begin = Instant::now();
        }
        let over = frames >= plan.least && begin.elapsed() >= plan.time;
        if measured && (frames >= plan.frames || over) || entrants.iter().all(|entrant| entrant.failed.is_some()) {
            break;
        }
        let at = number as usize % pictures.len().max(1);
        let picture = pictures.get(at).cloned();
        if let Some(picture) = &picture {
            let copied = copy(picture, &mut target);
            copies.extend(measured.then_some(copied));
        }
        // Whoever comes second finds other caches: they change places.
        let count = entrants.len();
        for turn in 0..count {
            let entrant = &mut entrants[(turn + number as usize) % count];
            let made = entrant.call(picture.as_ref().filter(|_| !own), i64::from(number) * INTERVAL, measured);
            if own && pictures.is_empty() {
                pictures.extend(made);
            }
        }
        frames += u32::from(measured);
    }
    let copy = Spread::of(copies.iter().copied());
    let ratio = |a: &[u64], b: &[u64]| middle(a.iter().zip(b).map(|(a, b)| *a as f64 / (*b).max(1) as f64).collect());
    let (rival_time, rival_fuel) = match &entrants[..] {
        [one, other] => (ratio(&other.times, &one.times), ratio(&other.fuels, &one.fuels)),
        _ => (None, None),
    };
    let size = size.or_else(|| pictures.first().map(|picture| picture.size()));
    let runners = entrants.into_iter().map(|entrant| entrant.end(&copies)).collect();
    Ok(Contest { size, frames, copy, runners, rival_time, rival_fuel })
}

/// What a copy of the picture takes, ns.
fn copy(picture: &Picture, target: &mut Vec<u8>) -> u64 {
    let bytes = picture.bytes();
    target.resize(bytes.len(), 0);
    let begin = Instant::now();
    target.copy_from_slice(black_box(bytes));
    black_box(&*target);
    nanos(begin.elapsed())
}

impl Entrant {
    /// Gives it a frame; returns the picture that it put.
    fn call(&mut self, picture: Option<&Arc<Picture>>, pts_us: i64, measured: bool) -> Option<Arc<Picture>> {
        if self.failed.is_some() {
            return None;
        }
        let call = self.subject.call(picture, pts_us);
        self.peak = self.peak.max(self.subject.memory());
        match call.result {
            Ok(output) => {
                if measured {
                    self.times.push(nanos(call.cost.time));
                    self.fuels.push(call.cost.fuel);
                }
                // A leak is not to end a long measurement.
                self.subject.tidy();
                output.picture
            }
            Err(failure) => {
                self.failed = Some(failure.to_string());
                None
            }
        }
    }

    fn end(self, copies: &[u64]) -> Runner {
        let Self { subject, times, fuels, peak, failed } = self;
        subject.close();
        let ratios = times.iter().zip(copies).map(|(time, copy)| *time as f64 / (*copy).max(1) as f64);
        let copies = middle(ratios.collect());
        Runner { time: Spread::of(times), fuel: Spread::of(fuels), copies, peak, failed }
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

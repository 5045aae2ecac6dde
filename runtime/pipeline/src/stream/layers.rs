//! Which layer of a stream each viewer gets, and which bit rate a layer has. Has no clock: `now` is an argument.
//!
//! A layer is an upper bound of the size of pictures: full, three quarters, half. Viewers share a layer as long as the slowest
//! of them does not slow the others down by much; who carries less gets a smaller one. What "less" is depends on the viewer that
//! carries the most (the *reference*), so that viewers with similar paths, be they fast or slow, share one rendition, and a
//! single viewer always has the first one to itself.

use std::time::{Duration, Instant};

/// Layers of a stream in one codec, at most.
pub const LAYERS: usize = 3;
/// Side of the pictures of each layer, as a part of the full side.
pub const SIDES: [(u32, u32); LAYERS] = [(1, 1), (3, 4), (1, 2)];
/// The least bit rate of a layer that several viewers share, as a part of the reference. Who carries less leaves it; from the
/// last one there is nowhere to go.
const FLOORS: [f64; LAYERS] = [0.5, 0.22, 0.08];
/// What a viewer has to carry to get into a layer from a smaller one, as a part of the reference.
const ENTRIES: [f64; LAYERS] = [0.6, 0.28, 0.0];
/// Who carries less than this part of what its layer has leaves it at once.
const FAR_BELOW: f64 = 0.6;
/// Time for which a viewer has to carry less before it leaves.
const DOWN_AFTER: Duration = Duration::from_millis(800);
/// Time for which a viewer has to carry more before it gets a larger layer: at first, and when it came back each time.
const UP_AFTER: (Duration, Duration) = (Duration::from_secs(3), Duration::from_secs(48));
/// Who leaves a layer after less than this time came too early.
const FAILED: Duration = Duration::from_secs(12);
/// Who has stayed for this time has room.
const SETTLED: Duration = Duration::from_secs(30);
/// Times in which what a path carries counts, when it falls and when it rises: a moment's dip of one of many slows nobody down.
const FALLING: f64 = 0.25;
const RISING: f64 = 1.0;

/// What is known of the path to a viewer, and the layer that follows from it.
#[derive(Clone, Debug)]
pub struct Path {
    /// What it carries, bits a second, as it was last said.
    rate: Option<u32>,
    /// The same, smoothed, as of a moment.
    smoothed: (f64, Option<Instant>),
    layer: usize,
    below: Option<Instant>,
    above: Option<Instant>,
    up_after: Duration,
    /// When it last got a larger layer.
    entered: Option<Instant>,
}

impl Default for Path {
    fn default() -> Self {
        Self {
            rate: None,
            smoothed: (0.0, None),
            layer: 0,
            below: None,
            above: None,
            up_after: UP_AFTER.0,
            entered: None,
        }
    }
}

impl Path {
    /// It carries so much, bits a second.
    pub fn set_rate(&mut self, now: Instant, bits_per_second: u32) {
        if self.rate.is_none() {
            self.smoothed = (f64::from(bits_per_second), Some(now));
        }
        self.settle(now);
        self.rate = Some(bits_per_second);
    }

    /// What it carries, bits a second, once that was said.
    pub fn rate(&self) -> Option<u32> {
        self.rate
    }

    /// The layer that was last decided.
    pub fn layer(&self) -> usize {
        self.layer
    }

    /// Decides the layer among viewers of whom the fastest carries `reference` b/s. The only one has the first layer, and so
    /// has one of whose path nothing is known.
    pub fn decide(&mut self, now: Instant, reference: f64, is_only: bool) -> usize {
        self.settle(now);
        if is_only || self.rate.is_none() {
            (self.layer, self.below, self.above, self.entered) = (0, None, None, None);
            return 0;
        }
        let share = self.smoothed.0 / reference.max(1.0);
        if self.entered.is_some_and(|at| now >= at + SETTLED) {
            (self.entered, self.up_after) = (None, UP_AFTER.0);
        }
        let lowest = LAYERS - 1;
        let is_below = self.layer < lowest && share < FLOORS[self.layer];
        let below = *self.below.get_or_insert(now);
        if !is_below {
            self.below = None;
        } else if share < FAR_BELOW * FLOORS[self.layer] || now >= below + DOWN_AFTER {
            // Where it is on its way to, at once.
            let share = share.min(f64::from(self.rate.unwrap_or(0)) / reference.max(1.0));
            let layer = (self.layer + 1..LAYERS).find(|layer| share >= FLOORS[*layer]).unwrap_or(lowest);
            self.go(layer);
            if self.entered.take().is_some_and(|at| now < at + FAILED) {
                self.up_after = (self.up_after * 2).min(UP_AFTER.1);
            }
            return self.layer;
        }
        let better = (0..self.layer).find(|layer| share >= ENTRIES[*layer]);
        let above = *self.above.get_or_insert(now);
        match better {
            None => self.above = None,
            Some(layer) if now >= above + self.up_after => {
                self.go(layer);
                self.entered = Some(now);
            }
            Some(_) => {}
        }
        self.layer
    }

    fn go(&mut self, layer: usize) {
        (self.layer, self.below, self.above) = (layer, None, None);
    }

    /// Lets the smoothed rate come nearer to the last one.
    fn settle(&mut self, now: Instant) {
        let (Some(rate), Some(at)) = (self.rate, self.smoothed.1) else { return };
        let rate = f64::from(rate);
        let time = if rate < self.smoothed.0 { FALLING } else { RISING };
        let weight = (-now.saturating_duration_since(at).as_secs_f64() / time).exp();
        self.smoothed = (rate + (self.smoothed.0 - rate) * weight, Some(at.max(now)));
    }
}

/// What the fastest of the viewers carries, at most `max`, bits a second; `start` while nothing is known of any.
pub fn reference<'a>(start: u32, max: u32, paths: impl Iterator<Item = &'a Path>) -> f64 {
    let known = paths.filter(|path| path.rate.is_some()).map(|path| path.smoothed.0);
    known.reduce(f64::max).unwrap_or(start.into()).min(max.into())
}

/// The bit rate of a layer with these viewers, bits a second, at most `max`. A single one decides alone; of several the slowest
/// one decides, as far as the layer goes. Who has said nothing of its path has no say; `start` while nobody has.
pub fn bitrate<'a>(
    layer: usize,
    reference: f64,
    (start, max): (u32, u32),
    paths: impl Iterator<Item = &'a Path>,
) -> u32 {
    let mut known = paths.filter_map(|path| Some((path.rate?, path.smoothed.0)));
    let Some(first) = known.next() else { return start.min(max) };
    let Some(second) = known.next() else { return first.0.min(max) };
    let slowest = known.map(|(_, smoothed)| smoothed).fold(first.1.min(second.1), f64::min);
    (slowest.max(FLOORS[layer.min(LAYERS - 1)] * reference) as u32).min(max)
}

/// The first layer whose pictures a viewer decodes that takes up to `most` pixels, where full pictures have `full`; the last one
/// if it takes none.
pub fn of_pixels(most: u64, full: u64) -> usize {
    let fits = |(part, whole): &(u32, u32)| {
        let (part, whole) = (u128::from(*part), u128::from(*whole));
        u128::from(full) * part * part <= u128::from(most) * whole * whole
    };
    SIDES.iter().position(fits).unwrap_or(LAYERS - 1)
}

#[cfg(test)]
mod tests;

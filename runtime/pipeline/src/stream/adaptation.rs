//! Which size a rendition's pictures have: as large as the bit rate lets them be without turning to mud. Has no clock: frames
//! bring their presentation times.
//!
//! The bits of a picture are taken to be proportional to its area and to halve with every six steps of the quantiser (the step
//! size doubles with six, ITU-T H.264 §8.6). So each encoded picture tells how demanding the content is, and from that follows
//! which quantiser any other size would take.

use std::time::Duration;

use framebox_picture::Size;

use super::layers::{LAYERS, SIDES};

/// Sides of the pictures, as parts of the original's: those of the layers, and smaller ones.
const SCALES: [(u32, u32); 6] = [SIDES[0], SIDES[1], SIDES[2], (3, 8), (1, 4), (3, 16)];
/// The shorter side is never made smaller than this, pixels.
const MIN_SIDE: u32 = 90;
/// Bits for a pixel, times the step size, of content that nothing is known of: a camera's.
const TYPICAL_DEMAND: f64 = 4.0;
/// A coarser quantiser makes the pictures smaller.
const TOO_COARSE: f64 = 39.0;
/// They are made as small as this quantiser allows.
const COARSE: f64 = 35.0;
/// They are made larger where this quantiser is enough for it.
const FINE: f64 = 32.0;
/// Time before pictures are made larger, after any change of size; each one costs a keyframe.
const GROW_AFTER: Duration = Duration::from_secs(4);
/// Least time between two changes of size.
const SETTLING: Duration = Duration::from_millis(700);
/// Weight of a picture in what is known of the content.
const LEARNING: f64 = 0.06;
/// Weight of an interval in the frame rate.
const INTERVAL_WEIGHT: f64 = 0.1;

/// Decides the size of one rendition.
#[derive(Debug)]
pub struct Adaptation {
    /// Index of the largest scale.
    largest: usize,
    /// Index of the scale.
    scale: usize,
    changed: Option<Duration>,
    /// Logarithm of the content's demand.
    demand: f64,
    last: Option<Duration>,
    /// Mean time between two pictures, seconds.
    interval: f64,
}

impl Adaptation {
    /// Begins with the full size of a [layer](super::layers), for a stream of so many frames a second.
    pub fn new(fps: f32, layer: usize) -> Self {
        let fps = if fps.is_finite() && fps > 0.0 { f64::from(fps) } else { 30.0 };
        let (largest, demand) = (layer.min(LAYERS - 1), TYPICAL_DEMAND.log2());
        Self { largest, scale: largest, changed: None, demand, last: None, interval: 1.0 / fps }
    }

    /// The size of the next picture, which is `original` at `pts`, when `bitrate` b/s may be sent to viewers that decode pictures of
    /// `max_pixels`.
    pub fn size(&mut self, pts: Duration, original: Size, bitrate: u32, max_pixels: Option<u64>) -> Size {
        let original = max_pixels.map_or(original, |most| self.within(original, most));
        let is_first = self.last.is_none();
        if let Some(last) = self.last.replace(pts) {
            let gap = pts.saturating_sub(last).as_secs_f64().min(2.0 * self.interval);
            self.interval += (gap - self.interval) * INTERVAL_WEIGHT;
        }
        let bits = f64::from(bitrate) * self.interval.clamp(0.01, 1.0);
        let elapsed = self.changed.map(|changed| pts.saturating_sub(changed));
        let present = self.quantizer(original, self.scale, bits);
        if present > TOO_COARSE && (is_first || elapsed.is_none_or(|elapsed| elapsed >= SETTLING)) {
            let fits = |scale: &usize| self.quantizer(original, *scale, bits) <= COARSE;
            let smallest = smallest(original);
            let scale = (self.scale..=smallest).find(fits).unwrap_or(smallest).max(self.scale);
            self.set(scale, pts);
        } else if self.scale > self.largest
            && elapsed.is_none_or(|elapsed| elapsed >= GROW_AFTER)
            && self.quantizer(original, self.scale - 1, bits) <= FINE
        {
            self.set(self.scale - 1, pts);
        }
        scaled(original, self.scale)
    }

    /// Takes what encoding a picture of `size` took. Keyframes tell little of the others.
    pub fn encoded(&mut self, size: Size, bytes: usize, quantizer: u8, keyframe: bool) {
        let pixels = size.pixels() as f64;
        if keyframe || bytes == 0 || pixels == 0.0 {
            return;
        }
        let demand = (bytes as f64 * 8.0 / pixels).log2() + f64::from(quantizer) / 6.0;
        self.demand += (demand - self.demand) * LEARNING;
    }

    /// The original, made smaller until its largest scale has at most so many pixels.
    fn within(&self, original: Size, most: u64) -> Size {
        let (part, whole) = SCALES[self.largest.min(smallest(original))];
        within(original, most.saturating_mul(u64::from(whole * whole)) / u64::from(part * part))
    }

    fn set(&mut self, scale: usize, pts: Duration) {
        if scale != self.scale {
            self.scale = scale;
            self.changed = Some(pts);
        }
    }

    /// The quantiser with which a picture of this scale has so many bits.
    fn quantizer(&self, original: Size, scale: usize, bits: f64) -> f64 {
        let pixels = scaled(original, scale).pixels() as f64;
        6.0 * (self.demand - (bits / pixels.max(1.0)).log2())
    }
}

/// The largest size of the same shape that has at most so many pixels.
fn within(size: Size, most: u64) -> Size {
    let pixels = size.pixels();
    if pixels <= most {
        return size;
    }
    let factor = (most as f64 / pixels as f64).sqrt();
    let side = |length: u32| ((f64::from(length) * factor) as u32 & !1).max(2);
    Size::new(side(size.width), side(size.height))
}

/// The smallest scale that pictures of this size may have.
fn smallest(original: Size) -> usize {
    let is_large = |(part, whole): &(u32, u32)| original.width.min(original.height) * part / whole >= MIN_SIDE;
    SCALES.iter().rposition(is_large).unwrap_or(0)
}

fn scaled(original: Size, scale: usize) -> Size {
    let (part, whole) = SCALES[scale.min(smallest(original))];
    if part == whole {
        return original;
    }
    // In steps of two: chroma has half the size.
    Size::new((original.width * part / whole) & !1, (original.height * part / whole) & !1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const VGA: Size = Size::new(640, 480);

    /// Encodes content of so much demand for some seconds; returns the last size and how often it changed.
    fn run(
        adaptation: &mut Adaptation,
        from: u64,
        seconds: u64,
        original: Size,
        bitrate: u32,
        demand: f64,
    ) -> (Size, u32) {
        let (mut size, mut changes) = (scaled(original, adaptation.scale), 0);
        for frame in 0..seconds * 30 {
            let pts = Duration::from_micros(from * 1_000_000 + frame * 33_333);
            let next = adaptation.size(pts, original, bitrate, None);
            changes += u32::from(std::mem::replace(&mut size, next) != next);
            let bits = f64::from(bitrate) / 30.0;
            let quantizer = 6.0 * (demand * size.pixels() as f64 / bits).log2();
            adaptation.encoded(size, (bits / 8.0) as usize, quantizer.clamp(12.0, 51.0) as u8, false);
        }
        (size, changes)
    }

    #[test]
    fn pictures_are_as_large_as_the_bit_rate_allows() {
        let hd = Size::new(1280, 720);
        for (original, bitrate, demand, width) in [
            (VGA, 2_500_000, 4.0, 640),
            (VGA, 500_000, 4.0, 640),
            (VGA, 250_000, 4.0, 320),
            (VGA, 250_000, 1.0, 640),
            (VGA, 500_000, 12.0, 320),
            (hd, 2_500_000, 4.0, 1280),
            (hd, 500_000, 4.0, 640),
            (hd, 60_000, 4.0, 240),
            (Size::new(160, 120), 10_000, 4.0, 120),
            (Size::new(100, 60), 10_000, 4.0, 100),
        ] {
            let (size, changes) = run(&mut Adaptation::new(30.0, 0), 0, 30, original, bitrate, demand);
            assert_eq!(size.width, width, "{original} at {bitrate}, demand {demand}");
            assert!(changes <= 3, "{changes} changes of {original} at {bitrate}");
            assert!(size.width % 2 == 0 && size.height % 2 == 0);
        }
    }

    #[test]
    fn a_rate_that_falls_and_rises_is_followed() {
        let mut adaptation = Adaptation::new(30.0, 0);
        assert_eq!(run(&mut adaptation, 0, 5, VGA, 2_500_000, 4.0), (VGA, 0));
        assert_eq!(run(&mut adaptation, 5, 1, VGA, 200_000, 4.0).0, Size::new(320, 240), "within a second");
        assert_eq!(run(&mut adaptation, 6, 12, VGA, 2_500_000, 4.0), (VGA, 2), "step by step");
    }

    #[test]
    fn no_picture_is_larger_than_what_viewers_decode() {
        for (original, most) in [(VGA, 320 * 240), (Size::new(1920, 1080), 1280 * 720), (Size::new(4000, 30), 9000)] {
            let size = Adaptation::new(30.0, 0).size(Duration::ZERO, original, 50_000_000, Some(most));
            assert!(size.pixels() <= most && size.pixels() > most * 9 / 10, "{size} of {original}");
        }
        assert_eq!(Adaptation::new(30.0, 0).size(Duration::ZERO, VGA, 50_000_000, Some(640 * 480)), VGA);
    }

    #[test]
    fn a_layer_is_a_bound_of_the_size() {
        for (layer, most, bitrate, width) in [
            (1, None, 50_000_000, 480),
            (2, None, 50_000_000, 320),
            (2, None, 40_000, 120),
            (2, Some(640 * 480), 50_000_000, 320),
            (2, Some(160 * 120), 50_000_000, 160),
            (7, None, 50_000_000, 320),
        ] {
            let mut adaptation = Adaptation::new(30.0, layer);
            let size = adaptation.size(Duration::ZERO, VGA, bitrate, most);
            assert_eq!(size.width, width, "layer {layer} at {bitrate}");
            let (grown, _) = run(&mut adaptation, 1, 40, VGA, 50_000_000, 4.0);
            assert_eq!(grown.width, [640, 480, 320][layer.min(2)]);
        }
        let tiny = Size::new(100, 60);
        assert_eq!(Adaptation::new(30.0, 2).size(Duration::ZERO, tiny, 1000, None), tiny);
    }

    #[test]
    fn noise_does_not_make_the_size_swing() {
        let mut adaptation = Adaptation::new(30.0, 0);
        let mut changes = 0;
        for second in 0..60 {
            let bitrate = if second % 2 == 0 { 420_000 } else { 330_000 };
            changes += run(&mut adaptation, second, 1, VGA, bitrate, 4.0).1;
        }
        assert!(changes <= 2, "{changes}");
    }

    #[test]
    fn odd_settings_are_survived() {
        for fps in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            let mut adaptation = Adaptation::new(fps, 0);
            for pts in [5, 5, 0, u64::MAX / 2] {
                let size = adaptation.size(Duration::from_millis(pts), Size::new(1, 1), 0, None);
                assert_eq!(size, Size::new(1, 1));
                adaptation.encoded(size, 0, 255, false);
            }
        }
    }
}

//! What a frame costs in each language: the examples, and `posterize` beside the same work done natively.

use std::hint::black_box;
use std::sync::Arc;

use framebox_picture::{Format, Picture, Size, convert};
use framebox_sandbox::{Budget, Call, Component, Engine, Kind, Settings};

use crate::figure::{Goal, median, ms, print, time};
use crate::stages::{input, start};
use framebox_test_support::examples;
use framebox_test_support::scene;

const SIZES: [Size; 2] = [Size::new(640, 480), Size::new(1280, 720)];
const FRAMES: usize = 120;
const PLENTY: Budget = Budget { time: std::time::Duration::from_secs(20), fuel: 20_000_000_000 };

pub fn run() {
    let engine = Engine::new(&Settings::default()).unwrap();
    let mut all = vec![];
    for (language, name) in [("rust", "posterize")].into_iter().chain(examples::OTHER_LANGUAGES) {
        all.extend(examples::component(language, name).map(|bytes| (language, name, bytes)));
    }
    println!("{:<20} {:>9} {:>9} {:>9} {:>9}", "handler", "480p ms", "M fuel", "720p ms", "M fuel");
    for (language, name, bytes) in all {
        let component = engine.load(&bytes).unwrap();
        let costs = SIZES.map(|size| cost(&component, size));
        print!("{:<20}", format!("{language} {name}"));
        costs.iter().for_each(|cost| print!(" {:>9.2} {:>9.2}", cost.ms, cost.fuel));
        println!();
        let what = format!("{language} {name}, 1280x720");
        match (language, name) {
            ("rust" | "c" | "zig", "posterize") => {
                print(&format!("{what}: call / the same natively"), costs[1].ratio, "x", Goal::AtMost(1.5));
            }
            ("python", "histogram") | ("js", "tracker") => {
                print(
                    &format!("{what}: frames that one core has time for"),
                    1e3 / costs[1].ms,
                    "fps",
                    Goal::AtLeast(30.0),
                );
            }
            _ => {}
        }
    }
}

struct Cost {
    ms: f64,
    /// Millions.
    fuel: f64,
    /// To `posterize` outside of any sandbox.
    ratio: f64,
}

/// Returns the median over many frames, each measured beside the native one, so that other load falls on both.
fn cost(component: &Component, size: Size) -> Cost {
    let pictures = [0, 1].map(|frame| Arc::new(scene::picture(size, frame)));
    let mut native = Posterize::new(size);
    let (mut times, mut fuels, mut ratios) = (vec![], vec![], vec![]);
    let mut instance = start(component);
    let mut spent = std::time::Duration::ZERO;
    for frame in 0..FRAMES {
        if instance.wants_replacement() {
            instance = start(component);
        }
        let picture = &pictures[frame % 2];
        let Call { result, cost } = match component.kind() {
            Kind::Generator => instance.next(33_333 * frame as i64, PLENTY),
            _ => instance.process(input(picture, frame), PLENTY),
        };
        black_box(result.unwrap());
        let reference = time(|| native.run(picture));
        // The first frames warm the caches.
        if frame >= 5 {
            ratios.push(cost.time.as_secs_f64() / reference.as_secs_f64());
            times.push(cost.time);
            fuels.push(cost.fuel);
        }
        spent += cost.time;
        if spent.as_secs() >= 6 {
            break;
        }
    }
    ratios.sort_by(f64::total_cmp);
    fuels.sort_unstable();
    Cost { ms: ms(median(times)), fuel: fuels[fuels.len() / 2] as f64 / 1e6, ratio: ratios[ratios.len() / 2] }
}

/// The work of the examples, without a sandbox.
struct Posterize {
    rgba: Vec<u8>,
    size: Size,
    output: Picture,
}

impl Posterize {
    fn new(size: Size) -> Self {
        Self { rgba: vec![0; Format::Rgba8.bytes(size)], size, output: Picture::black(size).unwrap() }
    }

    fn run(&mut self, picture: &Picture) {
        convert::read(picture.planes(), Format::Rgba8, &mut self.rgba).unwrap();
        let (levels, width) = (black_box(4_u16), 4 * self.size.width as usize);
        let lights = self.rgba.chunks_exact(width).step_by(8).flat_map(|row| row.chunks_exact(4).step_by(8));
        let weighted = |p: &[u8]| (77 * u32::from(p[0]) + 150 * u32::from(p[1]) + 29 * u32::from(p[2])) >> 8;
        black_box(lights.map(weighted).sum::<u32>());
        // 255 * 256 / (levels - 1), rounded up: as exact as the two divisions.
        let step = (255 * 256_u16).div_ceil(levels - 1);
        for byte in &mut self.rgba {
            *byte = ((((u16::from(*byte) * levels) >> 8) * step) >> 8) as u8;
        }
        convert::write(&self.rgba, Format::Rgba8, self.size, &mut self.output).unwrap();
        black_box(&self.output);
    }
}

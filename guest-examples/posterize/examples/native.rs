//! Measures the native time of the work on the pixels:
//! `cargo run --release -p posterize --example native --target "$(rustc --print host-tuple)"`

use std::hint::black_box;
use std::time::Instant;

#[path = "../src/levels.rs"]
mod levels;

fn main() {
    let levels = levels::Levels::new(black_box(4));
    for (width, height) in [(640, 480), (1280, 720), (1920, 1080)] {
        let mut rgba: Vec<u8> = (0..width * height * 4).map(|i| (i * 7) as u8).collect();
        let mut times: Vec<_> = (0..300)
            .map(|_| {
                let begin = Instant::now();
                levels.apply(black_box(&mut rgba));
                begin.elapsed()
            })
            .collect();
        times.sort();
        println!("{width}x{height}: {:.3} ms", times[times.len() / 2].as_secs_f64() * 1e3);
    }
}

//! Measures how long snapshots take: `cargo run --release --example snapshot`.
use std::time::Instant;

use framebox_media::snapshot::{Format, Snapshot};
use framebox_picture::{Picture, Size};

fn main() {
    let size = Size::new(1280, 720);
    let mut picture = Picture::black(size).unwrap();
    let (y, u, v) = picture.planes_mut();
    for (at, luma) in y.iter_mut().enumerate() {
        let (x, row) = (at % 1280, at / 1280);
        *luma = (60 + (x / 7 ^ row / 5) % 120 + at.wrapping_mul(2_654_435_761) % 9) as u8;
    }
    for (at, chroma) in u.iter_mut().chain(v).enumerate() {
        *chroma = (100 + at / 64 % 50) as u8;
    }
    for (format, longest_side) in
        [(Format::Jpeg, None), (Format::Jpeg, Some(320)), (Format::Png, None), (Format::Png, Some(320))]
    {
        let snapshot = Snapshot { format, longest_side, quality: 85 };
        let mut best = f64::MAX;
        let mut bytes = 0;
        for _ in 0..20 {
            let begin = Instant::now();
            bytes = snapshot.encode(picture.planes()).unwrap().len();
            best = best.min(begin.elapsed().as_secs_f64() * 1000.0);
        }
        println!("{format:?} {longest_side:?}: {best:.1} ms, {bytes} bytes");
    }
}

//! What the stages of one frame cost, in this process.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use framebox_media::{Codec, Encoder, encode};
use framebox_picture::{Format, Picture, Size, convert};
use framebox_sandbox::{Component, Engine, Input, Instance, Limits, MemoryAccount, NoLog, NoSources, Settings, Setup};

use crate::figure::{Goal, median, ms, print, time};
use framebox_test_support::scene;

const HD: Size = Size::new(1280, 720);
const FRAMES: usize = 120;

pub fn run() {
    let engine = Engine::new(&Settings::default()).unwrap();
    identity(&engine);
    rgba(&engine);
    instantiation(&engine);
}

/// An instance with its defaults.
pub fn start(component: &Component) -> Instance {
    let parameters = component.descriptor().parameters.iter();
    let parameters =
        parameters.map(|p| framebox_sandbox::NamedValue { id: p.id.clone(), value: p.default_value() }).collect();
    let (limits, account) = (Limits::default(), MemoryAccount::unlimited());
    let setup = Setup { limits, parameters, log: Arc::new(NoLog), sources: Arc::new(NoSources), account };
    component.start(setup).unwrap()
}

/// The frame of that number.
pub fn input(picture: &Arc<Picture>, frame: usize) -> Input {
    Input { picture: picture.clone(), pts_us: 33_333 * frame as i64, sequence: frame as u64, skipped: 0 }
}

/// Two pipelines side by side on the same access units, one with a handler that shows its input.
fn identity(engine: &Engine) {
    let component = engine.load(&framebox_test_components::case("good")).unwrap();
    let mut instance = start(&component);
    let settings = encode::Settings { bitrate: 2_000_000, max_bitrate: 2_000_000, ..encode::Settings::default() };
    let codecs = || (Codec::H264.decoder().unwrap(), Codec::H264.encoder(&settings).unwrap());
    let ((mut plain_in, mut plain_out), (mut handled_in, mut handled_out)) = (codecs(), codecs());
    let mut copy = Arc::new(Picture::black(HD).unwrap());
    let (mut plain, mut handled, mut calls) = (vec![], vec![], vec![]);
    let mut coded = Vec::new();
    for (frame, encoded) in scene::frames(HD, FRAMES, 2_000_000).iter().enumerate() {
        plain.push(time(|| {
            plain_in.decode(&encoded.data).unwrap();
            encode_one(&mut *plain_out, plain_in.picture().unwrap().planes, frame, &mut coded);
        }));
        handled.push(time(|| {
            handled_in.decode(&encoded.data).unwrap();
            Arc::get_mut(&mut copy).unwrap().copy_from(handled_in.picture().unwrap().planes).unwrap();
            let call = instance.process(input(&copy, frame), Limits::default().call);
            calls.push(call.cost.time);
            let output = call.result.unwrap().picture.unwrap();
            encode_one(&mut *handled_out, output.planes(), frame, &mut coded);
        }));
    }
    // The ratio is computed frame by frame, so that other load falls on both sides.
    let mut ratios: Vec<f64> =
        handled.iter().zip(&plain).skip(10).map(|(a, b)| a.as_secs_f64() / b.as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    println!(
        "1280x720: decode + encode {:.2} ms, with an identity handler {:.2} ms; the call itself {:.3} ms",
        ms(median(plain)),
        ms(median(handled)),
        ms(median(calls))
    );
    print(
        "identity handler, 1280x720: (decode + handler + encode) / (decode + encode)",
        ratios[ratios.len() / 2],
        "x",
        Goal::AtMost(1.05),
    );
}

fn encode_one(encoder: &mut dyn Encoder, picture: framebox_picture::Planes<'_>, frame: usize, coded: &mut Vec<u8>) {
    coded.clear();
    encoder.encode(picture, Duration::from_millis(33 * frame as u64), false, coded).unwrap();
    black_box(coded.len());
}

/// A handler that reads the whole picture as RGBA and writes it, against the two conversions and two copies themselves.
fn rgba(engine: &Engine) {
    let component = engine.load(&framebox_test_components::case("rgba")).unwrap();
    let mut instance = start(&component);
    let picture = Arc::new(scene::picture(HD, 7));
    let bytes = Format::Rgba8.bytes(HD);
    let (mut pixels, mut memory) = (vec![1u8; bytes], vec![1u8; bytes]);
    let mut back = Picture::black(HD).unwrap();
    let (mut handler, mut native) = (vec![], vec![]);
    for frame in 0..FRAMES {
        handler.push(time(|| {
            let call = instance.process(input(&picture, frame), Limits::default().call);
            black_box(call.result.unwrap());
        }));
        native.push(time(|| {
            convert::read(picture.planes(), Format::Rgba8, &mut pixels).unwrap();
            memory.copy_from_slice(black_box(&pixels));
            pixels.copy_from_slice(black_box(&memory));
            convert::write(&pixels, Format::Rgba8, HD, &mut back).unwrap();
            black_box(&back);
        }));
    }
    let (handler, native) = (median(handler), median(native));
    println!(
        "1280x720: handler reads and writes RGBA {:.2} ms; two conversions and two copies {:.2} ms",
        ms(handler),
        ms(native)
    );
    print(
        "RGBA handler, 1280x720: call / (two conversions + two copies)",
        ms(handler) / ms(native),
        "x",
        Goal::AtMost(1.3),
    );
}

fn instantiation(engine: &Engine) {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/guest-examples/prebuilt/invert.wasm");
    let component = engine.load(&std::fs::read(path).unwrap()).unwrap();
    let mut times = vec![];
    for _ in 0..200 {
        let mut instance = None;
        times.push(time(|| instance = Some(start(&component))));
        instance.unwrap().close();
    }
    print(
        "an instance of a compiled component, `init` included (Rust guest)",
        median(times).as_secs_f64() * 1e6,
        "µs",
        Goal::AtMost(100.0),
    );
}

//! Pixels read from the host and put back are exact.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use framebox_picture::sample::Sampler;
use framebox_picture::{Format, Picture, Rect, Size, convert, patch};
use framebox_sandbox::{Budget, CallError, Limits};

use crate::support::{PLENTY, SIZE, case, frame, input, picture, start, start_within, transform};

const FORMATS: [Format; 5] = [Format::Rgba8, Format::Rgb8, Format::Gray8, Format::I420, Format::Nv12];

/// Puts the list whose pointer and length are at 1200.
const DRAW: &str = "(call $draw (local.get $output) (i32.const WIDTH) (i32.const HEIGHT) (i32.const FORMAT)
    (i32.load (i32.const 1200)) (i32.load (i32.const 1204)) (i32.const 1300))";

fn draw(size: Size, format: usize) -> String {
    DRAW.replace("WIDTH", &size.width.to_string())
        .replace("HEIGHT", &size.height.to_string())
        .replace("FORMAT", &format.to_string())
}

#[test]
fn whole_pictures_come_back_in_every_format_and_odd_sizes() {
    for size in [Size::new(64, 48), Size::new(33, 17)] {
        for (index, format) in FORMATS.into_iter().enumerate() {
            let body =
                format!("(call $pixels (local.get $frame) (i32.const {index}) (i32.const 1200)) {}", draw(size, index));
            let given = picture(size);
            let call = start(&transform("", &body)).process(frame(given.clone()), PLENTY);
            let mut bytes = vec![0; format.bytes(size)];
            convert::read(given.planes(), format, &mut bytes).unwrap();
            let mut expected = Picture::black(size).unwrap();
            convert::write(&bytes, format, size, &mut expected).unwrap();
            assert!(*call.result.unwrap().picture.unwrap() == expected, "{format:?} of {size}");
            assert!(call.cost.host > Duration::ZERO && call.cost.host < call.cost.time, "{:?}", call.cost);
        }
    }
}

#[test]
fn samples_are_cropped_and_scaled_as_asked() {
    let crop = Rect { x: 10, y: 4, width: 30, height: 20 };
    for (index, format) in FORMATS.into_iter().enumerate() {
        for (some_crop, some_to) in [(true, true), (true, false), (false, true), (false, false)] {
            let from = if some_crop { crop } else { Rect::whole(SIZE) };
            let to = if some_to { Size::new(15, 9) } else { from.size() };
            let body = format!(
                "(call $sample (local.get $frame) (i32.const {index})
                   (i32.const {}) (i32.const {}) (i32.const {}) (i32.const {}) (i32.const {})
                   (i32.const {}) (i32.const {}) (i32.const {}) (i32.const 1200)) {}",
                u8::from(some_crop),
                from.x,
                from.y,
                from.width,
                from.height,
                u8::from(some_to),
                to.width,
                to.height,
                draw(to, index)
            );
            let given = picture(SIZE);
            let call = start(&transform("", &body)).process(frame(given.clone()), PLENTY);
            let mut bytes = vec![0; format.bytes(to)];
            Sampler::default().sample(given.planes(), from, to, format, &mut bytes).unwrap();
            let mut expected = Picture::black(to).unwrap();
            convert::write(&bytes, format, to, &mut expected).unwrap();
            assert!(*call.result.unwrap().picture.unwrap() == expected, "{format:?} {from:?} to {to}");
        }
    }
}

#[test]
fn showing_the_input_copies_nothing() {
    let input = input();
    let given = input.picture.clone();
    let call = start(&case("good")).process(input, PLENTY);
    assert!(Arc::ptr_eq(&call.result.unwrap().picture.unwrap(), &given));
}

#[test]
fn patches_overwrite_a_shown_picture_but_not_the_input() {
    let fields = r#"(data (i32.const 3000) "\ff\80\00\ff\ff\80\00\80\ff\80\00\ff\ff\80\00\80")"#;
    let body = "(call $show (local.get $output) (local.get $frame) (i32.const 1300))
        (call $patch (local.get $output) (i32.const 4) (i32.const 6) (i32.const 2) (i32.const 2)
          (i32.const 0) (i32.const 3000) (i32.const 16) (i32.const 1300))
        (call $patch (local.get $output) (i32.const 9) (i32.const 9) (i32.const 4) (i32.const 4)
          (i32.const 2) (i32.const 3000) (i32.const 16) (i32.const 1300))";
    let input = input();
    let given = input.picture.clone();
    let call = start(&transform(fields, body)).process(input, PLENTY);
    let data = [255, 128, 0, 255, 255, 128, 0, 128, 255, 128, 0, 255, 255, 128, 0, 128];
    let mut expected = (*given).clone();
    patch::patch(&mut expected, Rect { x: 4, y: 6, width: 2, height: 2 }, Format::Rgba8, &data).unwrap();
    patch::patch(&mut expected, Rect { x: 9, y: 9, width: 4, height: 4 }, Format::Gray8, &data).unwrap();
    assert!(*call.result.unwrap().picture.unwrap() == expected);
    assert!(*given == *picture(SIZE));
}

#[test]
fn an_invalid_picture_is_an_error_unless_a_valid_one_follows() {
    let wrong = "(call $draw (local.get $output) (i32.const 4) (i32.const 4) (i32.const 2)
        (i32.const 3000) (i32.const 15) (i32.const 1300))
        (if (i32.ne (i32.load8_u (i32.const 1300)) (i32.const 1)) (then (unreachable)))";
    let patch = "(call $patch (local.get $output) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 1)
        (i32.const 2) (i32.const 3000) (i32.const 1) (i32.const 1300))";
    let show = "(call $show (local.get $output) (local.get $frame) (i32.const 1300))";
    let mut instance = start(&transform("", wrong));
    for _ in 0..2 {
        let error = instance.process(input(), PLENTY).result.unwrap_err();
        let CallError::BadOutput(message) = error else { panic!("{error}") };
        assert!(message.contains("16 bytes, not 15"), "{message}");
    }
    assert!(!instance.is_dead());
    let call = start(&transform("", &format!("{wrong} {show}"))).process(input(), PLENTY);
    assert!(call.result.unwrap().picture.is_some());
    let error = start(&transform("", patch)).process(input(), PLENTY).result.unwrap_err();
    assert!(matches!(&error, CallError::BadOutput(message) if message.contains("no picture to patch")), "{error}");
}

#[test]
fn pictures_are_recycled() {
    let mut instance = start(&case("rgba"));
    let mut addresses = HashSet::new();
    for _ in 0..10 {
        addresses.insert(Arc::as_ptr(&instance.process(input(), PLENTY).result.unwrap().picture.unwrap()));
    }
    assert!(addresses.len() <= 2, "{} pictures were made", addresses.len());
}

#[test]
fn results_of_a_failed_call_are_discarded() {
    let component = transform(
        "(global $calls (mut i32) (i32.const 0)) (data (i32.const 2048) \"no\")
         (data (i32.const 2064) \"\\01\\00\\00\\00\" \"\\00\\00\\00\\00\" \"\\00\\08\\00\\00\\02\\00\\00\\00\")",
        "(global.set $calls (i32.add (global.get $calls) (i32.const 1)))
         (if (i32.eq (global.get $calls) (i32.const 1))
           (then
             (call $show (local.get $output) (local.get $frame) (i32.const 1300))
             (drop (call $return (local.get $frame) (local.get $output)))
             (return (i32.const 2064))))",
    );
    let mut instance = start(&component);
    assert_eq!(instance.process(input(), PLENTY).result.unwrap_err(), CallError::Failed("no".into()));
    assert!(instance.process(input(), PLENTY).result.unwrap().picture.is_none());
}

#[test]
fn sizes_beyond_the_limit_are_refused() {
    let small = || Limits { output_pixels: 1000, setup: PLENTY, ..Limits::default() };
    let draw = "(call $draw (local.get $output) (i32.const 40) (i32.const 30) (i32.const 2)
        (i32.const 3000) (i32.const 1200) (i32.const 1300))";
    let call = start_within(&transform("", draw), small()).unwrap().process(input(), PLENTY);
    let error = call.result.unwrap_err();
    assert!(matches!(&error, CallError::BadOutput(message) if message.contains("1000 pixels allowed")), "{error}");
    let sample = "(call $sample (local.get $frame) (i32.const 2)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
        (i32.const 1) (i32.const 40) (i32.const 30) (i32.const 1200))";
    let call = start_within(&transform("", sample), small()).unwrap().process(input(), PLENTY);
    let error = call.result.unwrap_err();
    assert!(matches!(&error, CallError::Trap(message) if message.contains("1000 pixels allowed")), "{error}");
    let outside = "(call $sample (local.get $frame) (i32.const 2)
        (i32.const 1) (i32.const 60) (i32.const 0) (i32.const 5) (i32.const 1)
        (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 1200))";
    let call = start(&transform("", outside)).process(input(), PLENTY);
    let error = call.result.unwrap_err();
    assert!(matches!(&error, CallError::Trap(message) if message.contains("does not lie within")), "{error}");
}

#[test]
fn the_guest_receives_frame_info_and_budget() {
    // Traps unless every field has the given value.
    let check = |load: &str, at: u32, expected: i64| {
        format!("(if (i64.ne ({load} (i32.const {at})) (i64.const {expected})) (then (unreachable)))")
    };
    let body = [
        "(call $info (local.get $frame) (i32.const 1024))".to_owned(),
        check("i64.load32_u", 1024, 64),
        check("i64.load32_u", 1028, 48),
        check("i64.load8_u", 1032, 3),
        check("i64.load", 1040, 40_000),
        check("i64.load", 1048, 7),
        check("i64.load32_u", 1056, 2),
        "(if (i32.ne (local.get $time) (i32.const 3000000)) (then (unreachable)))".to_owned(),
        "(if (i64.ne (local.get $fuel) (i64.const 12345678)) (then (unreachable)))".to_owned(),
    ];
    let budget = Budget { time: Duration::from_secs(3), fuel: 12_345_678 };
    start(&transform("", &body.concat())).process(input(), budget).result.unwrap();
}

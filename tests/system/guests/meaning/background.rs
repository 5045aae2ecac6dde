use std::sync::{Arc, LazyLock};

use framebox_picture::{Picture, Size};
use framebox_sandbox::{Component, Output};
use serde_json::{Value as Json, json};

use crate::guests::handler::{LESSONS, Running, have_example, load_example};
use crate::guests::pictures::{GROUND, OBJECT, Yuv, flat, painted, pixel, places, squares};

const SIZE: Size = Size::new(640, 480);
/// Left, top and side of what comes into the picture.
const THING: (usize, usize, usize) = (240, 160, 160);

fn start(given: Json) -> Running {
    static COMPONENT: LazyLock<Component> = LazyLock::new(|| load_example("background"));
    Running::new(&COMPONENT, &given)
}

/// One that knows the plain ground.
fn learned(given: Json) -> Running {
    let mut running = start(given);
    running.learn(&squares(SIZE, &[]));
    running
}

fn foreground(output: &Output) -> f64 {
    let named = output.values.iter().find(|named| named.id == "foreground").unwrap();
    named.json.parse().as_f64().unwrap()
}

fn state(output: &Output) -> String {
    let named = output.values.iter().find(|named| named.id == "state").unwrap();
    named.json.parse().as_str().unwrap().to_owned()
}

/// Whether `x`, `y` lies within the thing or outside of it, by 24 pixels; none in between.
fn inside(x: usize, y: usize) -> Option<bool> {
    let (left, top, side) = THING;
    let away =
        |edge: usize| (left - edge..left + side + edge).contains(&x) && (top - edge..top + side + edge).contains(&y);
    let within = (left + 24..left + side - 24).contains(&x) && (top + 24..top + side - 24).contains(&y);
    if within { Some(true) } else { (!away(24)).then_some(false) }
}

fn near(a: Yuv, b: Yuv, by: u8) -> bool {
    a.iter().zip(b).all(|(a, b)| a.abs_diff(b) <= by)
}

#[test]
fn while_it_learns_the_picture_is_passed_on_itself() {
    if !have_example("background") {
        return;
    }
    let mut running = start(json!({}));
    let ground = squares(SIZE, &[]);
    for frame in 1..=LESSONS {
        let output = running.frame(&ground);
        if frame < LESSONS {
            assert!(state(&output).starts_with("learning"), "frame {frame}: {}", state(&output));
            assert!(Arc::ptr_eq(&output.picture.unwrap(), &ground));
        } else {
            assert_eq!(state(&output), "ready");
        }
    }
}

#[test]
fn what_comes_into_the_picture_stays_and_the_rest_is_replaced() {
    if !have_example("background") {
        return;
    }
    // #0000ff is 41, 240, 110.
    let mut running = learned(json!({ "mode": "color", "color": "#0000ff" }));
    let came = squares(SIZE, &[THING]);
    let output = running.frame(&came);
    let picture = output.picture.as_ref().unwrap();
    for (x, y) in places(SIZE) {
        let now = pixel(picture, x, y);
        match inside(x, y) {
            Some(true) => assert_eq!(now, OBJECT, "at {x}, {y}"),
            Some(false) => assert!(near(now, [41, 240, 110], 1), "{now:?} at {x}, {y}"),
            None => {}
        }
    }
    let share = 160.0 * 160.0 * 100.0 / (640.0 * 480.0);
    assert!((foreground(&output) - share).abs() < 2.0, "{} %, not {share}", foreground(&output));
}

#[test]
fn what_leaves_is_background_again() {
    if !have_example("background") {
        return;
    }
    let mut running = learned(json!({}));
    running.frame(&squares(SIZE, &[THING]));
    let ground = squares(SIZE, &[]);
    let shares: Vec<_> = (0..30).map(|_| foreground(&running.frame(&ground))).collect();
    assert!(shares.is_sorted_by(|before, after| before >= after) && shares[29] == 0.0, "{shares:?}");
}

#[test]
fn a_gradient_goes_from_one_colour_to_the_other() {
    if !have_example("background") {
        return;
    }
    let mut running = learned(json!({ "mode": "gradient", "color": "#ffffff", "color-below": "#000000" }));
    let picture = running.picture(&squares(SIZE, &[]));
    let column: Vec<_> = (0..480).map(|y| pixel(&picture, 320, y)[0]).collect();
    assert!(column[0] >= 230 && column[479] <= 20, "{} to {}", column[0], column[479]);
    assert!(column.is_sorted_by(|above, below| above >= below));
}

#[test]
fn the_background_is_blurred_and_nothing_else() {
    if !have_example("background") {
        return;
    }
    let textured = |thing: bool| {
        painted(SIZE, |x, y| {
            let (left, top, side) = THING;
            let within = (left..left + side).contains(&x) && (top..top + side).contains(&y);
            let [luma, u, v] = if thing && within { OBJECT } else { GROUND };
            [luma + (x / 3 + y / 5) as u8 % 2 * 40, u, v]
        })
    };
    let mut running = start(json!({}));
    running.learn(&textured(false));
    let came = textured(true);
    let picture = running.picture(&came);
    let mut most = 0;
    for (x, y) in places(SIZE).filter(|(x, _)| *x > 0) {
        match inside(x, y) {
            Some(true) => assert_eq!(pixel(&picture, x, y), pixel(&came, x, y), "at {x}, {y}"),
            Some(false) => most = most.max(pixel(&picture, x, y)[0].abs_diff(pixel(&picture, x - 1, y)[0])),
            None => {}
        }
    }
    assert!(most <= 4, "from one pixel to the next it changes by {most}; in the picture by 40");
}

#[test]
fn more_blur_is_smoother() {
    if !have_example("background") {
        return;
    }
    let ground = painted(SIZE, |x, y| [if (x / 40 + y / 40) % 2 == 0 { 60 } else { 180 }, 128, 128]);
    let steepest = [0, 3, 12].map(|blur| {
        let mut running = start(json!({ "blur": blur }));
        running.learn(&ground);
        let picture = running.picture(&ground);
        (1..640).map(|x| pixel(&picture, x, 220)[0].abs_diff(pixel(&picture, x - 1, 220)[0])).max().unwrap()
    });
    assert!(steepest.is_sorted_by(|less, more| less > more), "{steepest:?}");
}

/// The ground with noise, brighter by `light`.
fn noisy(seed: usize, light: u8) -> Arc<Picture> {
    painted(SIZE, |x, y| {
        let mut noise = (x * 7919 + y * 104_729 + seed * 1_299_709) as u32;
        noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let [luma, u, v] = GROUND;
        [luma + light + (noise >> 28) as u8, u, v]
    })
}

#[test]
fn noise_and_a_camera_that_adapts_are_no_foreground() {
    if !have_example("background") {
        return;
    }
    let mut running = start(json!({}));
    (0..LESSONS).for_each(|seed| drop(running.frame(&noisy(seed, 0))));
    for (seed, light) in [(100, 0), (101, 0), (102, 20), (103, 35), (104, 0)] {
        assert_eq!(foreground(&running.frame(&noisy(seed, light))), 0.0, "{light} brighter");
    }
}

#[test]
fn light_that_changes_slowly_is_followed() {
    if !have_example("background") {
        return;
    }
    // One half becomes brighter, level by level: no matter of the whole picture.
    let half = |light: u8| painted(SIZE, |x, _| [GROUND[0] + if x < 200 { light } else { 0 }, GROUND[1], GROUND[2]]);
    let mut running = start(json!({}));
    running.learn(&half(0));
    for light in 1..40 {
        for _ in 0..30 {
            assert_eq!(foreground(&running.frame(&half(light))), 0.0, "{light} brighter");
        }
    }
    let mut sudden = start(json!({}));
    sudden.learn(&half(0));
    assert!(foreground(&sudden.frame(&half(39))) > 25.0, "at once it is something else");
}

#[test]
fn the_button_learns_anew() {
    if !have_example("background") {
        return;
    }
    let mut running = learned(json!({}));
    let came = squares(SIZE, &[THING]);
    for _ in 0..50 {
        assert!(foreground(&running.frame(&came)) > 5.0, "who stands still stays foreground");
    }
    running.configure(&json!({ "reset": true }));
    assert!(state(&running.frame(&came)).starts_with("learning"));
    running.learn(&came);
    assert_eq!(foreground(&running.frame(&came)), 0.0);
    assert!(foreground(&running.frame(&squares(SIZE, &[]))) > 5.0, "what is missing differs, too");
}

#[test]
fn the_threshold_decides_what_is_faint() {
    if !have_example("background") {
        return;
    }
    let faint = painted(SIZE, |x, _| [GROUND[0] + if x < 200 { 20 } else { 0 }, GROUND[1], GROUND[2]]);
    for (threshold, found) in [(8, true), (40, false)] {
        let mut running = learned(json!({ "threshold": threshold }));
        assert_eq!(foreground(&running.frame(&faint)) > 20.0, found, "at {threshold}");
    }
}

#[test]
fn what_is_found_can_be_seen() {
    if !have_example("background") {
        return;
    }
    let picture = learned(json!({ "mode": "mask" })).picture(&squares(SIZE, &[THING]));
    for (x, y) in places(SIZE) {
        if let Some(inside) = inside(x, y) {
            assert_eq!(pixel(&picture, x, y), if inside { [235, 128, 128] } else { [16, 128, 128] }, "at {x}, {y}");
        }
    }
}

#[test]
fn another_size_is_learned_anew() {
    if !have_example("background") {
        return;
    }
    let mut running = learned(json!({}));
    let other = flat(Size::new(333, 217), GROUND);
    assert!(state(&running.frame(&other)).starts_with("learning"));
    running.learn(&other);
    assert_eq!(running.picture(&other).size(), other.size());
}

#[test]
fn pictures_of_any_size_are_replaced_whole() {
    if !have_example("background") {
        return;
    }
    for (width, height) in [(1, 1), (7, 5), (2, 9), (97, 61), (8, 8), (17, 400)] {
        let ground = flat(Size::new(width, height), GROUND);
        let mut running = start(json!({ "mode": "color", "color": "#0000ff" }));
        running.learn(&ground);
        let picture = running.picture(&ground);
        for (x, y) in places(ground.size()) {
            let now = pixel(&picture, x, y);
            assert!(near(now, [41, 240, 110], 1), "{width}×{height}: {now:?} at {x}, {y}");
        }
    }
}

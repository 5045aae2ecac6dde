use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use framebox_picture::{Picture, Size};
use framebox_sandbox::Output;
use image::RgbImage;
use serde_json::json;

use crate::guests::handler::{Running, load_example};
use crate::guests::photographs::{cropped, load, picture, placed, scaled};
use crate::guests::pictures::{flat, pixel, places};

/// Left, top, width and height.
type Area = [f64; 4];

/// Of faces, from the hairline to the chin and from one side to the other, measured by eye.
const ASTRONAUT: Area = [138.0, 60.0, 76.0, 86.0];
/// In profile, from the ear to the tip of the nose.
const CAMERA: Area = [138.0, 98.0, 61.0, 57.0];
/// Eyes, nose and mouth of `astronaut`, measured by eye.
const KEYPOINTS: [[f64; 2]; 4] = [[158.0, 78.0], [193.0, 80.0], [175.0, 97.0], [175.0, 113.0]];

#[derive(Debug)]
struct Found {
    score: f64,
    at: Area,
}

fn start(threshold: f64) -> Running {
    Running::new(&load_example("detect"), &json!({ "conf-threshold": threshold }))
}

/// The outputs, checked against each other.
fn found(output: &Output) -> Vec<Found> {
    let [count, detections] = &output.values[..] else { panic!("{:?}", output.values) };
    assert_eq!((count.id.as_str(), detections.id.as_str()), ("count", "detections"));
    let rows = detections.json.parse();
    let rows = rows.as_array().unwrap();
    assert_eq!(count.json.parse(), rows.len());
    let size = output.picture.as_ref().unwrap().size();
    let found: Vec<_> = rows
        .iter()
        .map(|row| {
            assert_eq!(row["label"], "face");
            let at = ["x", "y", "width", "height"].map(|id| row[id].as_u64().unwrap() as f64);
            assert!(at[0] + at[2] <= f64::from(size.width) && at[1] + at[3] <= f64::from(size.height), "{row}");
            Found { score: row["score"].as_f64().unwrap(), at }
        })
        .collect();
    assert!(found.is_sorted_by(|a, b| a.score >= b.score), "{found:?}");
    found
}

fn look(running: &mut Running, photograph: &RgbImage) -> Vec<Found> {
    found(&running.frame(&picture(photograph)))
}

/// What two areas share, as a part of what they cover together.
fn overlap(a: Area, b: Area) -> f64 {
    let side = |axis: usize| ((a[axis] + a[axis + 2]).min(b[axis] + b[axis + 2]) - a[axis].max(b[axis])).max(0.0);
    let both = side(0) * side(1);
    both / (a[2] * a[3] + b[2] * b[3] - both)
}

fn moved(area: Area, x: f64, y: f64) -> Area {
    [area[0] + x, area[1] + y, area[2], area[3]]
}

#[test]
fn a_face_is_found_where_it_is() {
    for (name, threshold, face, least) in [("astronaut", 0.3, ASTRONAUT, 0.65), ("camera", 0.5, CAMERA, 0.5)] {
        let found = look(&mut start(threshold), &load(name));
        assert_eq!(found.len(), 1, "{name}: {found:?}");
        assert!(overlap(found[0].at, face) >= least, "{name}: {found:?}, not {face:?}");
    }
}

#[test]
fn where_no_face_is_none_is_found_and_the_picture_is_passed_on_itself() {
    // Of the cup the network is nearly as unsure as the default lets through.
    for (name, threshold) in [("rocket", 0.3), ("coffee", 0.4)] {
        let input = picture(&load(name));
        let output = start(threshold).frame(&input);
        assert!(found(&output).is_empty(), "{name}: {:?}", output.values);
        assert!(Arc::ptr_eq(&output.picture.unwrap(), &input), "nothing is copied");
    }
    assert!(found(&start(0.3).frame(&flat(Size::new(320, 240), [120, 128, 128]))).is_empty());
}

#[test]
fn several_faces_are_found_each() {
    let astronaut = cropped(&load("astronaut"), 80, 20, 180, 200);
    let camera = cropped(&load("camera"), 90, 40, 180, 200);
    let both = placed(Size::new(360, 200), &[(&astronaut, 0, 0), (&camera, 180, 0)]);
    let found = look(&mut start(0.4), &both);
    assert_eq!(found.len(), 2, "{found:?}");
    for face in [moved(ASTRONAUT, -80.0, -20.0), moved(CAMERA, 180.0 - 90.0, -40.0)] {
        assert!(found.iter().any(|found| overlap(found.at, face) >= 0.5), "{found:?} without {face:?}");
    }
}

#[test]
fn the_threshold_decides_how_sure_a_detection_has_to_be() {
    let (mut running, astronaut) = (start(0.3), load("astronaut"));
    let [Found { score, .. }] = look(&mut running, &astronaut)[..] else { panic!() };
    assert!((0.7..1.0).contains(&score), "{score}");
    let mut before = usize::MAX;
    for threshold in [0.01, 0.3, score - 0.02, score + 0.02, 0.99, 1.0] {
        running.configure(&json!({ "conf-threshold": (threshold * 100.0_f64).round() / 100.0 }));
        let found = look(&mut running, &astronaut);
        assert!(found.iter().all(|found| found.score >= threshold - 0.006), "{threshold}: {found:?}");
        assert_eq!(found.iter().any(|found| found.score == score), threshold < score, "{threshold}: {found:?}");
        assert!(found.len() <= before, "{threshold}: {found:?}");
        before = found.len();
    }
    assert_eq!(before, 0);
}

#[test]
fn shape_and_size_of_the_picture_do_not_matter() {
    let astronaut = load("astronaut");
    let mut running = start(0.4);
    // The photograph's width and height, and where it lies in which whole.
    for ([width, height], [left, top], whole) in [
        ([400, 400], [300, 0], [711, 401]),
        ([400, 400], [0, 120], [400, 700]),
        ([900, 900], [0, 0], [900, 900]),
        ([101, 101], [30, 1], [161, 103]),
        ([64, 64], [0, 0], [64, 64]),
    ] {
        let photograph = scaled(&astronaut, width, height);
        let input = placed(Size::new(whole[0], whole[1]), &[(&photograph, left, top)]);
        let found = look(&mut running, &input);
        let face = moved(ASTRONAUT.map(|length| length * f64::from(width) / 400.0), f64::from(left), f64::from(top));
        assert_eq!(found.len(), 1, "{whole:?}: {found:?}");
        assert!(overlap(found[0].at, face) >= 0.45, "{whole:?}: {found:?}, not {face:?}");
    }
}

#[test]
fn a_face_that_is_cut_off_has_its_box_within_the_picture() {
    let half = cropped(&load("astronaut"), 160, 40, 200, 200);
    let found = look(&mut start(0.1), &half);
    assert!(found.iter().any(|found| found.at[0] == 0.0), "{found:?}");
}

/// What differs in luma from the input.
fn changed(input: &Picture, output: &Picture) -> Vec<(usize, usize)> {
    places(input.size()).filter(|(x, y)| pixel(input, *x, *y)[0] != pixel(output, *x, *y)[0]).collect()
}

#[test]
fn a_box_is_drawn_around_the_face_with_its_score_above() {
    let input = picture(&load("astronaut"));
    let output = start(0.3).frame(&input);
    let [x, y, width, height] = found(&output)[0].at.map(|at| at as usize);
    let drawn = output.picture.unwrap();
    for corner in [(x, y), (x + width - 1, y), (x, y + height - 1), (x + width - 1, y + height - 1)] {
        let [luma, u, v] = pixel(&drawn, corner.0, corner.1);
        assert!(luma > 100 && u < 120 && v < 60, "green at {corner:?}");
    }
    let changed = changed(&input, &drawn);
    let line = |at: usize, from: usize, length: usize| at < from + 2 || at + 2 >= from + length;
    for (at_x, at_y) in &changed {
        let on_line = (x..x + width).contains(at_x)
            && (y..y + height).contains(at_y)
            && (line(*at_x, x, width) || line(*at_y, y, height));
        let in_score = (x..x + 30).contains(at_x) && (y - 14..y).contains(at_y);
        assert!(on_line || in_score, "{at_x}, {at_y} of {x}, {y}, {width}, {height}");
    }
    assert!(changed.iter().any(|(_, at)| *at < y), "a score is drawn");
}

#[test]
fn eyes_nose_and_mouth_are_marked_when_wanted() {
    let input = picture(&load("astronaut"));
    let mut running = start(0.3);
    let without = running.picture(&input);
    running.configure(&json!({ "keypoints": true }));
    let marks = changed(&without, &running.picture(&input));
    for [x, y] in KEYPOINTS {
        let near = |at: &&(usize, usize)| (at.0 as f64 - x).abs() <= 10.0 && (at.1 as f64 - y).abs() <= 10.0;
        assert!(marks.iter().any(|at| near(&at)), "{x}, {y}: {marks:?}");
    }
    // Two more at the ears.
    assert!(!marks.is_empty() && marks.len() <= 6 * 4 * 4);
}

#[test]
fn nothing_of_one_frame_stays_for_the_next() {
    let (mut running, astronaut) = (start(0.3), picture(&load("astronaut")));
    let first = running.frame(&astronaut);
    running.frame(&picture(&load("rocket")));
    let again = running.frame(&astronaut);
    assert_eq!(first.values, again.values);
    assert!(first.picture == again.picture);
}

#[test]
fn a_detection_takes_at_most_forty_times_the_fuel_of_edges() {
    // Fuel is equal on every machine.
    let input = picture(&load("astronaut"));
    let fuel = |running: &mut Running| (0..2).map(|_| running.call(&input).cost.fuel).min().unwrap() as f64;
    let ratio = fuel(&mut start(0.3)) / fuel(&mut Running::new(&load_example("edges"), &json!({})));
    assert!(ratio < 40.0, "{ratio:.1} times the fuel of edges");
}

/// Detections, one a line: the host's conversion may round otherwise elsewhere, so they are compared with some room.
#[test]
fn detections_are_as_recorded() {
    let mut text = String::new();
    for name in ["astronaut", "camera", "rocket"] {
        for Found { score, at: [x, y, width, height] } in look(&mut start(0.3), &load(name)) {
            let _ = writeln!(text, "{name} {score:.3} {x} {y} {width} {height}");
        }
    }
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/detect");
    let kept = std::fs::read_to_string(kept).unwrap_or_default();
    let same = kept.lines().count() == text.lines().count()
        && kept.lines().zip(text.lines()).all(|(kept, line)| {
            kept.split(' ').zip(line.split(' ')).enumerate().all(|(column, (kept, now))| match column {
                0 => kept == now,
                _ => {
                    let room = if column == 1 { 0.02 } else { 4.0 };
                    kept.parse::<f64>().is_ok_and(|kept| (kept - now.parse::<f64>().unwrap()).abs() <= room)
                }
            })
        });
    assert!(same, "detections changed. If that is meant, tests/golden/detect should be:\n{text}");
}

use framebox_picture::{Picture, Size};
use framebox_sandbox::Output;
use serde_json::json;

use crate::guests::handler::{Running, load_example};
use crate::guests::pictures::{pixel, places};

fn start(given: serde_json::Value) -> Running {
    Running::new(&load_example("plasma"), &given)
}

fn phase(output: &Output) -> f64 {
    match &output.values[..] {
        [named] if named.id == "phase" => named.json.parse().as_f64().unwrap(),
        other => panic!("{other:?}"),
    }
}

/// Mean difference of luma.
fn difference(a: &Picture, b: &Picture) -> f64 {
    let (a, b) = (a.planes().y.data, b.planes().y.data);
    a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64
}

#[test]
fn it_flows() {
    let mut running = start(json!({}));
    let pictures = [0, 16_667, 5_000_000].map(|now| running.at(now).picture.unwrap());
    assert_eq!(pictures[0].size(), Size::new(640, 360));
    let (soon, later) = (difference(&pictures[0], &pictures[1]), difference(&pictures[0], &pictures[2]));
    assert!(soon > 0.0 && soon < 4.0, "from one frame to the next it moves by {soon}");
    assert!(later > 10.0, "after seconds it is another picture: {later}");
}

#[test]
fn the_time_alone_decides() {
    let (mut one, mut other) = (start(json!({})), start(json!({})));
    other.at(1_000);
    other.at(777_777);
    for now in [2_000_000, 90_000_000, 86_400_000_000 + 40_000] {
        assert!(one.at(now).picture == other.at(now).picture, "at {now} µs");
    }
}

#[test]
fn a_cycle_ends_where_it_began() {
    let mut running = start(json!({}));
    let begin = running.at(0);
    let nearly = running.at(59_983_333);
    let end = running.at(60_000_000);
    assert_eq!((phase(&begin), phase(&end)), (0.0, 0.0));
    assert!((99.9..100.0).contains(&phase(&nearly)), "{}", phase(&nearly));
    assert!(begin.picture == end.picture);
    let step = difference(&nearly.picture.unwrap(), &end.picture.unwrap());
    assert!(step < 4.0, "nobody sees the seam: {step}");
}

#[test]
fn speed_changes_without_a_jump() {
    let mut running = start(json!({}));
    running.at(0);
    assert_eq!(phase(&running.at(6_000_000)), 10.0);
    running.configure(&json!({ "speed": 4 }));
    assert_eq!(phase(&running.at(6_000_000)), 10.0);
    assert_eq!(phase(&running.at(9_000_000)), 30.0);
    running.configure(&json!({ "speed": 0 }));
    assert_eq!(phase(&running.at(60_000_000)), 30.0, "it stands still");
}

#[test]
fn size_and_colours_are_those_asked_for() {
    for (name, size) in [("320x180", Size::new(320, 180)), ("1280x720", Size::new(1280, 720))] {
        assert_eq!(start(json!({ "size": name })).at(0).picture.unwrap().size(), size);
    }
    let gray = start(json!({ "palette": "slate" })).at(0).picture.unwrap();
    let colored = start(json!({ "palette": "orchid" })).at(0).picture.unwrap();
    let most = |picture: &Picture| {
        let chroma = |(x, y)| pixel(picture, x, y)[1..].iter().map(|it| it.abs_diff(128)).max();
        places(picture.size()).filter_map(chroma).max().unwrap()
    };
    assert!(most(&gray) < 12 && most(&colored) > 60, "{}, {}", most(&gray), most(&colored));
}

#[test]
fn detail_is_how_often_the_pattern_is_bent() {
    // Each bend draws the waves out into finer threads.
    let edges = [0, 2, 4, 8].map(|detail| {
        let picture = start(json!({ "detail": detail })).at(3_000_000).picture.unwrap();
        let rows = picture.planes().y.data.to_vec();
        rows.windows(2).map(|pair| u64::from(pair[0].abs_diff(pair[1]))).sum::<u64>()
    });
    assert!(edges.is_sorted_by(|less, more| less < more), "{edges:?}");
}

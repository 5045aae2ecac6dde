//! Python: a graph in a corner, from a small copy of the picture.

use framebox_picture::Size;
use serde_json::json;

use super::{example, value};
use crate::guests::handler::Running;
use crate::guests::pictures::{Yuv, flat, painted, pixel, places, scene};

const SIZE: Size = Size::new(640, 360);
/// The graph, and how far it is from the edges.
const GRAPH: (usize, usize) = (256, 96);
const MARGIN: usize = 16;

#[test]
fn the_graph_is_in_its_corner_and_nothing_else_changes() {
    let Some(component) = example("python", "histogram") else { return };
    let mut running = Running::new(&component, &json!({ "opacity": 100 }));
    let input = scene(SIZE, 3);
    for (corner, left, top) in [
        ("bottom-right", 640 - 16 - 256, 360 - 16 - 96),
        ("top-left", MARGIN, MARGIN),
        ("top-right", 640 - 16 - 256, MARGIN),
        ("bottom-left", MARGIN, 360 - 16 - 96),
    ] {
        running.configure(&json!({ "corner": corner }));
        let output = running.picture(&input);
        let inside = |x: usize, y: usize| (left..left + GRAPH.0).contains(&x) && (top..top + GRAPH.1).contains(&y);
        let (mut dark, mut drawn) = (0, 0);
        for (x, y) in places(SIZE) {
            let [luma, ..] = pixel(&output, x, y);
            match inside(x, y) {
                true if luma == 16 => dark += 1,
                true => drawn += 1,
                false => assert_eq!(pixel(&output, x, y), pixel(&input, x, y), "{corner}: {x}, {y}"),
            }
        }
        assert!(dark > 1000 && drawn > 1000, "{corner}: {dark} without, {drawn} with a bar");
    }
}

#[test]
fn what_it_tells_is_so() {
    let Some(component) = example("python", "histogram") else { return };
    let mut running = Running::new(&component, &json!({}));
    let mut told = |picture| {
        let output = running.frame(&picture);
        ["shadows", "highlights", "median"].map(|id| value(&output, id).as_f64().unwrap())
    };
    assert_eq!(told(flat(SIZE, [16, 128, 128])), [100.0, 0.0, 0.0]);
    assert_eq!(told(flat(SIZE, [235, 128, 128])), [0.0, 100.0, 255.0]);
    let gray: Yuv = [126, 128, 128];
    let [shadows, highlights, median] = told(flat(SIZE, gray));
    assert!(shadows == 0.0 && highlights == 0.0 && (127.0..=129.0).contains(&median), "{median}");
    // A quarter is black: but for what the scaling mixes at its edge.
    let quarter = painted(SIZE, |x, _| if x < 160 { [16, 128, 128] } else { gray });
    let [shadows, ..] = told(quarter);
    assert!((24.0..=26.0).contains(&shadows), "{shadows}");
}

#[test]
fn where_there_is_no_room_it_draws_nothing() {
    let Some(component) = example("python", "histogram") else { return };
    let input = scene(Size::new(120, 90), 0);
    assert!(Running::new(&component, &json!({})).picture(&input) == input);
}

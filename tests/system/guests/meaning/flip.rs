use framebox_picture::{Plane, Size};
use serde_json::json;

use crate::guests::handler::{Running, load_example};
use crate::guests::pictures::scene;

/// The rows of a plane.
fn rows(plane: Plane<'_>) -> Vec<Vec<u8>> {
    plane.data.chunks(plane.stride).map(<[u8]>::to_vec).collect()
}

#[test]
fn each_direction_mirrors_all_planes() {
    let mut running = Running::new(&load_example("flip"), &json!({}));
    for (direction, sideways, over) in [("horizontal", true, false), ("vertical", false, true), ("both", true, true)] {
        running.configure(&json!({ "direction": direction }));
        for size in [Size::new(64, 48), Size::new(37, 21)] {
            let input = scene(size, 0);
            let output = running.picture(&input);
            assert_eq!(output.size(), size);
            let (before, after) = (input.planes(), output.planes());
            for (before, after) in [(before.y, after.y), (before.u, after.u), (before.v, after.v)] {
                let mut expected = rows(before);
                if sideways {
                    expected.iter_mut().for_each(|row| row.reverse());
                }
                if over {
                    expected.reverse();
                }
                assert!(rows(after) == expected, "{direction}, {size}");
            }
        }
    }
}

#[test]
fn left_and_right_are_changed_unless_told_otherwise() {
    let input = scene(Size::new(64, 48), 0);
    let by_default = Running::new(&load_example("flip"), &json!({})).picture(&input);
    let horizontal = Running::new(&load_example("flip"), &json!({ "direction": "horizontal" })).picture(&input);
    assert!(*by_default == *horizontal && *by_default != *input);
}

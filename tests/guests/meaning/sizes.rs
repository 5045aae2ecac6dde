//! Pictures of any size, also from one frame to the next.

use framebox_picture::Size;
use framebox_sandbox::Kind;
use serde_json::json;

use crate::handler::{NAMES, Running, prebuilt};
use crate::pictures::scene;

const SIZES: [(u32, u32); 10] =
    [(1, 1), (2, 1), (1, 2), (3, 3), (4, 400), (400, 4), (97, 61), (160, 120), (120, 160), (640, 360)];

#[test]
fn the_output_has_the_size_of_the_input() {
    for name in NAMES {
        let component = prebuilt(name);
        let mut running = Running::new(&component, &json!({}));
        for (width, height) in SIZES {
            for frame in 0..2 {
                let input = scene(Size::new(width, height), frame);
                let picture = running.frame(&input).picture;
                match component.kind() {
                    Kind::Observer => assert!(picture.is_none(), "{name}"),
                    _ => assert_eq!(picture.unwrap().size(), input.size(), "{name}"),
                }
            }
        }
    }
}

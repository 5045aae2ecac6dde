//! Pictures of any size, also from one frame to the next.

use framebox_picture::Size;
use framebox_sandbox::Kind;

use crate::guests::cost::settings;
use crate::guests::handler::{Running, available, load_example};
use crate::guests::pictures::scene;

const SIZES: [(u32, u32); 11] =
    [(1, 1), (2, 1), (1, 2), (3, 3), (7, 5), (4, 400), (400, 4), (97, 61), (160, 120), (120, 160), (640, 360)];

#[test]
fn the_output_has_the_size_of_the_input() {
    for name in available() {
        let component = load_example(name);
        if component.kind() != Kind::Transform {
            continue;
        }
        let mut running = Running::new(&component, &settings(name));
        for (width, height) in SIZES {
            for frame in 0..2 {
                let input = scene(Size::new(width, height), frame);
                assert_eq!(running.picture(&input).size(), input.size(), "{name}");
            }
        }
    }
}

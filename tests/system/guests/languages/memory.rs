//! What guests of each toolchain keep from frame to frame.

use framebox_picture::Size;
use serde_json::json;

use super::example;
use crate::guests::handler::Running;
use crate::guests::pictures::scene;
use framebox_test_support::examples;

/// Frames of 320×240.
const FRAMES: usize = 120;

/// Bytes that stay for each frame: what is passed out by componentize-py 0.25 is never freed, which is why servers replace
/// instances.
fn leak(language: &str, name: &str) -> usize {
    match (language, name) {
        ("python", "posterize") => 320 * 240 * 4,
        ("python", "histogram") => 256 * 96 * 4,
        _ => 0,
    }
}

#[test]
fn guests_keep_no_more_than_is_known_of_their_toolchains() {
    for (language, name) in examples::OTHER_LANGUAGES {
        let Some(component) = example(language, name) else { continue };
        let mut running = Running::new(&component, &json!({}));
        let mut memory = Vec::new();
        // JavaScript takes a while for each pixel.
        let frames = if ["js", "ts"].contains(&language) { FRAMES / 3 } else { FRAMES };
        let pictures = [0, 1].map(|frame| scene(Size::new(320, 240), frame));
        for frame in 0..frames {
            if name == "life" {
                running.at(frame as i64 * 33_333);
            } else {
                running.frame(&pictures[frame % 2]);
            }
            memory.push(running.memory());
        }
        let (settled, last) = (memory[frames / 2], memory[frames - 1]);
        let known = frames.div_ceil(2) * (leak(language, name) + 1000);
        assert!(last <= settled + known + (1 << 20), "{language}-{name}: from {settled} to {last} bytes");
    }
}

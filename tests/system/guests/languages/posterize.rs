//! `posterize` gives the same pictures and values in every language.

use framebox_picture::Size;
use serde_json::json;

use super::example;
use crate::guests::handler::{Running, have_example, load_example};
use crate::guests::pictures::scene;

/// Holds it to the one in Rust, which `meaning` holds to arithmetic.
fn agrees(language: &str) {
    let Some(component) = example(language, "posterize") else { return };
    if !have_example("posterize") {
        return;
    }
    let reference = load_example("posterize");
    let (ours, theirs) = (reference.descriptor(), component.descriptor());
    assert_eq!((&ours.title, &ours.parameters), (&theirs.title, &theirs.parameters));
    let mut pair = [&reference, &component].map(|component| Running::new(component, &json!({})));
    for levels in [4, 2, 3, 7, 15, 16] {
        pair.iter_mut().for_each(|running| running.configure(&json!({ "levels": levels })));
        for (frame, size) in [(64, 48), (641, 359), (1, 1), (17, 9)].into_iter().enumerate() {
            let input = scene(Size::new(size.0, size.1), frame);
            let [ours, theirs] = pair.each_mut().map(|running| running.frame(&input));
            assert!(ours.picture == theirs.picture, "{levels} levels, {size:?}");
            assert_eq!(ours.values, theirs.values, "{levels} levels, {size:?}");
        }
    }
    let large = scene(Size::new(1280, 720), 9);
    let [ours, theirs] = pair.each_mut().map(|running| running.frame(&large));
    assert!(ours.picture == theirs.picture && ours.values == theirs.values);
}

#[test]
fn in_c() {
    agrees("c");
}

#[test]
fn in_go() {
    agrees("go");
}

#[test]
fn in_javascript() {
    agrees("js");
}

#[test]
fn in_python() {
    agrees("python");
}

#[test]
fn in_typescript() {
    agrees("ts");
}

#[test]
fn in_zig() {
    agrees("zig");
}

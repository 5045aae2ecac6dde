//! Wrong arguments, and handlers that fail.

use crate::tools::{case, framebox, json, place, prebuilt};
use framebox_test_support::scratch::Scratch;

#[test]
fn wrong_usage_is_explained() {
    let scratch = Scratch::new();
    let (flip, watch, plasma) = (prebuilt("flip"), prebuilt("watch"), prebuilt("plasma"));
    let text = scratch.write("text.y4m", "no video").to_str().unwrap().to_owned();
    let out = place(&scratch, "out.y4m");
    for (arguments, code, words) in [
        (&["run", &flip, "pattern", "--set", "direction=up"][..], 2, "must be one of horizontal, vertical, both"),
        (&["run", &flip, "pattern", "--set", "way=up"], 2, "there is no parameter \"way\"; the handler has direction"),
        (&["run", &plasma, "--set", "detail=2000"], 2, "a whole number from 0 to 8"),
        (&["run", &flip], 2, "give a video, a picture, or the word `pattern`"),
        (&["run", &plasma, "pattern"], 2, "a generator makes its own frames"),
        (&["run", &watch, "pattern", "-o", &out], 2, "an observer shows no pictures"),
        (&["run", &flip, "pattern", "-o", "out.avi"], 2, ".y4m or .mp4"),
        (&["run", &flip, "nowhere.mp4", "-o", &out], 2, "nowhere.mp4"),
        (&["run", &flip, &text, "-o", &out], 1, "text.y4m"),
        (&["run", &flip, "pattern", "--size", "9"], 2, "expected a size like 1280x720"),
        (&["run", &flip, &text, "--size", "64x64"], 2, "--size applies to `pattern` only"),
        (&["run", &text, "pattern"], 3, "this is not WebAssembly"),
        (&["run", &flip, "pattern", "--source", "clip=nowhere.mp4"], 2, "nowhere.mp4"),
        (&["run", &flip, "pattern", "-o", "/proc/nothing/out.y4m"], 1, "cannot write"),
        (&["bench", &flip, "--vs", &plasma], 2, "only be compared with a generator"),
        (&["bench", &plasma, "--size", "64x64"], 2, "chooses the size of its frames"),
    ] {
        let ended = framebox(arguments);
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(ended.err.contains(words), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn a_file_is_not_both_input_and_output() {
    let scratch = Scratch::new();
    let (flip, video) = (prebuilt("flip"), place(&scratch, "video.y4m"));
    let first = framebox(&["run", &flip, "pattern", "--size", "64x48", "--frames", "2", "-o", &video]);
    assert_eq!(first.code, 0, "{}", first.err);
    let before = std::fs::read(&video).unwrap();
    let ended = framebox(&["run", &flip, &video, "-o", &video]);
    assert_eq!((ended.code, std::fs::read(&video).unwrap() == before), (2, true), "{}", ended.err);
}

#[test]
fn a_failing_frame_ends_the_run_unless_keep_going_is_set() {
    let scratch = Scratch::new();
    let (spins, out) = (case(&scratch, "spin-every-10th"), place(&scratch, "out.y4m"));
    let values = place(&scratch, "values.jsonl");
    let usual = ["run", &spins, "pattern", "--size", "64x48", "--frames", "25", "--fuel", "10000000"];
    let usual = [&usual[..], &["-o", &out, "--values", &values]].concat();
    let ended = framebox(&usual);
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(ended.err.contains("more than the 10000000 units of fuel"), "{}", ended.err);
    let lines = || std::fs::read_to_string(&values).unwrap().lines().map(json).collect::<Vec<_>>();
    let failed = |lines: &[serde_json::Value]| lines.iter().filter(|line| !line["failure"].is_null()).count();
    let (stopped, count) = (failed(&lines()), lines().len());
    assert!(stopped == 1 && count < 25, "it ended with the first that failed: {count}");

    let ended = framebox(&[&usual[..], &["--keep-going"]].concat());
    assert_eq!(ended.code, 0, "{}", ended.err);
    assert!(ended.err.contains("failed frames: fuel"), "{}", ended.err);
    let lines = lines();
    assert_eq!(lines.len(), 25);
    assert!((2..=3).contains(&failed(&lines)), "every tenth");
    assert_eq!(lines.iter().find(|line| !line["failure"].is_null()).unwrap()["failure"]["code"], "fuel");
    let mut clip = framebox_media::clip::open(out.as_ref(), &framebox_media::clip::Bounds::default()).unwrap();
    let pictures = std::iter::from_fn(|| clip.next().unwrap()).count();
    assert_eq!(pictures, 25, "the picture before stands, so that the video keeps its length");
}

#[test]
fn budgets_of_the_command_line_apply() {
    let scratch = Scratch::new();
    for (name, more, words) in [
        ("spin", &["--fuel", "1000000"][..], "more than the 1000000 units of fuel"),
        ("spin", &["--time-ms", "50"], "longer than the 50 ms"),
        ("exhaust-memory", &["--memory-mib", "9"], "the 9 MiB of memory"),
    ] {
        let file = case(&scratch, name);
        let ended = framebox(&[&["run", &file, "pattern", "--size", "64x48", "--frames", "3"][..], more].concat());
        assert_eq!(ended.code, 3, "{name}: {}", ended.err);
        assert!(ended.err.contains(words), "{name}: {}", ended.err);
    }
}

#[test]
fn a_handler_that_does_not_start_is_reported() {
    let scratch = Scratch::new();
    let ended = framebox(&["run", &case(&scratch, "init-fails"), "pattern"]);
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(ended.err.contains("the handler could not be started: no licence"), "{}", ended.err);
}

//! `framebox bench`.

use crate::tools::{case, done, framebox, json, prebuilt};
use framebox_test_support::scratch::Scratch;

#[test]
fn two_handlers_are_measured_in_turns() {
    let (flip, invert) = (prebuilt("flip"), prebuilt("invert"));
    let usual = ["bench", &flip, "--vs", &invert, "--size", "160x96", "--size", "320x240", "--frames", "20"];
    let text = done(&usual);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0][..3], ["size", "what", "frames"], "{text}");
    for (row, begin) in [
        (1, &["160x96", "copy", "20"][..]),
        (2, &["flip", "20"]),
        (3, &["invert", "20"]),
        (4, &["320x240", "copy", "20"]),
    ] {
        assert_eq!(&rows[row][..begin.len()], begin, "{text}");
    }
    assert_eq!(text.matches("invert takes").count(), 2, "{text}");
    // Columns are aligned.
    let ends = |row: usize, cell: &str| text.lines().nth(row).unwrap().find(cell).map(|at| at + cell.len());
    assert_eq!(ends(0, "frames"), ends(2, " 20"), "{text}");

    let found = json(&done(&[&usual[..], &["--json"]].concat()));
    let sizes = found["sizes"].as_array().unwrap();
    assert_eq!(sizes.len(), 2);
    for size in sizes {
        assert!(size["vs_time"].as_f64().unwrap() > 0.0 && size["vs_fuel"].as_f64().unwrap() > 0.0, "{size}");
        for handler in size["handlers"].as_array().unwrap() {
            for spread in ["time_ns", "fuel"] {
                let [min, p50, p95, p99, max] =
                    ["min", "p50", "p95", "p99", "max"].map(|name| handler[spread][name].as_u64().unwrap());
                assert!(0 < min && min <= p50 && p50 <= p95 && p95 <= p99 && p99 <= max, "{handler}");
            }
        }
    }
    let fuel = |size: usize| sizes[size]["handlers"][1]["fuel"]["p50"].as_f64().unwrap();
    assert!(fuel(1) / fuel(0) > 3.0, "five times the pixels take several times the fuel");
}

#[test]
fn a_handler_against_itself_is_as_fast() {
    let flip = prebuilt("flip");
    let found = json(&done(&["bench", &flip, "--vs", &flip, "--size", "640x480", "--json"]));
    let ratio = |name: &str| found["sizes"][0][name].as_f64().unwrap();
    assert_eq!(ratio("vs_fuel"), 1.0);
    assert!((0.5..2.0).contains(&ratio("vs_time")), "{}", ratio("vs_time"));
}

#[test]
fn generators_are_measured_on_their_own_frames_and_failures_are_reported() {
    let text = done(&["bench", &prebuilt("plasma"), "--frames", "5"]);
    assert!(text.contains("plasma") && text.lines().nth(1).unwrap().contains('x'), "{text}");
    let scratch = Scratch::new();
    let ended = framebox(&["bench", &case(&scratch, "trap"), "--size", "64x48"]);
    assert_eq!(ended.code, 3, "{}", ended.err);
    assert!(ended.err.contains("trap failed at 64x48: the handler was stopped"), "{}", ended.err);
}

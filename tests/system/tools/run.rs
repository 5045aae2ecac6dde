//! `framebox run`: videos through handlers, file to file.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use framebox_media::clip::{self, Bounds, Frame};
use framebox_picture::{Format, Picture, Size, convert};
use serde_json::{Value, json};

use crate::tools::{case, done, framebox, json, place, prebuilt, text};
use framebox_test_support::examples;
use framebox_test_support::python::python;
use framebox_test_support::scratch::Scratch;

const SIZE: Size = Size::new(160, 96);

/// Returns all pictures of a file.
fn frames(path: &str) -> Vec<Frame> {
    let mut clip = clip::open(Path::new(path), &Bounds::default()).unwrap_or_else(|error| panic!("{path}: {error}"));
    std::iter::from_fn(|| clip.next().unwrap()).collect()
}

fn pictures(path: &str) -> Vec<Arc<Picture>> {
    frames(path).into_iter().map(|frame| frame.picture).collect()
}

/// Returns a file with the pattern, written by a handler that shows its input.
fn pattern(scratch: &Scratch, frames: &str) -> String {
    let out = place(scratch, "pattern.y4m");
    done(&["run", &case(scratch, "good"), "pattern", "--size", "160x96", "--frames", frames, "-o", &out, "-q"]);
    out
}

/// Returns the mean absolute difference of two byte strings.
fn distance(a: &Picture, b: &Picture) -> f64 {
    assert_eq!(a.size(), b.size());
    let sum: u64 = a.bytes().iter().zip(b.bytes()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.bytes().len() as f64
}

#[test]
fn inverting_a_video_twice_restores_it() {
    let scratch = Scratch::new();
    let (invert, original) = (prebuilt("invert"), pattern(&scratch, "12"));
    let before = pictures(&original);
    assert_eq!((before.len(), before[0].size()), (12, SIZE));
    assert!(before.windows(2).all(|pair| pair[0] != pair[1]), "it moves");
    for (form, tolerance) in [("y4m", 0.0), ("mp4", 4.0)] {
        let (once, twice) = (place(&scratch, &format!("once.{form}")), place(&scratch, &format!("twice.{form}")));
        done(&["run", &invert, &original, "-o", &once]);
        done(&["run", &invert, &once, "-o", &twice]);
        let (inverted, after) = (frames(&once), frames(&twice));
        assert_eq!((inverted.len(), after.len()), (12, 12), "{form}");
        for (number, (before, after)) in before.iter().zip(&after).enumerate() {
            let off = distance(before, &after.picture);
            assert!(off <= tolerance, "{form}, frame {number}: {off}");
            assert!(distance(before, &inverted[number].picture) > 10.0, "{form}: something was done to it");
            // 30 frames a second, as the pattern has.
            let expected = number as f64 / 30.0;
            assert!((after.pts.as_secs_f64() - expected).abs() < 1e-4, "{form}: {:?}", after.pts);
        }
        let info = clip::open(Path::new(&twice), &Bounds::default()).unwrap().info();
        assert!((info.fps - 30.0).abs() < 0.01, "{info:?}");
        assert!((info.duration.unwrap().as_secs_f64() - 0.4).abs() < 1e-3, "{info:?}");
    }
}

#[test]
fn an_mp4_has_keyframes_to_seek_to_and_the_times_of_its_input() {
    let scratch = Scratch::new();
    let out = place(&scratch, "long.mp4");
    let arguments = ["--size", "160x96", "--fps", "25", "--frames", "130"];
    done(&[&["run", &prebuilt("flip"), "pattern", "-o", &out][..], &arguments].concat());
    let all = frames(&out);
    assert_eq!(all.len(), 130);
    let mut clip = clip::open(Path::new(&out), &Bounds::default()).unwrap();
    for number in [120, 3, 51, 0] {
        clip.seek(all[number].pts).unwrap();
        let frame = clip.next().unwrap().unwrap();
        assert_eq!((frame.pts, frame.picture == all[number].picture), (all[number].pts, true), "frame {number}");
    }
    // The boxes are in the order that players expect, with the index after the pictures.
    let bytes = std::fs::read(&out).unwrap();
    let (mut at, mut kinds) = (0, vec![]);
    while at < bytes.len() {
        let short = u64::from(u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap()));
        let long = || u64::from_be_bytes(bytes[at + 8..at + 16].try_into().unwrap());
        kinds.push(std::str::from_utf8(&bytes[at + 4..at + 8]).unwrap().to_owned());
        at += if short == 1 { long() } else { short } as usize;
    }
    assert_eq!((kinds, at), (vec!["ftyp".into(), "mdat".into(), "moov".into()], bytes.len()));
    // Uneven timestamps are kept, such as those of the clip in the repository.
    let film = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime/media/clips/clip.mp4");
    let copy = place(&scratch, "copy.mp4");
    done(&["run", &prebuilt("flip"), film, "--frames", "40", "-o", &copy]);
    for (before, after) in frames(film).iter().zip(frames(&copy)) {
        assert!((before.pts.as_secs_f64() - after.pts.as_secs_f64()).abs() < 1e-4);
    }
}

/// Reads the files with FFmpeg's libraries, which share no code with ours.
#[test]
fn ffmpeg_reads_the_files() {
    let Some(python) = python() else { return };
    let scratch = Scratch::new();
    // Odd sides, which H.264 does not have, and a fractional rate.
    for (form, size) in [("mp4", [160, 96]), ("y4m", [161, 97])] {
        let out = place(&scratch, &format!("out.{form}"));
        let arguments = ["--size", "161x97", "--frames", "70", "--fps", "29.97", "-q"];
        done(&[&["run", &prebuilt("flip"), "pattern", "-o", &out][..], &arguments].concat());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients/probe.py");
        let output = Command::new(&python).args([script, &out]).env("PYTHONDONTWRITEBYTECODE", "1").output().unwrap();
        assert!(output.status.success(), "{form}: {}", String::from_utf8_lossy(&output.stderr));
        let seen = json(&String::from_utf8(output.stdout).unwrap());
        assert_eq!((&seen["size"], &seen["rate"]), (&json!(size), &json!("30000/1001")), "{form}: {seen}");
        let times: Vec<f64> = serde_json::from_value(seen["times"].clone()).unwrap();
        assert_eq!(times.len(), 70, "{form}");
        for (number, time) in times.iter().enumerate() {
            assert!((time - number as f64 * 1.001 / 30.0).abs() < 1e-4, "{form}, frame {number}: {time}");
        }
        let ours: Vec<f64> = pictures(&out).iter().map(|picture| luma(picture)).collect();
        let theirs: Vec<f64> = serde_json::from_value(seen["luma"].clone()).unwrap();
        let apart = ours.iter().zip(&theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(apart < 0.1, "{form}: the same pictures, {apart}");
    }
}

/// Returns the mean luma.
fn luma(picture: &Picture) -> f64 {
    let luma = &picture.bytes()[..picture.size().pixels() as usize];
    luma.iter().map(|luma| f64::from(*luma)).sum::<f64>() / luma.len() as f64
}

#[test]
fn a_directory_gets_a_png_for_each_frame() {
    let scratch = Scratch::new();
    let original = pattern(&scratch, "3");
    let directory = place(&scratch, "frames/of/flip");
    done(&["run", &prebuilt("flip"), &original, "-o", &directory, "--set", "direction=both"]);
    let mut names: Vec<_> =
        std::fs::read_dir(&directory).unwrap().map(|entry| text(entry.unwrap().file_name().into())).collect();
    names.sort();
    assert_eq!(names, ["frame-000000.png", "frame-000001.png", "frame-000002.png"]);
    let size = SIZE.pixels() as usize;
    for (number, picture) in pictures(&original).iter().enumerate() {
        let png = image::open(Path::new(&directory).join(&names[number])).unwrap().to_rgb8();
        assert_eq!(png.dimensions(), (SIZE.width, SIZE.height));
        let mut rgb = vec![0; Format::Rgb8.bytes(SIZE)];
        convert::read(picture.planes(), Format::Rgb8, &mut rgb).unwrap();
        let turned: Vec<u8> = rgb.chunks_exact(3).rev().flatten().copied().collect();
        let off: u64 = png.as_raw().iter().zip(&turned).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
        // Colours are interpolated between samples, so flipping is not exact.
        assert!(off as f64 / (3 * size) as f64 <= 4.0, "frame {number}: {off}");
    }
    // A PNG is an input, too.
    let (still, out) = (Path::new(&directory).join(&names[1]), place(&scratch, "still.y4m"));
    done(&["run", &prebuilt("invert"), still.to_str().unwrap(), "-o", &out]);
    assert_eq!(pictures(&out).len(), 1);
    done(&["run", &prebuilt("invert"), still.to_str().unwrap(), "-o", &out, "--frames", "4", "--fps", "5"]);
    let again = frames(&out);
    assert_eq!((again.len(), again[3].pts.as_millis()), (4, 600));
}

#[test]
fn values_are_lines_of_json() {
    let scratch = Scratch::new();
    let lines = |text: &str| text.lines().map(json).collect::<Vec<Value>>();
    let watch = prebuilt("watch");
    let arguments = ["run", &watch, "pattern", "--size", "160x96", "--frames", "10"];
    let seen = lines(&done(&arguments));
    assert_eq!(seen.len(), 10);
    for (number, line) in seen.iter().enumerate() {
        assert_eq!(line["sequence"], number as u64);
        assert_eq!(line["pts_us"], number as u64 * 1_000_000 / 30);
        assert!(line["fuel"].as_u64().unwrap() > 0, "{line}");
        assert!((0.0..=255.0).contains(&line["values"]["brightness"].as_f64().unwrap()), "{line}");
    }
    let file = place(&scratch, "values.jsonl");
    assert_eq!(done(&[&arguments[..], &["--values", &file]].concat()), "");
    assert_eq!(lines(&std::fs::read_to_string(&file).unwrap()), seen, "the same in a file");
    let out = place(&scratch, "out.y4m");
    let silent = ["run", &prebuilt("flip"), "pattern", "--size", "160x96", "--frames", "2", "-o", &out];
    assert_eq!(done(&silent), "", "a handler without outputs has no values");
    assert_eq!(lines(&done(&[&silent[..], &["--values", "-"]].concat())).len(), 2, "but where they are asked for");
}

#[test]
fn two_runs_write_equal_bytes() {
    let scratch = Scratch::new();
    // A handler whose fuel depends on the clock, one with every kind of value, and a generator.
    for (name, more) in [
        ("slow-flip", &["pattern", "--size", "160x96", "--frames", "4", "--set", "work-ms=20"][..]),
        ("knobs", &["pattern", "--size", "160x96", "--frames", "8", "--set", "gain=0.5"]),
        ("plasma", &["--frames", "8", "--set", "size=320x180"]),
    ] {
        let Some(handler) = examples::rust(name).map(text) else { continue };
        let run = |round: u32, form: &str| {
            let (out, values) =
                (place(&scratch, &format!("{round}.{form}")), place(&scratch, &format!("{round}.jsonl")));
            done(&[&["run", &handler][..], more, &["-o", &out, "--values", &values]].concat());
            (std::fs::read(out).unwrap(), std::fs::read_to_string(values).unwrap())
        };
        for form in ["y4m", "mp4"] {
            let (first, second) = (run(1, form), run(2, form));
            assert!(!first.0.is_empty() && first.0 == second.0, "{name}, {form}: pictures");
            assert_eq!(first.1, second.1, "{name}, {form}: values and fuel");
        }
    }
}

#[test]
fn a_generator_makes_its_own_frames_from_a_granted_video() {
    let scratch = Scratch::new();
    let film = concat!(env!("CARGO_MANIFEST_DIR"), "/runtime/media/clips/clip.mp4");
    let out = place(&scratch, "played.y4m");
    let granted = format!("clip={film}");
    done(&["run", &prebuilt("play"), "--source", &granted, "--frames", "6", "--fps", "30", "-o", &out]);
    let (played, film) = (pictures(&out), pictures(film));
    assert_eq!(played.len(), 6);
    for (number, picture) in played.iter().enumerate() {
        assert!(film[..8].contains(picture), "frame {number} is none of the film's first");
    }
    assert_ne!(played[0], played[5]);
    let alone = framebox(&["run", &prebuilt("play"), "--frames", "2", "-o", &out]);
    let output = alone.err + &alone.out;
    assert!(output.contains("--source"), "the message says how to grant it: {output}");
}

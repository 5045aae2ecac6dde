//! Projects of `framebox new`: each passes its own test, builds, and does what its README says.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex, PoisonError};

use framebox_media::clip::{self, Bounds};
use framebox_picture::{Picture, Size};
use serde_json::Value;

use crate::tools::{case, done, framebox, json, place};
use framebox_test_support::lacking;
use framebox_test_support::scratch::Scratch;

#[test]
fn in_c() {
    whole("c");
}

#[test]
fn in_go() {
    whole("go");
}

#[test]
fn in_javascript() {
    whole("js");
}

#[test]
fn in_python() {
    whole("python");
}

#[test]
fn in_rust() {
    whole("rust");
}

#[test]
fn in_typescript() {
    whole("ts");
}

#[test]
fn in_zig() {
    whole("zig");
}

/// Creates, tests and builds a handler of each kind in a language, and checks it against its README.
fn whole(lang: &str) {
    // One at a time: compilers take the whole machine.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let scratch = Scratch::new();
    // Tools that the build of one project fetched are used for the next one.
    let mut tools = tools();
    for (kind, look) in
        [("transform", transform as fn(&Scratch, &str)), ("generator", generator), ("observer", observer)]
    {
        let name = format!("my-{lang}_{kind}");
        let output = make(&scratch, &[&name, "--lang", lang, "--kind", kind]);
        let output = String::from_utf8(output.stdout).unwrap();
        assert!(output.contains(&format!("cd {name}")) && output.contains("sh build.sh"), "{output}");
        let folder = scratch.path().join(&name);
        tools.extend([folder.join(".venv/bin"), folder.join("node_modules/.bin")]);
        for script in ["build.sh", "test.sh"] {
            if let Err(words) = run(&folder, script, &tools) {
                // Projects report missing tools with these words.
                assert!(words.contains("This needs"), "{lang}, {kind}: {script}: {words}");
                return lacking(&format!("no tools for {lang}: {words}"));
            }
        }
        let component = folder.join(format!("build/{name}.wasm"));
        let component = component.to_str().unwrap();
        // What is run below is a handler of its kind; to compile the large ones once more would take a minute. `check` allows a
        // minute for compiling, as a server does, and Python's components take longer on a busy machine.
        if kind == "transform" && lang != "python" {
            let found = json(&done(&["check", component, "--json", "--frames", "5"]));
            assert_eq!((&found["verdict"], &found["kind"]), (&"accepted".into(), &kind.into()), "{found}");
            assert_eq!(found["descriptor"]["title"], *name, "{found}");
        }
        look(&scratch, component);
    }
}

/// Checks that pixels brighter than the threshold are mirrored, others are not, and their share is put.
fn transform(scratch: &Scratch, component: &str) {
    let (before, after) = (place(scratch, "before.y4m"), place(scratch, "after.y4m"));
    let size = ["--size", "160x96", "--frames", "4", "-q"];
    done(&[&["run", &case(scratch, "good"), "pattern", "-o", &before][..], &size].concat());
    let threshold = 90;
    let values = values(&["run", component, &before, "-o", &after, "--set", &format!("threshold={threshold}")]);
    let (before, after) = (pictures(&before), pictures(&after));
    assert_eq!((before.len(), after.len(), values.len()), (4, 4, 4));
    for (number, (before, after)) in before.iter().zip(&after).enumerate() {
        let (luma, colors) = before.bytes().split_at(160 * 96);
        let mirrored: Vec<u8> =
            luma.iter().map(|y| if *y < threshold { *y } else { 251_u8.saturating_sub(*y) }).collect();
        assert!(after.bytes()[..160 * 96] == mirrored, "{component}: frame {number}");
        assert!(after.bytes()[160 * 96..] == *colors, "{component}: colours of frame {number}");
        let share = 100 * luma.iter().filter(|y| **y >= threshold).count() / luma.len();
        assert!((1..100).contains(&share), "the picture has both");
        assert_eq!(values[number]["values"]["share"], share, "{component}: frame {number}");
    }
}

/// Checks that the bands move as far as the value says, and as the speed demands.
fn generator(scratch: &Scratch, component: &str) {
    let out = place(scratch, "bands.y4m");
    let values = values(&["run", component, "-o", &out, "--frames", "12", "--set", "speed=100"]);
    let pictures = pictures(&out);
    assert_eq!((pictures.len(), values.len()), (12, 12));
    assert_eq!(pictures[0].size(), Size::new(320, 180));
    let moved: Vec<usize> = values
        .iter()
        .map(|line| {
            let moved = line["values"]["moved"].as_u64().unwrap();
            assert_eq!(moved, line["pts_us"].as_u64().unwrap() * 100 / 1_000_000, "{component}: {line}");
            moved as usize
        })
        .collect();
    assert!(moved[11] > 30, "{moved:?}");
    for (pair, moved) in pictures.windows(2).zip(moved.windows(2)) {
        let (before, after) = (&pair[0].bytes()[..320 * 180], &pair[1].bytes()[..320 * 180]);
        let rows = moved[1] - moved[0];
        assert!(before != after && before[rows * 320..] == after[..320 * (180 - rows)], "{component}: {moved:?}");
    }
}

/// Checks that the mean brightness is put at the interval.
fn observer(scratch: &Scratch, component: &str) {
    // Even gray: 128 of 255, which video writes as 16 + 128 * 219 / 255.
    let frame = [b"FRAME\n".as_slice(), &[126; 64 * 48], &[128; 64 * 48 / 2]].concat();
    let gray = [b"YUV4MPEG2 W64 H48 F30:1 Ip A1:1 C420jpeg\n".as_slice(), &frame.repeat(7)].concat();
    let input = scratch.write("gray.y4m", gray);
    let values = values(&["run", component, input.to_str().unwrap(), "--set", "interval=100"]);
    assert_eq!(values.len(), 7);
    for (number, line) in values.iter().enumerate() {
        let brightness = line["values"]["brightness"].as_u64();
        match brightness {
            Some(brightness) => assert!(number % 3 == 0 && (127..=129).contains(&brightness), "{component}: {line}"),
            None => assert!(number % 3 != 0, "{component}: {line}"),
        }
    }
}

#[test]
fn existing_files_are_not_overwritten() {
    let scratch = Scratch::new();
    std::fs::create_dir(scratch.path().join("mine")).unwrap();
    scratch.write("mine/precious", "1");
    scratch.write("file", "2");
    for name in ["mine", "file"] {
        let ended = make(&scratch, &[name, "--lang", "c"]);
        let words = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.code() == Some(2) && words.contains("already"), "{words}");
    }
    assert_eq!(std::fs::read_dir(scratch.path().join("mine")).unwrap().count(), 1);
    assert_eq!(std::fs::read(scratch.path().join("file")).unwrap(), b"2");
}

#[test]
fn wrong_arguments_are_explained() {
    let scratch = Scratch::new();
    for (arguments, words) in [
        (&["../up", "--lang", "c"][..], "is not a valid name of a handler"),
        (&["Mine", "--lang", "c"], "a-z"),
        (&["", "--lang", "c"], "is not a valid name"),
        (&["mine"], "--lang"),
        (&["mine", "--lang", "cobol"], "supported languages: c, go, js, python, rust, ts, zig"),
        (&["mine", "--lang", "c", "--kind", "sink"], "observer"),
    ] {
        let ended = make(&scratch, arguments);
        let message = String::from_utf8(ended.stderr).unwrap();
        assert!(ended.status.code() == Some(2) && message.contains(words), "{arguments:?}: {message}");
    }
    assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0);
}

#[test]
fn a_project_has_the_files_of_its_readme() {
    let scratch = Scratch::new();
    let help = framebox(&["new", "--help"]).out;
    assert!(help.contains("c, go, js, python, rust, ts or zig"), "{help}");
    for lang in ["c", "go", "js", "python", "rust", "ts", "zig"] {
        make(&scratch, &[lang, "--lang", lang]);
        let folder = scratch.path().join(lang);
        let readme = std::fs::read_to_string(folder.join("README.md")).unwrap();
        let rows = readme.lines().filter(|line| line.starts_with("| `"));
        let named: Vec<_> = rows.flat_map(|row| row.split('|').nth(1).unwrap().split('`').skip(1).step_by(2)).collect();
        assert!(named.len() > 5, "{readme}");
        for name in named {
            assert!(folder.join(name).exists(), "{lang}: {name}");
        }
    }
}

/// Runs `framebox new` in the directory.
fn make(scratch: &Scratch, arguments: &[&str]) -> Output {
    let mut command = Command::new(framebox_test_support::paths::program());
    command.arg("new").args(arguments).current_dir(scratch.path()).output().unwrap()
}

/// Returns the folders of the tools that build the examples.
fn tools() -> Vec<PathBuf> {
    let tools = framebox_test_support::paths::target().join("guest-tools");
    vec![tools.join("python/bin"), tools.join("node/node_modules/.bin")]
}

/// Runs a script of a project; an error is its output.
fn run(folder: &Path, script: &str, tools: &[PathBuf]) -> Result<(), String> {
    let path = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(tools.iter().cloned().chain(std::env::split_paths(&path))).unwrap();
    let mut command = Command::new("sh");
    command.arg(script).current_dir(folder).env("PATH", path);
    // Dependencies are compiled once for all projects.
    let scratch = framebox_test_support::paths::temporary();
    command.env("CARGO_TARGET_DIR", scratch.join("new-rust")).env("GOCACHE", scratch.join("new-go"));
    let output = command.output().unwrap();
    let words = [output.stdout, output.stderr].concat();
    if output.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&words).into_owned()) }
}

/// Returns the values of a run, one line for each frame.
fn values(arguments: &[&str]) -> Vec<Value> {
    done(&[arguments, &["--values", "-", "-q"]].concat()).lines().map(json).collect()
}

/// Returns all pictures of a file.
fn pictures(path: &str) -> Vec<Arc<Picture>> {
    let mut clip = clip::open(Path::new(path), &Bounds::default()).unwrap_or_else(|error| panic!("{path}: {error}"));
    std::iter::from_fn(|| clip.next().unwrap()).map(|shot| shot.picture).collect()
}

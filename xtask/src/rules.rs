//! Rules of the source code that no lint knows: clocks in decisions, and the length of files.

use std::fs;
use std::path::{Path, PathBuf};

use crate::step::root;

/// Folders and files whose code decides: it takes the time as an argument, so that tables and properties can test it.
const DECISIONS: [&str; 34] = [
    "runtime/pipeline/src/schedule",
    "runtime/pipeline/src/budget",
    "runtime/pipeline/src/node/admission.rs",
    "runtime/pipeline/src/stream/adaptation.rs",
    "runtime/pipeline/src/stream/audience/crowd.rs",
    "runtime/pipeline/src/stream/audience/running.rs",
    "runtime/pipeline/src/stream/audience/seat.rs",
    "runtime/pipeline/src/stream/keyframes.rs",
    "runtime/pipeline/src/stream/layers.rs",
    "runtime/pipeline/src/stream/overshoot.rs",
    "runtime/catalog/src/probation.rs",
    "runtime/ffmpeg/src/retry.rs",
    "runtime/auth/src/authorize.rs",
    "runtime/auth/src/quota.rs",
    "runtime/rtc/src/bandwidth",
    "runtime/rtc/src/packet",
    "runtime/rtc/src/path",
    "runtime/rtc/src/sdp",
    "runtime/rtc/src/receive/assembler.rs",
    "runtime/rtc/src/receive/gaps.rs",
    "runtime/rtc/src/receive/headroom.rs",
    "runtime/rtc/src/receive/intake.rs",
    "runtime/rtc/src/receive/keyframe_throttle.rs",
    "runtime/rtc/src/receive/lateness.rs",
    "runtime/rtc/src/receive/relief.rs",
    "runtime/rtc/src/receive/remb.rs",
    "runtime/rtc/src/receive/smoothing.rs",
    "runtime/rtc/src/send/duplicates.rs",
    "runtime/rtc/src/send/queue.rs",
    "runtime/rtc/src/send/sent_packets.rs",
    "runtime/rtc/src/send/transmitter.rs",
    "runtime/server/src/serve/connections.rs",
    "tests/network/src/wire/link.rs",
    "tests/network/src/wire/nat.rs",
];
const CLOCKS: [&str; 2] = ["Instant::now()", "SystemTime::now()"];

/// Folders whose files have a limited length.
const ROOMS: [&str; 4] = ["runtime", "tests", "xtask", "fuzz"];
/// The most lines of a file.
const MOST_LINES: usize = 800;

/// Checks all rules; prints what breaks them. Returns whether nothing does.
pub fn check() -> bool {
    let mut broken = Vec::new();
    for gone in DECISIONS.iter().chain(&ROOMS).filter(|path| !root().join(path).exists()) {
        broken.push(format!("{gone}: listed in the rules (xtask/src/rules.rs), and not there"));
    }
    for file in DECISIONS.iter().flat_map(|folder| sources(&root().join(folder))) {
        broken.extend(clocks(&file, &read(&file)));
    }
    for file in ROOMS.iter().flat_map(|folder| sources(&root().join(folder))) {
        let lines = read(&file).lines().count();
        if lines > MOST_LINES {
            broken.push(format!("{}: {lines} lines; at most {MOST_LINES} are allowed", file.display()));
        }
    }
    broken.iter().for_each(|broken| println!("{broken}"));
    broken.is_empty()
}

/// Lines of a file, outside of its tests, that read a clock.
fn clocks(file: &Path, text: &str) -> Vec<String> {
    if file.ends_with("tests.rs") {
        return Vec::new();
    }
    let code = text.lines().take_while(|line| !line.trim_start().starts_with("#[cfg(test)]"));
    let reads = |line: &&str| CLOCKS.iter().any(|clock| line.contains(clock)) && !line.trim_start().starts_with("//");
    let name = |(number, _): (usize, &str)| format!("{}:{}: a decision reads a clock", file.display(), number + 1);
    code.enumerate().filter(|(_, line)| reads(line)).map(name).collect()
}

fn read(file: &Path) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

/// The Rust files of a folder and its folders, or the file itself.
fn sources(path: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(path) else {
        return if path.is_file() { vec![path.to_owned()] } else { Vec::new() };
    };
    let mut files: Vec<_> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "rs"))
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .collect();
    files.sort();
    files
}

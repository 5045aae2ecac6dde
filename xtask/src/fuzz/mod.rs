//! Fuzzing: builds the targets of `fuzz/` on stable Rust and runs each for a while.
//!
//! | module | what it holds |
//! |---|---|
//! | [`build`] | the two ways of building them |
//! | [`target`] | running one, and what it did |

mod build;
mod target;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::sync::{Mutex, PoisonError};
use std::thread;

pub use build::Build;

use crate::step::root;

/// Time for each target, unless asked for otherwise, s.
const SECONDS: u32 = 30;
/// Where the random numbers begin, unless a time is asked for: the gate tries the same inputs again, so that a change is not
/// refused for what was there before it.
const SEED: u32 = 1;

/// Runs the targets that `arguments` name, or all: `[SECONDS] [TARGET…]`. Returns whether all inputs passed.
pub fn run(build: Build, arguments: &[String]) -> bool {
    try_run(build, arguments).unwrap_or_else(|error| {
        println!("fuzz: {error}");
        false
    })
}

fn try_run(build: Build, arguments: &[String]) -> io::Result<bool> {
    let asked = arguments.first().and_then(|first| first.parse().ok());
    let names = &arguments[usize::from(asked.is_some())..];
    // libFuzzer chooses a seed in place of 0.
    let (seconds, seed) = asked.map_or((SECONDS, SEED), |seconds| (seconds, 0));
    let all = targets(build)?;
    if let Some(unknown) = names.iter().find(|name| !all.contains(name)) {
        return Err(io::Error::other(format!("there is no target {unknown:?}; targets are {}", all.join(", "))));
    }
    let chosen = if names.is_empty() { all } else { names.to_vec() };
    let Some(folder) = build.build(&chosen)? else { return Ok(false) };
    let queue = Mutex::new(VecDeque::from(chosen));
    let next = || queue.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
    // At least three at a time, so that all of them take three minutes.
    let jobs = thread::available_parallelism().map_or(3, |cores| cores.get().max(3));
    Ok(thread::scope(|scope| {
        let work = || {
            let mut passed = true;
            while let Some(name) = next() {
                passed &= target::run(&folder, &name, seconds, seed).unwrap_or_else(|error| {
                    println!("{name}: {error}");
                    false
                });
            }
            passed
        };
        let workers: Vec<_> = (0..jobs).map(|_| scope.spawn(work)).collect();
        let results: Vec<_> = workers.into_iter().map(|worker| worker.join().unwrap_or(false)).collect();
        results.into_iter().all(|passed| passed)
    }))
}

/// The names of the targets.
fn targets(build: Build) -> io::Result<Vec<String>> {
    if build == Build::Sanitizer {
        return Ok(build::SANITIZED.map(str::to_owned).to_vec());
    }
    let files = fs::read_dir(root().join("fuzz/fuzz_targets"))?.collect::<io::Result<Vec<_>>>()?;
    let name = |file: fs::DirEntry| Some(file.path().file_stem()?.to_str()?.to_owned());
    let mut names: Vec<_> = files.into_iter().filter_map(name).collect();
    names.sort();
    Ok(names)
}

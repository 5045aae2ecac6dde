//! Running a target, and what it did.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use crate::step::root;

/// Memory of a target, MiB.
const MEMORY_MIB: u32 = 1024;
/// Time for one input, s: much more than any takes on a busy machine.
const INPUT_SECONDS: u32 = 25;
/// Longest input, bytes.
const MAX_INPUT: u32 = 8192;
/// Lines of a failed target's output that are shown.
const SHOWN_LINES: usize = 40;

/// Runs the program of a target in `folder` and prints what it did. The random numbers begin at `seed`; at another place each time
/// when it is 0. Returns whether all inputs passed.
pub fn run(folder: &Path, name: &str, seconds: u32, seed: u32) -> io::Result<bool> {
    let scratch = folder.join("fuzz").join(name);
    let (corpus, artifacts) = (scratch.join("corpus"), root().join("fuzz/artifacts").join(name));
    if scratch.exists() {
        fs::remove_dir_all(&scratch)?;
    }
    fs::create_dir_all(&corpus)?;
    fs::create_dir_all(&artifacts)?;
    for seed in fs::read_dir(root().join("fuzz/corpus").join(name))? {
        let seed = seed?;
        fs::copy(seed.path(), corpus.join(seed.file_name()))?;
    }
    let log = scratch.join("log");
    let mut command = Command::new(folder.join(format!("fuzz-{name}")));
    command.arg(&corpus).current_dir(&scratch);
    command.arg(format!("-max_total_time={seconds}")).arg(format!("-seed={seed}"));
    command.arg(format!("-rss_limit_mb={MEMORY_MIB}"));
    command.arg(format!("-timeout={INPUT_SECONDS}")).arg(format!("-max_len={MAX_INPUT}"));
    command.arg(format!("-artifact_prefix={}/", artifacts.display())).arg("-print_final_stats=1");
    let words = root().join("fuzz/words").join(name);
    if words.exists() {
        command.arg(format!("-dict={}", words.display()));
    }
    command.stdout(fs::File::create(scratch.join("output"))?).stderr(fs::File::create(&log)?);
    let status = command.status()?;
    let text = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
    if status.success() {
        println!("{name}: {}", summary(&text));
        return Ok(true);
    }
    let lines: Vec<&str> = text.lines().collect();
    println!("{}", lines[lines.len().saturating_sub(SHOWN_LINES)..].join("\n"));
    println!("{name} failed ({status}). {}", advice(name));
    Ok(false)
}

/// What libFuzzer said in the end: executions, their rate, coverage, memory.
fn summary(log: &str) -> String {
    let value = |key: &str| {
        let value = log.lines().rev().find_map(|line| line.split_once(key)?.1.split_whitespace().next());
        value.unwrap_or("?").to_owned()
    };
    format!(
        "{} executions, {} a second; {} edges covered, {} inputs kept; {} MiB at most",
        value("stat::number_of_executed_units:"),
        value("stat::average_exec_per_sec:"),
        value(" cov: "),
        value(" corp: ").split('/').next().unwrap_or("?"),
        value("stat::peak_rss_mb:"),
    )
}

fn advice(name: &str) -> String {
    format!(
        "The input is in fuzz/artifacts/{name}. Move it to fuzz/corpus/{name} under a name that says what it is: from then on \
         `cargo test -p framebox-fuzz` fails with it, on stable Rust and in a debugger, until it is mended."
    )
}

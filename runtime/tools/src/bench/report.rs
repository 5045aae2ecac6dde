//! The table, and the same for programs.

use serde_json::{Value, json};

use super::Handler;
use super::contest::{Contest, Runner};
use crate::figures::Spread;
use crate::text::{bytes, count, printable, table};

/// For people: times in ms.
pub(super) fn text(names: &[String], contests: &[Contest]) -> String {
    let head = ["size", "what", "frames", "min ms", "p50", "p95", "p99", "max", "copies", "fuel p50", "max", "memory"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut notes = Vec::new();
    for contest in contests {
        let size = contest.size.map_or_else(|| "own frames".to_owned(), |size| size.to_string());
        let mut copy = vec![size.clone(), "copy".to_owned(), contest.frames.to_string()];
        copy.extend(times(&contest.copy));
        copy.extend(["1.0", "", "", ""].map(str::to_owned));
        rows.push(copy);
        for (name, runner) in names.iter().zip(&contest.runners) {
            rows.push(row(name, contest.frames, runner));
            if let Some(failure) = &runner.failed {
                notes.push(format!("{size}: {name} failed: {}", printable(failure)));
            }
        }
        if let ([one, other], Some(time), Some(fuel)) = (names, contest.rival_time, contest.rival_fuel) {
            notes.push(format!("{size}: {other} takes {time:.2} times the time and {fuel:.2} times the fuel of {one}"));
        }
    }
    let mut text = table(&rows, 2);
    text.push_str("copies: its time in copies (memcpy) of the picture, the middle of all frames\n");
    for note in notes {
        text.push_str(&note);
        text.push('\n');
    }
    text
}

fn row(name: &str, frames: u32, runner: &Runner) -> Vec<String> {
    let mut row = vec![String::new(), name.to_owned(), frames.to_string()];
    if runner.time == Spread::default() {
        row.extend(std::iter::repeat_n("-".to_owned(), 9));
        return row;
    }
    row.extend(times(&runner.time));
    row.push(runner.copies.map_or_else(String::new, |copies| format!("{copies:.1}")));
    row.extend([count(runner.fuel.p50), count(runner.fuel.max), bytes(runner.peak)]);
    row
}

/// ns in ms.
fn times(spread: &Spread) -> [String; 5] {
    let ms = |ns: u64| format!("{:.3}", ns as f64 / 1e6);
    [ms(spread.min), ms(spread.p50), ms(spread.p95), ms(spread.p99), ms(spread.max)]
}

/// For programs: times in ns, memory in bytes.
pub(super) fn json(handlers: &[Handler], names: &[String], contests: &[Contest]) -> Value {
    let files = handlers
        .iter()
        .zip(names)
        .map(|(handler, name)| json!({ "name": name, "file": handler.file, "digest": handler.component.digest() }));
    let sizes = contests.iter().map(|contest| {
        let runners = names.iter().zip(&contest.runners).map(|(name, runner)| {
            json!({
                "name": name,
                "time_ns": runner.time,
                "fuel": runner.fuel,
                "copies": runner.copies,
                "peak_memory": runner.peak,
                "failed": runner.failed,
            })
        });
        json!({
            "width": contest.size.map(|size| size.width),
            "height": contest.size.map(|size| size.height),
            "frames": contest.frames,
            "copy_ns": contest.copy,
            "handlers": runners.collect::<Vec<_>>(),
            "vs_time": contest.rival_time,
            "vs_fuel": contest.rival_fuel,
        })
    });
    json!({ "handlers": files.collect::<Vec<_>>(), "sizes": sizes.collect::<Vec<_>>() })
}

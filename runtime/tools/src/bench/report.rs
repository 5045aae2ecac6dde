//! The results as a table and as JSON.

use serde_json::{Value, json};

use super::Handler;
use super::comparison::{Comparison, Measurement};
use crate::statistics::Percentiles;
use crate::text::{bytes, count, printable, table};

/// Formats the results as a table, with times in ms.
pub(super) fn text(names: &[String], comparisons: &[Comparison]) -> String {
    let head = ["size", "what", "frames", "min ms", "p50", "p95", "p99", "max", "copies", "fuel p50", "max", "memory"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    let mut notes = Vec::new();
    for comparison in comparisons {
        let size = comparison.size.map_or_else(|| "own frames".to_owned(), |size| size.to_string());
        let mut copy = vec![size.clone(), "copy".to_owned(), comparison.frames.to_string()];
        copy.extend(times(&comparison.copy));
        copy.extend(["1.0", "", "", ""].map(str::to_owned));
        rows.push(copy);
        for (name, handler) in names.iter().zip(&comparison.handlers) {
            rows.push(row(name, comparison.frames, handler));
            if let Some(failure) = &handler.failed {
                notes.push(format!("{size}: {name} failed: {}", printable(failure)));
            }
        }
        if let ([first, second], Some(time), Some(fuel)) = (names, comparison.time_ratio, comparison.fuel_ratio) {
            notes.push(format!(
                "{size}: {second} takes {time:.2} times the time and {fuel:.2} times the fuel of {first}"
            ));
        }
    }
    let mut text = table(&rows, 2);
    text.push_str("copies: time of a frame divided by the time of copying its picture (memcpy), median\n");
    for note in notes {
        text.push_str(&note);
        text.push('\n');
    }
    text
}

fn row(name: &str, frames: u32, handler: &Measurement) -> Vec<String> {
    let mut row = vec![String::new(), name.to_owned(), frames.to_string()];
    if handler.time == Percentiles::default() {
        row.extend(std::iter::repeat_n("-".to_owned(), 9));
        return row;
    }
    row.extend(times(&handler.time));
    row.push(handler.copies.map_or_else(String::new, |copies| format!("{copies:.1}")));
    row.extend([count(handler.fuel.p50), count(handler.fuel.max), bytes(handler.peak)]);
    row
}

/// Formats nanoseconds as milliseconds.
fn times(time: &Percentiles) -> [String; 5] {
    let ms = |ns: u64| format!("{:.3}", ns as f64 / 1e6);
    [ms(time.min), ms(time.p50), ms(time.p95), ms(time.p99), ms(time.max)]
}

/// Returns the results as JSON, with times in ns and memory in bytes.
pub(super) fn json(handlers: &[Handler], names: &[String], comparisons: &[Comparison]) -> Value {
    let files = handlers
        .iter()
        .zip(names)
        .map(|(handler, name)| json!({ "name": name, "file": handler.file, "digest": handler.component.digest() }));
    let sizes = comparisons.iter().map(|comparison| {
        let handlers = names.iter().zip(&comparison.handlers).map(|(name, handler)| {
            json!({
                "name": name,
                "time_ns": handler.time,
                "fuel": handler.fuel,
                "copies": handler.copies,
                "peak_memory": handler.peak,
                "failed": handler.failed,
            })
        });
        json!({
            "width": comparison.size.map(|size| size.width),
            "height": comparison.size.map(|size| size.height),
            "frames": comparison.frames,
            "copy_ns": comparison.copy,
            "handlers": handlers.collect::<Vec<_>>(),
            "vs_time": comparison.time_ratio,
            "vs_fuel": comparison.fuel_ratio,
        })
    });
    json!({ "handlers": files.collect::<Vec<_>>(), "sizes": sizes.collect::<Vec<_>>() })
}

//! The results as text and as JSON.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use framebox_sandbox::descriptor::OutputKind;
use framebox_sandbox::parameter::Kind as ParameterKind;
use framebox_sandbox::{Kind, Limits, Parameter};
use serde_json::{Value, json};

use super::imports::{description, descriptions};
use super::trial_run::TrialRun;
use crate::Error;
use crate::host::LoadedComponent;
use crate::text::{bytes, count, micros, ms, printable, table, time};

/// Time between two frames of a usual camera, µs. A slower handler skips frames.
const CAMERA_INTERVAL: u64 = 33_333;
/// Characters in a line of a list.
const WIDTH: usize = 100;

/// The results of a check.
pub(super) struct Report {
    pub(super) file: PathBuf,
    pub(super) loaded: LoadedComponent,
    /// Time of starting an instance, including its `init`.
    pub(super) start_time: Duration,
    /// Linear memory of an instance after its start, bytes.
    pub(super) start_memory: usize,
    pub(super) trial_runs: Vec<TrialRun>,
    pub(super) limits: Limits,
}

impl Report {
    /// Returns an error if a trial run failed or, with `strict`, if there are warnings.
    pub(super) fn result(&self, strict: bool) -> Result<(), Error> {
        if let Some(failure) = self.failures().first() {
            return Err(Error::Failed(failure.clone()));
        }
        match self.warnings().len() {
            0 => Ok(()),
            _ if !strict => Ok(()),
            1 => Err(Error::Failed("there is 1 warning, which --strict treats as a failure".into())),
            count => Err(Error::Failed(format!("there are {count} warnings, which --strict treats as failures"))),
        }
    }

    /// Describes the failures of the trial runs.
    fn failures(&self) -> Vec<String> {
        let failed = self.trial_runs.iter().filter_map(|run| {
            let (frame, error) = run.failed.as_ref()?;
            Some(format!("the trial run{} failed at frame {frame}: {}", at(run), printable(&error.to_string())))
        });
        failed.collect()
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let kind = self.loaded.component.kind();
        for run in &self.trial_runs {
            let mut warn = |text: String| warnings.push(text);
            if run.time.p50 > CAMERA_INTERVAL {
                let (ms, fps) = (ms(run.time.p50), run.fps());
                warn(format!(
                    "slower than 30 frames per second{}: {ms} ms per frame, {fps:.1} frames per second",
                    at(run)
                ));
            }
            if run.leaks() {
                warn(format!(
                    "the memory grows{}: by {} in {} frames; a server restarts the handler at {}",
                    at(run),
                    bytes(run.growth),
                    run.frames,
                    bytes(self.limits.soft_memory)
                ));
            } else if run.peak > self.limits.memory / 4 * 3 {
                let (peak, limit) = (bytes(run.peak), bytes(self.limits.memory));
                warn(format!("the handler uses {peak} of memory{}; the limit is {limit}", at(run)));
            }
            if kind != Kind::Observer && run.pictures == 0 && run.failed.is_none() {
                warn(format!("the handler showed no picture{}", at(run)));
            }
            if let Some((count, reason)) = &run.frame_errors {
                let reason = printable(reason);
                warn(format!("the handler returned an error for {count} frames{}, first: {reason}", at(run)));
            }
            if let Some(reason) = &run.finished {
                warn(format!("the handler ended the stream after {} frames: {}", run.frames, printable(reason)));
            }
        }
        warnings
    }

    /// Formats the report as text.
    pub(super) fn text(&self) -> String {
        let LoadedComponent { component, bytes: size, functions, compile_time } = &self.loaded;
        let descriptor = component.descriptor();
        let failures = self.failures();
        let verdict = match failures.is_empty() {
            true => "a server would accept it",
            false => "a server would accept it, but the trial run failed",
        };
        let mut text = format!("{}: {}; {verdict}\n", self.file.display(), with_article(component.kind()));
        let mut line = |label: &str, value: &str| {
            let _ = writeln!(text, "  {label:<11} {value}");
        };
        line("title", &printable(&descriptor.title));
        if !descriptor.summary.is_empty() {
            line("summary", &printable(&descriptor.summary));
        }
        if let Some(size) = descriptor.size {
            line("size", &format!("{size}, requested by the handler"));
        }
        if let Some(fps) = descriptor.fps {
            line("rate", &format!("{fps} frames per second, requested by the handler"));
        }
        list(&mut line, "parameters", descriptor.parameters.iter().map(parameter).collect());
        let outputs = descriptor.outputs.iter();
        list(
            &mut line,
            "outputs",
            outputs.map(|output| format!("{} ({})", output.id, output_kind(output.kind))).collect(),
        );
        list(&mut line, "imports", descriptions(component.imports()).into_iter().map(str::to_owned).collect());
        line("digest", &component.digest().to_string());
        line("component", &format!("{}, {functions} functions, compiled in {}", bytes(*size), time(*compile_time)));
        line("instance", &format!("started in {}, with {} of memory", time(self.start_time), bytes(self.start_memory)));
        text.push('\n');
        text.push_str(&self.table());
        for warning in self.warnings() {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }

    fn table(&self) -> String {
        let head = ["trial run", "frames", "fuel p50", "p95", "ms p50", "p95", "peak memory", "frames/s"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for run in &self.trial_runs {
            let size = run.size.map_or_else(|| "own frames".to_owned(), |size| size.to_string());
            rows.push(vec![
                size,
                run.frames.to_string(),
                count(run.fuel.p50),
                count(run.fuel.p95),
                ms(run.time.p50),
                ms(run.time.p95),
                bytes(run.peak),
                rate(run.fps()),
            ]);
        }
        table(&rows, 1) + "frames/s: what the handler could process on one core of this machine\n"
    }

    /// Returns the report as JSON, with times in µs and memory in bytes.
    pub(super) fn json(&self) -> Value {
        let LoadedComponent { component, bytes, functions, compile_time } = &self.loaded;
        let failures = self.failures();
        let imports = component.imports().iter();
        let imports: Vec<_> = imports.map(|name| json!({ "name": name, "words": description(name) })).collect();
        let trials: Vec<_> = self.trial_runs.iter().map(trial_json).collect();
        json!({
            "file": self.file,
            "verdict": if failures.is_empty() { "accepted" } else { "failed" },
            "code": self.trial_runs.iter().find_map(|run| run.failed.as_ref()).map(|(_, error)| error.code()),
            "why": failures.first(),
            "kind": component.kind(),
            "digest": component.digest(),
            "bytes": bytes,
            "functions": functions,
            "descriptor": component.descriptor(),
            "imports": imports,
            "compile_us": micros(*compile_time),
            "start_us": micros(self.start_time),
            "start_memory": self.start_memory,
            "trials": trials,
            "warnings": self.warnings(),
        })
    }
}

/// Formats a frame rate; the digits of one that no camera reaches are left out.
fn rate(fps: f64) -> String {
    match fps {
        ..10.0 => format!("{fps:.1}"),
        ..1000.0 => format!("{fps:.0}"),
        _ => "over 1000".to_owned(),
    }
}

fn trial_json(run: &TrialRun) -> Value {
    let failed = run.failed.as_ref();
    let failed =
        failed.map(|(frame, error)| json!({ "frame": frame, "code": error.code(), "message": error.to_string() }));
    json!({
        "width": run.size.map(|size| size.width),
        "height": run.size.map(|size| size.height),
        "frames": run.frames,
        "fuel": run.fuel,
        "time_us": run.time,
        "fps": run.fps(),
        "peak_memory": run.peak,
        "grows": run.leaks(),
        "finished": run.finished,
        "declined": run.frame_errors.as_ref().map(|(frames, text)| json!({ "frames": frames, "why": text })),
        "failed": failed,
    })
}

/// Formats the size of the frames of a trial run, to follow a noun.
fn at(run: &TrialRun) -> String {
    run.size.map_or_else(String::new, |size| format!(" at {size}"))
}

fn with_article(kind: Kind) -> &'static str {
    match kind {
        Kind::Transform => "a transform",
        Kind::Generator => "a generator",
        Kind::Observer => "an observer",
    }
}

/// Writes a list with commas, in as many lines as it needs; only the first line has the label.
fn list(line: &mut impl FnMut(&str, &str), label: &str, items: Vec<String>) {
    if items.is_empty() {
        return line(label, "none");
    }
    let (mut label, mut row) = (label, String::new());
    for (number, item) in items.iter().enumerate() {
        let separator = if number + 1 == items.len() { "" } else { ", " };
        if !row.is_empty() && row.len() + item.len() > WIDTH {
            line(std::mem::take(&mut label), row.trim_end());
            row.clear();
        }
        row.push_str(item);
        row.push_str(separator);
    }
    line(label, &row);
}

/// Describes a parameter: its id and its values.
fn parameter(parameter: &Parameter) -> String {
    let unit = |unit: &Option<String>| unit.as_deref().map_or_else(String::new, |unit| format!(" {unit}"));
    let values = match &parameter.kind {
        ParameterKind::Number { min, max, unit: name, .. } => format!("{min} to {max}{}", unit(name)),
        ParameterKind::Integer { min, max, unit: name, .. } => format!("{min} to {max}{}", unit(name)),
        ParameterKind::Toggle { .. } => "on or off".to_owned(),
        ParameterKind::Choice { options, .. } => {
            options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>().join(" | ")
        }
        ParameterKind::Text { max_chars, .. } => format!("text of up to {max_chars} characters"),
        ParameterKind::Color { .. } => "colour".to_owned(),
        ParameterKind::Button => "button".to_owned(),
    };
    let values: String = values.chars().take(80).collect();
    format!("{} ({})", parameter.id, printable(&values))
}

fn output_kind(kind: OutputKind) -> &'static str {
    match kind {
        OutputKind::Number => "number",
        OutputKind::Gauge => "gauge",
        OutputKind::Text => "text",
        OutputKind::Json => "document",
        OutputKind::Image => "picture",
        OutputKind::Table => "table",
        OutputKind::Plot => "plot",
    }
}

//! What was found, for people and for programs.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use framebox_sandbox::descriptor::OutputKind;
use framebox_sandbox::parameter::Kind as Holds;
use framebox_sandbox::{Kind, Limits, Parameter};
use serde_json::{Value, json};

use super::imports::{meaning, words};
use super::trial::Trial;
use crate::Error;
use crate::host::Opened;
use crate::text::{bytes, count, micros, ms, printable, table, time};

/// Slower handlers skip frames of an ordinary camera, µs a frame.
const CAMERA: u64 = 33_333;
/// Characters of a list before it goes on in the next line.
const WIDTH: usize = 100;

/// What was found.
pub(super) struct Report {
    pub(super) file: PathBuf,
    pub(super) opened: Opened,
    /// What starting an instance takes, `init` included.
    pub(super) started: Duration,
    /// Linear memory of a fresh instance, bytes.
    pub(super) memory: usize,
    pub(super) trials: Vec<Trial>,
    pub(super) limits: Limits,
}

impl Report {
    /// Whether it may pass.
    pub(super) fn verdict(&self, strict: bool) -> Result<(), Error> {
        if let Some(failure) = self.failures().first() {
            return Err(Error::Failed(failure.clone()));
        }
        match self.warnings().len() {
            0 => Ok(()),
            _ if !strict => Ok(()),
            1 => Err(Error::Failed("there is a warning, and --strict takes it for a failure".into())),
            many => Err(Error::Failed(format!("there are {many} warnings, and --strict takes them for failures"))),
        }
    }

    /// What went wrong in the trials.
    fn failures(&self) -> Vec<String> {
        let failed = self.trials.iter().filter_map(|trial| {
            let (frame, failure) = trial.failed.as_ref()?;
            Some(format!("the trial{} failed at frame {frame}: {}", at(trial), printable(&failure.to_string())))
        });
        failed.collect()
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let kind = self.opened.component.kind();
        for trial in &self.trials {
            let mut warn = |text: String| warnings.push(text);
            if trial.time.p50 > CAMERA {
                let (ms, fps) = (ms(trial.time.p50), trial.fps());
                warn(format!("slower than 30 frames a second{}: {ms} ms a frame, {fps:.1} frames a second", at(trial)));
            }
            if trial.leaks() {
                warn(format!(
                    "its memory grows{}: by {} in {} frames; a server replaces the instance at {}",
                    at(trial),
                    bytes(trial.growth),
                    trial.frames,
                    bytes(self.limits.soft_memory)
                ));
            } else if trial.peak > self.limits.memory / 4 * 3 {
                warn(format!("it uses {} of the {} of memory allowed", bytes(trial.peak), bytes(self.limits.memory)));
            }
            if kind != Kind::Observer && trial.pictures == 0 && trial.failed.is_none() {
                warn(format!("it put no picture{}", at(trial)));
            }
            if let Some((count, reason)) = &trial.declined {
                warn(format!("it gave up {count} frames{} by itself: {}", at(trial), printable(reason)));
            }
            if let Some(reason) = &trial.finished {
                warn(format!("it ended the stream by itself after {} frames: {}", trial.frames, printable(reason)));
            }
        }
        warnings
    }

    /// For people.
    pub(super) fn text(&self) -> String {
        let Opened { component, bytes: size, functions, compiled } = &self.opened;
        let descriptor = component.descriptor();
        let failures = self.failures();
        let verdict = if failures.is_empty() { "a server takes it" } else { "a server takes it, but the trial failed" };
        let mut text = format!("{}: {}; {verdict}\n", self.file.display(), name(component.kind()));
        let mut line = |what: &str, words: &str| {
            let _ = writeln!(text, "  {what:<11} {words}");
        };
        line("title", &printable(&descriptor.title));
        if !descriptor.summary.is_empty() {
            line("summary", &printable(&descriptor.summary));
        }
        if let Some(size) = descriptor.size {
            line("size", &format!("{size}, as it asks for"));
        }
        if let Some(fps) = descriptor.fps {
            line("rate", &format!("{fps} frames a second, as it asks for"));
        }
        list(&mut line, "parameters", descriptor.parameters.iter().map(parameter).collect());
        let outputs = descriptor.outputs.iter();
        list(&mut line, "outputs", outputs.map(|it| format!("{} ({})", it.id, shown(it.kind))).collect());
        list(&mut line, "imports", words(component.imports()).into_iter().map(str::to_owned).collect());
        line("digest", &component.digest().to_string());
        line("component", &format!("{}, {functions} functions, compiled in {}", bytes(*size), time(*compiled)));
        line("instance", &format!("started in {}, with {} of memory", time(self.started), bytes(self.memory)));
        text.push('\n');
        text.push_str(&self.table());
        for warning in self.warnings() {
            let _ = writeln!(text, "warning: {warning}");
        }
        text
    }

    fn table(&self) -> String {
        let head = ["trial", "frames", "fuel p50", "p95", "ms p50", "p95", "peak memory", "frames/s"];
        let mut rows = vec![head.map(str::to_owned).to_vec()];
        for trial in &self.trials {
            let size = trial.size.map_or_else(|| "own frames".to_owned(), |size| size.to_string());
            rows.push(vec![
                size,
                trial.frames.to_string(),
                count(trial.fuel.p50),
                count(trial.fuel.p95),
                ms(trial.time.p50),
                ms(trial.time.p95),
                bytes(trial.peak),
                rate(trial.fps()),
            ]);
        }
        table(&rows, 1) + "frames/s: what the handler alone could keep on one core of this machine\n"
    }

    /// For programs. Times are in µs, memory in bytes.
    pub(super) fn json(&self) -> Value {
        let Opened { component, bytes, functions, compiled } = &self.opened;
        let failures = self.failures();
        let imports = component.imports().iter();
        let imports: Vec<_> = imports.map(|name| json!({ "name": name, "words": meaning(name) })).collect();
        let trials: Vec<_> = self.trials.iter().map(of_trial).collect();
        json!({
            "file": self.file,
            "verdict": if failures.is_empty() { "accepted" } else { "failed" },
            "code": self.trials.iter().find_map(|trial| trial.failed.as_ref()).map(|(_, failure)| failure.code()),
            "why": failures.first(),
            "kind": component.kind(),
            "digest": component.digest(),
            "bytes": bytes,
            "functions": functions,
            "descriptor": component.descriptor(),
            "imports": imports,
            "compile_us": micros(*compiled),
            "start_us": micros(self.started),
            "start_memory": self.memory,
            "trials": trials,
            "warnings": self.warnings(),
        })
    }
}

/// Beyond what any camera has, the digits mean nothing.
fn rate(fps: f64) -> String {
    match fps {
        ..10.0 => format!("{fps:.1}"),
        ..1000.0 => format!("{fps:.0}"),
        _ => "over 1000".to_owned(),
    }
}

fn of_trial(trial: &Trial) -> Value {
    let failed = trial.failed.as_ref();
    let failed = failed
        .map(|(frame, failure)| json!({ "frame": frame, "code": failure.code(), "message": failure.to_string() }));
    json!({
        "width": trial.size.map(|size| size.width),
        "height": trial.size.map(|size| size.height),
        "frames": trial.frames,
        "fuel": trial.fuel,
        "time_us": trial.time,
        "fps": trial.fps(),
        "peak_memory": trial.peak,
        "grows": trial.leaks(),
        "finished": trial.finished,
        "declined": trial.declined.as_ref().map(|(frames, why)| json!({ "frames": frames, "why": why })),
        "failed": failed,
    })
}

fn at(trial: &Trial) -> String {
    trial.size.map_or_else(String::new, |size| format!(" at {size}"))
}

fn name(kind: Kind) -> &'static str {
    match kind {
        Kind::Transform => "a transform",
        Kind::Generator => "a generator",
        Kind::Observer => "an observer",
    }
}

/// Words in lines that are not too long.
fn list(line: &mut impl FnMut(&str, &str), what: &str, words: Vec<String>) {
    if words.is_empty() {
        return line(what, "none");
    }
    let (mut what, mut row) = (what, String::new());
    for (at, word) in words.iter().enumerate() {
        let end = if at + 1 == words.len() { "" } else { ", " };
        if !row.is_empty() && row.len() + word.len() > WIDTH {
            line(std::mem::take(&mut what), row.trim_end());
            row.clear();
        }
        row.push_str(word);
        row.push_str(end);
    }
    line(what, &row);
}

/// A parameter in short.
fn parameter(parameter: &Parameter) -> String {
    let unit = |unit: &Option<String>| unit.as_deref().map_or_else(String::new, |unit| format!(" {unit}"));
    let holds = match &parameter.kind {
        Holds::Number { min, max, unit: of, .. } => format!("{min} to {max}{}", unit(of)),
        Holds::Integer { min, max, unit: of, .. } => format!("{min} to {max}{}", unit(of)),
        Holds::Toggle { .. } => "on or off".to_owned(),
        Holds::Choice { options, .. } => {
            options.iter().map(|option| option.id.as_str()).collect::<Vec<_>>().join(" | ")
        }
        Holds::Text { max_chars, .. } => format!("text of up to {max_chars}"),
        Holds::Color { .. } => "colour".to_owned(),
        Holds::Button => "button".to_owned(),
    };
    let holds: String = holds.chars().take(80).collect();
    format!("{} ({})", parameter.id, printable(&holds))
}

fn shown(kind: OutputKind) -> &'static str {
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

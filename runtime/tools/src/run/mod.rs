//! `framebox run`: a video through a handler, from file to file.
//!
//! | module | what it holds |
//! |---|---|
//! | `input` | where frames come from: a file, the test pattern, or nowhere, for a generator |
//! | `rate` | frames a second as a fraction |
//! | `output`, `y4m`, `mp4` with its `index`, `stills` | where pictures go |
//! | `values` | where values go, as lines of JSON |
//! | `grants` | `--source`: videos that the handler may open |
//! | `console` | progress and the handler's log, on standard error |
//! | `summary` | what came of it |

mod console;
mod grants;
mod index;
mod input;
mod mp4;
mod output;
mod rate;
mod stills;
mod summary;
mod values;
mod y4m;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use framebox_picture::{Picture, Size};
use framebox_sandbox::{Budget, CallError, Component, Deterministic, Kind, Limits, Setup};

use crate::subject::Subject;
use crate::text::printable;
use crate::{Error, Host, settings};
use console::Console;
use grants::Grants;
use input::{Input, Wanted};
use output::{Form, Output};
use summary::Summary;
use values::Values;

/// A call without a time budget of its own may take that long; the interface tells handlers their budget in 32 bits of µs.
const AN_HOUR: Duration = Duration::from_secs(3600);

/// `framebox run`
#[derive(Debug, Args)]
#[command(after_help = crate::error::HELP, after_long_help = LONG_HELP)]
pub struct Run {
    /// The component.
    pub file: PathBuf,
    /// A video or picture (MP4 with H.264, Y4M, PNG, JPEG, GIF, WebP), or `pattern`: a moving test picture. Nothing for a
    /// generator.
    pub input: Option<PathBuf>,
    /// Where the pictures go: FILE.y4m, FILE.mp4, a directory for PNGs, or `-`: nowhere. [default: nowhere]
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// A parameter; may be given several times. [default: those of the handler]
    #[arg(long, value_name = "ID=VALUE")]
    pub set: Vec<String>,
    /// A video that the handler may open by that name; may be given several times.
    #[arg(long, value_name = "NAME=FILE", value_parser = grants::pair)]
    pub source: Vec<(String, PathBuf)>,
    /// Where the values go, a line of JSON for each frame; `-`: standard output. [default: standard output where the handler
    /// has outputs; but nowhere when that is a terminal and pictures are written]
    #[arg(long, value_name = "FILE")]
    pub values: Option<PathBuf>,
    /// Frames at most. [default: 150 of the pattern or of a generator; else all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub frames: Option<u64>,
    /// Size of the pattern. [default: 640x480]
    #[arg(long, value_name = "WxH", value_parser = crate::size::read)]
    pub size: Option<Size>,
    /// Frames a second of the pattern, of a still picture or of a generator. [default: 30, or what the generator asks for]
    #[arg(long, value_name = "F", value_parser = rate::read)]
    pub fps: Option<rate::Rate>,
    /// Fuel that a call may use. [default: that of a server]
    #[arg(long, value_name = "UNITS")]
    pub fuel: Option<u64>,
    /// Time that a call for a frame may take, milliseconds, which also gives a start its usual time; the result then depends
    /// on the machine. [default: as long as it takes]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub time_ms: Option<u64>,
    /// Memory that the handler may have. [default: that of a server]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=4095))]
    pub memory_mib: Option<u64>,
    /// What the handler's randomness comes from.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Goes on after frames that failed, and does not count them as a failure of the run.
    #[arg(long)]
    pub keep_going: bool,
    /// Shows neither progress nor what the handler writes to its log.
    #[arg(short, long)]
    pub quiet: bool,
}

const LONG_HELP: &str = "\
Two runs with the same arguments write the same bytes: frames carry their own times; the handler's clocks follow these, and
go on by 0.1 ms with each look at them; its randomness comes from --seed; its calls are bounded by fuel and memory alone. Not
so with --time-ms; and processors of different kinds may round differently where pixels are converted.

A frame without a picture, or one that failed, leaves the picture before it standing. A handler that died is started afresh
with the same parameters, as by a server; so is one whose memory keeps growing.

Exit codes:
  0  done
  1  failed on this side: a file cannot be read or written
  2  wrong usage
  3  the handler is refused, cannot be started, or failed for a frame (but see --keep-going)";

impl Run {
    /// Does it.
    ///
    /// # Errors
    /// Why it was not done, or not to its end.
    pub fn run(&self, host: &Host) -> Result<(), Error> {
        let memory = self.memory_mib.and_then(|mib| usize::try_from(mib << 20).ok());
        let engine = host.engine(memory)?;
        let component = host.open(&engine, &self.file)?.component;
        let form = self.form(&component)?;
        let chosen = settings::choose(component.descriptor(), &self.set)?;
        let grants = Grants::new(&self.source)?;
        let mut input = Input::open(self.wanted(), component.kind(), component.descriptor().fps)?;
        let values = Values::open(self.values.as_deref(), component.descriptor(), form.is_some())?;

        let console = Arc::new(Console::new(!self.quiet, values.is_on_terminal()));
        let setup = Setup {
            limits: self.limits(&host.limits, memory),
            parameters: chosen.parameters,
            log: console.clone(),
            sources: Arc::new(grants),
        };
        let world = Deterministic::new(self.seed);
        let mut subject = Subject::new(&component, setup).pressing(chosen.pressed).within(world);
        subject.start().map_err(Error::Start)?;
        let output = form.map(|form| Output::create(form, input.rate())).transpose()?;
        let mut work = Work { output, values, console: console.clone(), summary: Summary::default(), last: None };
        let ended = self.frames(&mut subject, &mut input, &mut work);
        subject.close();
        console.clear();
        // What was written so far is good, whatever happened.
        let finished = work.finish(self.quiet);
        ended.and(finished)
    }

    /// What is written; what contradicts itself is refused before anything is.
    fn form(&self, component: &Component) -> Result<Option<Form>, Error> {
        let Some(form) = self.output.as_deref().map(Form::of).transpose()?.flatten() else { return Ok(None) };
        if component.kind() == Kind::Observer {
            return Err(Error::Usage("an observer puts no pictures: leave --output away".into()));
        }
        let same = |other: &Path| {
            let whole = |path: &Path| path.canonicalize().ok();
            other == form.path() || whole(other).is_some_and(|other| whole(form.path()) == Some(other))
        };
        let others = self.input.iter().chain(self.source.iter().map(|(_, file)| file)).chain([&self.file]);
        if others.chain(&self.values).any(|other| same(other)) {
            return Err(Error::Usage(format!("{} is used for two things at once", form.path().display())));
        }
        Ok(Some(form))
    }

    fn wanted(&self) -> Wanted<'_> {
        Wanted { file: self.input.as_deref(), frames: self.frames, size: self.size, rate: self.fps }
    }

    fn limits(&self, usual: &Limits, memory: Option<usize>) -> Limits {
        let memory = memory.unwrap_or(usual.memory);
        let time = self.time_ms.map_or(AN_HOUR, Duration::from_millis);
        Limits {
            call: Budget { time, fuel: self.fuel.unwrap_or(usual.call.fuel) },
            setup: Budget { time: if self.time_ms.is_some() { usual.setup.time } else { AN_HOUR }, ..usual.setup },
            memory,
            // As far below the hard limit as usual.
            soft_memory: if memory == usual.memory { usual.soft_memory } else { memory / 4 * 3 },
            ..usual.clone()
        }
    }

    fn frames(&self, subject: &mut Subject, input: &mut Input, work: &mut Work) -> Result<(), Error> {
        let mut sequence = 0;
        while let Some(frame) = input.next()? {
            let call = subject.call(frame.picture.as_ref(), frame.pts_us);
            work.summary.called(&call.cost, subject.memory());
            match call.result {
                Ok(output) => work.put(sequence, frame.pts_us, call.cost.fuel, output)?,
                Err(CallError::Finished(reason)) => {
                    work.summary.finished = Some(reason);
                    break;
                }
                Err(failure) => {
                    work.failed(sequence, frame.pts_us, &failure)?;
                    if !self.keep_going {
                        let (at, why) = (frame.pts_us as f64 / 1e6, printable(&failure.to_string()));
                        return Err(Error::Failed(format!("frame {sequence}, at {at:.3} s, failed: {why}")));
                    }
                }
            }
            work.summary.restarts += u64::from(subject.tidy());
            sequence += 1;
            work.console.progress(sequence, input.expected());
        }
        if sequence == 0 && work.summary.finished.is_none() {
            return Err(Error::Machine("there are no frames in the input".into()));
        }
        Ok(())
    }
}

/// Where everything goes.
struct Work {
    output: Option<Output>,
    values: Values,
    console: Arc<Console>,
    summary: Summary,
    /// The picture that stands.
    last: Option<Arc<Picture>>,
}

impl Work {
    fn put(&mut self, sequence: u64, pts_us: i64, fuel: u64, output: framebox_sandbox::Output) -> Result<(), Error> {
        self.values.put(sequence, pts_us, fuel, &output.values)?;
        self.summary.pictures += u64::from(output.picture.is_some());
        self.show(sequence, pts_us, output.picture)
    }

    fn failed(&mut self, sequence: u64, pts_us: i64, failure: &CallError) -> Result<(), Error> {
        self.summary.failed(failure);
        self.values.failed(sequence, pts_us, failure)?;
        self.show(sequence, pts_us, None)
    }

    fn show(&mut self, sequence: u64, pts_us: i64, picture: Option<Arc<Picture>>) -> Result<(), Error> {
        let Some(output) = &mut self.output else { return Ok(()) };
        if let Some(picture) = picture {
            output.picture(sequence, pts_us, &picture)?;
            self.last = Some(picture);
        } else if let Some(last) = &self.last {
            output.again(last)?;
        }
        Ok(())
    }

    fn finish(mut self, quiet: bool) -> Result<(), Error> {
        let values = self.values.finish();
        // Of what was written, as much as can be is made good.
        let written = self.output.map(Output::finish).transpose()?.flatten();
        if !quiet {
            self.console.say(&self.summary.text(written.as_deref()));
        }
        values
    }
}

//! `framebox run`: processes a video file with a handler.
//!
//! | module | what it holds |
//! |---|---|
//! | `input` | the frames: from a file or the test pattern, or times only for a generator |
//! | `files` | opens files, by ffmpeg where they are not read here |
//! | `rate` | frame rates as fractions |
//! | `output`, `y4m`, `mp4` with its `index`, `stills` | writes the pictures |
//! | `same_size` | checks that all pictures of a video file have one size |
//! | `values` | writes the values of each frame as a line of JSON |
//! | `grants` | `--source`: videos that the handler may open |
//! | `recorder` | writes the result of each frame and counts it |
//! | `console` | progress and the log of the handler, on standard error |
//! | `summary` | the summary that is printed after a run |

mod console;
mod files;
mod grants;
mod index;
mod input;
mod mp4;
mod output;
mod rate;
mod recorder;
mod same_size;
mod stills;
mod summary;
mod values;
mod y4m;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use framebox_picture::Size;
use framebox_sandbox::{Budget, CallError, Component, Deterministic, Kind, Limits, MemoryAccount, Setup};

use crate::runner::Runner;
use crate::text::printable;
use crate::{Error, Host, settings};
use console::Console;
use files::Files;
use grants::Grants;
use input::{Input, Options};
use output::{Destination, Output};
use recorder::Recorder;
use values::Values;

/// Time limit of a call without `--time-ms`. The interface passes limits to handlers as µs in 32 bits, which this fits.
const MAX_CALL_TIME: Duration = Duration::from_secs(3600);

/// The arguments of `framebox run`.
#[derive(Debug, Args)]
#[command(after_help = crate::error::HELP, after_long_help = LONG_HELP)]
pub struct Run {
    /// Component of the handler (.wasm).
    pub file: PathBuf,
    /// Video or picture to process (MP4 with H.264, Y4M, PNG, JPEG, GIF or WebP; with ffmpeg, any), or `pattern` for a moving test picture; to be
    /// omitted for a generator.
    pub input: Option<PathBuf>,
    /// Where to write the pictures: FILE.y4m, FILE.mp4, a directory for PNG files, or `-` for no pictures [default: -]
    #[arg(short, long, value_name = "OUT")]
    pub output: Option<PathBuf>,
    /// Sets a parameter; can be repeated [default: the defaults of the handler]
    #[arg(long, value_name = "ID=VALUE")]
    pub set: Vec<String>,
    /// Grants a video or picture that the handler may open under this name; can be repeated.
    #[arg(long, value_name = "NAME=FILE", value_parser = grants::parse)]
    pub source: Vec<(String, PathBuf)>,
    /// File for the values, one line of JSON for each frame; `-` for standard output [default: standard output if the handler
    /// has outputs, unless that is a terminal and pictures are written]
    #[arg(long, value_name = "FILE")]
    pub values: Option<PathBuf>,
    /// Maximum number of frames [default: 150 for `pattern` and generators, otherwise all]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=100_000_000))]
    pub frames: Option<u64>,
    /// Size of `pattern` [default: 640x480]
    #[arg(long, value_name = "WxH", value_parser = crate::size::parse)]
    pub size: Option<Size>,
    /// Frames per second of `pattern`, a still picture or a generator [default: 30, or the rate that the generator requests]
    #[arg(long, value_name = "F", value_parser = rate::parse)]
    pub fps: Option<rate::Rate>,
    /// Fuel limit of a call [default: the default of the server]
    #[arg(long, value_name = "UNITS")]
    pub fuel: Option<u64>,
    /// Time limit of the call for a frame, milliseconds; also applies the server's time limit to starts. The result then
    /// depends on the speed of the machine [default: no limit]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub time_ms: Option<u64>,
    /// Memory limit of the handler, MiB [default: the default of the server]
    #[arg(long, value_name = "MIB", value_parser = clap::value_parser!(u64).range(1..=4095))]
    pub memory_mib: Option<u64>,
    /// Seed of the handler's random numbers.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,
    /// Continues after failed frames, and exits with success despite them.
    #[arg(long)]
    pub keep_going: bool,
    /// Prints no progress, no summary, and no log of the handler.
    #[arg(short, long)]
    pub quiet: bool,
}

const LONG_HELP: &str = "\
Two runs with the same arguments write identical files. The handler's clocks follow the times of the frames and advance by
0.1 ms at each reading; its random numbers depend on --seed; its calls are limited by fuel and memory only. Exceptions: with
--time-ms the result depends on the speed of the machine, and processors of different types may round colours differently.

For a frame that fails or has no picture, the previous picture is repeated. A handler that was stopped, or whose memory keeps
growing, is restarted with the same parameters, as on a server.

Exit codes:
  0  success
  1  a file cannot be read or written, or this machine cannot run the command
  2  invalid arguments
  3  the component is refused, or the handler does not start or fails for a frame (see --keep-going)";

impl Run {
    /// Processes the input.
    ///
    /// # Errors
    /// The run cannot start, or it ended early.
    pub fn run(&self, host: &Host) -> Result<(), Error> {
        let memory = self.memory_mib.and_then(|mib| usize::try_from(mib << 20).ok());
        let engine = host.engine(memory)?;
        let component = host.load(&engine, &self.file)?.component;
        let destination = self.destination(&component)?;
        let settings = settings::parse(component.descriptor(), &self.set)?;
        let files = Files::new(&host.ffmpeg);
        let grants = Grants::new(&self.source, &files)?;
        let mut input = Input::open(self.input_options(), &files, component.kind(), component.descriptor().fps)?;
        let values = Values::open(self.values.as_deref(), component.descriptor(), destination.is_some())?;

        let console = Arc::new(Console::new(!self.quiet, values.is_on_terminal()));
        let setup = Setup {
            limits: self.limits(&host.limits, memory),
            parameters: settings.parameters,
            log: console.clone(),
            sources: Arc::new(grants),
            account: MemoryAccount::unlimited(),
        };
        if let Some(line) = input.dropped().filter(|_| !self.quiet) {
            console.print(&line);
        }
        let clocks = Deterministic::new(self.seed);
        let mut runner = Runner::new(&component, setup).with_pressed(settings.pressed).with_clocks(clocks);
        runner.start().map_err(Error::Start)?;
        let output = destination.map(|destination| Output::create(destination, input.rate())).transpose()?;
        let mut recorder = Recorder::new(output, values);
        let result = self.process(&mut runner, &mut input, &mut recorder, &console);
        runner.close();
        console.clear();
        // The output is completed even after an error, with the frames so far.
        let finished = recorder.finish(|summary| {
            if !self.quiet {
                console.print(summary);
            }
        });
        result.and(finished)
    }

    /// Returns where to write pictures, after checking that no other file of the run would be overwritten.
    fn destination(&self, component: &Component) -> Result<Option<Destination>, Error> {
        let destination = self.output.as_deref().map(Destination::parse).transpose()?.flatten();
        let Some(destination) = destination else { return Ok(None) };
        if component.kind() == Kind::Observer {
            return Err(Error::Usage("an observer shows no pictures: omit --output".into()));
        }
        let path = destination.path();
        let is_same = |other: &Path| {
            let absolute = |path: &Path| path.canonicalize().ok();
            other == path || absolute(other).is_some_and(|other| absolute(path) == Some(other))
        };
        let others = self.input.iter().chain(self.source.iter().map(|(_, file)| file)).chain([&self.file]);
        if others.chain(&self.values).any(|other| is_same(other)) {
            let text = "would overwrite another file of this run: choose another output";
            return Err(Error::Usage(format!("--output {} {text}", path.display())));
        }
        Ok(Some(destination))
    }

    fn input_options(&self) -> Options<'_> {
        Options { file: self.input.as_deref(), frames: self.frames, size: self.size, rate: self.fps }
    }

    fn limits(&self, defaults: &Limits, memory: Option<usize>) -> Limits {
        let memory = memory.unwrap_or(defaults.memory);
        let time = self.time_ms.map_or(MAX_CALL_TIME, Duration::from_millis);
        let setup_time = if self.time_ms.is_some() { defaults.setup.time } else { MAX_CALL_TIME };
        Limits {
            call: Budget { time, fuel: self.fuel.unwrap_or(defaults.call.fuel) },
            setup: Budget { time: setup_time, ..defaults.setup },
            memory,
            // Below the hard limit in the same proportion as by default.
            soft_memory: if memory == defaults.memory { defaults.soft_memory } else { memory / 4 * 3 },
            ..defaults.clone()
        }
    }

    /// Calls the handler for each frame of the input.
    fn process(
        &self,
        runner: &mut Runner,
        input: &mut Input,
        recorder: &mut Recorder,
        console: &Console,
    ) -> Result<(), Error> {
        let mut sequence = 0;
        while let Some(frame) = input.next()? {
            let call = runner.call(frame.picture.as_ref(), frame.pts_us);
            recorder.summary.count_call(&call.cost, runner.memory());
            match call.result {
                Ok(output) => recorder.put(sequence, frame.pts_us, call.cost.fuel, output)?,
                Err(CallError::Finished(reason)) => {
                    recorder.summary.finished = Some(reason);
                    break;
                }
                Err(error) => {
                    recorder.put_failure(sequence, frame.pts_us, &error)?;
                    if !self.keep_going {
                        let (time, reason) = (frame.pts_us as f64 / 1e6, printable(&error.to_string()));
                        return Err(Error::Failed(format!("frame {sequence}, at {time:.3} s, failed: {reason}")));
                    }
                }
            }
            recorder.summary.restarts += u64::from(runner.recycle());
            sequence += 1;
            console.progress(sequence, input.expected());
        }
        if sequence == 0 && recorder.summary.finished.is_none() {
            return Err(Error::Machine("the input has no frames".into()));
        }
        Ok(())
    }
}

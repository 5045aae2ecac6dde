//! `framebox check`: describes a component, checks whether a server would accept it, and runs it on generated frames.
//!
//! | module | what it holds |
//! |---|---|
//! | `imports` | descriptions of imports: what a component is able to do |
//! | `trial_run` | runs a handler on generated frames and measures fuel, time and memory |
//! | `report` | the results as text and as JSON |

mod imports;
mod report;
mod trial_run;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use framebox_picture::Size;
use framebox_sandbox::{Kind, MemoryAccount, NoLog, Setup};
use serde_json::json;

use crate::host::Host;
use crate::pattern::AnySource;
use crate::runner::Runner;
use crate::{Error, settings};
use report::Report;
use trial_run::RunLength;

/// Sizes of the trial runs of a handler that takes frames.
const SIZES: [Size; 2] = [Size::new(640, 480), Size::new(1280, 720)];

/// The arguments of `framebox check`.
#[derive(Debug, Args)]
#[command(after_help = crate::error::HELP, after_long_help = LONG_HELP)]
pub struct Check {
    /// Component to check (.wasm).
    pub file: PathBuf,
    /// Prints the report as JSON.
    #[arg(long)]
    pub json: bool,
    /// Treats warnings as failures.
    #[arg(long)]
    pub strict: bool,
    /// Sets a parameter for the trial runs; can be repeated [default: the defaults of the handler]
    #[arg(long, value_name = "ID=VALUE")]
    pub set: Vec<String>,
    /// Number of frames to measure at each size; a slow handler is measured on fewer.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub frames: u32,
}

const LONG_HELP: &str = "\
Validates and compiles the component and reads its descriptor as a server with default limits does with an upload, with the same
error messages. Then runs the handler on a moving test picture within the same limits; a few warm-up frames are not
measured. A handler that opens a source, under any name, reads the test picture.

Exit codes:
  0  a server would accept the component, and the trial runs succeeded
  1  the file cannot be read, or this machine cannot run the command
  2  invalid arguments
  3  a server would refuse the component, or a trial run failed; with --strict, also if there are warnings";

impl Check {
    /// Checks the component and prints the report to standard output.
    ///
    /// # Errors
    /// A server would refuse the component, or a trial run failed.
    pub fn run(&self, host: &Host) -> Result<(), Error> {
        let result = self.report(host);
        match &result {
            Ok(report) if self.json => println!("{}", report.json()),
            Ok(report) => print!("{}", report.text()),
            Err(Error::Refused(reason)) if self.json => {
                println!("{}", json!({ "file": self.file, "verdict": "refused", "why": reason }));
            }
            Err(error @ Error::Start(cause)) if self.json => {
                let (code, reason) = (cause.code(), error.to_string());
                println!("{}", json!({ "file": self.file, "verdict": "failed", "code": code, "why": reason }));
            }
            Err(_) => {}
        }
        result?.result(self.strict)
    }

    fn report(&self, host: &Host) -> Result<Report, Error> {
        let engine = host.engine(None)?;
        let loaded = host.load(&engine, &self.file)?;
        let component = &loaded.component;
        let settings = settings::parse(component.descriptor(), &self.set)?;
        let setup = Setup {
            limits: host.limits.clone(),
            parameters: settings.parameters,
            log: Arc::new(NoLog),
            sources: Arc::new(AnySource),
            account: MemoryAccount::default(),
        };
        let runner = || Runner::new(component, setup.clone()).with_pressed(settings.pressed.clone());

        // The median, because the first start is slower: it touches memory for the first time.
        let mut start_times = Vec::new();
        let mut start_memory = 0;
        for _ in 0..5 {
            let mut runner = runner();
            let begin = Instant::now();
            start_memory = runner.start().map_err(Error::Start)?.memory();
            start_times.push(begin.elapsed());
            runner.close();
        }
        start_times.sort_unstable();
        let start_time = start_times[start_times.len() / 2];

        let length = RunLength { frames: self.frames, ..RunLength::default() };
        let sizes = match (component.kind(), component.descriptor().size) {
            (Kind::Generator, _) => vec![None],
            (_, Some(requested)) => vec![Some(requested)],
            _ => SIZES.map(Some).into(),
        };
        let trial_runs = sizes.into_iter().map(|size| trial_run::run(runner(), size, &length)).collect();
        let (file, limits) = (self.file.clone(), host.limits.clone());
        Ok(Report { file, loaded, start_time, start_memory, trial_runs, limits })
    }
}

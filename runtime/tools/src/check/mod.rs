//! `framebox check`: what a component is, whether a server would take it, and a trial of it on generated frames.
//!
//! | module | what it holds |
//! |---|---|
//! | `imports` | what a component may do, in plain words |
//! | `trial` | a handler on generated frames: fuel, time, memory |
//! | `report` | what was found, for people and for programs |

mod imports;
mod report;
mod trial;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use framebox_picture::Size;
use framebox_sandbox::{Kind, NoLog, Setup};
use serde_json::json;

use crate::host::{Host, Opened};
use crate::pattern::AnySource;
use crate::subject::Subject;
use crate::{Error, settings};
use report::Report;
use trial::Plan;

/// Sizes at which a handler that takes frames is tried.
const SIZES: [Size; 2] = [Size::new(640, 480), Size::new(1280, 720)];

/// `framebox check`
#[derive(Debug, Args)]
#[command(after_help = crate::error::HELP, after_long_help = LONG_HELP)]
pub struct Check {
    /// The component.
    pub file: PathBuf,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
    /// Takes warnings for failures.
    #[arg(long)]
    pub strict: bool,
    /// A parameter of the trial; may be given several times. [default: those of the handler]
    #[arg(long, value_name = "ID=VALUE")]
    pub set: Vec<String>,
    /// Frames that are measured at each size; a slow handler gets fewer.
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub frames: u32,
}

const LONG_HELP: &str = "\
The component is checked, compiled and asked for its descriptor as a server with default limits does it to an upload; what
it refuses is refused here, in the same words. Then the handler is tried on a moving test picture within those limits, after
a few frames that do not count. Whatever video it asks for is granted: the test picture again.

Exit codes:
  0  a server would take it, and the trial went well
  1  failed on this side: the file cannot be read
  2  wrong usage
  3  a server would refuse it, or the trial failed; with --strict, also when there are warnings";

impl Check {
    /// Does it; the report is on the standard output.
    ///
    /// # Errors
    /// Why a server would refuse it, or what went wrong in the trial.
    pub fn run(&self, host: &Host) -> Result<(), Error> {
        let result = self.look(host);
        match &result {
            Ok(report) if self.json => println!("{}", report.json()),
            Ok(report) => print!("{}", report.text()),
            Err(Error::Refused(why)) if self.json => {
                println!("{}", json!({ "file": self.file, "verdict": "refused", "why": why }));
            }
            Err(error @ Error::Start(failure)) if self.json => {
                let why = error.to_string();
                println!("{}", json!({ "file": self.file, "verdict": "failed", "code": failure.code(), "why": why }));
            }
            Err(_) => {}
        }
        result?.verdict(self.strict)
    }

    fn look(&self, host: &Host) -> Result<Report, Error> {
        let engine = host.engine(None)?;
        let opened = host.open(&engine, &self.file)?;
        let Opened { component, .. } = &opened;
        let chosen = settings::choose(component.descriptor(), &self.set)?;
        let setup = Setup {
            limits: host.limits.clone(),
            parameters: chosen.parameters,
            log: Arc::new(NoLog),
            sources: Arc::new(AnySource),
        };
        let subject = || Subject::new(component, setup.clone()).pressing(chosen.pressed.clone());

        // The first start also pays for pages that are touched for the first time.
        let mut starts = Vec::new();
        let mut memory = 0;
        for _ in 0..5 {
            let mut subject = subject();
            let begin = Instant::now();
            memory = subject.start().map_err(Error::Start)?.memory();
            starts.push(begin.elapsed());
            subject.close();
        }
        starts.sort_unstable();
        let started = starts[starts.len() / 2];

        let plan = Plan { frames: self.frames, ..Plan::default() };
        let sizes = match (component.kind(), component.descriptor().size) {
            (Kind::Generator, _) => vec![None],
            (_, Some(own)) => vec![Some(own)],
            _ => SIZES.map(Some).into(),
        };
        let trials = sizes.into_iter().map(|size| trial::run(subject(), size, &plan)).collect();
        Ok(Report { file: self.file.clone(), opened, started, memory, trials, limits: host.limits.clone() })
    }
}

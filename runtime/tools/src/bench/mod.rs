//! `framebox bench`: what a handler's frames cost, in time and fuel, against a copy of the same picture and against another
//! handler.
//!
//! | module | what it holds |
//! |---|---|
//! | `contest` | the measuring: copy, handler and rival take turns, so that the machine's moods fall on all |
//! | `report` | the table, and the same for programs |

mod contest;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use framebox_picture::Size;
use framebox_sandbox::{Component, Engine, Kind, NoLog, Setup};

use crate::pattern::AnySource;
use crate::subject::Subject;
use crate::{Error, Host, settings};
use contest::{Contest, Plan};

/// Sizes at which handlers are measured when none is chosen.
const SIZES: [Size; 4] = [Size::new(320, 240), Size::new(640, 480), Size::new(1280, 720), Size::new(1920, 1080)];

/// `framebox bench`
#[derive(Debug, Args)]
#[command(after_help = crate::error::HELP, after_long_help = LONG_HELP)]
pub struct Bench {
    /// The component.
    pub file: PathBuf,
    /// Another one, which is measured in turns with it.
    #[arg(long, value_name = "FILE")]
    pub vs: Option<PathBuf>,
    /// Size of the frames; may be given several times. [default: 320x240, 640x480, 1280x720 and 1920x1080]
    #[arg(long, value_name = "WxH", value_parser = crate::size::read)]
    pub size: Vec<Size>,
    /// Frames that are measured at each size.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub frames: u32,
    /// Time after which no further frame is measured at a size, seconds.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// A parameter of both; may be given several times. [default: those of each handler]
    #[arg(long, value_name = "ID=VALUE")]
    pub set: Vec<String>,
    /// Prints one JSON document.
    #[arg(long)]
    pub json: bool,
}

const LONG_HELP: &str = "\
Frames of a moving test picture go to the handler and to its rival in turns, each after a copy (memcpy) of the same picture, so
that whatever else the machine does falls on all of them; what a copy takes is the measure of the machine. A generator makes its own
frames, and the copy is one of these. Whatever video a handler asks for is granted: the test picture again.";

impl Bench {
    /// Does it; the table is on the standard output.
    ///
    /// # Errors
    /// Why it was not done, or that a handler failed at some size.
    pub fn run(&self, host: &Host) -> Result<(), Error> {
        let engine = host.engine(None)?;
        let mut handlers = Vec::new();
        for file in [Some(&self.file), self.vs.as_ref()].into_iter().flatten() {
            handlers.push(self.handler(host, &engine, file)?);
        }
        let generates = handlers.iter().filter(|handler| handler.component.kind() == Kind::Generator).count();
        if generates == 1 && handlers.len() == 2 {
            return Err(Error::Usage("a generator can only be compared with a generator".into()));
        }
        let sizes: Vec<_> = match (generates, &self.size[..]) {
            (0, []) => SIZES.map(Some).into(),
            (0, sizes) => sizes.iter().copied().map(Some).collect(),
            (_, []) => vec![None],
            _ => return Err(Error::Usage("a generator has a size of its own: leave --size away".into())),
        };
        let plan = Plan { frames: self.frames, time: Duration::from_secs(self.seconds), ..Plan::default() };
        let mut contests = Vec::new();
        for size in sizes {
            let subjects = handlers.iter().map(Handler::subject).collect();
            contests.push(contest::run(subjects, size, &plan)?);
        }
        let names = names(&handlers);
        match self.json {
            true => println!("{}", report::json(&handlers, &names, &contests)),
            false => print!("{}", report::text(&names, &contests)),
        }
        verdict(&names, &contests)
    }

    fn handler(&self, host: &Host, engine: &Engine, file: &Path) -> Result<Handler, Error> {
        let component = host.open(engine, file)?.component;
        let parameters = settings::choose(component.descriptor(), &self.set)?;
        let setup = Setup {
            limits: host.limits.clone(),
            parameters: parameters.parameters,
            log: Arc::new(NoLog),
            sources: Arc::new(AnySource),
        };
        Ok(Handler { file: file.to_owned(), component, setup })
    }
}

/// A handler that is measured.
struct Handler {
    file: PathBuf,
    component: Component,
    setup: Setup,
}

impl Handler {
    fn subject(&self) -> Subject {
        Subject::new(&self.component, self.setup.clone())
    }
}

/// Short names of the files, or longer ones where the short ones are the same.
fn names(handlers: &[Handler]) -> Vec<String> {
    let short = |handler: &Handler| {
        let stem = handler.file.file_stem().unwrap_or(handler.file.as_os_str());
        stem.to_string_lossy().into_owned()
    };
    let names: Vec<_> = handlers.iter().map(short).collect();
    match &names[..] {
        [one, other] if one == other => handlers.iter().map(|handler| handler.file.display().to_string()).collect(),
        _ => names,
    }
}

fn verdict(names: &[String], contests: &[Contest]) -> Result<(), Error> {
    for contest in contests {
        for (name, runner) in names.iter().zip(&contest.runners) {
            if let Some(failure) = &runner.failed {
                let at = contest.size.map_or_else(String::new, |size| format!(" at {size}"));
                return Err(Error::Failed(format!("{name} failed{at}: {}", crate::text::printable(failure))));
            }
        }
    }
    Ok(())
}

//! `framebox bench`: measures time, fuel and memory of a handler, compared with a copy of the same picture and with another
//! handler.
//!
//! | module | what it holds |
//! |---|---|
//! | `comparison` | the measurement, in which the copy and the handlers take turns |
//! | `report` | the results as a table and as JSON |

mod comparison;
mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use framebox_picture::Size;
use framebox_sandbox::{Component, Engine, Kind, MemoryAccount, NoLog, Setup};

use crate::pattern::AnySource;
use crate::runner::Runner;
use crate::{Error, Host, settings};
use comparison::{Comparison, RunLength};

/// Sizes at which handlers are measured unless `--size` is given.
const SIZES: [Size; 4] = [Size::new(320, 240), Size::new(640, 480), Size::new(1280, 720), Size::new(1920, 1080)];

/// The arguments of `framebox bench`.
#[derive(Debug, Args)]
#[command(after_help = crate::error::HELP, after_long_help = LONG_HELP)]
pub struct Bench {
    /// Component of the handler to measure (.wasm).
    pub file: PathBuf,
    /// Component of another handler to compare with.
    #[arg(long, value_name = "FILE")]
    pub vs: Option<PathBuf>,
    /// Size of the frames; can be repeated [default: 320x240, 640x480, 1280x720 and 1920x1080]
    #[arg(long, value_name = "WxH", value_parser = crate::size::parse)]
    pub size: Vec<Size>,
    /// Number of frames to measure at each size.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub frames: u32,
    /// Time limit for each size, seconds; a slow handler is measured on fewer frames.
    #[arg(long, value_name = "S", default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub seconds: u64,
    /// Sets a parameter of both handlers; can be repeated [default: the defaults of each handler]
    #[arg(long, value_name = "ID=VALUE")]
    pub set: Vec<String>,
    /// Prints the results as JSON.
    #[arg(long)]
    pub json: bool,
}

const LONG_HELP: &str = "\
For each frame of a moving test picture, the same picture is copied (memcpy), then the handlers process it in alternating
order, so that other load on the machine affects all of them equally. The time of the copy shows how fast the machine is. A
generator makes its own frames, one of which is copied. A handler that opens a source, under any name, reads the test picture.";

impl Bench {
    /// Measures the handlers and prints the results to standard output.
    ///
    /// # Errors
    /// The handlers cannot be measured, or one of them failed at some size.
    pub fn run(&self, host: &Host) -> Result<(), Error> {
        let engine = host.engine(None)?;
        let mut handlers = Vec::new();
        for file in [Some(&self.file), self.vs.as_ref()].into_iter().flatten() {
            handlers.push(self.handler(host, &engine, file)?);
        }
        let generators = handlers.iter().filter(|handler| handler.component.kind() == Kind::Generator).count();
        if generators == 1 && handlers.len() == 2 {
            return Err(Error::Usage(
                "a generator can only be compared with a generator: give two generators, or none".into(),
            ));
        }
        let sizes: Vec<_> = match (generators, &self.size[..]) {
            (0, []) => SIZES.map(Some).into(),
            (0, sizes) => sizes.iter().copied().map(Some).collect(),
            (_, []) => vec![None],
            _ => return Err(Error::Usage("a generator chooses the size of its frames: omit --size".into())),
        };
        let time = Duration::from_secs(self.seconds);
        let length = RunLength { frames: self.frames, time, ..RunLength::default() };
        let mut comparisons = Vec::new();
        for size in sizes {
            let runners = handlers.iter().map(Handler::runner).collect();
            comparisons.push(comparison::run(runners, size, &length)?);
        }
        let names = names(&handlers);
        match self.json {
            true => println!("{}", report::json(&handlers, &names, &comparisons)),
            false => print!("{}", report::text(&names, &comparisons)),
        }
        first_failure(&names, &comparisons)
    }

    fn handler(&self, host: &Host, engine: &Engine, file: &Path) -> Result<Handler, Error> {
        let component = host.load(engine, file)?.component;
        let parameters = settings::parse(component.descriptor(), &self.set)?.parameters;
        let setup = Setup {
            limits: host.limits.clone(),
            parameters,
            log: Arc::new(NoLog),
            sources: Arc::new(AnySource),
            account: MemoryAccount::unlimited(),
        };
        Ok(Handler { file: file.to_owned(), component, setup })
    }
}

/// A handler to measure.
struct Handler {
    file: PathBuf,
    component: Component,
    setup: Setup,
}

impl Handler {
    fn runner(&self) -> Runner {
        Runner::new(&self.component, self.setup.clone())
    }
}

/// Returns the names of the files without folder and extension, or whole paths if those names are equal.
fn names(handlers: &[Handler]) -> Vec<String> {
    let short = |handler: &Handler| {
        let stem = handler.file.file_stem().unwrap_or(handler.file.as_os_str());
        stem.to_string_lossy().into_owned()
    };
    let names: Vec<_> = handlers.iter().map(short).collect();
    match &names[..] {
        [first, second] if first == second => {
            handlers.iter().map(|handler| handler.file.display().to_string()).collect()
        }
        _ => names,
    }
}

/// Returns the first failure of a handler as an error.
fn first_failure(names: &[String], comparisons: &[Comparison]) -> Result<(), Error> {
    for comparison in comparisons {
        for (name, handler) in names.iter().zip(&comparison.handlers) {
            if let Some(failure) = &handler.failed {
                let at = comparison.size.map_or_else(String::new, |size| format!(" at {size}"));
                return Err(Error::Failed(format!("{name} failed{at}: {}", crate::text::printable(failure))));
            }
        }
    }
    Ok(())
}

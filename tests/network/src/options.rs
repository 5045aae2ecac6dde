//! What is given on the command line.

use std::path::PathBuf;
use std::time::Duration;

/// What is given on the command line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Options {
    /// Names of scenarios, or parts of names.
    pub names: Vec<String>,
    /// All scenarios.
    pub all: bool,
    /// Only the names of the scenarios.
    pub list: bool,
    /// Results as JSON, one scenario a line.
    pub json: bool,
    /// Also every second of a scenario.
    pub verbose: bool,
    /// The program, instead of the one that was built along.
    pub program: Option<PathBuf>,
    /// How long is measured, instead of the scenario's own time.
    pub measured: Option<Duration>,
    /// Seed of all that is random.
    pub seed: u64,
    /// The handler.
    pub handler: Option<String>,
    /// What the browser gives up first when its uplink is narrow.
    pub degradation: Option<String>,
    /// The only codec that the browser offers.
    pub codec: Option<String>,
    /// Further arguments of the server.
    pub server: Vec<String>,
    /// Chromium at the other end, too, with this codec, instead of the server.
    pub reference: Option<String>,
}

/// What the command takes.
pub const USAGE: &str = "\
network [NAME…] [OPTION…]: runs the scenarios whose name contains a NAME; exact names only those
  --all                    all scenarios
  --list                   only the names
  --scenario NAME          the same as NAME
  --seconds N              how long is measured
  --program FILE           the framebox program
  --server ARGUMENT        a further argument of the server; can be repeated
  --handler NAME           [default: flip]
  --codec NAME             the only codec that the browser offers, H264 or VP8
  --degradation PREFERENCE maintain-resolution, maintain-framerate, or balanced [default: the client's]
  --reference CODEC        Chromium at the other end instead of the server: H264 or VP8
  --seed N                 [default: 1]
  --json                   a line of JSON for each scenario
  --verbose                every second of a scenario, and what happened";

impl Options {
    /// Reads the command line.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(arguments: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self { seed: 1, ..Self::default() };
        let mut arguments = arguments.into_iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} needs a value"));
            match argument.as_str() {
                "--all" => options.all = true,
                "--list" => options.list = true,
                "--json" => options.json = true,
                "--verbose" => options.verbose = true,
                "--scenario" => options.names.push(value()?),
                "--program" => options.program = Some(value()?.into()),
                "--handler" => options.handler = Some(value()?),
                "--codec" => options.codec = Some(value()?),
                "--degradation" => options.degradation = Some(value()?),
                "--server" => options.server.push(value()?),
                "--reference" => options.reference = Some(value()?),
                "--seed" => options.seed = value()?.parse().map_err(|_| "--seed takes a number")?,
                "--seconds" => {
                    let seconds = value()?.parse().map_err(|_| "--seconds takes a number")?;
                    options.measured = Some(Duration::from_secs(seconds));
                }
                // What Cargo's users give to all tests.
                "--nocapture" | "--no-capture" | "--quiet" | "-q" | "--exact" | "--ignored" | "--include-ignored" => {}
                "--test-threads" | "--skip" | "--format" | "--color" => drop(value()?),
                name if !name.starts_with('-') => options.names.push(name.to_owned()),
                other => return Err(format!("unknown option {other}\n{USAGE}")),
            }
        }
        Ok(options)
    }

    /// Returns whether a scenario with this name is asked for; `known` are the names of all.
    pub fn wants(&self, name: &str, known: &[&str]) -> bool {
        self.all
            || self.names.iter().any(|wanted| {
                if known.contains(&wanted.as_str()) { wanted == name } else { name.contains(wanted.as_str()) }
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Result<Options, String> {
        Options::read(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn an_exact_name_means_only_that_scenario() {
        let known = ["500k", "500k-720p", "clean"];
        let chosen = |line: &str| {
            let options = read(line).unwrap();
            known.into_iter().filter(|name| options.wants(name, &known)).collect::<Vec<_>>()
        };
        assert_eq!(chosen("500k"), ["500k"]);
        assert_eq!(chosen("500"), ["500k", "500k-720p"]);
        assert_eq!(chosen("--scenario clean 720p"), ["500k-720p", "clean"]);
        assert_eq!(chosen("elsewhere"), [""; 0]);
        assert_eq!(chosen("--all"), known);
    }

    #[test]
    fn options_are_read_and_wrong_ones_refused() {
        let options = read("--seconds 7 --seed 3 --json --server --sessions --server 2").unwrap();
        assert_eq!((options.measured, options.seed, options.json), (Some(Duration::from_secs(7)), 3, true));
        assert_eq!(options.server, ["--sessions", "2"]);
        assert_eq!(read("--nocapture --test-threads 4"), read(""), "what is given to all tests changes nothing");
        for wrong in ["--seconds", "--seconds x", "--unknown"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}

//! Development tasks: `cargo xtask TASK`. The gate, `.ci/run`, runs `test-all`.
//!
//! **A task and the gate run the same steps: there is one list of them, in [`layers`].**
//!
//! | module | what it holds |
//! |---|---|
//! | [`layers`] | the steps of each task |
//! | [`fuzz`] | building and running the fuzz targets |
//! | [`deny`] | licences, sources and advisories of dependencies |
//! | [`step`] | one step: its command, what it needs, running it |
//! | [`run`] | running steps in order, with those that prepare the tests beside them |
//! | [`report`] | how long each step took |
//! | [`rules`] | rules of the source code that no lint knows |

#![allow(clippy::disallowed_methods, reason = "a development tool reads PATH and CI")]

mod deny;
mod fuzz;
mod layers;
mod report;
mod rules;
mod run;
mod step;

use std::process::ExitCode;

use fuzz::Build;

const HELP: &str = "\
Usage: cargo xtask TASK

Tasks:
  check      formatting, rules, lints and documentation
  test       check, unit tests and the tests of each crate: the fast layer
  test-all   all tests, linted while they are built: what the gate runs
  rules      rules of the source code that no lint knows
  fuzz       the fuzz targets, each for half a minute; `fuzz SECONDS TARGET…` chooses
  asan       those of codecs and files, with OpenH264 under AddressSanitizer; likewise
  deny       licences, sources and known vulnerabilities of dependencies
  doc        the documentation of all crates, without warnings
  bench      the benchmarks; what follows chooses some of them

A step whose program is lacking is skipped. With CI=true no test is skipped.";

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let task = arguments.next();
    let steps = match task.as_deref() {
        Some("check") => layers::check(),
        Some("test") => layers::fast(),
        Some("test-all") => layers::full(),
        Some("rules") => return outcome(rules::check()),
        Some("deny") => return outcome(deny::check()),
        Some("fuzz") => return outcome(fuzz::run(Build::Coverage, &arguments.collect::<Vec<_>>())),
        Some("asan") => return outcome(fuzz::run(Build::Sanitizer, &arguments.collect::<Vec<_>>())),
        Some("doc") => vec![layers::doc()],
        Some("bench") => vec![layers::bench(arguments.collect())],
        Some("help" | "--help" | "-h") => {
            println!("{HELP}");
            return ExitCode::SUCCESS;
        }
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    outcome(run::all(&steps))
}

fn outcome(succeeded: bool) -> ExitCode {
    if succeeded { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

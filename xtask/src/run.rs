//! Running steps in order, with those that prepare the tests beside them.

use std::thread::{JoinHandle, spawn};
use std::time::{Duration, Instant};

use crate::report::{Report, clock};
use crate::step::Step;

/// A step that runs beside the others, its result and the time it took.
type Beside = (String, JoinHandle<(Result<(), String>, Duration)>);

/// Runs the steps until one fails, and prints how long each took. Returns whether all succeeded.
pub fn all(steps: &[Step]) -> bool {
    let begin = Instant::now();
    let mut report = Report::default();
    let mut beside = Vec::new();
    let mut succeeded = true;
    for (number, step) in steps.iter().enumerate() {
        // The last step is the one that the others prepare.
        if number + 1 == steps.len() {
            succeeded = join(&mut beside, &mut report);
        }
        succeeded = succeeded && one(step, begin, &mut beside, &mut report);
        if !succeeded {
            break;
        }
    }
    succeeded = join(&mut beside, &mut report) && succeeded;
    report.print(begin.elapsed(), succeeded);
    succeeded
}

fn one(step: &Step, begin: Instant, beside: &mut Vec<Beside>, report: &mut Report) -> bool {
    let name = step.name();
    if let Some(tool) = step.lacks() {
        println!("\n[{}] {name}: skipped, there is no {tool}", clock(begin.elapsed()));
        report.skipped(&name, tool);
        return true;
    }
    if step.is_beside {
        println!("\n[{}] {name}, beside the next steps", clock(begin.elapsed()));
        beside.push(start(name, step.clone()));
        return true;
    }
    println!("\n[{}] {name}", clock(begin.elapsed()));
    let start = Instant::now();
    let result = step.run();
    report.ran(&name, start.elapsed(), false);
    match result {
        Ok(succeeded) => succeeded,
        Err(error) => {
            println!("{name}: {error}");
            false
        }
    }
}

fn start(name: String, step: Step) -> Beside {
    let run = move || {
        let start = Instant::now();
        let result = match step.run_quietly() {
            Ok(output) if output.status.success() => Ok(()),
            Ok(output) => Err(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()),
            Err(error) => Err(error.to_string()),
        };
        (result, start.elapsed())
    };
    (name, spawn(run))
}

/// Waits for what runs beside; returns whether all of it succeeded.
fn join(beside: &mut Vec<Beside>, report: &mut Report) -> bool {
    let mut succeeded = true;
    for (name, thread) in beside.drain(..) {
        match thread.join() {
            Ok((result, took)) => {
                report.ran(&name, took, true);
                if let Err(output) = result {
                    println!("\n{name} failed:\n{output}");
                    succeeded = false;
                }
            }
            Err(_) => succeeded = false,
        }
    }
    succeeded
}

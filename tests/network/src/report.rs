//! The command: which scenarios run, and what is printed.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;

use crate::calls;
use crate::figures::{Figure, Figures};
use crate::options::{Options, USAGE};
use crate::run::{Outcome, Stop, run};
use crate::scenario::{Bound, Scenario, table};

/// How events start that explain what came out.
const TELLING: [&str; 4] = ["failed ", "end ", "error ", "warning "];

/// Runs what the command line asks for; without names, what is tested with every change. `program` is what is tested unless
/// the command line names another one.
pub fn main(program: Option<PathBuf>) -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let table = table();
    if options.list {
        table.iter().for_each(|scenario| println!("{}: {}", scenario.name, scenario.about));
        return ExitCode::SUCCESS;
    }
    let program = options.program.clone().or(program);
    if program.is_none() && options.reference.is_none() {
        eprintln!("--program is needed\n{USAGE}");
        return ExitCode::FAILURE;
    }
    let program = program.unwrap_or_default();
    // What else runs on the machine is not what is measured.
    calls::be_preferred();
    let by_hand = options.all || !options.names.is_empty();
    let names: Vec<_> = table.iter().map(|scenario| scenario.name).collect();
    let chosen = table.iter().filter(|scenario| match by_hand {
        true => options.wants(scenario.name, &names),
        false => !scenario.always.is_empty(),
    });
    let mut rows = Vec::new();
    for scenario in chosen {
        let scenario = if by_hand { scenario.clone() } else { scenario.clone().shortened() };
        match run(&scenario, &program, &options) {
            Ok(outcome) => {
                let bounds = if by_hand { &scenario.bounds } else { &scenario.always };
                let missed = print(&scenario, bounds, &outcome, &options);
                rows.push((scenario, outcome.figures, missed));
            }
            Err(Stop::Lacking(what)) => {
                eprintln!("NOTICE: {what}; the tests of networks are skipped");
                break;
            }
            Err(Stop::Interrupted) => return ExitCode::FAILURE,
        }
    }
    if rows.len() > 1 && !options.json {
        summary(&rows);
    }
    if rows.iter().all(|(_, _, missed)| missed.is_empty()) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints a row of Markdown for each scenario.
fn summary(rows: &[(Scenario, Figures, Vec<String>)]) {
    println!("\n| path | fps | p50 / p95, ms | stalled, s | picture | kb/s | QP | delivered | missed |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for (scenario, figures, missed) in rows {
        let show = |figure| show(figures, figure);
        println!(
            "| {} | {} | {} / {} | {} | {}×{} | {} | {} | {} | {} |",
            scenario.about,
            show(Figure::Fps),
            show(Figure::P50),
            show(Figure::P95),
            show(Figure::Stalled),
            show(Figure::Width),
            show(Figure::Height),
            show(Figure::ReceivedKbps),
            show(Figure::Qp),
            show(Figure::Delivered),
            missed.join(", "),
        );
    }
}

/// Returns a figure in words.
fn show(figures: &Figures, figure: Figure) -> String {
    figures.get(&figure).map_or("–".to_owned(), |value| round(figure, *value))
}

/// Prints what came out of a scenario. Returns the bounds that it misses.
fn print(scenario: &Scenario, bounds: &[Bound], outcome: &Outcome, options: &Options) -> Vec<String> {
    let value = |figure: Figure| outcome.figures.get(&figure).copied();
    let judged: Vec<_> = bounds.iter().map(|bound| (bound, bound.holds(value(bound.figure())))).collect();
    let missed: Vec<_> = judged
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(bound, _)| format!("{:?} {}", bound.figure(), show(&outcome.figures, bound.figure())))
        .collect();
    if options.json {
        let figures: serde_json::Map<_, _> =
            outcome.figures.iter().map(|(figure, value)| (format!("{figure:?}"), json!(value))).collect();
        println!("{}", json!({ "scenario": scenario.name, "figures": figures, "missed": missed }));
        return missed;
    }
    let show = |figure| show(&outcome.figures, figure);
    println!("{} ({})", scenario.name, scenario.about);
    println!(
        "  {} fps, p50 {} ms, p95 {} ms (round trip {} ms, buffered {} ms); {} freezes, stalled {} s; first picture {} ms; delivered {} ({} of sent), unread {}",
        show(Figure::Fps),
        show(Figure::P50),
        show(Figure::P95),
        show(Figure::RoundTrip),
        show(Figure::Buffered),
        show(Figure::Freezes),
        show(Figure::Stalled),
        show(Figure::FirstPicture),
        show(Figure::Delivered),
        show(Figure::DeliveredOfSent),
        show(Figure::Unread),
    );
    println!(
        "  received {}×{}, {} kb/s, QP {}, resent {}, PLI {}; sent {} wide, {} fps, {} kb/s, QP {}; {}",
        show(Figure::Width),
        show(Figure::Height),
        show(Figure::ReceivedKbps),
        show(Figure::Qp),
        show(Figure::Retransmitted),
        show(Figure::Plis),
        show(Figure::SentWidth),
        show(Figure::SentFps),
        show(Figure::SentKbps),
        show(Figure::SentQp),
        codec(outcome),
    );
    if scenario.healed.is_some() {
        println!(
            "  back {} s, regained {} s, same session {}",
            show(Figure::Back),
            show(Figure::Regained),
            show(Figure::SameSession)
        );
    }
    for (_, what) in outcome.events.iter().filter(|(_, what)| TELLING.iter().any(|start| what.starts_with(start))) {
        println!("  {what}");
    }
    for (bound, holds) in judged {
        let (sign, limit) = match bound {
            Bound::AtLeast(_, limit) => ("≥", limit),
            Bound::AtMost(_, limit) => ("≤", limit),
        };
        let mark = if holds { "ok  " } else { "MISS" };
        println!("  {mark} {:?} {} (goal {sign} {limit})", bound.figure(), show(bound.figure()));
    }
    if options.verbose {
        details(outcome);
    }
    missed
}

fn codec(outcome: &Outcome) -> String {
    let last = outcome.measurement.statistics.last();
    let codec = |kind: &str| last.and_then(|read| read[kind]["codec"].as_str()).unwrap_or("–").replace("video/", "");
    format!("{} in, {} out", codec("inbound-rtp"), codec("outbound-rtp"))
}

fn round(figure: Figure, value: f64) -> String {
    let decimals = match figure {
        Figure::Delivered | Figure::DeliveredOfSent | Figure::Unread | Figure::Retransmitted => 3,
        Figure::Back | Figure::Regained | Figure::Stalled => 2,
        Figure::Fps | Figure::SentFps | Figure::Qp | Figure::SentQp => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// Prints every second of a scenario.
fn details(outcome: &Outcome) {
    let measurement = &outcome.measurement;
    let (up, down) = outcome.counts;
    println!("  wire: up {up:?}\n        down {down:?}");
    let since = |at: f64| (at - measurement.begin) / 1000.0;
    for (at, what) in &outcome.events {
        println!("  {:7.2} s  {what}", since(*at));
    }
    let rates = measurement.rates();
    let first = measurement.seen.first().map_or(0.0, |seen| since(seen.at)).floor();
    let mut second = first;
    while second < since(measurement.end) {
        let seen: Vec<_> =
            measurement.seen.iter().filter(|seen| (second..second + 1.0).contains(&since(seen.at))).collect();
        let mut latencies: Vec<_> = seen.iter().filter_map(|seen| seen.latency).collect();
        latencies.sort_by(f64::total_cmp);
        let median = latencies.get(latencies.len() / 2).copied().unwrap_or(f64::NAN);
        let most = latencies.last().copied().unwrap_or(f64::NAN);
        let rate =
            rates.iter().find(|(at, _)| (second..second + 1.0).contains(&since(*at))).map_or(f64::NAN, |rate| rate.1);
        let size = seen.last().map_or((0, 0), |seen| (seen.width, seen.height));
        let (width, height) = size;
        let count = seen.len();
        println!(
            "  {second:4} s: {count:3} pictures {width}×{height}, latency {median:5.0} to {most:5.0} ms, {rate:5.0} kb/s"
        );
        second += 1.0;
    }
}

//! Sessions in worker processes against sessions on threads, in one run.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use crate::figure::{Goal, print};
use crate::film::{INTERVAL, Usage, connect, film, percentile, runtime, sorted};
use framebox_test_support::server::Server;

/// Streams that are measured side by side.
const STREAMS: usize = 10;
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(12);
/// Turns of the two, so that what else the machine does meets both.
const ROUNDS: usize = 3;

pub fn run() {
    runtime().block_on(async {
        let mut rounds = Vec::new();
        for _ in 0..ROUNDS {
            rounds.push((Round::of("thread").await, Round::of("process").await));
        }
        let median = |of: fn(&Round) -> f64, process: bool| {
            percentile(&sorted(rounds.iter().map(|(thread, other)| of(if process { other } else { thread }))), 50)
        };
        let both = |of: fn(&Round) -> f64| (median(of, false), median(of, true));
        let (latency, cpu, many) = (both(|round| round.latency), both(|round| round.cpu), both(|round| round.many));
        println!("640x480, thread and process: one stream there and back {:.2} and {:.2} ms p50; ten streams {:.2} and {:.2} ms \
                  p50, {:.1} and {:.1} % of a core", latency.0, latency.1, many.0, many.1, cpu.0, cpu.1);
        print("process: latency added, one stream, p50", latency.1 - latency.0, "ms", Goal::AtMost(0.3));
        print("process: CPU of ten streams at 30", (cpu.1 / cpu.0 - 1.0) * 100.0, "%", Goal::AtMost(5.0));
        starts().await;
    });
}

/// What one server showed.
struct Round {
    /// There and back, one stream, p50, ms.
    latency: f64,
    /// The same with ten streams.
    many: f64,
    /// Of ten streams, the server and its workers, percent of a core.
    cpu: f64,
}

impl Round {
    async fn of(isolation: &str) -> Self {
        let server = Server::start(&["--sessions", "64", "--isolation", isolation]).await;
        let one = film(connect(&server, "one", "handler=invert").await, WARM_UP, MEASURED).await;
        let mut clients = Vec::new();
        for n in 0..STREAMS {
            clients.push(connect(&server, &format!("stream-{n}"), "handler=invert").await);
            // Cameras do not start at the same moment.
            sleep(INTERVAL / STREAMS as u32).await;
        }
        let films: Vec<_> = clients.into_iter().map(|client| tokio::spawn(film(client, WARM_UP, MEASURED))).collect();
        sleep(WARM_UP).await;
        let (before, begin) = (cpu_of_family(server.child.id()), Instant::now());
        sleep(MEASURED - Duration::from_millis(500)).await;
        let cpu = (cpu_of_family(server.child.id()) - before) / begin.elapsed().as_secs_f64() * 100.0;
        let mut latencies = Vec::new();
        for film in films {
            latencies.extend(film.await.unwrap().latencies);
        }
        let many = percentile(&sorted(latencies.into_iter()), 50);
        Self { latency: one.percentile(50), many, cpu }
    }
}

/// CPU time of a process and of those that it started, s.
fn cpu_of_family(process: u32) -> f64 {
    let tasks = std::fs::read_dir(format!("/proc/{process}/task")).unwrap().flatten();
    let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok());
    let ids: Vec<u32> =
        children.flat_map(|ids| ids.split_whitespace().filter_map(|id| id.parse().ok()).collect::<Vec<_>>()).collect();
    Usage::of(process).cpu_seconds + ids.into_iter().map(|id| Usage::of(id).cpu_seconds).sum::<f64>()
}

/// From the moment at which the peer is connected to that at which the pipeline runs, with processes that are ready: as the
/// server logs it.
async fn starts() {
    let mut command = framebox_test_support::server::program::<&str>(&[]);
    command.env("RUST_LOG", "warn,framebox_server=debug");
    let server = Server::start_as(command, &["--isolation", "process"]).await;
    for n in 0..11 {
        let client = connect(&server, &format!("start-{n}"), "handler=invert").await;
        sleep(Duration::from_millis(500)).await;
        client.close().await;
    }
    let of = |line: &String| {
        let (_, ms) = line.split_once("session started").and(line.split_once("ms="))?;
        ms.split_whitespace().next()?.parse::<f64>().ok()
    };
    let times = sorted(server.child.err().iter().filter_map(of));
    println!("starts: {times:?} ms");
    print(
        "process: start of a session with a process that is ready, p50",
        percentile(&times, 50),
        "ms",
        Goal::AtMost(20.0),
    );
}

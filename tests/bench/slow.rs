//! Handlers that cost more than there is time for: the age of what they show, the evenness of what is skipped, and a node with
//! more to do than it can.

use std::time::Duration;

use tokio::time::sleep;

use crate::figure::{Goal, print};
use crate::film::{INTERVAL, Usage, connect, film, percentile, runtime, sorted, try_connect};
use framebox_test_support::examples;
use framebox_test_support::server::{Server, program};

/// What `slow-flip` takes for a frame, ms.
const WORK_MS: f64 = 200.0;
const MINUTE: Duration = Duration::from_secs(60);

/// Ten minutes of one session of `slow-flip`, and of two: what is shown stays as recent as at the beginning, and memory flat.
pub fn ten_minutes() {
    runtime().block_on(async {
        let Some(slow_flip) = examples::argument("slow-flip") else { return };
        let server = Server::start(&["--handler", &slow_flip]).await;
        for sessions in [1, 2] {
            let mut films = vec![];
            for n in 0..sessions {
                let client = connect(&server, &format!("slow-{sessions}-{n}"), "handler=slow-flip").await;
                films.push(tokio::spawn(film(client, Duration::from_secs(5), MINUTE * 10)));
            }
            sleep(MINUTE).await;
            let first = Usage::of(server.child.id()).resident_mib;
            sleep(MINUTE * 8).await;
            let codec = codec_ms(&server, &format!("slow-{sessions}-0")).await;
            let growth = Usage::of(server.child.id()).resident_mib - first;
            let interval = INTERVAL.as_secs_f64() * 1e3;
            let bound = WORK_MS + 2.0 * interval + codec;
            for (n, film) in films.into_iter().enumerate() {
                let measured = film.await.unwrap();
                let minute = |of: u32| {
                    let within = MINUTE * of..MINUTE * (of + 1);
                    sorted(measured.came.iter().filter(|(_, at, _)| within.contains(at)).map(|(.., latency)| *latency))
                };
                let (begin, end) = (percentile(&minute(0), 95), percentile(&minute(9), 95));
                println!("slow-flip, session {} of {sessions}: {:.2} results a second", n + 1, measured.fps);
                print("slow-flip: age of a result in the first minute, p95", begin, "ms", Goal::AtMost(bound));
                print("slow-flip: age of a result in the last minute, p95", end, "ms", Goal::AtMost(bound));
                print("slow-flip: the last minute over the first", end / begin, "x", Goal::AtMost(1.1));
            }
            print("slow-flip: memory after nine minutes, beyond that after one", growth, "MiB", Goal::AtMost(5.0));
        }
    });
}

/// Decoding and encoding a frame, at p95, ms.
async fn codec_ms(server: &Server, id: &str) -> f64 {
    let stats = server.session(id).await.unwrap();
    let stage = |name: &str| stats["stages_ms"][name]["p95"].as_f64().unwrap();
    stage("decode") + stage("encode")
}

pub fn budgets() {
    runtime().block_on(async {
        even_spacing().await;
        overload().await;
    });
}

/// Under constant cost the gaps between results differ by at most a frame.
async fn even_spacing() {
    let Some(slow_flip) = examples::argument("slow-flip") else { return };
    let server = Server::start(&["--handler", &slow_flip]).await;
    for (policy, goal) in [("latest", None), ("adaptive", Some(1.0))] {
        let client = connect(&server, policy, &format!("handler=slow-flip&policy={policy}")).await;
        let measured = film(client, Duration::from_secs(5), Duration::from_secs(20)).await;
        let gaps = sorted(measured.came.windows(2).map(|pair| f64::from(pair[1].0 - pair[0].0)));
        let spread = percentile(&gaps, 99) - percentile(&gaps, 1);
        let what = format!("slow-flip, {policy}: gaps between results, p99 - p1");
        match goal {
            Some(goal) => print(&what, spread, "frame", Goal::AtMost(goal)),
            None => println!("{what}: {spread} frames, {:.2} results a second", measured.fps),
        }
    }
}

/// Twice the sessions arrive that the node can carry: those that it takes keep their frame rate.
async fn overload() {
    let server = Server::start_by_default(program::<&str>(&[]), &["--sessions", "200"]).await;
    let warm_up = Duration::from_secs(10);
    let mut films = vec![];
    let mut refused = 0;
    // What the machine carries without admission, found on ten streams before, is below forty.
    for n in 0..40 {
        match try_connect(&server, &format!("stream-{n}"), "handler=edges").await {
            Ok(client) => films.push(tokio::spawn(film(client, warm_up, Duration::from_secs(20)))),
            Err(answer) => {
                assert_eq!(answer.status, 503, "{answer:?}");
                refused += 1;
            }
        }
        // What a session costs is known a moment after it began.
        sleep(Duration::from_millis(400)).await;
    }
    let admitted = films.len();
    let mut rates = vec![];
    for film in films {
        rates.push(film.await.unwrap().fps);
    }
    let rates = sorted(rates.into_iter());
    let slowest = rates.first().copied().unwrap_or(0.0);
    println!("overload: of 40 streams of 640x480, {admitted} were admitted and {refused} refused; rates {rates:.1?}");
    print("overload: frame rate of the slowest that was admitted, of 30", slowest / 30.0, "x", Goal::AtLeast(0.95));
}

//! Clients that replay access units which were encoded before, so that they cost little, and what they see.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use framebox_media::EncodedFrame;
use framebox_picture::Size;
use serde_json::json;
use tokio::time::sleep_until;

use framebox_test_peer::{Client, Event, Options};
use framebox_test_support::scene;
use framebox_test_support::server::{Answer, Server};

const SIZE: Size = Size::new(640, 480);
/// Between two pictures.
pub const INTERVAL: Duration = Duration::from_nanos(33_333_333);

/// Two seconds of the scene over and over, each round beginning with a keyframe.
fn reel() -> Vec<EncodedFrame> {
    scene::frames(SIZE, 60, 1_000_000)
}

pub fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

/// Connects a client of the session `id`; `query` is that of the offer.
pub async fn connect(server: &Server, id: &str, query: &str) -> Client {
    try_connect(server, id, query).await.unwrap_or_else(|answer| panic!("{answer:?}"))
}

/// Connects a client; returns the answer when the offer is refused.
pub async fn try_connect(server: &Server, id: &str, query: &str) -> Result<Client, Answer> {
    let (mut client, sdp) = Client::offer(Options::default()).await;
    let body = json!({ "sdp": sdp, "type": "offer", "webrtc_id": id });
    let answer = server.post(&format!("/webrtc/offer?{query}"), &body).await;
    if answer.status != 200 {
        client.close().await;
        return Err(answer);
    }
    client.accept(answer.json()["sdp"].as_str().unwrap()).await;
    client.connected().await;
    Ok(client)
}

/// What a client measured.
pub struct Measured {
    pub fps: f64,
    /// From the last packet out to the last packet back, ms, in order of size.
    pub latencies: Vec<f64>,
    /// Of each picture that came back, in order: its number, when it came since the measuring began, and its latency, ms.
    pub came: Vec<(u32, Duration, f64)>,
}

impl Measured {
    pub fn percentile(&self, p: usize) -> f64 {
        percentile(&self.latencies, p)
    }
}

/// Sends the reel at 30 a second; measures what comes back after the warm-up.
pub async fn film(mut client: Client, warm_up: Duration, measured: Duration) -> Measured {
    let reel = reel();
    let begin = Instant::now();
    let end = begin + warm_up + measured;
    let mut sent = HashMap::new();
    let mut came = Vec::new();
    for frame in 0u32.. {
        let at = begin + INTERVAL * frame;
        if at >= end {
            break;
        }
        sleep_until(at.into()).await;
        let timestamp = frame * 3000;
        client.send(&reel[frame as usize % reel.len()], timestamp).await;
        sent.insert(timestamp, Instant::now());
        while let Some(event) = client.try_next() {
            if let Event::Frame(frame) = event
                && let Some(out) = sent.remove(&frame.rtp_timestamp)
                && frame.captured >= begin + warm_up
            {
                let latency = frame.captured.saturating_duration_since(out).as_secs_f64() * 1e3;
                let at = frame.captured.saturating_duration_since(begin + warm_up);
                came.push((frame.rtp_timestamp / 3000, at, latency));
            }
        }
        sent.retain(|_, out| out.elapsed() < Duration::from_secs(5));
    }
    client.close().await;
    let latencies = sorted(came.iter().map(|(.., latency)| *latency));
    Measured { fps: latencies.len() as f64 / measured.as_secs_f64(), latencies, came }
}

/// In order of size.
pub fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<_> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// The value below which `p` percent of the `sorted` ones lie.
pub fn percentile(sorted: &[f64], p: usize) -> f64 {
    sorted.get((sorted.len() * p / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}

/// The resources of a process.
#[derive(Clone, Copy)]
pub struct Usage {
    pub cpu_seconds: f64,
    pub resident_mib: f64,
}

impl Usage {
    pub fn of(process: u32) -> Self {
        let read = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap();
        let stat = read("stat");
        // Fields 14 and 15 (proc_pid_stat(5)): time in user and kernel mode, in ticks of 10 ms.
        let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
        let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
        let status = read("status");
        let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
        let kib: f64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
        Self { cpu_seconds: ticks / 100.0, resident_mib: kib / 1024.0 }
    }
}

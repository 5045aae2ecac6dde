//! A well-behaved session, and the arrival times of its pictures.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::hostile::visit::{Camera, connect};
use framebox_test_peer::{Client, Event};
use framebox_test_support::server::Server;

/// The time over which one 99th percentile is computed.
pub const SLICE: Duration = Duration::from_secs(2);

/// Sends pictures to a handler that inverts them, and records when each comes back.
pub struct Neighbour {
    arrivals: Arc<Mutex<Vec<Instant>>>,
    over: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl Neighbour {
    /// Connects, and waits until pictures come back.
    pub async fn start(server: &Server) -> Self {
        let client = connect(server, "neighbour", "invert").await;
        let arrivals = Arc::default();
        let (over, is_over) = watch::channel(false);
        let task = tokio::spawn(live(client, Arc::clone(&arrivals), is_over));
        let flows = |session: &serde_json::Value| session["frames"]["processed"].as_u64() > Some(30);
        server.wait_for_session("neighbour", "is served", flows).await;
        Self { arrivals, over, task }
    }

    /// Returns the 99th percentile of the time between two pictures, ms, for each whole slice from `begin` to `end`.
    pub fn p99s(&self, begin: Instant, end: Instant) -> Vec<f64> {
        let arrivals = self.arrivals.lock().unwrap();
        let slices = ((end - begin).as_secs_f64() / SLICE.as_secs_f64()) as u32;
        let p99 = |slice| {
            let (from, to) = (begin + SLICE * slice, begin + SLICE * (slice + 1));
            let within = |pair: &&[Instant]| pair[1] > from && pair[1] <= to;
            let mut intervals: Vec<_> =
                arrivals.windows(2).filter(within).map(|pair| (pair[1] - pair[0]).as_secs_f64() * 1e3).collect();
            intervals.sort_by(f64::total_cmp);
            // No picture arrived: the worst case.
            intervals.get((intervals.len() * 99).div_ceil(100).saturating_sub(1)).copied().unwrap_or(f64::INFINITY)
        };
        (0..slices).map(p99).collect()
    }

    /// Closes the connection.
    pub async fn end(self) {
        self.over.send_replace(true);
        self.task.await.unwrap();
    }
}

async fn live(mut client: Client, arrivals: Arc<Mutex<Vec<Instant>>>, is_over: watch::Receiver<bool>) {
    let mut camera = Camera::default();
    while !*is_over.borrow() {
        camera.send(&mut client).await;
        while let Some(event) = client.try_next() {
            if let Event::Frame(frame) = event {
                arrivals.lock().unwrap().push(frame.captured);
            }
        }
    }
    client.close().await;
}

/// Returns the median, or NaN for no values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

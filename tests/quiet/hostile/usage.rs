//! The resources of a process, from `/proc`.

use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// How often the memory is read.
const INTERVAL: Duration = Duration::from_millis(20);

/// Memory, threads and file descriptors of a process.
#[derive(Clone, Copy, Debug)]
pub struct Usage {
    /// Resident memory, MiB.
    pub resident_mib: f64,
    /// Threads.
    pub threads: usize,
    /// Open files and sockets.
    pub descriptors: usize,
}

impl Usage {
    /// Reads those of a running process.
    pub fn of(process: u32) -> Self {
        let folder = format!("/proc/{process}");
        let status = std::fs::read_to_string(format!("{folder}/status")).unwrap();
        let field = |name: &str| -> f64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.trim().trim_end_matches(" kB").parse().unwrap()
        };
        Self {
            resident_mib: field("VmRSS:") / 1024.0,
            threads: field("Threads:") as usize,
            descriptors: std::fs::read_dir(format!("{folder}/fd")).unwrap().count(),
        }
    }
}

/// Watches the resident memory of a process.
pub struct Peak {
    task: JoinHandle<f64>,
    stop: oneshot::Sender<()>,
}

impl Peak {
    /// Begins to watch.
    pub fn watch(process: u32) -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let task = tokio::spawn(async move {
            let mut peak = 0.0_f64;
            loop {
                peak = peak.max(Usage::of(process).resident_mib);
                tokio::select! {
                    _ = &mut stopped => return peak,
                    () = tokio::time::sleep(INTERVAL) => {}
                }
            }
        });
        Self { task, stop }
    }

    /// Returns the most that was seen, MiB.
    pub async fn end(self) -> f64 {
        // The task ends only after this.
        let _ = self.stop.send(());
        self.task.await.unwrap()
    }
}

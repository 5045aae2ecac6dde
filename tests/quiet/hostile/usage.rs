//! The resources of a process, from `/proc`.

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

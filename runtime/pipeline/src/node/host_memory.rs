//! The memory of the machine, or of the control group that the process may use.

use std::path::Path;

/// Part of the memory that sessions may hold: the rest is for the system, the network and compiling.
const SHARE: f64 = 0.75;

/// Returns what sessions may hold together on this machine, bytes; none where the system says nothing.
pub fn capacity() -> Option<u64> {
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
    let groups = std::fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let group = limit_files(&groups).filter_map(|file| limit(&std::fs::read_to_string(Path::new(&file)).ok()?)).min();
    let bytes = machine.into_iter().chain(group).min()?;
    Some((bytes as f64 * SHARE) as u64)
}

/// `MemTotal` of `/proc/meminfo` (proc_meminfo(5)), bytes.
fn total(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The files with the limits of the groups in `/proc/self/cgroup` (cgroups(7)) and of those above them, of both versions.
fn limit_files(groups: &str) -> impl Iterator<Item = String> {
    groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':')).flat_map(|(controllers, path)| {
        let (root, file) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            _ => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
        };
        let counts = controllers.is_empty() || controllers.split(',').any(|controller| controller == "memory");
        // A container sees its own group as the root.
        let above = Path::new(path).ancestors().map(|path| path.to_string_lossy().trim_matches('/').to_owned());
        let files: Vec<_> = above.filter(|_| counts).map(|path| format!("{root}/{path}/{file}")).collect();
        files
    })
}

/// A limit as the system writes it, bytes; none for `max`.
fn limit(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_and_the_limits_of_groups_are_read() {
        assert_eq!(total("MemFree: 1 kB\nMemTotal:       16384 kB\n"), Some(16 << 20));
        for wrong in ["", "MemTotal:", "MemTotal: x kB", "MemTotal: 5", "MemTotal: 99999999999999999999 kB"] {
            assert_eq!(total(wrong), None, "{wrong}");
        }
        assert_eq!((limit("max\n"), limit("1048576\n"), limit("")), (None, Some(1 << 20), None));
        let files: Vec<_> = limit_files("0::/a/b\n").collect();
        assert_eq!(
            files,
            ["/sys/fs/cgroup/a/b/memory.max", "/sys/fs/cgroup/a/memory.max", "/sys/fs/cgroup//memory.max"]
        );
        let files: Vec<_> = limit_files("5:cpu:/x\n4:memory:/\nnonsense\n").collect();
        assert_eq!(files, ["/sys/fs/cgroup/memory//memory.limit_in_bytes"]);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_machine_has_memory() {
        assert!(capacity().unwrap() > 1 << 20);
    }
}

//! File descriptors: how many the process may have, and how many of them are for HTTP connections.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Most descriptors that are asked for. Programs that this one starts may look at every descriptor that they could have.
const MOST: u64 = 1 << 20;
/// Descriptors that are kept for files, the database, pipes and programs that are started.
const RESERVE: u64 = 256;
/// Descriptors that are kept for each session: a socket for each local address, files of sources.
const PER_SESSION: u64 = 16;
/// Most connections when the configuration names no number.
const CONNECTIONS: u64 = 1024;

/// Raises the soft limit to the hard one; returns the limit that is in force.
pub fn raise() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum.unwrap_or(MOST).min(MOST);
    let soft = limit.current.unwrap_or(MOST);
    if soft >= hard {
        return soft;
    }
    match setrlimit(Resource::Nofile, Rlimit { current: Some(hard), maximum: limit.maximum }) {
        Ok(()) => hard,
        Err(error) => {
            tracing::warn!(%error, limit = soft, "the limit of open files cannot be raised");
            soft
        }
    }
}

/// Returns how many connections fit into `limit` descriptors beside `sessions` sessions: `wanted` of them, or fewer.
pub fn connections(limit: u64, sessions: u32, wanted: Option<u32>) -> usize {
    let reserve = RESERVE + PER_SESSION * u64::from(sessions);
    // Where there are too few for everything, a quarter still answers.
    let most = limit.saturating_sub(reserve).max(limit / 4).max(1);
    let wanted = wanted.map_or(CONNECTIONS, u64::from);
    if wanted > most {
        tracing::warn!(limit, connections = most, "few HTTP connections: raise the limit of open files (`ulimit -n`)");
    }
    usize::try_from(wanted.min(most)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_descriptors_for_everything_else() {
        for (limit, sessions, wanted, expected) in [
            (1 << 20, 32, None, 1024),
            (1 << 20, 32, Some(5000), 5000),
            (4096, 32, Some(5000), 3328),
            (1024, 32, None, 256),
            (1024, 1000, None, 256),
            (256, 32, None, 64),
            (1 << 20, 32, Some(1), 1),
        ] {
            assert_eq!(connections(limit, sessions, wanted), expected, "{limit} {sessions} {wanted:?}");
        }
    }

    #[test]
    fn the_soft_limit_becomes_the_hard_one() {
        let raised = raise();
        let limit = getrlimit(Resource::Nofile);
        assert_eq!(limit.current.unwrap_or(MOST), raised);
        assert_eq!(raised.min(MOST), limit.maximum.unwrap_or(MOST).min(MOST));
    }
}

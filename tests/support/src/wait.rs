//! Polling with a deadline.

use std::time::{Duration, Instant};

/// Longest wait for anything. It only ends tests that hang, so it is far beyond what the slowest machine needs: no test
/// passes or fails by how fast the machine is.
pub const LIMIT: Duration = seconds(600);

/// Time between two attempts.
const PAUSE: Duration = Duration::from_millis(50);

/// Returns so many seconds.
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Polls `look` until it returns `Ok`.
///
/// # Panics
/// Panics after [`LIMIT`], with `what` was awaited and the last `Err`, which says what there was instead.
pub async fn wait_until<T>(what: &str, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + LIMIT;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) if Instant::now() > deadline => panic!("{what}: not within {LIMIT:?}; instead: {instead}"),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

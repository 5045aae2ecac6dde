//! Polling with a deadline.

use std::time::{Duration, Instant};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Seconds, for deadlines.
pub const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// Looks until there is what is waited for; `Err` says what was there instead, which the panic at the deadline repeats.
pub async fn wait_until<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Result<T, String>) -> T {
    let deadline = Instant::now() + limit;
    loop {
        match look().await {
            Ok(found) => return found,
            Err(instead) if Instant::now() > deadline => panic!("{what}: not within {limit:?}; instead: {instead}"),
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

//! How much may be recorded.

use std::time::Duration;

/// How much may be recorded.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Size at which a file ends, bytes: at the next keyframe, which is asked for.
    pub file_bytes: u64,
    /// Time after which a file ends, likewise.
    pub file_time: Duration,
    /// Age at which a file is deleted; `None`: never.
    pub age: Option<Duration>,
    /// Size of all files of a stream of the operator's, and of all files of any other client together, bytes. The oldest files are
    /// deleted.
    pub total_bytes: u64,
    /// Space on the disk that is left free, bytes. Recording stops before less is free.
    pub free_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 2 << 30,
            file_time: Duration::from_secs(3600),
            age: Some(Duration::from_secs(7 * 86_400)),
            total_bytes: 8 << 30,
            free_bytes: 2 << 30,
        }
    }
}

//! `[recording]`: how much of streams is kept.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::ensure;
use serde::Deserialize;

use crate::recording::Limits;

/// `[recording]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Recording {
    /// Folder of the recordings, relative to the configuration file; absent: `recordings` in the data directory.
    pub folder: Option<PathBuf>,
    /// Size at which a file ends and another one begins, MiB.
    pub max_file_mib: u64,
    /// Time after which it does, minutes.
    pub max_file_minutes: u64,
    /// Age at which files are deleted, hours; 0: never.
    pub max_age_hours: u64,
    /// Size of all files of each of the operator's streams, and of all streams of any other client together, MiB. The oldest
    /// files are deleted.
    pub max_total_mib: u64,
    /// Space that is left free on the disk, MiB: recording stops before.
    pub min_free_mib: u64,
}

impl Default for Recording {
    fn default() -> Self {
        Self {
            folder: None,
            max_file_mib: 2048,
            max_file_minutes: 60,
            max_age_hours: 168,
            max_total_mib: 8192,
            min_free_mib: 2048,
        }
    }
}

impl Recording {
    /// Returns the limits.
    pub fn limits(&self) -> Limits {
        Limits {
            file_bytes: self.max_file_mib << 20,
            file_time: Duration::from_secs(self.max_file_minutes * 60),
            age: (self.max_age_hours > 0).then(|| Duration::from_secs(self.max_age_hours * 3600)),
            total_bytes: self.max_total_mib << 20,
            free_bytes: self.min_free_mib << 20,
        }
    }

    /// Checks what the types do not.
    ///
    /// # Errors
    /// Names the key, and what is allowed.
    pub fn check(&self) -> anyhow::Result<()> {
        let most_mib = 1 << 30;
        for (key, value, least, most) in [
            ("max_file_mib", self.max_file_mib, 1, 1 << 20),
            ("max_file_minutes", self.max_file_minutes, 1, 1440),
            ("max_age_hours", self.max_age_hours, 0, 1_000_000),
            ("max_total_mib", self.max_total_mib, 1, most_mib),
            ("min_free_mib", self.min_free_mib, 0, most_mib),
        ] {
            ensure!((least..=most).contains(&value), "recording.{key} must be within {least} and {most}");
        }
        ensure!(
            self.max_total_mib >= self.max_file_mib,
            "recording.max_total_mib must be at least recording.max_file_mib"
        );
        Ok(())
    }
}

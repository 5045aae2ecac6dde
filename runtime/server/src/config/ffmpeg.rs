//! `[ffmpeg]`: what reads the sources that the server does not read by itself.

use std::path::PathBuf;

use framebox_ffmpeg::{Failure, Ffmpeg as Programs};
use serde::Deserialize;

/// `[ffmpeg]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ffmpeg {
    /// Whether it is used.
    pub enabled: bool,
    /// The program; absent: `ffmpeg` on the `PATH`.
    pub path: Option<PathBuf>,
}

impl Default for Ffmpeg {
    fn default() -> Self {
        Self { enabled: true, path: None }
    }
}

impl Ffmpeg {
    /// Finds the program; `program`: the `framebox` that starts it, in place of the running one.
    ///
    /// # Errors
    /// Why there is none, and what to do.
    pub fn find(&self, program: Option<PathBuf>) -> Result<Programs, Failure> {
        if !self.enabled {
            return Err(Failure::Disabled);
        }
        #[expect(clippy::disallowed_methods, reason = "programs are where the PATH says")]
        let search = std::env::var_os("PATH");
        let found = Programs::find(self.path.as_deref(), search.as_deref())?;
        Ok(match program {
            Some(program) => found.started_by(program),
            None => found,
        })
    }
}

//! `[ffmpeg]`: the program that reads what is not read here.

use std::path::{Path, PathBuf};

use framebox_ffmpeg::{Failure, Ffmpeg as Program};
use serde::Deserialize;

/// `[ffmpeg]`
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ffmpeg {
    /// Whether it is used.
    pub enabled: bool,
    /// Its file, relative to the configuration file; absent: the first one in the folders of `PATH`.
    pub path: Option<PathBuf>,
}

impl Default for Ffmpeg {
    fn default() -> Self {
        Self { enabled: true, path: None }
    }
}

impl Ffmpeg {
    /// Looks for it. `program` starts it in place of the running one.
    ///
    /// # Errors
    /// Why there is none, in words that say what to do.
    pub fn find(&self, program: Option<&Path>) -> Result<Program, Failure> {
        if !self.enabled {
            return Err(Failure::Off);
        }
        #[expect(clippy::disallowed_methods, reason = "where programs are is a setting of the system")]
        let found = Program::find(self.path.as_deref(), std::env::var_os("PATH").as_deref())?;
        Ok(match program {
            Some(program) => found.started_by(program.to_owned()),
            None => found,
        })
    }
}

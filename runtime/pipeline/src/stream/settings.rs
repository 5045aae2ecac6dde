//! How the results of a session are encoded, whatever its viewers need.

use framebox_media::encode;
use serde::{Deserialize, Serialize};

/// How the results of a session are encoded, whatever its viewers need.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Bit rate of a rendition as long as nobody has said what a path carries, bits a second.
    pub bitrate: u32,
    /// The most that a rendition has, bits a second.
    pub max_bitrate: u32,
    /// Expected frame rate, frames a second.
    pub fps: f32,
}

impl Default for Settings {
    fn default() -> Self {
        let encode::Settings { bitrate, max_bitrate, fps, .. } = encode::Settings::default();
        Self { bitrate, max_bitrate, fps }
    }
}

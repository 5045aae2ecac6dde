//! How a rendition is encoded.

use framebox_media::{Codec, encode};
use serde::{Deserialize, Serialize};

/// How a rendition is encoded.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// How its frames are coded.
    pub codec: Codec,
    /// Rate and bit rates; `bitrate` is where it starts.
    pub encode: encode::Settings,
    /// The largest picture that its viewers decode, pixels; `None` where they name no bound.
    pub max_pixels: Option<u64>,
}

//! What can go wrong in a codec.

use framebox_picture::Size;

/// Why a codec gave no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The codec's library refused to start, or failed in itself.
    #[error("the codec failed: {0}")]
    Codec(String),
    /// The coded data cannot be decoded; a keyframe is needed.
    #[error("the coded picture is damaged or refers to one that is missing")]
    Damaged,
    /// The coded pictures are larger than the settings allow.
    #[error("pictures of {size} are more than the {max_pixels} pixels that are accepted")]
    TooLarge {
        /// What the stream announces.
        size: Size,
        /// The limit, pixels.
        max_pixels: u64,
    },
    /// A picture of this size cannot be coded.
    #[error(
        "a picture of {0} cannot be coded: each side must be within 16 and 3840 pixels, the shorter one within 2160"
    )]
    Size(Size),
}

//! The errors of codecs.

use framebox_picture::Size;

/// Why a codec returned no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The codec's library did not start or failed internally.
    #[error("the codec failed: {0}")]
    Codec(String),
    /// The coded data cannot be decoded. A keyframe is needed.
    #[error("the coded picture is damaged or refers to one that is missing")]
    Damaged,
    /// The coded pictures are larger than the settings allow.
    #[error("pictures of {size} exceed the {max_pixels} pixels that are accepted")]
    TooLarge {
        /// Size that the stream announces.
        size: Size,
        /// Limit, pixels.
        max_pixels: u64,
    },
    /// The stream asks the decoder to hold more reference frames than the settings allow.
    #[error("pictures of {size} with {references} reference frames take more memory than is accepted")]
    TooManyReferences {
        /// Size that the stream announces.
        size: Size,
        /// Reference frames that the stream announces.
        references: u32,
    },
    /// The stream is interlaced, which no browser sends and the decoder does not know.
    #[error("interlaced video cannot be decoded")]
    Interlaced,
    /// A picture of this size cannot be encoded.
    #[error(
        "a picture of {0} cannot be encoded: each side must have 16 to 3840 pixels, and the shorter one at most 2160"
    )]
    Size(Size),
}

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
    /// A picture of this size cannot be coded.
    #[error("a picture of {0} cannot be coded: each side must be within 16 and 3840 pixels")]
    Size(Size),
}

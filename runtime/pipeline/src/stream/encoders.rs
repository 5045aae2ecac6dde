//! What is between the viewers of a stream, wherever they are, and its encoders, wherever these are.

use framebox_media::{Codec, EncodedFrame};
use framebox_picture::Size;
use serde::{Deserialize, Serialize};

/// Stands for a rendition of a stream. None is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RenditionId(pub u32);

/// What a rendition is, from its start to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Format {
    /// How its frames are coded.
    pub codec: Codec,
    /// The largest part of a picture, bytes; `None`: of any size.
    pub max_unit_bytes: Option<u32>,
    /// Its pictures are at most as large as those of this [layer](super::layers): 0 has the full size.
    pub layer: usize,
}

/// What the viewers of a rendition ask of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ask {
    /// Bits a second.
    pub bitrate: u32,
    /// The largest picture, pixels; `None`: of any size.
    pub max_pixels: Option<u64>,
    /// No viewer can be sent anything more at this moment.
    pub blocked: bool,
    /// It has several viewers, so that what one of them wishes costs others something.
    pub shared: bool,
}

/// What is to be done with a rendition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Order {
    /// It is begun, with a keyframe.
    Start(Format, Ask),
    /// Its viewers ask for something else.
    Change(Ask),
    /// A viewer needs a keyframe.
    Keyframe,
    /// Nobody views it any more.
    Stop,
}

/// Encodes the renditions of a stream, here or in another process.
pub trait Encoders: Send + Sync {
    /// Has something done. Orders for the same rendition are done in their order; those for one that was never begun, or was
    /// stopped, do nothing. Returns at once, and calls nobody back.
    fn order(&self, rendition: RenditionId, order: Order);
}

/// A coded picture, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coded {
    /// Its rendition.
    pub rendition: RenditionId,
    /// Its size.
    pub size: Size,
    /// Size of the result before it was made smaller for this rendition.
    pub original: Size,
    /// The coded picture.
    pub frame: EncodedFrame,
}

/// Takes what the renditions of a stream encode. Called on their threads; returns at once.
pub trait Output: Send + Sync {
    /// A picture was encoded.
    fn coded(&self, coded: Coded);
}

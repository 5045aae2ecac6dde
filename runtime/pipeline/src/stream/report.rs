//! What a rendition tells its session.

use std::time::Duration;

/// What became of a picture that was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Encoding {
    /// Number of the frame that the picture belongs to.
    pub sequence: u64,
    /// The picture is a result of the handler, not one that is passed through.
    pub processed: bool,
    /// An encoded frame is on its way to the viewers. False when the encoder left the picture out to keep the bit rate, and
    /// when it failed.
    pub sent: bool,
    /// How long encoding took, scaling to the size of the results included.
    pub took: Duration,
    /// CPU time that the rendition's thread used for it.
    pub cpu: Duration,
}

/// Is told what a rendition does with the pictures that it is given. Called on the rendition's thread; returns at once.
pub trait Report: Send + Sync {
    /// The picture that waited was taken: the next one may come.
    fn room(&self);
    /// A picture was dealt with; its encoded frame goes to the viewers afterwards. Each picture is reported once by each
    /// rendition that took it, and again when it is encoded once more.
    fn done(&self, encoding: Encoding);
    /// A picture could not be encoded.
    fn failed(&self, error: &framebox_media::Error);
    /// The rendition's thread panicked: nothing is encoded from now on.
    fn panicked(&self);
}

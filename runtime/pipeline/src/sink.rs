//! Where a session's results go.

use bytes::Bytes;
use framebox_sandbox::NamedValue;

use crate::parameters::Applied;

/// An encoded picture.
#[derive(Clone, Debug)]
pub struct Frame {
    /// One access unit; H.264 as Annex B.
    pub data: Bytes,
    /// The timestamp of the picture that it was made from.
    pub rtp_timestamp: u32,
    /// Decodable without any earlier one.
    pub keyframe: bool,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The session goes on.
    Warning,
    /// What was asked for did not happen, or the session is over.
    Error,
}

/// Something that the person watching should know.
#[derive(Clone, Debug)]
pub struct Notice {
    /// How bad it is.
    pub severity: Severity,
    /// A word for programs: the code of a failure, or `parameter`.
    pub code: &'static str,
    /// What happened and what can be done, for people.
    pub message: String,
    /// The request that it answers, if any.
    pub request: Option<u64>,
}

/// Takes what a session produces. Called on the session's threads; every method returns at once.
pub trait Sink: Send + Sync {
    /// An encoded picture is to be sent.
    fn frame(&self, frame: Frame);
    /// The handler put values for the frame `sequence` with presentation time `pts_us`, microseconds.
    fn values(&self, sequence: u64, pts_us: i64, values: &[NamedValue]);
    /// Parameters were applied.
    fn applied(&self, applied: Applied);
    /// Something that the person watching should know.
    fn notice(&self, notice: Notice);
    /// Decoding needs a keyframe from the sender.
    fn keyframe_needed(&self);
    /// The session's stream is over, for the reason given; nothing follows.
    fn ended(&self, reason: &str);
}

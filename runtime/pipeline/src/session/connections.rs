//! What a session is connected to: who watches, who sends, who is told.

use std::sync::Arc;

use framebox_sandbox::NamedValue;

use crate::session::parameters::Applied;
use crate::stream::viewer::Viewer;

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

/// Where a session's input comes from, as far as the session asks something of it. Returns at once.
pub trait Upstream: Send + Sync {
    /// Decoding needs a keyframe from the sender.
    fn request_keyframe(&self);
}

/// Takes what a session produces beside pictures. Called on the session's threads; every method returns at once.
pub trait SessionEvents: Send + Sync {
    /// The handler put values for the frame `sequence` with presentation time `pts_us`, microseconds.
    fn values(&self, sequence: u64, pts_us: i64, values: &[NamedValue]);
    /// Parameters were applied.
    fn applied(&self, applied: Applied);
    /// Something that the person watching should know.
    fn notice(&self, notice: Notice);
    /// The session is over, for the reason given; nothing follows.
    fn ended(&self, reason: &str);
}

/// What a session is connected to.
#[derive(Clone)]
pub struct Connections {
    /// Takes the encoded frames.
    pub viewer: Arc<dyn Viewer>,
    /// Sends the input.
    pub upstream: Arc<dyn Upstream>,
    /// Takes values, notices and the end.
    pub events: Arc<dyn SessionEvents>,
}

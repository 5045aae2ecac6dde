//! What a session produces beside pictures.

use framebox_sandbox::OutputValue;

use crate::session::notice::Notice;
use crate::session::parameters::Applied;

/// Receives what a session produces beside pictures. Called on the session's threads; every method returns at once.
pub trait SessionEvents: Send + Sync {
    /// The handler put values for the frame `sequence` with presentation time `pts_us`, microseconds.
    fn values(&self, sequence: u64, pts_us: i64, values: &[OutputValue]);
    /// Parameters were applied.
    fn applied(&self, applied: Applied);
    /// Something happened that the person watching should know.
    fn notice(&self, notice: Notice);
    /// A [`Feed`](crate::session::Feed) came to its end, or broke, for the reason given. The session goes on, without pictures. Not
    /// for one that was replaced.
    fn input_ended(&self, _reason: Option<String>) {}
    /// The handler could not even be started: the session is about to end.
    fn never_started(&self) {}
    /// The session is over, for the reason given; nothing follows.
    fn ended(&self, reason: &str);
}

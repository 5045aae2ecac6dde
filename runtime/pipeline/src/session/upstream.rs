//! Where a session's input comes from.

/// Sends a session's input, as far as the session asks something of it. Every method returns at once.
pub trait Upstream: Send + Sync {
    /// Decoding needs a keyframe from the sender.
    fn request_keyframe(&self);
}

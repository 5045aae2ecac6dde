//! The direction of video.

/// Which way video goes, seen from this side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Both sides send.
    SendReceive,
    /// This side sends.
    SendOnly,
    /// This side receives.
    ReceiveOnly,
}

impl Direction {
    /// Returns whether this side sends.
    pub fn sends(self) -> bool {
        self != Self::ReceiveOnly
    }

    /// Returns whether this side receives.
    pub fn receives(self) -> bool {
        self != Self::SendOnly
    }
}

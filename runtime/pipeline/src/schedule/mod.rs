//! Which frames are processed, and when a generator's frames are due. Plain structs: time comes in as an argument.
//!
//! | module | what it holds |
//! |---|---|
//! | [`policy`] | [`Policy`](policy::Policy): which frames may be skipped, and what is shown instead |
//! | [`gate`] | which frames are processed and which are skipped |
//! | [`skip_reason`] | why a frame was skipped |
//! | [`decimation`] | how far apart processed frames lie |
//! | [`frame_clock`] | when a generator's next frame is due |

pub mod decimation;
pub mod frame_clock;
pub mod gate;
pub mod policy;
pub mod skip_reason;

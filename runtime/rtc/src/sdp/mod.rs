//! Session descriptions: reads offers and candidates, and writes answers.
//!
//! The RTP library sees a description written here, never the peer's own text.
//!
//! | module | what it holds |
//! |---|---|
//! | `answer` | from the library's answer to the peer's |
//! | `bundle` | which sections share a transport |
//! | [`candidate`] | candidates of a peer |
//! | `choice` | which video sections are used |
//! | `format` | the video format that is chosen of an offer |
//! | `local` | the candidates of this side |
//! | `offer` | an offer, from its text to the answer |
//! | `restart` | whether a later offer continues a connection |
//! | `section` | a description taken apart into its sections |
//! | `write` | the descriptions that are written |

mod answer;
mod bundle;
pub mod candidate;
mod choice;
mod format;
mod local;
mod offer;
mod restart;
mod section;
mod write;

pub use candidate::Candidate;
pub use format::VideoFormat;
pub use local::LocalCandidates;
pub use offer::Offer;
pub use write::{PLAYOUT_DELAY, TRANSPORT_CC};

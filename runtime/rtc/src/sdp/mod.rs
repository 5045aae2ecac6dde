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
//! | [`fragment`] | fragments, by which ICE goes on without another offer |
//! | `local` | the candidates of this side |
//! | `offer` | an offer, from its text to the answer |
//! | `outline` | what a peer wants to send |
//! | `own_offer` | an offer of this side's own |
//! | `restart` | whether a later offer continues a connection |
//! | `section` | a description taken apart into its sections |
//! | `write` | the descriptions that are written |

mod answer;
mod bundle;
pub mod candidate;
mod choice;
mod format;
pub mod fragment;
mod local;
mod offer;
mod outline;
mod own_offer;
mod restart;
mod section;
mod write;

pub use candidate::Candidate;
pub use format::VideoFormat;
pub use fragment::Fragment;
pub use local::LocalCandidates;
pub use offer::Offer;
pub use outline::Outline;
pub use own_offer::OwnOffer;
pub use write::{PLAYOUT_DELAY, TRANSPORT_CC};

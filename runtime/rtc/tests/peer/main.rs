//! The transport against a client on the same library, over loopback.
//!
//! | module | what it tests |
//! |---|---|
//! | [`candidates`] | candidates that come with the offer, later, or too many of them; ports |
//! | [`channel`] | messages both ways |
//! | [`closing`] | the end of a connection, from either side, and what it frees |
//! | [`fragments`] | ICE that is restarted by fragments of descriptions, as WHIP and WHEP do it |
//! | [`frames`] | video both ways, with and without loss |
//! | [`nat`] | a router between a client and the server, for the others |
//! | [`offers`] | answers to the offers of browsers, and refused offers |
//! | [`own_offers`] | clients that answer offers of the server's |
//! | [`port`] | the one port that all connections share, for UDP and TCP |
//! | [`roaming`] | paths that change, or are gone for a while; ICE restarts |
//! | [`reflection`] | what is sent to addresses that have not proved that they receive it |
//! | [`pair`] | both ends of a connection, for the others |

#![allow(clippy::unwrap_used, missing_docs)]

mod candidates;
mod channel;
mod closing;
mod fragments;
mod frames;
mod nat;
mod offers;
mod own_offers;
mod pair;
mod port;
mod reflection;
mod roaming;

//! The addresses at the other end of a connection: which datagrams are sent there, and which of those that arrive are read.
//!
//! **Nothing that a client writes into an offer makes this side send more than three times what it received**, and nothing
//! that arrives reaches the RTP library before it is counted against its connection.
//!
//! | module | what it holds |
//! |---|---|
//! | `address` | addresses that are never checked |
//! | `datagram` | what a datagram is, by its first bytes |
//! | [`validation`] | which addresses have proved that they receive what is sent to them |
//! | [`inbound`] | how much of each kind one connection may send |
//! | [`router`] | which connection a datagram is for, where all of them share one port |
//! | `token_bucket` | a rate with a burst |

mod address;
mod datagram;
pub mod inbound;
pub mod router;
mod token_bucket;
pub mod validation;

pub use address::is_forbidden;
pub use datagram::{INDICATION, Stun, is_check};
pub use inbound::InboundLimits;
pub use router::Router;
pub use validation::AddressValidation;

//! Peers and strangers that attack the server, and what it costs the others: nothing.
//!
//! | module | what it tests |
//! |---|---|
//! | [`floods`] | peers that make the server's libraries hold as much as they can |
//! | [`panics`] | a panic on a thread or task of a session |
//! | [`reflection`] | offers that name other machines |

mod floods;
mod panics;
mod reflection;

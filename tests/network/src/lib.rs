//! A browser and a server over an impaired wire: what a person sees on the networks that people have.
//!
//! A server and a headless Chromium run in two network namespaces, joined by a wire in user space (`sch_netem` need not be
//! there). Each picture carries its number, so that its latency is known: from the frame at the local track to the same frame
//! at the remote track.
//!
//! **A scenario is a row of a table: paths, a picture, and bounds.**
//!
//! | module | what it holds |
//! |---|---|
//! | [`wire`] | the impaired wire |
//! | [`namespace`], [`calls`] | network namespaces and TUN devices |
//! | [`scenario`] | the table |
//! | [`client`], [`server`] | the two ends |
//! | [`mod@reference`] | Chromium in the server's place |
//! | [`figures`] | what is computed from the pictures that arrived |
//! | [`run`] | one scenario from start to end |
//! | [`report`], [`options`] | the command |

#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(clippy::disallowed_methods, reason = "tests sleep and start tasks")]

pub mod calls;
pub mod client;
pub mod figures;
pub mod namespace;
pub mod options;
pub mod reference;
pub mod report;
pub mod run;
pub mod scenario;
pub mod server;
pub mod wire;

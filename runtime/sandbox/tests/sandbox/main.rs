//! Tests with real components: what they may do, what they return, and how they are interrupted.

#![allow(clippy::unwrap_used)]
#![allow(clippy::disallowed_methods, reason = "tests sleep and start tasks")]

mod deterministic;
mod errors;
mod kinds;
mod limits;
mod loading;
mod pictures;
mod prebuilt;
mod sources;
mod support;
mod values;

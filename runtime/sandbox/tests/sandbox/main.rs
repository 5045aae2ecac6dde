//! Real components in real instances: what they may do, what they give, and how they are stopped.

#![allow(clippy::unwrap_used)]

mod bounds;
mod deterministic;
mod faults;
mod kinds;
mod pictures;
mod prebuilt;
mod refusals;
mod sources;
mod support;
mod values;

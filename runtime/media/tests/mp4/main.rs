//! Recordings: what the writer makes of frames, as readers see it.
#![allow(clippy::unwrap_used)]

mod boxes;
mod clip;
mod cut;
mod probe;
mod support;

//! Reads real files of each type: playback, seeking, looping, and damaged files.
#![allow(clippy::unwrap_used)]

mod damaged;
mod files;
mod images;
mod mp4;
#[path = "../../examples/clip/mux.rs"]
mod mux;
mod piped;
mod support;
mod y4m;

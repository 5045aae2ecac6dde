//! Reads real files of each type: playback, seeking, looping, and damaged files.
#![allow(clippy::unwrap_used)]

mod damaged;
mod edits;
mod files;
mod fragments;
mod images;
mod meant;
mod mp4;
#[path = "../../examples/clip/mux.rs"]
mod mux;
mod piped;
mod support;
mod tracks;
mod y4m;

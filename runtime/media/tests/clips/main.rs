//! Real files of each kind, read, sought, looped, and spoiled.
#![allow(clippy::unwrap_used)]

mod files;
mod images;
mod mp4;
#[path = "../../examples/clip/mux.rs"]
mod mux;
mod spoiled;
mod support;
mod y4m;

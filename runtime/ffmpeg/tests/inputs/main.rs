//! What ffmpeg makes of files, addresses and hostile inputs, behind its wall. Inputs are made by ffmpeg itself; without it these
//! tests say so and are skipped.

#![allow(clippy::unwrap_used)]

mod files;
mod hostile;
mod live;
mod network;
mod rtsp;
mod support;

//! Signalling: one module a protocol.

pub mod failure;
pub mod fastrtc;
mod signal;
pub mod viewers;

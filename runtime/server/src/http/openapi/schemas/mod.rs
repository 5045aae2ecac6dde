//! Shapes of bodies, for the document only: what is sent is made elsewhere, and tests hold the two together.

// Only their schemas are used.
#![allow(dead_code)]

mod handlers;
mod problem;
mod sessions;

pub use handlers::*;
pub use problem::*;
pub use sessions::*;

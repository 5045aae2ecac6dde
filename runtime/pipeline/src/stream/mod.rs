//! A processed video.

pub(crate) mod encode;
pub mod viewer;

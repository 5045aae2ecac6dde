//! Decoded pictures and what is done to their pixels: formats, conversion, scaling, patching.
//!
//! **Every picture on the host is planar I420 (BT.601, limited range); every other format exists only in a guest's
//! memory.** A conversion reads its source once and writes its target once.
//!
//! | module | what it holds |
//! |---|---|
//! | [`size`] | [`Size`] and [`Rect`] in pixels |
//! | [`format`] | [`Format`]: the layouts that guests ask for, and how many bytes they take |
//! | [`picture`] | [`Picture`] (owned planes) and [`Planes`] (borrowed, with strides) |
//! | [`convert`] | I420 to a format and back |
//! | [`pool`] | [`Pool`]: pictures whose memory is used again |
//! | [`sample`] | a part of a picture, cropped, scaled and converted |
//! | [`patch`] | a rectangle of a picture overwritten |

pub mod convert;
pub mod error;
pub mod format;
pub mod patch;
pub mod picture;
pub mod pool;
pub mod sample;
pub mod size;

pub use error::Error;
pub use format::Format;
pub use picture::{Picture, Plane, Planes};
pub use pool::Pool;
pub use size::{Rect, Size};

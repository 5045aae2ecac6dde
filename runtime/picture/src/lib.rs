//! Decoded pictures: formats, conversion, scaling, patching and pooling.
//!
//! **Every picture on the host is planar I420 (BT.601, limited range), upright, with square pixels; other formats exist only
//! in guest memory, and what is coded otherwise is converted when it is copied from its decoder.** A conversion reads its
//! source once and writes its target once.
//!
//! | module | contents |
//! |---|---|
//! | [`size`] | [`Size`] and [`Rect`] in pixels |
//! | [`mod@format`] | [`Format`]: the pixel formats of guests, and their sizes in bytes |
//! | [`picture`] | [`Picture`] (owned planes) and [`Planes`] (borrowed, with strides) |
//! | [`coded`] | [`Coded`]: a picture as it was coded, with how it is meant |
//! | [`colour`] | [`Colour`]: matrices and ranges of coded pictures |
//! | [`orientation`], [`aspect`] | how coded pictures are turned and stretched |
//! | [`convert`] | conversion of I420 to other formats and back |
//! | [`memory`] | [`MemoryAccount`]: what the host holds for one session |
//! | [`pool`] | [`Pool`]: pictures whose memory is used again |
//! | [`sample`] | crops, scales and converts pictures |
//! | [`patch`] | overwrites a rectangle of a picture |

pub mod aspect;
pub mod coded;
pub mod colour;
pub mod convert;
pub mod error;
pub mod format;
pub mod memory;
pub mod orientation;
pub mod patch;
pub mod picture;
pub mod pool;
pub mod sample;
pub mod size;

pub use aspect::Aspect;
pub use coded::Coded;
pub use colour::{Colour, Matrix, Range};
pub use error::Error;
pub use format::Format;
pub use memory::{Charge, MemoryAccount, MemoryLimitError};
pub use orientation::Orientation;
pub use picture::{Picture, Plane, Planes};
pub use pool::Pool;
pub use size::{Rect, Size};

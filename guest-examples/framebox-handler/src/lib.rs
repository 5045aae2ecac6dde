#![doc = include_str!("../README.md")]

mod about;
mod call;
mod choice;
mod color;
mod control;
mod draw;
mod handler;
mod image;
mod parameters;
mod planes;
mod value;

#[doc(hidden)]
pub mod glue;
pub mod pixel;
pub mod raw;

pub use about::About;
pub use call::{Frame, ObservedFrame, Tick};
pub use choice::Choice;
pub use color::Color;
pub use control::{Button, Control, button, choice, color, integer, number, option, text, toggle};
pub use handler::{Generator, Observer, Transform};
pub use image::{Image, Picture};
pub use parameters::Parameters;
pub use planes::{I420, Plane};
pub use raw::log::{Level, log};
pub use raw::sources;
pub use raw::types::{Blob, Budget, FrameInfo, OutputKind, PixelFormat, Rect, Size, Stop, Value};
pub use value::Json;

/// The result of a handler's call.
pub type Result<T = (), E = Stop> = std::result::Result<T, E>;

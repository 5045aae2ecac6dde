#![doc = include_str!("../README.md")]

mod about;
mod call;
mod choice;
mod color;
mod draw;
mod handler;
mod image;
mod knob;
mod parameters;
mod planes;
mod value;

#[doc(hidden)]
pub mod glue;
pub mod pixel;
pub mod raw;

pub use about::About;
pub use call::{Frame, Moment, Sight};
pub use choice::Choice;
pub use color::Color;
pub use handler::{Generator, Observer, Transform};
pub use image::{Image, Picture};
pub use knob::{Button, Knob, button, choice, color, integer, number, option, text, toggle};
pub use parameters::Parameters;
pub use planes::{I420, Plane};
pub use raw::log::{Level, log};
pub use raw::sources;
pub use raw::types::{Blob, Budget, FrameInfo, OutputKind, PixelFormat, Rect, Size, Stop, Value};
pub use value::Json;

/// What the call of a handler comes to.
pub type Result<T = (), E = Stop> = std::result::Result<T, E>;

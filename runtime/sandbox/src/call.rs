//! What goes into a call for a frame, and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use framebox_picture::Picture;

use crate::{CallError, NamedValue};

/// A frame for a transform or an observer.
#[derive(Clone, Debug)]
pub struct Input {
    /// The decoded picture.
    pub picture: Arc<Picture>,
    /// Presentation time since the stream began, µs.
    pub pts_us: i64,
    /// Number of the frame in its stream, from 0.
    pub sequence: u64,
    /// Frames skipped since the last call.
    pub skipped: u32,
}

/// What a call gave.
#[derive(Clone, Debug)]
pub struct Output {
    /// The picture to send; none when the handler put none. After `show(input)` it is the input's own.
    pub picture: Option<Arc<Picture>>,
    /// Additional outputs, in the order in which each was first put.
    pub values: Vec<NamedValue>,
}

/// What a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Wall time, the host's work for the guest included.
    pub time: Duration,
    /// Of it, time spent converting and copying pictures and values for the guest.
    pub host: Duration,
    /// Fuel. Of a call that was cut off at its deadline it is less than what was really used: a loop settles its
    /// account when it ends.
    pub fuel: u64,
}

/// A call that is over.
#[derive(Clone, Debug)]
pub struct Call {
    /// What it gave, or why it gave nothing.
    pub result: Result<Output, CallError>,
    /// What it used, either way.
    pub cost: Cost,
}

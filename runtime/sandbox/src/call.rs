//! The input, output and cost of a call for a frame.

use std::sync::Arc;
use std::time::Duration;

use framebox_picture::Picture;

use crate::call_error::CallError;
use crate::json::OutputValue;

/// A frame passed to a transform or an observer.
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

/// The results of a call.
#[derive(Clone, Debug)]
pub struct Output {
    /// The picture to send, if the handler put one. After `show(input)` it is the input picture itself.
    pub picture: Option<Arc<Picture>>,
    /// Additional outputs, in the order in which their ids were first put.
    pub values: Vec<OutputValue>,
}

/// The resources that a call used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// Wall time, including the host's work for the guest.
    pub time: Duration,
    /// Part of that time spent converting and copying pictures and values for the guest.
    pub host: Duration,
    /// Fuel. Too low for a call that was interrupted at its deadline: the guest's code accounts for a loop when it ends.
    pub fuel: u64,
}

/// A finished call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The results, or why there are none.
    pub result: Result<Output, CallError>,
    /// The resources used, also if the call failed.
    pub cost: Cost,
}

//! Writes the result of each frame and counts it.

use std::sync::Arc;

use framebox_picture::Picture;
use framebox_sandbox::{CallError, Output as FrameOutput};

use super::output::Output;
use super::summary::Summary;
use super::values::Values;
use crate::Error;

/// The outputs of a run.
pub(super) struct Recorder {
    output: Option<Output>,
    values: Values,
    pub(super) summary: Summary,
    /// The latest picture, which is repeated for a frame without one.
    last: Option<Arc<Picture>>,
}

impl Recorder {
    /// Creates a recorder that writes pictures to `output`, if there is one, and values to `values`.
    pub(super) fn new(output: Option<Output>, values: Values) -> Self {
        Self { output, values, summary: Summary::default(), last: None }
    }

    /// Writes what the handler returned for a frame.
    pub(super) fn put(&mut self, sequence: u64, pts_us: i64, fuel: u64, output: FrameOutput) -> Result<(), Error> {
        self.values.put(sequence, pts_us, fuel, &output.values)?;
        self.summary.pictures += u64::from(output.picture.is_some());
        self.put_picture(sequence, pts_us, output.picture)
    }

    /// Writes the error of a failed frame, and repeats the latest picture.
    pub(super) fn put_failure(&mut self, sequence: u64, pts_us: i64, error: &CallError) -> Result<(), Error> {
        self.summary.count_failure(error);
        self.values.put_failure(sequence, pts_us, error)?;
        self.put_picture(sequence, pts_us, None)
    }

    fn put_picture(&mut self, sequence: u64, pts_us: i64, picture: Option<Arc<Picture>>) -> Result<(), Error> {
        let Some(output) = &mut self.output else { return Ok(()) };
        if let Some(picture) = picture {
            output.picture(sequence, pts_us, &picture)?;
            self.last = Some(picture);
        } else if let Some(last) = &self.last {
            output.repeat(last)?;
        }
        Ok(())
    }

    /// Completes all outputs, then passes the summary to `print`.
    pub(super) fn finish(mut self, print: impl FnOnce(&str)) -> Result<(), Error> {
        // The pictures are completed even if the values cannot be written.
        let values = self.values.finish();
        let written = self.output.map(Output::finish).transpose()?.flatten();
        print(&self.summary.text(written.as_deref()));
        values
    }
}

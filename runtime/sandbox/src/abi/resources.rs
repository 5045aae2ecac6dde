//! The host's resources that guests hold handles of.

use std::sync::Arc;

use framebox_picture::Picture;

use crate::sources::{Source, SourceFrame};

/// `media.frame`: a picture with its time and number.
pub struct Frame {
    pub(crate) picture: Arc<Picture>,
    pub(crate) pts_us: i64,
    pub(crate) sequence: u64,
    pub(crate) skipped: u32,
}

impl Frame {
    /// Handle of the frame that is lent for a call. Frames in the resource table have small numbers.
    pub(crate) const INPUT: u32 = u32::MAX;
}

/// `media.output`: stands for the results of the current call, which the store's state holds.
pub struct OutputHandle;

impl OutputHandle {
    /// Its handle.
    pub(crate) const REP: u32 = 0;
}

/// `sources.source`: an open source and the number of frames read from it.
pub struct OpenSource {
    pub(crate) source: Box<dyn Source>,
    sequence: u64,
}

impl OpenSource {
    pub(crate) fn new(source: Box<dyn Source>) -> Self {
        Self { source, sequence: 0 }
    }

    /// Reads the next frame and numbers it.
    pub(crate) fn next(&mut self) -> Result<Option<Frame>, String> {
        let Some(SourceFrame { picture, pts_us }) = self.source.next()? else { return Ok(None) };
        let sequence = self.sequence;
        self.sequence += 1;
        Ok(Some(Frame { picture, pts_us, sequence, skipped: 0 }))
    }
}

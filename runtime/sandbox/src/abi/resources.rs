//! The host's resources that guests hold handles of.

use std::sync::Arc;

use framebox_picture::{Charge, Format, MemoryAccount, Picture};

use crate::sources::{Source, SourceFrame};

/// `media.frame`: a picture with its time and number.
pub struct Frame {
    pub(crate) picture: Arc<Picture>,
    pub(crate) pts_us: i64,
    pub(crate) sequence: u64,
    pub(crate) skipped: u32,
    /// Of a frame that the guest holds: its picture's memory.
    pub(crate) _charge: Option<Charge>,
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
    _charge: Charge,
}

impl OpenSource {
    /// Charges the memory of an open source to `account`.
    pub(crate) fn new(source: Box<dyn Source>, account: &MemoryAccount) -> Result<Self, String> {
        let charge = account.charge(source.memory()).map_err(|error| error.to_string())?;
        Ok(Self { source, sequence: 0, _charge: charge })
    }

    /// Reads the next frame, numbers it, and charges its picture to `account`. A frame that does not fit is lost.
    pub(crate) fn next(&mut self, account: &MemoryAccount) -> Result<Option<Frame>, String> {
        let Some(SourceFrame { picture, pts_us }) = self.source.next()? else { return Ok(None) };
        let sequence = self.sequence;
        self.sequence += 1;
        let charge = account.charge(Format::I420.bytes(picture.size())).map_err(|error| error.to_string())?;
        Ok(Some(Frame { picture, pts_us, sequence, skipped: 0, _charge: Some(charge) }))
    }
}

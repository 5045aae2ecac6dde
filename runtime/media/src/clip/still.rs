//! A still image.

use std::sync::Arc;
use std::time::Duration;

use framebox_picture::{Format, Picture};

use super::error::Error;
use super::image_thread;
use super::interface::{Clip, Frame, Info};
use super::rgba::Image;

pub(super) struct Still {
    picture: Arc<Picture>,
    returned: bool,
}

impl Still {
    pub(super) fn open(image: Image) -> Result<Self, Error> {
        image_thread::decode_still(image).map(Self::of)
    }

    pub(super) fn of(picture: Arc<Picture>) -> Self {
        Self { picture, returned: false }
    }
}

impl Clip for Still {
    fn info(&self) -> Info {
        Info { size: self.picture.size(), fps: 0.0, duration: None, dropped: Vec::new() }
    }

    fn memory(&self) -> usize {
        Format::I420.bytes(self.picture.size())
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        let returned = std::mem::replace(&mut self.returned, true);
        Ok((!returned).then(|| Frame { picture: self.picture.clone(), pts: Duration::ZERO }))
    }

    fn seek(&mut self, _to: Duration) -> Result<(), Error> {
        self.returned = false;
        Ok(())
    }
}

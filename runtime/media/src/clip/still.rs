//! A file with one picture.

use std::sync::Arc;
use std::time::Duration;

use framebox_picture::Picture;

use super::rgba::Image;
use super::{Clip, Error, Frame, Info, reel};

pub(super) struct Still {
    picture: Arc<Picture>,
    given: bool,
}

impl Still {
    pub(super) fn open(image: Image) -> Result<Self, Error> {
        reel::still(image).map(Self::of)
    }

    pub(super) fn of(picture: Arc<Picture>) -> Self {
        Self { picture, given: false }
    }
}

impl Clip for Still {
    fn info(&self) -> Info {
        Info { size: self.picture.size(), fps: 0.0, duration: None }
    }

    fn next(&mut self) -> Result<Option<Frame>, Error> {
        let given = std::mem::replace(&mut self.given, true);
        Ok((!given).then(|| Frame { picture: self.picture.clone(), pts: Duration::ZERO }))
    }

    fn seek(&mut self, _to: Duration) -> Result<(), Error> {
        self.given = false;
        Ok(())
    }
}

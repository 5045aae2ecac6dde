//! Pictures whose memory is used again once nobody holds them.

use std::collections::VecDeque;
use std::sync::Arc;

use framebox_picture::{Picture, Size};

use super::Error;

/// Pictures that are remembered.
const MOST: usize = 4;

#[derive(Default)]
pub(super) struct Pool {
    pictures: VecDeque<Arc<Picture>>,
}

impl Pool {
    /// A picture that `draw` makes. Its size and contents before are unspecified.
    pub(super) fn draw(
        &mut self,
        draw: impl FnOnce(&mut Picture) -> Result<(), framebox_picture::Error>,
    ) -> Result<Arc<Picture>, Error> {
        let free = self.pictures.iter_mut().position(|picture| Arc::get_mut(picture).is_some());
        let mut picture = match free.and_then(|at| self.pictures.remove(at)) {
            Some(picture) => picture,
            None => Arc::new(Picture::black(Size::new(2, 2)).map_err(broken)?),
        };
        if let Some(picture) = Arc::get_mut(&mut picture) {
            draw(picture).map_err(broken)?;
        }
        self.pictures.truncate(MOST - 1);
        self.pictures.push_front(picture.clone());
        Ok(picture)
    }
}

fn broken(error: framebox_picture::Error) -> Error {
    Error::Broken(error.to_string())
}

//! The picture that a guest puts during one call.

use std::sync::Arc;

use framebox_picture::{Format, MemoryAccount, MemoryLimitError, Picture, Pool, Rect, Size, convert, patch};

/// Holds the picture put so far, in recycled memory.
pub(crate) struct Canvas {
    pool: Pool,
    /// Largest picture, pixels.
    limit: u64,
    picture: Option<CurrentPicture>,
    /// Error of the last operation, if it failed.
    error: Option<CanvasError>,
}

/// Why there is no picture.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum CanvasError {
    /// What the guest put is invalid.
    #[error("{0}")]
    Invalid(String),
    /// The session has no memory left for it.
    #[error("{0}")]
    Memory(MemoryLimitError),
}

impl From<framebox_picture::Error> for CanvasError {
    fn from(error: framebox_picture::Error) -> Self {
        match error {
            framebox_picture::Error::Memory(error) => Self::Memory(error),
            error => Self::Invalid(error.to_string()),
        }
    }
}

enum CurrentPicture {
    /// A shared picture: the input, or a frame of a source.
    Shared(Arc<Picture>),
    /// A picture that the guest drew in this call.
    Drawn(Arc<Picture>),
}

impl Canvas {
    /// Accepts pictures of up to `limit` pixels, whose memory is charged to `account`.
    pub(crate) fn new(limit: u64, account: &MemoryAccount) -> Self {
        Self { pool: Pool::of(account), limit, picture: None, error: None }
    }

    /// Puts a picture given as pixels.
    pub(crate) fn pixels(&mut self, size: Size, format: Format, data: &[u8]) -> Result<(), String> {
        let result = self.make(size, format, data);
        self.record(result)
    }

    /// Puts a picture that the host holds.
    pub(crate) fn show(&mut self, picture: Arc<Picture>) {
        self.replace(CurrentPicture::Shared(picture));
        self.error = None;
    }

    /// Overwrites a rectangle of the picture put so far.
    pub(crate) fn patch(&mut self, at: Rect, format: Format, data: &[u8]) -> Result<(), String> {
        let result = self.draw(at, format, data);
        self.record(result)
    }

    /// Removes and returns the picture, or the error if the last operation failed.
    pub(crate) fn take(&mut self) -> Result<Option<Arc<Picture>>, CanvasError> {
        let picture = match self.picture.take() {
            None => None,
            Some(CurrentPicture::Shared(picture)) => Some(picture),
            Some(CurrentPicture::Drawn(picture)) => {
                self.pool.give(picture.clone());
                Some(picture)
            }
        };
        match self.error.take() {
            None => Ok(picture),
            Some(error) => Err(error),
        }
    }

    fn make(&mut self, size: Size, format: Format, data: &[u8]) -> Result<(), CanvasError> {
        if size.pixels() > self.limit {
            let text = format!("a picture of {size} is larger than the {} pixels allowed", self.limit);
            return Err(CanvasError::Invalid(text));
        }
        let mut picture = self.pool.take();
        match convert::write(data, format, size, Arc::make_mut(&mut picture)) {
            Ok(()) => {
                self.replace(CurrentPicture::Drawn(picture));
                Ok(())
            }
            Err(error) => {
                self.pool.give(picture);
                Err(error.into())
            }
        }
    }

    fn draw(&mut self, at: Rect, format: Format, data: &[u8]) -> Result<(), CanvasError> {
        if let Some(CurrentPicture::Shared(shared)) = &self.picture {
            let shared = shared.clone();
            // Checked before copying, so that rejected patches cost nothing.
            if !at.is_within(shared.size()) {
                return Err(framebox_picture::Error::Outside { rect: at, size: shared.size() }.into());
            }
            let mut copy = self.pool.take();
            if let Err(error) = Arc::make_mut(&mut copy).copy_from(shared.planes()) {
                self.pool.give(copy);
                return Err(error.into());
            }
            self.replace(CurrentPicture::Drawn(copy));
        }
        match &mut self.picture {
            Some(CurrentPicture::Drawn(picture)) => {
                let in_use = || CanvasError::Invalid("the picture is in use".into());
                Ok(patch::patch(Arc::get_mut(picture).ok_or_else(in_use)?, at, format, data)?)
            }
            _ => Err(CanvasError::Invalid("there is no picture to patch: put pixels or show a frame first".into())),
        }
    }

    fn replace(&mut self, picture: CurrentPicture) {
        if let Some(CurrentPicture::Drawn(earlier)) = self.picture.replace(picture) {
            self.pool.give(earlier);
        }
    }

    fn record(&mut self, result: Result<(), CanvasError>) -> Result<(), String> {
        self.error = result.as_ref().err().cloned();
        result.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(4, 2);

    fn canvas() -> Canvas {
        Canvas::new(64, &MemoryAccount::unlimited())
    }

    #[test]
    fn shown_pictures_are_passed_on_without_copying() {
        let input = Arc::new(Picture::black(SIZE).unwrap());
        let mut canvas = canvas();
        canvas.show(input.clone());
        assert!(Arc::ptr_eq(&canvas.take().unwrap().unwrap(), &input));
        assert_eq!(canvas.take(), Ok(None), "the next call begins with nothing");
    }

    #[test]
    fn a_patch_does_not_change_the_input() {
        let input = Arc::new(Picture::black(SIZE).unwrap());
        let mut canvas = canvas();
        canvas.show(input.clone());
        canvas.patch(Rect { x: 0, y: 0, width: 2, height: 2 }, Format::Gray8, &[255; 4]).unwrap();
        canvas.patch(Rect { x: 2, y: 0, width: 2, height: 2 }, Format::Gray8, &[255; 4]).unwrap();
        let output = canvas.take().unwrap().unwrap();
        assert_eq!(*input, Picture::black(SIZE).unwrap());
        assert!(output.bytes()[..8].iter().all(|luma| *luma > 230), "{:?}", output.bytes());
    }

    #[test]
    fn an_error_is_returned_unless_a_valid_picture_follows() {
        let mut canvas = canvas();
        assert!(canvas.pixels(SIZE, Format::Gray8, &[0; 7]).is_err());
        assert!(canvas.take().unwrap_err().to_string().contains("8 bytes, not 7"));
        assert!(canvas.pixels(Size::new(65, 1), Format::Gray8, &[0; 65]).is_err());
        assert!(canvas.patch(Rect::whole(SIZE), Format::Gray8, &[0; 8]).unwrap_err().contains("no picture to patch"));
        canvas.pixels(SIZE, Format::Gray8, &[9; 8]).unwrap();
        assert_eq!(canvas.take().unwrap().unwrap().size(), SIZE);
    }

    #[test]
    fn an_error_leaves_the_previous_picture() {
        let mut canvas = canvas();
        canvas.pixels(SIZE, Format::Gray8, &[255; 8]).unwrap();
        assert!(canvas.pixels(Size::new(0, 1), Format::Gray8, &[]).is_err());
        canvas.patch(Rect { x: 0, y: 0, width: 1, height: 1 }, Format::Gray8, &[0]).unwrap();
        let output = canvas.take().unwrap().unwrap();
        assert_eq!((output.size(), output.bytes()[0]), (SIZE, 16));
        assert!(output.bytes()[1] > 230);
    }

    #[test]
    fn pictures_beyond_the_sessions_memory_are_refused() {
        let account = MemoryAccount::new(30);
        let mut canvas = Canvas::new(64, &account);
        canvas.pixels(SIZE, Format::Gray8, &[1; 8]).unwrap();
        let held = canvas.take().unwrap();
        canvas.pixels(SIZE, Format::Gray8, &[1; 8]).unwrap();
        assert!(canvas.pixels(SIZE, Format::Gray8, &[1; 8]).unwrap_err().contains("may hold 30"));
        assert!(matches!(canvas.take(), Err(CanvasError::Memory(_))));
        canvas.show(Arc::new(Picture::black(SIZE).unwrap()));
        assert!(canvas.take().is_ok(), "what the host holds already can be shown");
        drop((held, canvas));
        assert_eq!(account.used(), 0);
    }

    #[test]
    fn memory_is_reused() {
        let mut canvas = canvas();
        let mut addresses = std::collections::HashSet::new();
        for _ in 0..10 {
            canvas.pixels(SIZE, Format::Gray8, &[1; 8]).unwrap();
            canvas.pixels(SIZE, Format::Gray8, &[2; 8]).unwrap();
            addresses.insert(Arc::as_ptr(&canvas.take().unwrap().unwrap()));
        }
        assert!(addresses.len() <= 2, "{} pictures were made", addresses.len());
    }
}

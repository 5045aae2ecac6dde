//! The picture that a guest puts during one call.

use std::sync::Arc;

use framebox_picture::{Format, Picture, Pool, Rect, Size, convert, patch};

/// Holds the picture put so far, made in recycled memory.
pub(crate) struct Canvas {
    pool: Pool,
    /// The largest picture, pixels.
    limit: u64,
    picture: Option<Held>,
    /// What was wrong with the last thing put, if nothing right came after it.
    wrong: Option<String>,
}

enum Held {
    /// One that others hold too: the input, or a frame from a source.
    Shown(Arc<Picture>),
    /// Made here, for this call.
    Made(Arc<Picture>),
}

impl Canvas {
    /// Takes pictures of up to `limit` pixels.
    pub(crate) fn new(limit: u64) -> Self {
        Self { pool: Pool::default(), limit, picture: None, wrong: None }
    }

    /// A whole picture.
    pub(crate) fn pixels(&mut self, size: Size, format: Format, data: &[u8]) -> Result<(), String> {
        let result = self.make(size, format, data);
        self.note(result)
    }

    /// A picture that the host holds already.
    pub(crate) fn show(&mut self, picture: Arc<Picture>) {
        self.hold(Held::Shown(picture));
        self.wrong = None;
    }

    /// A rectangle over the picture put so far.
    pub(crate) fn patch(&mut self, at: Rect, format: Format, data: &[u8]) -> Result<(), String> {
        let result = self.draw(at, format, data);
        self.note(result)
    }

    /// The picture put; an error when the last thing put was wrong. The next call begins with none.
    pub(crate) fn take(&mut self) -> Result<Option<Arc<Picture>>, String> {
        let picture = match self.picture.take() {
            None => None,
            Some(Held::Shown(picture)) => Some(picture),
            Some(Held::Made(picture)) => {
                self.pool.give(picture.clone());
                Some(picture)
            }
        };
        match self.wrong.take() {
            None => Ok(picture),
            Some(wrong) => Err(wrong),
        }
    }

    fn make(&mut self, size: Size, format: Format, data: &[u8]) -> Result<(), String> {
        if size.pixels() > self.limit {
            return Err(format!("a picture of {size} is larger than the {} pixels allowed", self.limit));
        }
        let mut picture = self.pool.take();
        match convert::write(data, format, size, Arc::make_mut(&mut picture)) {
            Ok(()) => {
                self.hold(Held::Made(picture));
                Ok(())
            }
            Err(error) => {
                self.pool.give(picture);
                Err(error.to_string())
            }
        }
    }

    fn draw(&mut self, at: Rect, format: Format, data: &[u8]) -> Result<(), String> {
        if let Some(Held::Shown(shown)) = &self.picture {
            let shown = shown.clone();
            // Looked at before the copy, so that refused patches cost nothing.
            if !at.is_within(shown.size()) {
                return Err(framebox_picture::Error::Outside { rect: at, size: shown.size() }.to_string());
            }
            let mut copy = self.pool.take();
            Arc::make_mut(&mut copy).copy_from(shown.planes()).map_err(|error| error.to_string())?;
            self.hold(Held::Made(copy));
        }
        match &mut self.picture {
            Some(Held::Made(picture)) => {
                let picture = Arc::get_mut(picture).ok_or("the picture is in use")?;
                patch::patch(picture, at, format, data).map_err(|error| error.to_string())
            }
            _ => Err("there is no picture to patch: put pixels or show a frame first".into()),
        }
    }

    fn hold(&mut self, held: Held) {
        if let Some(Held::Made(earlier)) = self.picture.replace(held) {
            self.pool.give(earlier);
        }
    }

    fn note(&mut self, result: Result<(), String>) -> Result<(), String> {
        self.wrong = result.as_ref().err().cloned();
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size::new(4, 2);

    fn canvas() -> Canvas {
        Canvas::new(64)
    }

    #[test]
    fn what_is_shown_is_passed_on_itself() {
        let input = Arc::new(Picture::black(SIZE).unwrap());
        let mut canvas = canvas();
        canvas.show(input.clone());
        assert!(Arc::ptr_eq(&canvas.take().unwrap().unwrap(), &input));
        assert_eq!(canvas.take(), Ok(None), "the next call begins with nothing");
    }

    #[test]
    fn a_patch_leaves_the_input_as_it_was() {
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
    fn a_wrong_picture_counts_unless_a_right_one_follows() {
        let mut canvas = canvas();
        assert!(canvas.pixels(SIZE, Format::Gray8, &[0; 7]).is_err());
        assert!(canvas.take().unwrap_err().contains("8 bytes, not 7"));
        assert!(canvas.pixels(Size::new(65, 1), Format::Gray8, &[0; 65]).is_err());
        assert!(canvas.patch(Rect::whole(SIZE), Format::Gray8, &[0; 8]).unwrap_err().contains("no picture to patch"));
        canvas.pixels(SIZE, Format::Gray8, &[9; 8]).unwrap();
        assert_eq!(canvas.take().unwrap().unwrap().size(), SIZE);
    }

    #[test]
    fn an_error_leaves_what_was_put_before() {
        let mut canvas = canvas();
        canvas.pixels(SIZE, Format::Gray8, &[255; 8]).unwrap();
        assert!(canvas.pixels(Size::new(0, 1), Format::Gray8, &[]).is_err());
        canvas.patch(Rect { x: 0, y: 0, width: 1, height: 1 }, Format::Gray8, &[0]).unwrap();
        let output = canvas.take().unwrap().unwrap();
        assert_eq!((output.size(), output.bytes()[0]), (SIZE, 16));
        assert!(output.bytes()[1] > 230);
    }

    #[test]
    fn memory_is_used_again() {
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

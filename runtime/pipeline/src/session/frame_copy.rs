//! Copies of the decoder's pictures, in recycled memory and at the size that the handler gets.

use std::sync::Arc;

use framebox_picture::{Error, Picture, Planes, Size, sample::Sampler};

/// Pictures that are kept for the next copies.
const KEPT: usize = 4;

/// Memory of pictures, used again when nobody else holds it any more.
#[derive(Default)]
pub(crate) struct Pool(Vec<Arc<Picture>>);

impl Pool {
    /// A picture that `fill` writes. None where that fails.
    pub(crate) fn filled(&mut self, fill: impl FnOnce(&mut Picture) -> Result<(), Error>) -> Option<Arc<Picture>> {
        // Whoever held a picture of an earlier call is done with it by now, save for one that a guest still shows or that
        // waits for its turn.
        let free = self.0.iter_mut().position(|picture| Arc::get_mut(picture).is_some());
        let mut picture = match free {
            Some(index) => self.0.swap_remove(index),
            None => Arc::new(Picture::black(Size::new(2, 2)).ok()?),
        };
        fill(Arc::get_mut(&mut picture)?).ok()?;
        if self.0.len() < KEPT {
            self.0.push(picture.clone());
        }
        Some(picture)
    }
}

/// What the handler gets.
pub(crate) struct FrameCopy {
    pool: Pool,
    sampler: Sampler,
    /// What the handler's descriptor asks for; none: as they come.
    wanted: Option<Size>,
    /// From the degradation, where the handler leaves the size open.
    pub(crate) sides_percent: u32,
}

impl FrameCopy {
    /// `wanted`: the size that the handler's descriptor asks for.
    pub(crate) fn new(wanted: Option<Size>) -> Self {
        Self { pool: Pool::default(), sampler: Sampler::default(), wanted, sides_percent: 100 }
    }

    /// A copy, scaled where another size is asked for.
    pub(crate) fn copy(&mut self, planes: Planes<'_>) -> Option<Arc<Picture>> {
        let size = self.size(planes.size);
        let Self { pool, sampler, .. } = self;
        pool.filled(|to| if size == planes.size { to.copy_from(planes) } else { sampler.scale(planes, size, to) })
    }

    /// A picture that is a copy already: itself, unless another size is asked for.
    pub(crate) fn fit(&mut self, picture: &Arc<Picture>) -> Option<Arc<Picture>> {
        if self.size(picture.size()) == picture.size() { Some(picture.clone()) } else { self.copy(picture.planes()) }
    }

    fn size(&self, native: Size) -> Size {
        let side = |side: u32| ((side * self.sides_percent / 100) & !1).max(2).min(side);
        match self.wanted {
            Some(size) => size,
            None if self.sides_percent >= 100 => native,
            None => Size::new(side(native.width), side(native.height)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again_once_nobody_holds_it() {
        let mut pool = Pool::default();
        let mut fill = |luma| pool.filled(|to| to.resize(Size::new(4, 4)).map(|()| to.bytes_mut().fill(luma))).unwrap();
        let first = fill(1);
        let second = fill(2);
        assert_eq!((first.bytes()[0], second.bytes()[0]), (1, 2), "what is held is left alone");
        let at = first.bytes().as_ptr();
        drop(first);
        let third = fill(3);
        assert_eq!((third.bytes().as_ptr(), second.bytes()[0]), (at, 2));
        let many: Vec<_> = (0..20).map(&mut fill).collect();
        assert!(many.iter().enumerate().all(|(i, picture)| picture.bytes()[0] == i as u8));
        drop(many);
        assert!(pool.0.len() <= KEPT);
    }

    #[test]
    fn the_size_is_the_handlers_the_ladders_or_the_cameras() {
        let camera = Picture::black(Size::new(322, 241)).unwrap();
        for (wanted, percent, size) in [
            (None, 100, (322, 241)),
            (None, 75, (240, 180)),
            (None, 50, (160, 120)),
            (Some(Size::new(64, 48)), 50, (64, 48)),
        ] {
            let mut copies = FrameCopy { sides_percent: percent, ..FrameCopy::new(wanted) };
            let copy = copies.copy(camera.planes()).unwrap();
            assert_eq!((copy.size().width, copy.size().height), size);
            let kept = Arc::new(camera.clone());
            let fitted = copies.fit(&kept).unwrap();
            assert_eq!(fitted.size(), copy.size());
            assert_eq!(Arc::ptr_eq(&fitted, &kept), fitted.size() == camera.size(), "no copy without need");
        }
        let dot = Picture::black(Size::new(1, 1)).unwrap();
        assert_eq!(
            FrameCopy { sides_percent: 25, ..FrameCopy::new(None) }.copy(dot.planes()).unwrap().size(),
            dot.size()
        );
    }
}

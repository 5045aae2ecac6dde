//! Copies pictures into recycled memory, on the way converted to what the house holds, and scaled where another size is asked
//! for.

use std::sync::Arc;

use framebox_picture::{Coded, MemoryAccount, Picture, Pool, Size, sample::Sampler};

/// Makes copies of pictures.
pub(crate) struct FrameCopy {
    pool: Pool,
    sampler: Sampler,
}

impl FrameCopy {
    /// Charges the copies to `account`.
    pub(crate) fn new(account: &MemoryAccount) -> Self {
        Self { pool: Pool::of(account), sampler: Sampler::default() }
    }

    /// Copies what `coded` is meant to show at `size`, in one pass over the pixels. None where that fails.
    pub(crate) fn copy(&mut self, coded: Coded<'_>, size: Size) -> Option<Arc<Picture>> {
        let Self { pool, sampler } = self;
        pool.filled(|to| sampler.draw(coded, size, to)).ok()
    }

    /// Returns `picture` itself where it has the right size, otherwise a scaled copy.
    pub(crate) fn fit(&mut self, picture: &Arc<Picture>, size: Size) -> Option<Arc<Picture>> {
        if picture.size() == size { Some(picture.clone()) } else { self.copy(picture.planes().into(), size) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_of_the_right_size_is_not_copied_again() {
        let camera = Arc::new(Picture::black(Size::new(322, 241)).unwrap());
        let mut copies = FrameCopy::new(&MemoryAccount::unlimited());
        for size in [Size::new(322, 241), Size::new(160, 120), Size::new(64, 48)] {
            let copy = copies.copy(camera.planes().into(), size).unwrap();
            assert_eq!(copy.size(), size);
            let fitted = copies.fit(&camera, size).unwrap();
            assert_eq!(fitted.size(), size);
            assert_eq!(Arc::ptr_eq(&fitted, &camera), size == camera.size());
        }
        assert!(copies.copy(camera.planes().into(), Size::new(0, 1)).is_none());
    }
}

//! Pictures that are used again once nobody else holds them.

use std::sync::Arc;

use framebox_picture::{Picture, Size};

/// Pictures kept; more than the few that a pipeline has under way at once would only be dead memory.
const KEPT: usize = 4;

/// Recycled pictures of one instance.
#[derive(Default)]
pub(crate) struct Pool {
    pictures: Vec<Arc<Picture>>,
}

impl Pool {
    /// A picture that nobody else holds. Its size and contents are whatever they were.
    pub(crate) fn take(&mut self) -> Option<Arc<Picture>> {
        match self.pictures.iter_mut().position(|picture| Arc::get_mut(picture).is_some()) {
            Some(index) => Some(self.pictures.swap_remove(index)),
            None => Picture::black(Size::new(2, 2)).ok().map(Arc::new),
        }
    }

    /// Keeps `picture` for when its other holders are done with it.
    pub(crate) fn give(&mut self, picture: Arc<Picture>) {
        if self.pictures.len() < KEPT {
            self.pictures.push(picture);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_is_used_again_only_when_it_is_free() {
        let mut pool = Pool::default();
        let first = pool.take().unwrap();
        let address = Arc::as_ptr(&first);
        pool.give(first.clone());
        let second = pool.take().unwrap();
        assert_ne!(Arc::as_ptr(&second), address, "the first is still held");
        drop(first);
        assert_eq!(Arc::as_ptr(&pool.take().unwrap()), address);
    }
}

//! Pictures whose memory is used again once nobody else holds them.

use std::sync::Arc;

use crate::{Error, MemoryAccount, Picture};

/// Recycles pictures that are shared with other threads: a picture is free again when the pool is its only holder.
#[derive(Debug, Default)]
pub struct Pool {
    pictures: Vec<Arc<Picture>>,
    /// None: its pictures count nowhere.
    account: Option<MemoryAccount>,
}

impl Pool {
    /// Pictures that a pool remembers: as many as are under way between two stages at once. More would only be dead memory.
    pub const KEPT: usize = 6;

    /// A pool whose pictures are charged to `account` as long as anybody holds them.
    pub fn of(account: &MemoryAccount) -> Self {
        Self { pictures: Vec::new(), account: Some(account.clone()) }
    }

    /// Takes a picture that nobody else holds. Its size and contents are unspecified.
    pub fn take(&mut self) -> Arc<Picture> {
        // The one that was given last is the likeliest to be in the processor's cache.
        match self.pictures.iter_mut().rposition(|picture| Arc::get_mut(picture).is_some()) {
            Some(index) => self.pictures.remove(index),
            None => Arc::new(Picture::scratch(self.account.as_ref())),
        }
    }

    /// Remembers `picture` for the time when its other holders have dropped it.
    pub fn give(&mut self, picture: Arc<Picture>) {
        if self.pictures.len() == Self::KEPT {
            // The one that has been held for longest is the least likely to come back soon.
            self.pictures.remove(0);
        }
        self.pictures.push(picture);
    }

    /// Returns a picture that `fill` writes, and remembers it. `fill` finds the size and the contents unspecified.
    ///
    /// # Errors
    /// Those of `fill`.
    pub fn filled(&mut self, fill: impl FnOnce(&mut Picture) -> Result<(), Error>) -> Result<Arc<Picture>, Error> {
        let mut picture = self.take();
        match fill(Arc::make_mut(&mut picture)) {
            Ok(()) => {
                self.give(picture.clone());
                Ok(picture)
            }
            Err(error) => {
                // One that found no memory comes after those that have some.
                if self.pictures.len() < Self::KEPT {
                    self.pictures.insert(0, picture);
                }
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Size;

    fn fill(pool: &mut Pool, luma: u8) -> Arc<Picture> {
        pool.filled(|to| to.resize(Size::new(4, 4)).map(|()| to.bytes_mut().fill(luma))).unwrap()
    }

    #[test]
    fn a_picture_is_used_again_only_when_it_is_free() {
        let mut pool = Pool::default();
        let first = pool.take();
        let address = Arc::as_ptr(&first);
        pool.give(first.clone());
        let second = pool.take();
        assert_ne!(Arc::as_ptr(&second), address, "the first is still held");
        drop(first);
        assert_eq!(Arc::as_ptr(&pool.take()), address);
    }

    #[test]
    fn held_pictures_keep_their_contents_and_the_pool_stays_small() {
        let mut pool = Pool::default();
        let first = fill(&mut pool, 1);
        let second = fill(&mut pool, 2);
        assert_eq!((first.bytes()[0], second.bytes()[0]), (1, 2));
        let address = first.bytes().as_ptr();
        drop(first);
        let third = fill(&mut pool, 3);
        assert_eq!((third.bytes().as_ptr(), second.bytes()[0]), (address, 2));
        let many: Vec<_> = (0..20).map(|luma| fill(&mut pool, luma)).collect();
        assert!(many.iter().enumerate().all(|(luma, picture)| picture.bytes()[0] == luma as u8));
        assert_eq!(pool.pictures.len(), Pool::KEPT);
    }

    #[test]
    fn pictures_are_charged_until_their_last_holder_drops_them() {
        let account = MemoryAccount::new(100);
        let mut pool = Pool::of(&account);
        let held = fill(&mut pool, 1);
        assert_eq!(account.used(), 24);
        assert_eq!(fill(&mut pool, 2).bytes()[0], 2);
        assert_eq!(account.used(), 48);
        let refused = pool.filled(|to| to.resize(Size::new(8, 8))).unwrap_err();
        assert!(matches!(refused, Error::Memory(_)), "{refused}");
        assert_eq!((*held).clone(), *held, "a copy is charged nowhere");
        drop(pool);
        assert_eq!(account.used(), 24);
        drop(held);
        assert_eq!(account.used(), 0);
    }

    #[test]
    fn a_failed_fill_is_an_error_and_wastes_nothing() {
        let mut pool = Pool::default();
        assert!(pool.filled(|to| to.resize(Size::new(0, 4))).is_err());
        assert_eq!(pool.pictures.len(), 1);
    }
}

//! Video files hold pictures of one size.

use framebox_picture::Size;

use crate::Error;

/// Checks that a picture has the size of the first one, which it sets.
pub(super) fn same_size(first: &mut Option<Size>, size: Size) -> Result<(), Error> {
    match *first.get_or_insert(size) {
        first if first == size => Ok(()),
        first => Err(Error::Machine(format!(
            "the size of the pictures changes from {first} to {size}, which a video file cannot hold: write to a directory"
        ))),
    }
}

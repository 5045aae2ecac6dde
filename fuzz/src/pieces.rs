//! An input taken apart into pieces.

/// Takes pieces off an input: each behind a byte with its length, or behind 255 and two bytes with it. The last one may be
/// shorter than that says.
pub(crate) struct Pieces<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Pieces<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = match self.0 {
            [255, high, low, rest @ ..] => (usize::from(u16::from_be_bytes([*high, *low])), rest),
            [length, rest @ ..] => (usize::from(*length), rest),
            [] => return None,
        };
        let (piece, rest) = rest.split_at(length.min(rest.len()));
        self.0 = rest;
        Some(piece)
    }
}

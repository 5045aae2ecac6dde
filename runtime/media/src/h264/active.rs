//! Which of a stream's parameter sets its pictures refer to.

use super::bits::{Bits, unescaped};
use super::nal;
use super::parameter_set::{Announced, MAX_ID};
use super::vui::Vui;

/// Numbers of picture parameter sets (§7.4.2.2).
const PICTURE_SETS: usize = 256;
/// The longest beginning of a slice header or picture parameter set that is read, bytes: three Exp-Golomb codes.
const BEGINNING: usize = 32;

/// How the pictures of a stream are meant, by the sequence parameter set that is active.
pub(super) struct ActiveSet {
    /// By number of the sequence parameter set.
    vuis: [Vui; MAX_ID as usize + 1],
    /// The number of the sequence parameter set that each picture parameter set refers to.
    sequences: [u8; PICTURE_SETS],
    active: u8,
}

impl Default for ActiveSet {
    fn default() -> Self {
        Self { vuis: Default::default(), sequences: [0; PICTURE_SETS], active: 0 }
    }
}

impl ActiveSet {
    /// Returns how the pictures are meant.
    pub(super) fn vui(&self) -> Vui {
        self.vuis[usize::from(self.active)]
    }

    /// Notes a sequence parameter set.
    pub(super) fn announce(&mut self, set: &Announced) {
        if let Some(vui) = self.vuis.get_mut(set.id as usize) {
            *vui = set.vui;
        }
    }

    /// Reads a picture parameter set or a slice. What cannot be read changes nothing.
    pub(super) fn read(&mut self, unit: &[u8]) {
        let bytes = unescaped(&unit[..unit.len().min(BEGINNING)]).unwrap_or_default();
        let mut bits = Bits::of(&bytes);
        match nal::kind(unit) {
            nal::PPS => {
                if let (Some(picture), Some(sequence @ ..=MAX_ID)) = (bits.exp_golomb(), bits.exp_golomb())
                    && let Some(refers) = self.sequences.get_mut(picture as usize)
                {
                    *refers = sequence as u8;
                }
            }
            nal::SLICE | nal::IDR => {
                // Behind the number of the first macroblock and the type of the slice (§7.3.3).
                if let (Some(_), Some(_), Some(picture)) = (bits.exp_golomb(), bits.exp_golomb(), bits.exp_golomb())
                    && let Some(sequence) = self.sequences.get(picture as usize)
                {
                    self.active = *sequence;
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use framebox_picture::{Matrix, Size};

    use super::*;

    /// A set of that number that names a matrix.
    fn set(id: u32, matrix: Matrix) -> Announced {
        let vui = Vui { matrix: Some(matrix), ..Vui::default() };
        Announced { id, coded: Size::new(16, 16), shown: Size::new(16, 16), references: 1, interlaced: false, vui }
    }

    #[test]
    fn the_set_that_slices_refer_to_counts() {
        let mut active = ActiveSet::default();
        assert_eq!(active.vui(), Vui::default());
        active.announce(&set(0, Matrix::Bt709));
        active.announce(&set(3, Matrix::Bt2020));
        assert_eq!(active.vui().matrix, Some(Matrix::Bt709), "the first, before anything is known");
        // Picture parameter set 0 refers to set 0, and 1 to 3.
        active.read(&[0x68, 0b1100_0000]);
        active.read(&[0x68, 0b010_00100]);
        // Slices: first macroblock 0, type 7, and a picture parameter set.
        active.read(&[0x65, 0b1_0001000, 0b010_00000]);
        assert_eq!(active.vui().matrix, Some(Matrix::Bt2020));
        active.read(&[0x41, 0b1_0001000, 0b1_0000000]);
        assert_eq!(active.vui().matrix, Some(Matrix::Bt709));
        active.announce(&set(0, Matrix::Bt601));
        assert_eq!(active.vui().matrix, Some(Matrix::Bt601));
    }

    #[test]
    fn what_cannot_be_read_changes_nothing() {
        let mut active = ActiveSet::default();
        active.announce(&set(0, Matrix::Bt709));
        // Cut off; too many zeros; a set that there cannot be; one that refers to such; invalid escapes.
        for unit in [
            &[][..],
            &[0x65],
            &[0x65, 0],
            &[0x65, 0, 0, 0, 0, 0],
            &[0x68, 0, 0, 1, 0xff],
            &[0x68, 0b1_0000010, 0b00100000],
        ] {
            active.read(unit);
            assert_eq!(active.vui().matrix, Some(Matrix::Bt709), "{unit:?}");
        }
    }
}

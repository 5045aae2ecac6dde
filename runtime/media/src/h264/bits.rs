//! Reads the bits of NAL units (ITU-T H.264 §7.2).

/// Removes emulation prevention bytes. Returns none for invalid sequences, which OpenH264 and the standard treat
/// differently.
pub(super) fn unescaped(unit: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(unit.len());
    let mut zeros = 0;
    for (at, &byte) in unit.iter().enumerate() {
        if zeros == 2 && byte <= 3 {
            if byte != 3 || unit.get(at + 1).is_some_and(|next| *next > 3) {
                return None;
            }
            zeros = 0;
            continue;
        }
        zeros = if byte == 0 { zeros + 1 } else { 0 };
        bytes.push(byte);
    }
    Some(bytes)
}

/// Reads bits, most significant first.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Bits<'a> {
    /// Reads from behind the header of a NAL unit without emulation prevention.
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 8 }
    }

    /// Reads `count` bits, at most 32.
    pub(super) fn take(&mut self, count: u32) -> Option<u32> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u32::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// Reads an Exp-Golomb code (§9.1) below 2³¹. Signed codes have the same length.
    pub(super) fn exp_golomb(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while self.take(1)? == 0 {
            zeros += 1;
            if zeros > 30 {
                return None;
            }
        }
        Some((1 << zeros) - 1 + self.take(zeros)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequences_that_are_treated_differently_are_invalid() {
        // The standard keeps these zeros, OpenH264 removes them.
        assert_eq!(unescaped(&[0x67, 0, 0, 3, 4]), None);
        assert_eq!(unescaped(&[0x67, 0, 0, 3, 1, 0, 0, 3]), Some(vec![0x67, 0, 0, 1, 0, 0]));
    }
}

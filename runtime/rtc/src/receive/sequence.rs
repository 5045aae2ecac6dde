//! RTP sequence numbers, which wrap at 65 536, as numbers that do not.

/// The number of a stream's first packet. There is room below it for packets that were sent before that one.
pub fn first(sequence: u16) -> u64 {
    (1 << 32) + u64::from(sequence)
}

/// The number with this sequence number that is nearest to the highest one so far.
pub fn unwrap(highest: u64, sequence: u16) -> u64 {
    highest.wrapping_add_signed(i64::from(sequence.wrapping_sub(highest as u16) as i16))
}

/// A number with this sequence number, far beyond the highest one: the first of a new numbering.
pub fn beyond(highest: u64, sequence: u16) -> u64 {
    ((highest + (1 << 17)) & !0xffff) + u64::from(sequence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_on_where_sequence_numbers_wrap() {
        let start = first(65_534);
        for (sequence, distance) in [(65_534, 0), (65_535, 1), (0, 2), (9, 11), (65_530, -4), (32_765, 32_767)] {
            let number = unwrap(start, sequence);
            assert_eq!(number, start.wrapping_add_signed(distance), "{sequence}");
            assert_eq!(number as u16, sequence);
        }
    }

    #[test]
    fn a_new_numbering_is_far_from_the_last_one() {
        for sequence in [0, 1, 30_000, 65_535] {
            let number = beyond(first(500), sequence);
            assert_eq!(number as u16, sequence);
            assert!(number > first(500) + 65_535);
        }
    }
}

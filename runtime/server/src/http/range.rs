//! Parts of a file that a request asks for (RFC 9110 §14).

/// What a request asks for of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All of it.
    Whole,
    /// The bytes from `begin` to before `end`; at least one.
    Part {
        /// The first byte.
        begin: u64,
        /// The byte after the last one.
        end: u64,
    },
    /// Nothing that there is.
    Nothing,
}

/// Reads the header `Range` of a request for a file of so many bytes. What is malformed, of another unit or of several parts is
/// ignored, as §14.2 allows.
pub fn wanted(range: &str, bytes: u64) -> Wanted {
    let Some((unit, set)) = range.split_once('=') else { return Wanted::Whole };
    let Some((first, last)) = set.trim().split_once('-').filter(|_| unit.trim().eq_ignore_ascii_case("bytes")) else {
        return Wanted::Whole;
    };
    let number = |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().unwrap_or(u64::MAX));
    match (first, last) {
        ("", "") => Wanted::Whole,
        ("", suffix) => match number(suffix) {
            None => Wanted::Whole,
            Some(0) => Wanted::Nothing,
            Some(_) if bytes == 0 => Wanted::Nothing,
            Some(suffix) => Wanted::Part { begin: bytes.saturating_sub(suffix), end: bytes },
        },
        (first, last) => {
            let last = if last.is_empty() { Some(u64::MAX) } else { number(last) };
            match (number(first), last) {
                (Some(first), Some(last)) if first > last => Wanted::Whole,
                (Some(first), Some(_)) if first >= bytes => Wanted::Nothing,
                (Some(first), Some(last)) => Wanted::Part { begin: first, end: last.saturating_add(1).min(bytes) },
                _ => Wanted::Whole,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_as_the_standard_says() {
        let part = |begin, end| Wanted::Part { begin, end };
        for (range, bytes, expected) in [
            ("bytes=0-499", 1000, part(0, 500)),
            ("bytes=500-", 1000, part(500, 1000)),
            ("bytes=-300", 1000, part(700, 1000)),
            ("bytes=-3000", 1000, part(0, 1000)),
            ("Bytes = 0-0", 1000, part(0, 1)),
            ("bytes=999-1000000", 1000, part(999, 1000)),
            ("bytes=0-99999999999999999999999", 1000, part(0, 1000)),
            ("bytes=1000-", 1000, Wanted::Nothing),
            ("bytes=99999999999999999999999-", 1000, Wanted::Nothing),
            ("bytes=-0", 1000, Wanted::Nothing),
            ("bytes=0-", 0, Wanted::Nothing),
            ("bytes=-1", 0, Wanted::Nothing),
            ("bytes=5-4", 1000, Wanted::Whole),
            ("bytes=0-1,5-6", 1000, Wanted::Whole),
            ("bytes=-", 1000, Wanted::Whole),
            ("bytes=+1-2", 1000, Wanted::Whole),
            ("bytes=a-b", 1000, Wanted::Whole),
            ("items=0-1", 1000, Wanted::Whole),
            ("", 1000, Wanted::Whole),
        ] {
            assert_eq!(wanted(range, bytes), expected, "{range:?} of {bytes}");
        }
    }
}

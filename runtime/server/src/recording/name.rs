//! Names of recordings: when they began, in UTC.

use std::fmt;
use std::time::{Duration, SystemTime};

/// What the names of all recordings end in.
const SUFFIX: &str = ".mp4";
/// What the names of recordings of what the camera sent end in.
const BEFORE: &str = ".before.mp4";
/// Where a time has colons, which not every file system allows.
const COLONS: [usize; 2] = [13, 16];

/// The name of a recording. Names sort by their times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileName {
    /// When it began; of both files of a pair the same, ms.
    pub begin: SystemTime,
    /// It has what the camera sent rather than what viewers saw.
    pub before: bool,
}

impl FileName {
    /// The name of a recording that begins at `begin`.
    pub fn new(begin: SystemTime, before: bool) -> Self {
        // To the millisecond.
        let since = begin.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let millis = u64::try_from(since.as_millis()).unwrap_or(u64::MAX).min(LATEST);
        Self { begin: SystemTime::UNIX_EPOCH + Duration::from_millis(millis), before }
    }

    /// Reads a name; none if no recording is called so.
    pub fn parse(name: &str) -> Option<Self> {
        let (stem, before) = match name.strip_suffix(BEFORE) {
            Some(stem) => (stem, true),
            None => (name.strip_suffix(SUFFIX)?, false),
        };
        let time: String = stem
            .char_indices()
            .map(|(at, char)| if COLONS.contains(&at) && char == '-' { ':' } else { char })
            .collect();
        let parsed = Self::new(humantime::parse_rfc3339(&time).ok()?, before);
        // There is one way to write it.
        (parsed.to_string() == name).then_some(parsed)
    }
}

/// The last millisecond of the year 9999.
const LATEST: u64 = 253_402_300_799_999;

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = humantime::format_rfc3339_millis(self.begin).to_string().replace(':', "-");
        f.write_str(&time)?;
        f.write_str(if self.before { BEFORE } else { SUFFIX })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_times_and_sort_by_them() {
        let at = |millis| SystemTime::UNIX_EPOCH + Duration::from_millis(millis);
        let name = FileName::new(at(1_793_707_200_123), false);
        assert_eq!(name.to_string(), "2026-11-03T12-00-00.123Z.mp4");
        let before = FileName { before: true, ..name };
        assert_eq!(before.to_string(), "2026-11-03T12-00-00.123Z.before.mp4");
        for name in [name, before, FileName::new(at(0), false), FileName::new(at(u64::MAX / 8), true)] {
            assert_eq!(FileName::parse(&name.to_string()), Some(name));
        }
        let later = FileName::new(at(1_793_707_200_124), false);
        assert!(name < later && name.to_string() < later.to_string());
    }

    #[test]
    fn nothing_else_is_the_name_of_a_recording() {
        for name in [
            "",
            ".mp4",
            "a.mp4",
            "../2026-11-03T12-00-00.123Z.mp4",
            "2026-11-03T12:00:00.123Z.mp4",
            "2026-11-03T12-00-00Z.mp4",
            "2026-11-03T12-00-00.123Z.MP4",
            "2026-11-03T12-00-00.123Z.before.before.mp4",
            "2026-11-03T12-00-00.1239Z.mp4",
            "2026-13-03T12-00-00.123Z.mp4",
            "2026-11-03T12-00-00.123Z.mp4/..",
            "2026-11-03T12-00-00.123Z.mp4\0",
        ] {
            assert_eq!(FileName::parse(name), None, "{name:?}");
        }
    }
}

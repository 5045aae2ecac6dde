//! What a peer says that it decodes: `profile-level-id` (RFC 6184 §8.1).

/// Profiles that are decoded: baseline, main and high. What is sent, constrained baseline, all of their decoders know.
const PROFILES: [u8; 3] = [66, 77, 100];
/// In the second byte: with profile baseline or main and level 1.1, the level is 1b.
const CONSTRAINT_3: u8 = 0x10;
/// Level 3.1, times ten. Browsers name it whatever they decode, so it is no bound.
const NO_BOUND: u8 = 31;

/// A profile and a level as three bytes in hexadecimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileLevel {
    profile: u8,
    constraints: u8,
    /// Times ten.
    level: u8,
}

impl ProfileLevel {
    /// Reads the value of `profile-level-id`; none when it is malformed.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != 6 || !text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let [_, profile, constraints, level] = u32::from_str_radix(text, 16).ok()?.to_be_bytes();
        Some(Self { profile, constraints, level })
    }

    /// Returns whether streams of the profile can be decoded, and decoders of it know what is sent.
    pub fn is_known(self) -> bool {
        PROFILES.contains(&self.profile)
    }

    /// Returns the largest picture of the level, macroblocks (ITU-T H.264, table A-1); none where the level is no bound.
    pub fn max_macroblocks(self) -> Option<u64> {
        match self.level {
            0..=10 => Some(99),
            11 if self.profile != 100 && self.constraints & CONSTRAINT_3 != 0 => Some(99),
            11..=20 => Some(396),
            21 => Some(792),
            22..NO_BOUND => Some(1620),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn profiles_and_levels_are_read() {
        for (text, known, macroblocks) in [
            ("42e01f", true, None),
            ("42001E", true, Some(1620)),
            ("4d0015", true, Some(792)),
            ("64000d", true, Some(396)),
            ("42f00b", true, Some(99)),
            ("64100b", true, Some(396)),
            ("42000a", true, Some(99)),
            ("640034", true, None),
            ("580014", false, Some(396)),
            ("7a001f", false, None),
            ("f4001f", false, None),
        ] {
            let read = ProfileLevel::parse(text).unwrap();
            assert_eq!((read.is_known(), read.max_macroblocks()), (known, macroblocks), "{text}");
        }
        for malformed in ["", "42e0", "42e01f0", "+2e01f", "42e01g"] {
            assert_eq!(ProfileLevel::parse(malformed), None, "{malformed}");
        }
    }
}

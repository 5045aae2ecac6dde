//! Words for programs, read from what a worker process writes. Only the words that this program itself uses are taken over:
//! they stand in tables and labels, which a process that was taken over must not fill.

use std::collections::BTreeMap;

use framebox_sandbox::CallError;
use serde::{Deserialize, Deserializer};

use crate::schedule::skip_reason::SkipReason;

/// Codes of notices that are neither failures of calls nor reasons to skip.
const NOTICES: [&str; 7] = ["backlog", "camera-too-large", "encode", "ladder", "over-budget", "parameter", "resting"];
/// Stands for every other word.
const OTHER: &str = "other";

/// A word of this program.
pub type Word = &'static str;

pub(crate) fn read<'de, D: Deserializer<'de>>(from: D) -> Result<&'static str, D::Error> {
    Ok(known(&String::deserialize(from)?))
}

pub(crate) fn read_optional<'de, D: Deserializer<'de>>(from: D) -> Result<Option<&'static str>, D::Error> {
    Ok(Option::<String>::deserialize(from)?.map(|word| known(&word)))
}

pub(crate) fn read_counts<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<&'static str, u64>, D::Error> {
    let counts = BTreeMap::<String, u64>::deserialize(from)?;
    Ok(counts.into_iter().map(|(word, count)| (known(&word), count)).collect())
}

fn known(word: &str) -> &'static str {
    let mut words = CallError::CODES.iter().chain(&NOTICES).copied().chain(SkipReason::ALL.map(SkipReason::as_str));
    words.find(|known| *known == word).unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_this_program_are_taken_over_and_no_others() {
        for word in ["trap", "bad-output", "over-budget", "contention", "parameter"] {
            assert_eq!(known(word), word);
        }
        for word in ["", "Trap", "anything else"] {
            assert_eq!(known(word), OTHER);
        }
    }
}

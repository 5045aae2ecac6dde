//! The policy of a session: which frames may be skipped, and what is shown for a frame without a result.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Which frames are skipped when the handler does not keep up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Skipping {
    /// One frame waits; a newer one takes its place.
    #[default]
    Latest,
    /// As `latest`, and the frames that are processed lie evenly apart.
    Adaptive,
    /// Every frame in order, for as long as the backlog is within its bounds.
    Never,
}

/// What is shown for a frame that has no result: skipped, failed, or not tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unprocessed {
    /// Nothing is sent: the last picture stands.
    #[default]
    Hold,
    /// The camera's own picture. It costs a copy and an encoding for each such frame.
    Passthrough,
}

/// The policy of a session. It can change while the session runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Policy {
    /// Which frames are skipped.
    #[serde(rename = "policy")]
    pub skipping: Skipping,
    /// What is shown instead.
    pub unprocessed: Unprocessed,
}

/// A word that is not the name of a policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be one of {allowed}")]
pub struct UnknownPolicyError {
    allowed: &'static str,
}

impl Skipping {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latest => "latest",
            Self::Adaptive => "adaptive",
            Self::Never => "never",
        }
    }
}

impl Unprocessed {
    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::Passthrough => "passthrough",
        }
    }
}

impl FromStr for Skipping {
    type Err = UnknownPolicyError;

    fn from_str(word: &str) -> Result<Self, UnknownPolicyError> {
        let all = [Self::Latest, Self::Adaptive, Self::Never];
        let known = all.into_iter().find(|policy| policy.as_str() == word);
        known.ok_or(UnknownPolicyError { allowed: "latest, adaptive, never" })
    }
}

impl FromStr for Unprocessed {
    type Err = UnknownPolicyError;

    fn from_str(word: &str) -> Result<Self, UnknownPolicyError> {
        let all = [Self::Hold, Self::Passthrough];
        all.into_iter()
            .find(|choice| choice.as_str() == word)
            .ok_or(UnknownPolicyError { allowed: "hold, passthrough" })
    }
}

impl fmt::Display for Skipping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Unprocessed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_json_agree() {
        for word in ["latest", "adaptive", "never"] {
            let policy: Skipping = word.parse().unwrap();
            assert_eq!((policy.to_string().as_str(), serde_json::json!(policy)), (word, serde_json::json!(word)));
        }
        for word in ["hold", "passthrough"] {
            let choice: Unprocessed = word.parse().unwrap();
            assert_eq!((choice.to_string().as_str(), serde_json::json!(choice)), (word, serde_json::json!(word)));
        }
        let unknown = "always".parse::<Skipping>().unwrap_err();
        assert_eq!(unknown.to_string(), "must be one of latest, adaptive, never");
        assert!("".parse::<Unprocessed>().is_err());
        let policy = Policy { skipping: Skipping::Never, unprocessed: Unprocessed::Hold };
        assert_eq!(serde_json::json!(policy), serde_json::json!({ "policy": "never", "unprocessed": "hold" }));
    }
}

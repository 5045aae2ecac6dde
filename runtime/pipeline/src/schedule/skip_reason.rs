//! Why a frame was skipped.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a frame was skipped: it never reached the handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum SkipReason {
    /// The handler was still busy with an earlier frame when a newer one arrived.
    Busy,
    /// Left out so that results come at even intervals.
    Pacing,
    /// The session used up its budget for the second, or degradation made it skip more.
    OverBudget,
    /// It was the oldest of a backlog that reached its bounds.
    Backlog,
    /// The handler rests after repeated faults.
    Resting,
    /// The node is over its capacity and this session over its share of it.
    Contention,
}

impl SkipReason {
    /// All reasons.
    pub const ALL: [Self; 6] =
        [Self::Busy, Self::Pacing, Self::OverBudget, Self::Backlog, Self::Resting, Self::Contention];

    /// Returns its name, as it is serialized.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Pacing => "pacing",
            Self::OverBudget => "over-budget",
            Self::Backlog => "backlog",
            Self::Resting => "resting",
            Self::Contention => "contention",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_what_is_serialised() {
        for reason in SkipReason::ALL {
            assert_eq!(serde_json::json!(reason), serde_json::json!(reason.as_str()));
        }
    }
}

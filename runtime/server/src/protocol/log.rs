//! Lines of a handler's log, as the data channel and HTTP send them.

use framebox_sandbox::Level;
use serde::Serialize;
use utoipa::ToSchema;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogLevel {
    /// For the author, while looking for a fault.
    Debug,
    /// What happens; also the handler's standard output.
    Info,
    /// What should not happen; also the handler's standard error.
    Warn,
    /// What went wrong.
    Error,
}

impl LogLevel {
    /// Returns the level's name, as it is serialized.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

impl From<Level> for LogLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Debug => Self::Debug,
            Level::Info => Self::Info,
            Level::Warn => Self::Warn,
            Level::Error => Self::Error,
        }
    }
}

/// One line of a handler's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct LogLine {
    /// Number of the line in its session, from 1.
    pub n: u64,
    /// Time since the session began, ms.
    pub at_ms: u64,
    /// How much it matters.
    pub level: LogLevel,
    /// The text, without control characters.
    pub message: String,
}

/// The kept lines of a session's log.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Log)]
pub struct LogExcerpt {
    /// The lines, in order.
    pub lines: Vec<LogLine>,
    /// Number of lines that were asked for and are no longer kept.
    pub dropped: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_json_agree() {
        for level in [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error] {
            assert_eq!(serde_json::json!(level), serde_json::json!(level.as_str()));
        }
    }
}

//! What the server sends.
//!
//! The types `log`, `warning`, `error`, `send_input`, `fetch_output` and `end_stream` are those of FastRTC, so that pages
//! written for it understand them. Its clients disagree on which member of a notice to read: `message` and `data` both
//! carry the text.

use framebox_catalog::Summary;
use framebox_pipeline::Policy;
use framebox_pipeline::session::history::Row;
use framebox_pipeline::session::parameters::Applied;
use framebox_pipeline::{Notice, Severity};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::log::{LogLevel, LogLine};
use super::session::SessionReport;
use super::values::{Batch, StampedValues};

/// A message to the client.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Message<'a> {
    /// A line of the handler's log, or the answer to FastRTC's handshake.
    Log(LogMessage<'a>),
    /// Invites a client of FastRTC to post its inputs.
    SendInput {
        /// Empty.
        data: [(); 0],
    },
    /// Invites a client of FastRTC to fetch the outputs.
    FetchOutput {
        /// Empty.
        data: [(); 0],
    },
    /// Describes the session.
    Session {
        /// The description.
        data: SessionIntroduction<'a>,
    },
    /// Another version of the handler has taken over.
    Swapped(HandlerMessage<'a>),
    /// Reports the build of the handler's next version.
    Build {
        /// Where it stands.
        state: BuildState,
        /// What the compiler said.
        message: &'a str,
    },
    /// Statistics of the session.
    Stats {
        /// The statistics.
        data: Box<SessionReport>,
        /// A row for each frame since the last statistics, for clients that asked for them.
        #[serde(skip_serializing_if = "Option::is_none")]
        frames: Option<Vec<Row>>,
    },
    /// The policy in force.
    Policy {
        /// The policy.
        #[serde(flatten)]
        policy: Policy,
        /// The request that this answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<u64>,
    },
    /// The parameters in force.
    Parameters {
        /// All values, by id.
        parameters: &'a Map<String, Value>,
        /// The first frame to which they apply.
        sequence: u64,
        /// The request that this answers.
        #[serde(skip_serializing_if = "Option::is_none")]
        request: Option<u64>,
    },
    /// The values of one frame.
    Values(StampedValues<'a>),
    /// The session continues.
    Warning(NoticeMessage<'a>),
    /// A request failed, or the session is over.
    Error(NoticeMessage<'a>),
    /// The session is over.
    EndStream {
        /// Why.
        data: &'a str,
    },
}

/// A text for the log of the page.
#[derive(Debug, Serialize)]
pub struct LogMessage<'a> {
    data: &'a str,
    #[serde(flatten)]
    line: Option<LineMeta>,
}

/// What a line of a handler's log carries beside its text.
#[derive(Debug, Serialize)]
struct LineMeta {
    level: LogLevel,
    n: u64,
    at_ms: u64,
}

/// The session, its handler and its parameters.
#[derive(Debug, Serialize)]
pub struct SessionIntroduction<'a> {
    /// The client's `webrtc_id`.
    pub id: &'a str,
    /// The handler's active version.
    pub handler: Summary<'a>,
    /// All values, by id.
    pub parameters: Map<String, Value>,
}

/// The version that took over.
#[derive(Debug, Serialize)]
pub struct HandlerMessage<'a> {
    /// The handler, described by the version that took over.
    pub handler: Summary<'a>,
    /// All values, by id.
    pub parameters: Map<String, Value>,
    /// Number of the version before.
    pub from: u64,
    /// Number of the version that took over.
    pub version: u64,
    /// The first frame of the version that took over.
    pub sequence: u64,
}

/// Where the build of a version stands.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum BuildState {
    /// It runs.
    Running,
    /// It failed; the message says why.
    Failed,
    /// The version is uploaded.
    Done,
}

/// A warning or an error.
#[derive(Debug, Serialize)]
pub struct NoticeMessage<'a> {
    message: &'a str,
    data: &'a str,
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<u64>,
}

impl<'a> Message<'a> {
    /// Answers [`super::Request::Handshake`] as FastRTC does.
    pub fn handshake() -> Self {
        Self::Log(LogMessage { data: "Server received: handshake", line: None })
    }

    /// Invites a client of FastRTC to post its inputs.
    pub fn send_input() -> Self {
        Self::SendInput { data: [] }
    }

    /// Invites a client of FastRTC to fetch the outputs.
    pub fn fetch_output() -> Self {
        Self::FetchOutput { data: [] }
    }

    /// Sends a line of the handler's log.
    pub fn log(line: &'a LogLine) -> Self {
        let LogLine { n, at_ms, level, message } = line;
        Self::Log(LogMessage { data: message, line: Some(LineMeta { level: *level, n: *n, at_ms: *at_ms }) })
    }

    /// Sends the policy in force, as an answer to the client's `request` if there is one.
    pub fn policy(policy: Policy, request: Option<u64>) -> Self {
        Self::Policy { policy, request }
    }

    /// Sends the parameters in force, as an answer to the client's `request` if there is one.
    pub fn applied(applied: &'a Applied, request: Option<u64>) -> Self {
        let Applied { parameters, sequence, .. } = applied;
        Self::Parameters { parameters, sequence: *sequence, request }
    }

    /// Sends the values of one frame.
    pub fn values(batch: &'a Batch) -> Self {
        Self::Values(batch.stamped())
    }

    /// Sends a warning or an error.
    pub fn notice(notice: &'a Notice) -> Self {
        let Notice { severity, code, message, request } = notice;
        let body = NoticeMessage { message, data: message, code, request: *request };
        match severity {
            Severity::Warning => Self::Warning(body),
            Severity::Error => Self::Error(body),
        }
    }

    /// Returns the text that is sent.
    pub fn to_text(&self) -> String {
        // Only maps with keys that are not text cannot be written; no message has one.
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use framebox_pipeline::{Skipping, Unprocessed};
    use framebox_sandbox::{Json, MemoryAccount, OutputValue};
    use serde_json::json;

    use super::*;

    fn sent(message: &Message<'_>) -> Value {
        serde_json::from_str(&message.to_text()).unwrap()
    }

    #[test]
    fn messages_have_the_agreed_form() {
        let applied = Applied { parameters: Map::new(), sequence: 3, requests: vec![] };
        let line = LogLine { n: 1, at_ms: 20, level: LogLevel::Warn, message: "late".into() };
        let policy = Policy { skipping: Skipping::Never, unprocessed: Unprocessed::Hold };
        let notice = |severity, request| Notice { severity, code: "trap", message: "it fell".into(), request };
        let (warning, error) = (notice(Severity::Warning, None), notice(Severity::Error, Some(4)));
        let blob = framebox_sandbox::Value::Blob { media_type: "image/png".into(), data: vec![1, 2, 3] };
        let json = Json::encode(&blob, &MemoryAccount::unlimited()).unwrap();
        let batch = Batch::new(7, 8, &[OutputValue { id: "shot".into(), json }]);
        let shot = json!({ "media_type": "image/png", "data": "AQID" });
        for (message, expected) in [
            (Message::handshake(), json!({ "type": "log", "data": "Server received: handshake" })),
            (Message::send_input(), json!({ "type": "send_input", "data": [] })),
            (Message::fetch_output(), json!({ "type": "fetch_output", "data": [] })),
            (Message::log(&line), json!({ "type": "log", "data": "late", "level": "warn", "n": 1, "at_ms": 20 })),
            (
                Message::Build { state: BuildState::Failed, message: "no" },
                json!({ "type": "build", "state": "failed", "message": "no" }),
            ),
            (Message::policy(policy, None), json!({ "type": "policy", "policy": "never", "unprocessed": "hold" })),
            (
                Message::policy(policy, Some(2)),
                json!({ "type": "policy", "policy": "never", "unprocessed": "hold", "request": 2 }),
            ),
            (Message::applied(&applied, None), json!({ "type": "parameters", "parameters": {}, "sequence": 3 })),
            (
                Message::applied(&applied, Some(5)),
                json!({ "type": "parameters", "parameters": {}, "sequence": 3, "request": 5 }),
            ),
            (
                Message::values(&batch),
                json!({ "type": "values", "sequence": 7, "pts_us": 8, "values": { "shot": shot } }),
            ),
            (
                Message::notice(&warning),
                json!({ "type": "warning", "message": "it fell", "data": "it fell", "code": "trap" }),
            ),
            (
                Message::notice(&error),
                json!({ "type": "error", "message": "it fell", "data": "it fell", "code": "trap", "request": 4 }),
            ),
            (Message::EndStream { data: "enough" }, json!({ "type": "end_stream", "data": "enough" })),
        ] {
            assert_eq!(sent(&message), expected);
        }
    }
}

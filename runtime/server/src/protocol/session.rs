//! A session as the data channel and HTTP show it.

use framebox_pipeline::session::stats::Stats;
use framebox_sandbox::{Digest, Limits};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// State of a session's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = SessionState)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// The peer has not connected yet.
    Connecting,
    /// The peer is connected.
    Live,
    /// Nothing arrives from the peer at the moment. The session goes on if it comes back in time.
    Disconnected,
    /// The session is over; what it held is being freed. Its slot and its id are in use until then.
    #[serde(rename = "ending")]
    Ended,
}

/// A session in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionSummary {
    /// The client's `webrtc_id`.
    pub id: String,
    /// Name of the handler.
    pub handler: String,
    /// State of the connection.
    pub state: Phase,
    /// Time since the offer was answered, ms.
    pub age_ms: u64,
}

/// A session with its statistics. Members may be added.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub struct SessionReport {
    /// The session.
    #[serde(flatten)]
    pub summary: SessionSummary,
    /// Digest of the component that runs.
    pub digest: Digest,
    /// Version of the handler that runs.
    pub version: u64,
    /// Name of the video codec of the session's client; null of a stream's session, whose viewers have one each.
    pub codec: Option<&'static str>,
    /// What one call of the handler may use.
    pub budget: CallBudget,
    /// What the pipeline reports.
    #[serde(flatten)]
    pub running: Running,
}

/// What the pipeline reports of a running session.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[schema(as = RunningSession)]
pub struct Running {
    /// Statistics of the frames.
    #[serde(flatten)]
    pub stats: Stats,
    /// Bit rate of the encoder, bit/s.
    pub bitrate_bps: u32,
    /// Rate of a generator, frames a second; null for other handlers.
    pub fps: Option<f32>,
    /// Values of all parameters, by id.
    pub parameters: Map<String, Value>,
}

/// What one call of the handler may use.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Budget)]
pub struct CallBudget {
    /// Time, ms.
    pub call_ms: f64,
    /// Fuel.
    pub call_fuel: u64,
    /// Linear memory of the instance, bytes.
    pub memory_bytes: u64,
}

impl From<&Limits> for CallBudget {
    fn from(limits: &Limits) -> Self {
        Self {
            call_ms: limits.call.time.as_secs_f64() * 1e3,
            call_fuel: limits.call.fuel,
            memory_bytes: limits.memory as u64,
        }
    }
}

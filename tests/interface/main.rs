//! The whole interface of a handler through live sessions: parameters by each way, additional outputs, the log, and what
//! FastRTC's clients are told.
//!
//! | module | what it holds |
//! |---|---|
//! | `parameters` | each kind, good and wrong, over the channel, PATCH and FastRTC's input hook |
//! | `outputs` | server-sent events, a slow reader, and handlers that put too much |
//! | `log` | what a handler says, during its session and after |
//! | `policies` | which frames are skipped, what became of each, and what a machine refuses |
//! | `modes` | generators, observers and transforms side by side |

#![allow(clippy::unwrap_used)]

mod log;
mod modes;
mod outputs;
mod parameters;
mod policies;
#[path = "../support/mod.rs"]
mod support;

use serde_json::Value;
use support::client::{Client, LIMIT};
use support::server::Server;

/// A session that processes pictures.
async fn live(server: &Server, id: &str) -> Value {
    let works = |session: &Value| session["frames"]["processed"].as_u64() > Some(5);
    server.wait_for_session(id, "processes pictures", LIMIT, works).await
}

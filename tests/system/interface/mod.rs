//! The interface of a handler through live sessions: parameters over each route, additional outputs, the log, and the
//! messages for FastRTC's clients.
//!
//! | module | what it holds |
//! |---|---|
//! | `parameters` | each kind, valid and invalid, over the data channel, PATCH and FastRTC's input hook |
//! | `outputs` | server-sent events, a slow reader, and values that are too large |
//! | `log` | the log of a handler, during its session and after |
//! | `policies` | skipping policies, the outcome of each frame, and admission |
//! | `modes` | generators, observers and transforms side by side |

mod log;
mod modes;
mod outputs;
mod parameters;
mod policies;

use framebox_test_support::client::Client;
use framebox_test_support::server::Server;
use serde_json::Value;

/// Waits until a session processes pictures; returns it.
async fn live(server: &Server, id: &str) -> Value {
    let works = |session: &Value| session["frames"]["processed"].as_u64() > Some(5);
    server.wait_for_session(id, "processes pictures", works).await
}

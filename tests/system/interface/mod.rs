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

mod log;
mod modes;
mod outputs;
mod parameters;
mod policies;

use framebox_test_support::client::Client;
use framebox_test_support::server::Server;
use serde_json::Value;

/// A session that processes pictures.
async fn live(server: &Server, id: &str) -> Value {
    let works = |session: &Value| session["frames"]["processed"].as_u64() > Some(5);
    server.wait_for_session(id, "processes pictures", works).await
}

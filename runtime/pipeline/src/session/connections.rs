//! What a session is connected to.

use std::sync::Arc;

use crate::session::events::SessionEvents;
use crate::session::upstream::Upstream;

/// What a session is connected to beside the viewers of its [stream](crate::stream::Stream).
#[derive(Clone)]
pub struct Connections {
    /// Sends the input.
    pub upstream: Arc<dyn Upstream>,
    /// Receives values, notices and the end.
    pub events: Arc<dyn SessionEvents>,
}

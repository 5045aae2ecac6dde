//! Keeps a source delivering to a stream's session.

use std::sync::Arc;

use super::registry::Context;
use super::stream::Stream;
use crate::config::SourceInput;
use crate::sessions::ActiveSession;

/// Feeds a session until it is dropped.
pub(super) struct Feeding;

impl Feeding {
    pub(super) fn start(
        _stream: &Arc<Stream>,
        _active: &Arc<ActiveSession>,
        _input: &SourceInput,
        _context: &Arc<Context>,
    ) -> Self {
        Self
    }
}

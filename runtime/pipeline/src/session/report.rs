//! Books what a rendition does with a session's pictures.

use std::sync::Arc;
use std::time::Instant;

use crate::session::events::SessionEvents;
use crate::session::exchange::Exchange;
use crate::session::notice::{Notice, Severity};
use crate::session::panic_guard;
use crate::stream::{Encoding, Report};

/// Between a rendition and its session.
pub(crate) struct SessionReport {
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) events: Arc<dyn SessionEvents>,
}

impl Report for SessionReport {
    fn room(&self) {
        self.exchange.wake_for_outside();
    }

    fn done(&self, encoding: Encoding) {
        self.exchange.recorder().encoded(Instant::now(), &encoding);
    }

    fn failed(&self, error: &framebox_media::Error) {
        let message = format!("the picture could not be encoded: {error}");
        self.events.notice(Notice { severity: Severity::Warning, code: "encode", message, request: None });
    }

    fn panicked(&self) {
        tracing::error!("encoding panicked: the session ends");
        self.exchange.fail(panic_guard::REASON);
    }
}

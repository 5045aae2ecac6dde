//! Parameters that change between two frames.

use framebox_sandbox::NamedValue;

use super::Handler;
use crate::session::notice::Severity;
use crate::session::parameters::Changes;

impl Handler<'_> {
    /// Hands changed parameters to the instance; those that it takes hold from the next frame on.
    pub(super) fn configure(&mut self, changes: Changes) {
        let result = match &mut self.version.instance {
            Some(instance) => instance.configure(&changes.values),
            // A fresh instance is given everything at its start.
            None => Ok(()),
        };
        match result {
            Ok(()) => {
                let mut state = self.exchange.lock();
                let sequence = state.next_sequence();
                let applied = state.version.parameters.applied(changes, sequence);
                drop(state);
                self.connections.events.applied(applied);
            }
            Err(failure) => {
                let ids: Vec<_> = changes.values.iter().map(|NamedValue { id, .. }| id.as_str()).collect();
                let message = format!("the handler did not take {}: {failure}", ids.join(", "));
                if changes.requests.is_empty() {
                    self.notice(Severity::Warning, failure.code(), message.clone(), None);
                }
                for request in changes.requests {
                    self.notice(Severity::Warning, failure.code(), message.clone(), Some(request));
                }
                let cause = self.version.cause(&failure, None);
                self.discard_after(&failure, cause);
            }
        }
    }
}

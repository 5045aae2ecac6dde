//! What the owner of a session watches.

use crate::protocol::Subscription;
use crate::sessions::lifecycle::Lifecycle;

/// What the owner of a session watches.
#[derive(Clone, Debug)]
pub struct Watched {
    /// State of the connection.
    pub life: Lifecycle,
    /// The data channel was opened: what has waited for that is on its way.
    pub open: bool,
    /// The pipeline runs.
    pub started: bool,
    /// The pipeline ended, for that reason.
    pub ended: Option<String>,
    /// What the client subscribed to.
    pub wanted: Option<Subscription>,
    /// How often the client asked what the session is.
    pub introductions: u64,
}

impl Watched {
    pub(super) fn new(life: Lifecycle) -> Self {
        Self { life, open: false, started: false, ended: None, wanted: None, introductions: 0 }
    }
}

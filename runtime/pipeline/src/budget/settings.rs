//! The budgets of a session beyond a single call.

use serde::{Deserialize, Serialize};

use super::{breaker, degradation};
use crate::budget::degradation::Allowance;
use crate::schedule::gate::Backlog;

/// Settings of a session. Bounds for a single call and for memory are in [`framebox_sandbox::Limits`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Budgets {
    /// Fuel a second. A session without any left skips frames until it has some again.
    pub fuel_per_second: Option<u64>,
    /// CPU time of the handler's thread a second, encoding included, ms. The same holds for it.
    pub ms_per_second: Option<u32>,
    /// Degradation of a session that would use more for a longer time.
    pub degradation: degradation::Settings,
    /// Rests of a handler that keeps failing.
    pub breaker: breaker::Settings,
    /// Frames that may wait under the policy `never`.
    pub backlog: Backlog,
}

impl Budgets {
    pub(crate) fn allowance(&self) -> Allowance {
        Allowance { fuel: self.fuel_per_second, ms: self.ms_per_second.map(f64::from) }
    }
}

//! What the operator says of handlers: limits, policies, and the components that the configuration names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use framebox_pipeline::Budgets;
use framebox_pipeline::budget::{breaker, degradation};
use framebox_pipeline::{Policy, Skipping, Unprocessed};
use framebox_sandbox::Limits;

use crate::compile;
use crate::limits::Table;

/// Largest component by default, bytes.
const LARGEST: usize = 32 << 20;

/// What holds for handlers unless an upload asks for less.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Limits of handlers of which nothing else is said.
    pub limits: Table,
    /// What no handler may use more of.
    pub bounds: Table,
    /// What is done about sessions that cost too much.
    pub degradation: degradation::Settings,
    /// When failing handlers are paused.
    pub breaker: breaker::Settings,
    /// Which frames are skipped, and what is shown instead.
    pub policy: Policy,
    /// Handlers of which the operator says something, by name.
    pub handlers: BTreeMap<String, Handler>,
    /// The handler of an offer that names none; `None`: `invert`.
    pub default_handler: Option<String>,
    /// Largest component that can be uploaded, bytes.
    pub largest: usize,
    /// What compiling an upload may take.
    pub compile: compile::Limits,
    /// The `framebox` program, which compiles uploads; `None`: the one that runs.
    pub program: Option<PathBuf>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            limits: Table::default(),
            bounds: Table::default(),
            degradation: degradation::Settings::default(),
            breaker: breaker::Settings::default(),
            policy: Policy::default(),
            handlers: BTreeMap::new(),
            default_handler: None,
            largest: LARGEST,
            compile: compile::Limits::default(),
            program: None,
        }
    }
}

/// What the operator says of one handler.
#[derive(Clone, Debug, Default)]
pub struct Handler {
    /// The component's file; `None` for a built-in or an uploaded handler.
    pub component: Option<PathBuf>,
    /// Its limits, where they differ from those of all.
    pub limits: Table,
    /// Which frames are skipped, where that differs.
    pub skipping: Option<Skipping>,
    /// What is shown for a frame without a result, where that differs.
    pub unprocessed: Option<Unprocessed>,
}

impl Defaults {
    /// Limits of a call of the handler `name`, whose upload requested `requested`.
    pub fn limits(&self, name: &str, requested: &Table) -> Limits {
        self.table(name, requested).limits()
    }

    /// Checks that what an upload requests is within the bounds.
    ///
    /// # Errors
    /// Names the limit that is not.
    pub fn check_requested(&self, requested: &Table) -> anyhow::Result<()> {
        let bounds = self.bounds.bounds()?;
        requested.over(self.limits.usual(bounds)?, bounds, "limits").map(drop)
    }

    /// Budgets of a session of the handler `name`.
    pub fn budgets(&self, name: &str, requested: &Table) -> Budgets {
        let (fuel_per_second, ms_per_second) = self.table(name, requested).per_second();
        let (degradation, breaker) = (self.degradation.clone(), self.breaker);
        Budgets { fuel_per_second, ms_per_second, degradation, breaker, ..Budgets::default() }
    }

    /// The policy of sessions of the handler `name` whose offer names none.
    pub fn policy(&self, name: &str) -> Policy {
        let own = self.handlers.get(name);
        Policy {
            skipping: own.and_then(|handler| handler.skipping).unwrap_or(self.policy.skipping),
            unprocessed: own.and_then(|handler| handler.unprocessed).unwrap_or(self.policy.unprocessed),
        }
    }

    /// The most memory that an instance of any handler may have, bytes, including handlers that are not uploaded yet.
    pub fn most_memory(&self) -> usize {
        self.bounds.bounds().unwrap_or_default().limits().memory
    }

    /// The operator's word on the handler takes precedence over what its upload requested, and that over the general limits.
    fn table(&self, name: &str, requested: &Table) -> Table {
        let bounds = self.bounds.bounds().unwrap_or_default();
        let usual = self.limits.usual(bounds).unwrap_or_default();
        let own = self.handlers.get(name).map(|handler| handler.limits).unwrap_or_default();
        let wanted = own.or(*requested).over(usual, bounds, "limits");
        // The bounds may be narrower than when it was uploaded.
        wanted.or_else(|_| own.over(usual, bounds, "limits")).unwrap_or(usual)
    }
}

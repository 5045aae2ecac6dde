//! What the operator configures: limits, and the components that the configuration names.

use std::collections::BTreeMap;
use std::path::PathBuf;

use framebox_sandbox::CompileLimits;

use crate::compile;
use crate::limits::{self, Table};

/// Largest component unless configured, bytes.
const LARGEST: usize = 32 << 20;

/// Settings that apply to every handler, and those of single handlers.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// Limits of handlers without limits of their own.
    pub limits: Table,
    /// The most that any handler may be given.
    pub bounds: Table,
    /// Handlers that the configuration names.
    pub handlers: BTreeMap<String, Handler>,
    /// The handler of an offer that names none; `None`: `invert`.
    pub default_handler: Option<String>,
    /// Largest component that can be uploaded, bytes.
    pub largest: usize,
    /// What compiling an upload may take.
    pub compile: compile::Limits,
    /// The `framebox` program, which compiles uploads; `None`: the running one.
    pub program: Option<PathBuf>,
}

impl Default for Defaults {
    fn default() -> Self {
        Self {
            limits: Table::default(),
            bounds: Table::default(),
            handlers: BTreeMap::new(),
            default_handler: None,
            largest: LARGEST,
            compile: compile::Limits::default(),
            program: None,
        }
    }
}

/// Settings of one handler.
#[derive(Clone, Debug, Default)]
pub struct Handler {
    /// The component's file; `None` for a built-in or an uploaded handler.
    pub component: Option<PathBuf>,
    /// Its limits, where they differ from those of all handlers.
    pub limits: Table,
}

impl Defaults {
    /// Checks that the limits an upload requests are within the bounds.
    ///
    /// # Errors
    /// Names the limit that is not.
    pub fn check_requested(&self, requested: &Table) -> Result<(), limits::Error> {
        let bounds = self.bounds.bounds()?;
        requested.resolve(self.limits.with_defaults(bounds)?, bounds, "limits").map(drop)
    }

    /// Returns the limits that apply to the handler `name` when its upload requested `requested`.
    ///
    /// The operator's limits for the handler take precedence over the requested ones, and these over the general limits.
    pub fn effective(&self, name: &str, requested: &Table) -> Table {
        let bounds = self.bounds.bounds().unwrap_or_default();
        let general = self.limits.with_defaults(bounds).unwrap_or_default();
        let own = self.handlers.get(name).map(|handler| handler.limits).unwrap_or_default();
        let resolved = own.or(*requested).resolve(general, bounds, "limits");
        // The bounds may be narrower than they were at the upload.
        resolved.or_else(|_| own.resolve(general, bounds, "limits")).unwrap_or(general)
    }

    /// Returns the limits on an uploaded component before and while it is compiled.
    pub fn compile_limits(&self) -> CompileLimits {
        CompileLimits { bytes: self.largest, ..CompileLimits::default() }
    }

    /// Creates the worker that compiles uploads.
    pub fn worker(&self) -> compile::Worker {
        // The running program, even if its file was replaced.
        let program = self.program.clone().unwrap_or_else(|| PathBuf::from("/proc/self/exe"));
        compile::Worker::new(program, self.compile.clone())
    }

    /// The most memory of an instance of any handler, bytes, including handlers that are not uploaded yet.
    pub fn most_memory(&self) -> usize {
        self.bounds.bounds().unwrap_or_default().limits().memory
    }
}

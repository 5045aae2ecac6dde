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
    /// Checks that the limits an upload requests are within the bounds: the operator's `[bounds]`, else his `[limits]`.
    ///
    /// # Errors
    /// Names the limit that is not.
    pub fn check_requested(&self, requested: &Table) -> Result<(), limits::Error> {
        let general = self.limits.with_defaults(self.bounds.bounds()?)?;
        requested.resolve(general, self.bounds.upload_bounds(general), "limits").map(drop)
    }

    /// Returns the limits that apply to the handler `name` when its upload requested `requested`.
    ///
    /// The operator's limits for the handler take precedence over the requested ones, and these over the general limits.
    pub fn effective(&self, name: &str, requested: &Table) -> Table {
        let bounds = self.bounds.bounds().unwrap_or_default();
        let general = self.limits.with_defaults(bounds).unwrap_or_default();
        let own = self.handlers.get(name).map(|handler| handler.limits).unwrap_or_default();
        // The bounds may be narrower than they were at the upload.
        let requested = requested.clamped(self.bounds.upload_bounds(general));
        let resolved = own.or(requested).resolve(general, bounds, "limits");
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
        let bounds = self.bounds.bounds().unwrap_or_default();
        let general = self.limits.with_defaults(bounds).unwrap_or_default();
        let uploaded = self.bounds.upload_bounds(general).memory_mib;
        let own = self.handlers.values().filter_map(|handler| handler.limits.memory_mib).max();
        let memory_mib = uploaded.max(general.memory_mib).max(own);
        Table { memory_mib, ..Table::default() }.limits().memory
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(limits: &str, bounds: &str, own: &str) -> Defaults {
        let table = |text: &str| toml::from_str::<Table>(text).unwrap();
        let handlers = [("mine".to_owned(), Handler { limits: table(own), ..Handler::default() })].into();
        Defaults { limits: table(limits), bounds: table(bounds), handlers, ..Defaults::default() }
    }

    #[test]
    fn an_upload_only_lowers_the_operators_limits() {
        let requested = |text: &str| toml::from_str::<Table>(text).unwrap();
        let plain = defaults("call_ms = 100", "", "");
        let error = plain.check_requested(&requested("call_ms = 10000")).unwrap_err().to_string();
        assert!(error.contains("limits.call_ms is 10000: at most 100 are allowed; bounds.call_ms"), "{error}");
        assert!(plain.check_requested(&requested("memory_mib = 1024")).is_err());
        assert_eq!(plain.check_requested(&requested("call_ms = 99\nmemory_mib = 1")), Ok(()));
        let old = plain.effective("mine", &requested("call_ms = 10000\nmemory_mib = 16"));
        assert_eq!(
            (old.call_ms, old.memory_mib),
            (Some(100), Some(16)),
            "also one from before the limits were lowered"
        );
    }

    #[test]
    fn the_operators_own_word_counts() {
        let generous = defaults("call_ms = 100", "call_ms = 2000", "");
        let request = Table { call_ms: Some(2000), ..Table::default() };
        assert_eq!(generous.check_requested(&request), Ok(()));
        assert_eq!(generous.effective("mine", &request).call_ms, Some(2000));
        let own = defaults("call_ms = 100", "", "call_ms = 5000\nmemory_mib = 512");
        assert_eq!(own.effective("mine", &Table::default()).call_ms, Some(5000));
        assert_eq!(own.effective("mine", &request).call_ms, Some(5000));
        assert_eq!(own.effective("other", &request).call_ms, Some(100));
        assert_eq!((own.most_memory(), generous.most_memory()), (512 << 20, 128 << 20));
    }
}

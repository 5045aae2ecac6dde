//! How sessions follow the versions of their handler.

use std::sync::Arc;

use framebox_sandbox::{Component, Limits};

use super::component_cache::Slot;
use super::version::{Version, VersionGuard};

/// Why a session runs the version that it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    /// It follows the active version.
    Active,
    /// It runs the canary.
    Canary,
    /// It asked for this version.
    Pinned,
}

/// The versions of a handler that new sessions get.
#[derive(Clone, Debug)]
pub struct Selection {
    /// The active version.
    pub active: Arc<Version>,
    /// Number of the canary.
    pub canary: Option<u64>,
}

impl Selection {
    /// Returns the binding with which a session that runs `current` moves to the active version; `None` when it stays.
    pub fn rebind(&self, current: &LoadedVersion) -> Option<Binding> {
        let is_canary = self.canary == Some(current.version().number);
        match current.binding {
            Binding::Pinned => None,
            Binding::Canary if is_canary => None,
            Binding::Canary | Binding::Active => Some(Binding::Active),
        }
    }
}

/// A version that is loaded and in use. Clones share everything.
#[derive(Clone)]
pub struct LoadedVersion {
    /// The compiled component.
    pub component: Component,
    /// Limits of an instance.
    pub limits: Limits,
    /// Why the session runs this version.
    pub binding: Binding,
    pub(super) guard: Arc<VersionGuard>,
    /// Keeps the component in memory.
    pub(super) _slot: Arc<Slot>,
}

impl LoadedVersion {
    /// Returns the same version with another binding.
    pub fn with_binding(self, binding: Binding) -> Self {
        Self { binding, ..self }
    }

    /// The version.
    pub fn version(&self) -> &Arc<Version> {
        self.guard.version()
    }
}

//! Compiles components apart from running them, so that a child process with limited memory and time can do it.
#![allow(unsafe_code)]

pub(crate) mod bulk_operations;

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::engine::{EngineError, config};
use crate::inspect::{CompileLimits, LoadError, inspect};
use crate::text::error_chain;

/// Compiles components for any [`Engine`](crate::Engine), without room to run instances.
pub struct Compiler {
    engine: wasmtime::Engine,
}

/// The compiled code of a component, made by [`Compiler::compile`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(Vec<u8>);

impl Code {
    /// Returns the bytes, to be stored.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Restores code from stored bytes.
    ///
    /// # Safety
    /// `bytes` must be the unchanged bytes of a [`Code`] that [`Compiler::compile`] made: they run as machine code. The
    /// engine only checks that its version and settings match.
    pub unsafe fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Compiler {
    /// Creates a compiler with the settings of every [`Engine`](crate::Engine).
    ///
    /// # Errors
    /// When the processor lacks features that compiled code needs.
    pub fn new() -> Result<Self, EngineError> {
        let engine = wasmtime::Engine::new(&config::compiler())
            .map_err(|error| EngineError::Engine { instances: 0, message: error.root_cause().to_string() })?;
        Ok(Self { engine })
    }

    /// Returns a key for everything that compiled code depends on other than the component: version, settings, processor
    /// and the transformation of bulk operations. Stored code is only valid under the same key.
    pub fn edition(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        bulk_operations::VERSION.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Checks and compiles an untrusted component. Time and memory are bounded only by `limits`.
    ///
    /// # Errors
    /// Why the component cannot be compiled.
    pub fn compile(&self, bytes: &[u8], limits: &CompileLimits) -> Result<Code, LoadError> {
        inspect(bytes, limits)?;
        let component = bulk_operations::split(bytes).map_err(|error| LoadError::Malformed(error.to_string()))?;
        let code = self.engine.precompile_component(&component);
        code.map(Code).map_err(|error| LoadError::Compile(error_chain(&error)))
    }
}

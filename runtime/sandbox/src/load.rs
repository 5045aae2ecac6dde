//! Loads components: inspects, compiles, links and describes them.
#![allow(unsafe_code)]

use crate::compile::{Code, bulk_operations};
use crate::component::Component;
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::engine::Engine;
use crate::inspect::{CompileLimits, LoadError, inspect};
use crate::run::{Linked, describe};
use crate::text::error_chain;

impl Engine {
    /// Checks, compiles and describes an untrusted component, within the default limits.
    ///
    /// Compilation takes from milliseconds for small components to half a minute for the largest.
    ///
    /// # Errors
    /// Why the component cannot be loaded.
    pub fn load(&self, bytes: &[u8]) -> Result<Component, LoadError> {
        self.load_within(bytes, &CompileLimits::default())
    }

    /// Checks, compiles and describes an untrusted component.
    ///
    /// # Errors
    /// Why the component cannot be loaded.
    pub fn load_within(&self, bytes: &[u8], limits: &CompileLimits) -> Result<Component, LoadError> {
        let outline = inspect(bytes, limits)?;
        let split = bulk_operations::split(bytes).map_err(|error| LoadError::Malformed(error.to_string()))?;
        let component = wasmtime::component::Component::from_binary(self.wasmtime(), &split)
            .map_err(|error| LoadError::Compile(error_chain(&error)))?;
        let linked = Linked::new(self, &component, &outline)?;
        let descriptor = describe(self, &linked)?;
        Component::new(self, linked, Digest::of(bytes), outline.imports, descriptor)
    }

    /// Loads and describes the component of `bytes` from its compiled `code`.
    ///
    /// # Errors
    /// [`LoadError::Compile`] if the code is not for this engine; otherwise why the component cannot be loaded.
    pub fn load_compiled(&self, bytes: &[u8], code: &Code, limits: &CompileLimits) -> Result<Component, LoadError> {
        let outline = inspect(bytes, limits)?;
        let linked = Linked::new(self, &self.deserialize(code)?, &outline)?;
        let descriptor = describe(self, &linked)?;
        Component::new(self, linked, Digest::of(bytes), outline.imports, descriptor)
    }

    /// Loads the component of `bytes` from its compiled `code` and the descriptor that it returned when it was first loaded,
    /// without calling it.
    ///
    /// # Errors
    /// As [`Engine::load_compiled`].
    pub fn load_described(
        &self,
        bytes: &[u8],
        code: &Code,
        limits: &CompileLimits,
        descriptor: Descriptor,
    ) -> Result<Component, LoadError> {
        let outline = inspect(bytes, limits)?;
        let linked = Linked::new(self, &self.deserialize(code)?, &outline)?;
        Component::new(self, linked, Digest::of(bytes), outline.imports, descriptor)
    }

    fn deserialize(&self, code: &Code) -> Result<wasmtime::component::Component, LoadError> {
        // SAFETY: a `Code` holds the output of our own compiler: `Compiler::compile` made it, or the caller of the unsafe
        // `Code::from_bytes` guarantees it.
        unsafe { wasmtime::component::Component::deserialize(self.wasmtime(), code.bytes()) }
            .map_err(|error| LoadError::Compile(error_chain(&error)))
    }
}

//! Loads components: inspects, compiles, links and describes them.
#![allow(unsafe_code)]

use crate::compile::{Code, bulk_operations};
use crate::component::{Component, ComponentCode};
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::engine::{Engine, Guests};
use crate::inspect::{CompileLimits, LoadError, inspect};
use crate::parts::{self, Description, Parts};
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
        Component::new(self, ComponentCode::Here(linked), Digest::of(bytes), outline, descriptor)
    }

    /// Loads and describes the component of `bytes` from its compiled `code`.
    ///
    /// # Errors
    /// [`LoadError::Compile`] if the code is not for this engine; otherwise why the component cannot be loaded.
    pub fn load_compiled(&self, bytes: &[u8], code: &Code, limits: &CompileLimits) -> Result<Component, LoadError> {
        let outline = inspect(bytes, limits)?;
        let linked = Linked::new(self, &self.deserialize(code.bytes())?, &outline)?;
        let descriptor = describe(self, &linked)?;
        let code = match self.guests() {
            Guests::Here => ComponentCode::Here(linked),
            Guests::Elsewhere => elsewhere(code)?,
        };
        Component::new(self, code, Digest::of(bytes), outline, descriptor)
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
        let code = match self.guests() {
            Guests::Here => ComponentCode::Here(Linked::new(self, &self.deserialize(code.bytes())?, &outline)?),
            Guests::Elsewhere => elsewhere(code)?,
        };
        Component::new(self, code, Digest::of(bytes), outline, descriptor)
    }

    /// Loads a component from the parts that another process [made](Component::parts) of it, without calling it.
    ///
    /// # Safety
    /// They must come, unchanged, from [`Component::parts`]: the code runs as machine code.
    ///
    /// # Errors
    /// [`LoadError::Compile`] if the code cannot be read or is not for this engine.
    pub unsafe fn load_parts(&self, parts: Parts) -> Result<Component, LoadError> {
        let code = parts.map().map_err(|error| LoadError::Compile(error.to_string()))?;
        let linked = Linked::new(self, &self.deserialize(&code)?, &parts.description.outline)?;
        let Description { digest, outline, descriptor } = parts.description;
        Component::new(self, ComponentCode::Here(linked), digest, outline, descriptor)
    }

    fn deserialize(&self, code: &[u8]) -> Result<wasmtime::component::Component, LoadError> {
        // SAFETY: the bytes of a `Code` are the output of our own compiler: `Compiler::compile` made it, or the caller of the
        // unsafe `Code::from_bytes` guarantees it; so does the caller of `load_parts`.
        unsafe { wasmtime::component::Component::deserialize(self.wasmtime(), code) }
            .map_err(|error| LoadError::Compile(error_chain(&error)))
    }
}

/// Keeps code for the processes where instances run.
fn elsewhere(code: &Code) -> Result<ComponentCode, LoadError> {
    let file = parts::sealed(code.bytes()).map_err(|error| LoadError::Compile(error.to_string()))?;
    Ok(ComponentCode::Elsewhere(file))
}

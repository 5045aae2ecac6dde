//! Compiling apart from running: what a process of its own does, so that its memory and time can be bounded.
#![allow(unsafe_code)]

use std::hash::{DefaultHasher, Hash, Hasher};

use crate::component::{self, Component, Digest};
use crate::engine::{self, Engine, EngineError};
use crate::inspect::inspect;
use crate::{CompileLimits, Descriptor, LoadError, bulk};

/// Compiles components for engines of any size, without room to run any.
pub struct Compiler {
    engine: wasmtime::Engine,
}

/// Compiled code of a component: what [`Compiler::compile`] made, and nothing else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Code(Vec<u8>);

impl Code {
    /// As it can be kept.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Takes back what was kept.
    ///
    /// # Safety
    /// `bytes` are those of a [`Code`] that [`Compiler::compile`] made, unchanged: they run as machine code. The engine only
    /// checks that version and settings are its own.
    pub unsafe fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl Compiler {
    /// A compiler with the settings of every [`Engine`].
    ///
    /// # Errors
    /// When the machine lacks what compiled code needs.
    pub fn new() -> Result<Self, EngineError> {
        let engine = wasmtime::Engine::new(&engine::compiling())
            .map_err(|error| EngineError::Engine { instances: 0, message: error.root_cause().to_string() })?;
        Ok(Self { engine })
    }

    /// What compiled code depends on beside the component: version, settings, processor and our own changes to it. Code is kept under it.
    pub fn edition(&self) -> String {
        let mut hasher = DefaultHasher::new();
        self.engine.precompile_compatibility_hash().hash(&mut hasher);
        bulk::EDITION.hash(&mut hasher);
        format!("{:016x}", hasher.finish())
    }

    /// Checks and compiles a component that comes from anywhere. Takes as long, and as much memory, as it takes.
    ///
    /// # Errors
    /// Why it is refused, for its author.
    pub fn compile(&self, bytes: &[u8], allowance: &CompileLimits) -> Result<Code, LoadError> {
        inspect(bytes, allowance)?;
        let cut = bulk::cut(bytes).map_err(|error| LoadError::Malformed(error.to_string()))?;
        let code = self.engine.precompile_component(&cut);
        code.map(Code).map_err(|error| LoadError::Compile(component::chain(&error)))
    }
}

impl Engine {
    /// The component of `bytes` out of its compiled `code`, described.
    ///
    /// # Errors
    /// [`LoadError::Compile`] when the code is not for this engine; else why the component is refused, for its author.
    pub fn load_compiled(&self, bytes: &[u8], code: &Code, allowance: &CompileLimits) -> Result<Component, LoadError> {
        let outline = inspect(bytes, allowance)?;
        component::assemble(self, &self.deserialize(code)?, outline, Digest::of(bytes))
    }

    /// As [`Engine::load_compiled`], with the descriptor that the component returned when it was loaded before: it is not
    /// asked again.
    ///
    /// # Errors
    /// As [`Engine::load_compiled`].
    pub fn load_described(
        &self,
        bytes: &[u8],
        code: &Code,
        allowance: &CompileLimits,
        descriptor: Descriptor,
    ) -> Result<Component, LoadError> {
        let outline = inspect(bytes, allowance)?;
        component::assemble_described(self, &self.deserialize(code)?, outline, Digest::of(bytes), descriptor)
    }

    fn deserialize(&self, code: &Code) -> Result<wasmtime::component::Component, LoadError> {
        // SAFETY: a `Code` is what our own compiler made, which whoever took it from outside has promised.
        unsafe { wasmtime::component::Component::deserialize(self.wasmtime(), code.bytes()) }
            .map_err(|error| LoadError::Compile(component::chain(&error)))
    }
}

//! A loaded handler.

use std::fmt;
use std::fs::File;
use std::sync::Arc;

use framebox_picture::MemoryAccount;

use crate::call_error::CallError;
use crate::descriptor::{Descriptor, Output};
use crate::deterministic::Deterministic;
use crate::digest::Digest;
use crate::engine::Engine;
use crate::inspect::{LoadError, Outline};
use crate::kind::Kind;
use crate::limits::Limits;
use crate::log::Log;
use crate::parts::{Parts, PartsError};
use crate::run::{Instance, Linked, new_state};
use crate::sources::Sources;
use crate::value::NamedValue;

/// What an instance is started with.
#[derive(Clone)]
pub struct Setup {
    /// Limits of the instance.
    pub limits: Limits,
    /// A value for every parameter.
    pub parameters: Vec<NamedValue>,
    /// Receives the handler's log.
    pub log: Arc<dyn Log>,
    /// The sources granted to the handler.
    pub sources: Arc<dyn Sources>,
    /// The session's account of what the host holds for it: pictures, values, sources.
    pub account: MemoryAccount,
}

/// A compiled and described handler. Clones share everything.
#[derive(Clone)]
pub struct Component {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    code: ComponentCode,
    digest: Digest,
    outline: Outline,
    descriptor: Descriptor,
    outputs: Arc<[Output]>,
}

/// The compiled code of a loaded component.
pub(crate) enum ComponentCode {
    /// Linked: instances run in this process.
    Here(Linked),
    /// A sealed file in memory, for the processes where instances run.
    Elsewhere(File),
}

impl Component {
    /// Checks the descriptor.
    pub(crate) fn new(
        engine: &Engine,
        code: ComponentCode,
        digest: Digest,
        outline: Outline,
        descriptor: Descriptor,
    ) -> Result<Self, LoadError> {
        descriptor.check().map_err(LoadError::Descriptor)?;
        let outputs = descriptor.outputs.clone().into();
        Ok(Self { inner: Arc::new(Inner { engine: engine.clone(), code, digest, outline, descriptor, outputs }) })
    }

    /// Returns the SHA-256 of the component's bytes.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    /// Returns what the handler does with frames.
    pub fn kind(&self) -> Kind {
        self.inner.outline.kind
    }

    /// Returns the imports as `package/interface@version`.
    pub fn imports(&self) -> &[String] {
        &self.inner.outline.imports
    }

    /// Returns the handler's descriptor, which has been checked.
    pub fn descriptor(&self) -> &Descriptor {
        &self.inner.descriptor
    }

    /// Returns what another process needs to run the component.
    ///
    /// # Errors
    /// [`PartsError`] when it runs in this process, or the system gives no descriptor.
    pub fn parts(&self) -> Result<Parts, PartsError> {
        let Inner { code, digest, outline, descriptor, .. } = &*self.inner;
        match code {
            ComponentCode::Here(_) => Err(PartsError::Here),
            ComponentCode::Elsewhere(file) => Ok(Parts::new(*digest, outline, descriptor, file.try_clone()?)),
        }
    }

    /// Creates an instance and calls its `init` with the parameters.
    ///
    /// # Errors
    /// [`CallError::Refused`] if all instances of the engine are in use; otherwise why the guest did not start.
    pub fn start(&self, setup: Setup) -> Result<Instance, CallError> {
        self.start_with(setup, None)
    }

    /// Creates an instance with deterministic clocks and random numbers. It does the same each time, unless its time budget
    /// interrupts it.
    ///
    /// # Errors
    /// As [`Component::start`].
    pub fn start_deterministic(&self, setup: Setup, world: &Deterministic) -> Result<Instance, CallError> {
        self.start_with(setup, Some(world))
    }

    fn start_with(&self, setup: Setup, world: Option<&Deterministic>) -> Result<Instance, CallError> {
        let Setup { mut limits, parameters, log, sources, account } = setup;
        let Inner { engine, code, outputs, .. } = &*self.inner;
        let ComponentCode::Here(linked) = code else {
            return Err(CallError::Refused("this component runs in another process".into()));
        };
        limits.memory = limits.memory.min(engine.max_memory());
        let state = new_state(linked.kind, outputs.clone(), &limits, log, sources, account, world);
        let mut instance = Instance::new(engine, linked, state, limits)?;
        instance.init(&parameters)?;
        Ok(instance)
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component").field("digest", &self.digest()).field("kind", &self.kind()).finish_non_exhaustive()
    }
}

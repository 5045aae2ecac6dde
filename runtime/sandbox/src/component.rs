//! Handlers, compiled and described, ready to be started.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use wasmtime::component::{ComponentExportIndex, InstancePre};

use crate::bindings::HandlerBaseIndices;
use crate::descriptor::{Descriptor, Output};
use crate::failure::brief;
use crate::instance::Unmade;
use crate::load::{Outline, inspect};
use crate::state::State;
use crate::{Allowance, Engine, Failure, Instance, Limits, Log, NamedValue, NoLog, NoSources, Refused, Sources, bulk};

/// What a handler does, told from what it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A frame in, a frame out.
    Transform,
    /// Makes frames.
    Generator,
    /// A frame in, values out.
    Observer,
}

/// SHA-256 of a component's bytes. Shown as `sha256:` and hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What an instance is given.
#[derive(Clone)]
pub struct Setup {
    /// What it may use.
    pub limits: Limits,
    /// Every parameter with its value.
    pub parameters: Vec<NamedValue>,
    /// Takes what it says.
    pub log: Arc<dyn Log>,
    /// The videos granted to it.
    pub sources: Arc<dyn Sources>,
}

/// A handler, compiled and described. Clones share everything.
#[derive(Clone)]
pub struct Component {
    inner: Arc<Inner>,
}

struct Inner {
    engine: Engine,
    compiled: Compiled,
    digest: Digest,
    imports: Vec<String>,
    descriptor: Descriptor,
    outputs: Arc<[Output]>,
}

impl Component {
    /// SHA-256 of its bytes.
    pub fn digest(&self) -> Digest {
        self.inner.digest
    }

    /// What it does.
    pub fn kind(&self) -> Kind {
        self.inner.compiled.kind
    }

    /// What it imports, as `package/interface@version`.
    pub fn imports(&self) -> &[String] {
        &self.inner.imports
    }

    /// What it says of itself; checked.
    pub fn descriptor(&self) -> &Descriptor {
        &self.inner.descriptor
    }

    /// Makes an instance and lets it set itself up with the parameters.
    ///
    /// # Errors
    /// [`Failure::Refused`] when there are too many instances already; else what the guest did.
    pub fn start(&self, setup: Setup) -> Result<Instance, Failure> {
        let Setup { mut limits, parameters, log, sources } = setup;
        limits.memory = limits.memory.min(self.inner.engine.most_memory());
        let state = State::new(self.kind(), self.inner.outputs.clone(), &limits, log, sources);
        let instance = Instance::new(&self.inner.engine, &self.inner.compiled, state, limits);
        let mut instance = instance.map_err(|unmade| match unmade {
            Unmade::Failed(failure) => failure,
            Unmade::Mismatch(error) => Failure::Refused(chain(&error)),
        })?;
        instance.init(&parameters)?;
        Ok(instance)
    }
}

impl fmt::Debug for Component {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Component").field("digest", &self.digest()).field("kind", &self.kind()).finish_non_exhaustive()
    }
}

/// What is made from when an instance is started.
pub(crate) struct Compiled {
    pub(crate) kind: Kind,
    pub(crate) pre: InstancePre<State>,
    pub(crate) lifecycle: HandlerBaseIndices,
    /// The function called for each frame.
    pub(crate) frame: ComponentExportIndex,
}

/// Checks, compiles and describes.
pub(crate) fn load(engine: &Engine, bytes: &[u8], allowance: &Allowance) -> Result<Component, Refused> {
    let outline = inspect(bytes, allowance)?;
    let cut = bulk::cut(bytes).map_err(|error| Refused::Malformed(error.to_string()))?;
    let component = wasmtime::component::Component::from_binary(engine.wasmtime(), &cut)
        .map_err(|error| Refused::Compile(chain(&error)))?;
    assemble(engine, &component, outline, Digest::of(bytes))
}

/// Links and describes what was compiled.
pub(crate) fn assemble(
    engine: &Engine,
    component: &wasmtime::component::Component,
    outline: Outline,
    digest: Digest,
) -> Result<Component, Refused> {
    let compiled = link(engine, component, &outline)?;
    let descriptor = describe(engine, &compiled)?;
    descriptor.check().map_err(Refused::Descriptor)?;
    let outputs = descriptor.outputs.clone().into();
    let (engine, imports) = (engine.clone(), outline.imports);
    Ok(Component { inner: Arc::new(Inner { engine, compiled, digest, imports, descriptor, outputs }) })
}

fn link(engine: &Engine, component: &wasmtime::component::Component, outline: &Outline) -> Result<Compiled, Refused> {
    let mismatch = |error: wasmtime::Error| Refused::Mismatch(chain(&error));
    let pre = engine.linker().instantiate_pre(component).map_err(mismatch)?;
    let lifecycle = HandlerBaseIndices::new(&pre).map_err(mismatch)?;
    let function = match outline.kind {
        Kind::Transform => "process",
        Kind::Generator => "next",
        Kind::Observer => "consume",
    };
    let frame = component
        .get_export_index(None, &outline.interface)
        .and_then(|interface| component.get_export_index(Some(&interface), function))
        .ok_or_else(|| Refused::Mismatch(format!("{} has no function {function}", outline.interface)))?;
    Ok(Compiled { kind: outline.kind, pre, lifecycle, frame })
}

fn describe(engine: &Engine, compiled: &Compiled) -> Result<Descriptor, Refused> {
    let limits = Limits { memory: engine.most_memory(), ..Limits::default() };
    let state = State::new(compiled.kind, Arc::new([]), &limits, Arc::new(NoLog), Arc::new(NoSources));
    let mut instance = Instance::new(engine, compiled, state, limits).map_err(|unmade| match unmade {
        Unmade::Failed(failure) => Refused::Describe(failure),
        Unmade::Mismatch(error) => Refused::Mismatch(chain(&error)),
    })?;
    instance.describe().map_err(Refused::Describe)
}

/// What an error says, from the outermost to its cause.
pub(crate) fn chain(error: &wasmtime::Error) -> String {
    let parts: Vec<_> = error.chain().map(ToString::to_string).collect();
    brief(&parts.join(": "))
}

//! Handlers, compiled and described, ready to be started.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest as _, Sha256};
use utoipa::ToSchema;
use wasmtime::component::{ComponentExportIndex, InstancePre};

use crate::bindings::HandlerBaseIndices;
use crate::descriptor::{Descriptor, Output};
use crate::failure::brief;
use crate::instance::Unmade;
use crate::load::{Outline, inspect};
use crate::state::State;
use crate::{Allowance, Engine, Failure, Instance, Limits, Log, NamedValue, NoLog, NoSources, Refused};
use crate::{Simulated, Sources, bulk};

/// What a handler does, told from what it exports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A frame in, a frame out.
    Transform,
    /// Makes frames.
    Generator,
    /// A frame in, values out.
    Observer,
}

/// SHA-256 of a component's bytes. Shown as `sha256:` and hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, ToSchema)]
#[schema(value_type = String, pattern = "^sha256:[0-9a-f]{64}$")]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Its 64 hexadecimal digits.
    pub fn hex(&self) -> String {
        use fmt::Write as _;
        self.0.iter().fold(String::with_capacity(64), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }
}

/// A text that is no digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a digest is `sha256:` and 64 hexadecimal digits")]
pub struct NoDigest;

impl FromStr for Digest {
    type Err = NoDigest;

    fn from_str(text: &str) -> Result<Self, NoDigest> {
        let hex = text.strip_prefix("sha256:").unwrap_or(text).as_bytes();
        let mut digest = [0; 32];
        if hex.len() != 64 {
            return Err(NoDigest);
        }
        for (byte, pair) in digest.iter_mut().zip(hex.chunks_exact(2)) {
            let value = |digit: u8| char::from(digit).to_digit(16).ok_or(NoDigest);
            *byte = pair.iter().try_fold(0, |sum, digit| Ok(sum << 4 | value(*digit)? as u8))?;
        }
        Ok(Self(digest))
    }
}

impl Serialize for Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", self.hex())
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
        self.start_in(setup, None)
    }

    /// The same in a world in which it does the same thing each time, as far as it is not cut off by its time budget.
    ///
    /// # Errors
    /// As [`Component::start`].
    pub fn start_simulated(&self, setup: Setup, world: &Simulated) -> Result<Instance, Failure> {
        self.start_in(setup, Some(world))
    }

    fn start_in(&self, setup: Setup, world: Option<&Simulated>) -> Result<Instance, Failure> {
        let Setup { mut limits, parameters, log, sources } = setup;
        limits.memory = limits.memory.min(self.inner.engine.most_memory());
        let mut state = State::new(self.kind(), self.inner.outputs.clone(), &limits, log, sources);
        if let Some(world) = world {
            state.simulate(world);
        }
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
    finish(engine, compiled, outline, digest, descriptor)
}

/// Links what was compiled, and described before.
pub(crate) fn assemble_described(
    engine: &Engine,
    component: &wasmtime::component::Component,
    outline: Outline,
    digest: Digest,
    descriptor: Descriptor,
) -> Result<Component, Refused> {
    let compiled = link(engine, component, &outline)?;
    finish(engine, compiled, outline, digest, descriptor)
}

fn finish(
    engine: &Engine,
    compiled: Compiled,
    outline: Outline,
    digest: Digest,
    descriptor: Descriptor,
) -> Result<Component, Refused> {
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

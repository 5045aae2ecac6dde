//! Opens the catalog: built-in handlers, those of the configuration, and those in the data directory.

use std::collections::{BTreeMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use framebox_sandbox::{Code, CompileLimits, Compiler, Digest, Engine, LoadError};

use super::catalog::Catalog;
use super::code_cache::CodeCache;
use super::component_cache::ComponentCache;
use super::data_dir::DataDir;
use super::defaults::Defaults;
use super::index::{HiddenVersion, Index, IndexEntry};
use super::limits::Table;
use super::load::cached;
use super::progress::Uploads;
use super::store::{self, Batch, Component, Contents, Handler, Metadata, Store};
use super::subscription::Publisher;
use super::version::Version;
use super::{built_in, name};

/// Components that stay in memory without being in use.
const MOST_IDLE: usize = 32;
/// The default handler unless configured.
const DEFAULT: &str = "invert";

/// Why the catalog cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The compiler cannot be set up.
    #[error("the compiler cannot be set up: {0}")]
    Compiler(#[source] framebox_sandbox::EngineError),
    /// The data directory cannot be read or written.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The configuration names a handler as no handler can be named.
    #[error(transparent)]
    Name(super::Error),
    /// A component of the configuration cannot be read.
    #[error("handler {name}: cannot read the component {path}: {error}")]
    Read {
        /// The handler.
        name: String,
        /// The file.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A component of the configuration is too large.
    #[error("handler {name}: the component {path} has {bytes} bytes; at most {most} are allowed")]
    TooLarge {
        /// The handler.
        name: String,
        /// The file.
        path: String,
        /// Its size, bytes.
        bytes: u64,
        /// The bound, bytes.
        most: u64,
    },
    /// A built-in or configured component is refused.
    #[error("the handler {name} cannot be loaded: {error}")]
    Refused {
        /// The handler.
        name: String,
        /// Why.
        error: LoadError,
    },
    /// There is no handler of the default handler's name.
    #[error("there is no handler {name} to be the default; there are {names}")]
    NoDefault {
        /// The name.
        name: String,
        /// The handlers.
        names: String,
    },
}

/// A built-in or configured handler.
struct Fixed {
    name: String,
    bytes: Vec<u8>,
    built_in: Option<&'static [u8]>,
}

impl Catalog {
    /// Opens the catalog. Configured handlers replace built-in and uploaded ones of the same name. Only components that
    /// no earlier start has compiled are compiled.
    ///
    /// # Errors
    /// When the data directory cannot be used, a configured component cannot be read or is refused, or there is no
    /// handler of the default handler's name.
    pub fn start(engine: &Engine, defaults: Defaults, data_dir: DataDir) -> Result<Self, StartError> {
        let compiler = Compiler::new().map_err(StartError::Compiler)?;
        let cache = CodeCache::open(&compiler.edition());
        let (store, contents) = Store::open(data_dir, &compiler.edition())?;
        if !store.is_persistent() {
            tracing::info!("uploads are lost when the server ends; start it with --data DIR to keep them");
        }
        let fixed = fixed(&defaults)?;
        let embedded = fixed.iter().filter_map(|fixed| Some((Digest::of(&fixed.bytes), fixed.built_in?))).collect();
        let catalog = Self {
            engine: engine.clone(),
            allowance: defaults.compile_limits(),
            default: defaults.default_handler.clone().unwrap_or_else(|| DEFAULT.to_owned()),
            store,
            worker: defaults.worker(),
            loaded: ComponentCache::new(MOST_IDLE),
            embedded,
            uploads: Uploads::new(defaults.largest as u64),
            index: Mutex::default(),
            changes: Mutex::default(),
            events: Publisher::default(),
            defaults,
        };
        catalog.fill(&compiler, cache.as_ref(), fixed, contents)?;
        if catalog.active(&catalog.default).is_err() {
            let names: Vec<_> = catalog.list().iter().map(|version| version.name.clone()).collect();
            return Err(StartError::NoDefault { name: catalog.default, names: names.join(", ") });
        }
        Ok(catalog)
    }

    fn fill(
        &self,
        compiler: &Compiler,
        cache: Option<&CodeCache>,
        fixed: Vec<Fixed>,
        contents: Contents,
    ) -> Result<(), StartError> {
        let Contents { handlers, mut components } = contents;
        let mut batch = Batch::default();
        let mut index = Index::default();
        for Fixed { name, bytes, built_in } in fixed {
            let digest = Digest::of(&bytes);
            let component = match components.get(&digest) {
                Some(component) => component.clone(),
                None => {
                    let component = self.prepare(compiler, cache.filter(|_| built_in.is_some()), &name, &bytes)?;
                    batch.components.push((digest, Some(component.clone())));
                    components.insert(digest, component.clone());
                    component
                }
            };
            if built_in.is_none() && self.store.component(&digest).is_err() {
                self.store.put_component(&digest, &bytes)?;
            }
            let version = Version { built_in: built_in.is_some(), ..self.fixed_version(&name, digest, &component) };
            let handler = Handler { active: Some(1), last: 1, ..Handler::default() };
            let entry = IndexEntry::new(handler, BTreeMap::from([(1, Arc::new(version))]));
            index.handlers.insert(name.clone(), entry);
            index.fixed.push(name);
        }
        for (name, (handler, rows)) in handlers {
            if index.is_fixed(&name) {
                tracing::warn!(handler = name, "uploads of this name are hidden by a built-in or configured handler");
                // They reappear once no built-in or configured handler has the name.
                index.hidden.extend(rows.into_values().map(|row| {
                    let store::Version { digest, uploaded_by, .. } = row;
                    HiddenVersion { name: name.clone(), digest, uploaded_by }
                }));
                continue;
            }
            let versions = rows.into_iter().filter_map(|(number, row)| {
                let Some(component) = components.get(&row.digest) else {
                    tracing::error!(
                        handler = name,
                        version = number,
                        "the component of a version is not in the database"
                    );
                    return None;
                };
                Some((number, Arc::new(self.uploaded_version(&name, number, &row, component))))
            });
            let entry = IndexEntry::new(handler, versions.collect());
            index.handlers.insert(name, entry);
        }
        let mut used: HashSet<_> = index.hidden.iter().map(|hidden| hidden.digest).collect();
        used.extend(index.handlers.values().flat_map(|entry| entry.versions.values().map(|version| version.digest)));
        for (digest, component) in &mut components {
            if component.code.bytes == 0 {
                component.code.bytes = self.store.code_bytes(digest);
            }
        }
        components.retain(|digest, _| {
            // Components of an older program or an older configuration are not used any more.
            let is_used = used.contains(digest);
            if !is_used {
                batch.components.push((*digest, None));
            }
            is_used
        });
        if batch != Batch::default() {
            self.store.commit(&batch, "start")?;
        }
        self.store.sweep(&components)?;
        for name in self.defaults.handlers.keys().filter(|name| !index.handlers.contains_key(*name)) {
            tracing::warn!(
                handler = name,
                "the configuration names no `component` for a handler that does not exist yet"
            );
        }
        index.components = components;
        *self.index() = index;
        Ok(())
    }

    /// Compiles a component that the operator vouches for, in this process and without a time limit.
    fn prepare(
        &self,
        compiler: &Compiler,
        cache: Option<&CodeCache>,
        name: &str,
        bytes: &[u8],
    ) -> Result<Component, StartError> {
        let begin = Instant::now();
        let refused = |error| StartError::Refused { name: name.to_owned(), error };
        let allowance = CompileLimits::default();
        let digest = Digest::of(bytes);
        if let Some(code) = cache.and_then(|cache| cache.get(&digest)).map(cached)
            && let Ok(loaded) = self.engine.load_compiled(bytes, &code, &allowance)
        {
            return Ok(self.add_component(loaded, bytes, &code)?);
        }
        let code = compiler.compile(bytes, &allowance).map_err(refused)?;
        if let Some(cache) = cache {
            cache.put(&digest, code.bytes());
        }
        let loaded = self.engine.load_compiled(bytes, &code, &allowance).map_err(refused)?;
        tracing::info!(handler = name, ms = begin.elapsed().as_millis(), "compiled");
        Ok(self.add_component(loaded, bytes, &code)?)
    }

    fn add_component(
        &self,
        loaded: framebox_sandbox::Component,
        bytes: &[u8],
        code: &Code,
    ) -> Result<Component, store::Error> {
        let code = self.store.put_code(&loaded.digest(), code.bytes())?;
        let metadata = Metadata::of(&loaded);
        self.loaded.put(loaded);
        Ok(Component { bytes: bytes.len() as u64, metadata, code })
    }

    /// Creates the version of an upload.
    pub(super) fn uploaded_version(
        &self,
        name: &str,
        number: u64,
        row: &store::Version,
        component: &Component,
    ) -> Version {
        Version {
            name: name.to_owned(),
            number,
            digest: row.digest,
            bytes: component.bytes,
            uploaded_ms: Some(row.uploaded_ms),
            uploaded_by: row.uploaded_by.clone(),
            metadata: component.metadata.clone(),
            requested_limits: row.requested_limits,
            limits: self.defaults.effective(name, &row.requested_limits),
            built_in: false,
            sessions: Default::default(),
            probation: Default::default(),
        }
    }

    fn fixed_version(&self, name: &str, digest: Digest, component: &Component) -> Version {
        let row = store::Version { digest, uploaded_ms: 0, requested_limits: Table::default(), uploaded_by: None };
        Version { uploaded_ms: None, ..self.uploaded_version(name, 1, &row, component) }
    }
}

fn fixed(defaults: &Defaults) -> Result<Vec<Fixed>, StartError> {
    let mut fixed = Vec::new();
    for (name, bytes) in built_in::ALL {
        if defaults.handlers.get(*name).is_none_or(|handler| handler.component.is_none()) {
            fixed.push(Fixed { name: (*name).to_owned(), bytes: bytes.to_vec(), built_in: Some(bytes) });
        }
    }
    for (name, handler) in &defaults.handlers {
        if !name::is_valid(name) {
            return Err(StartError::Name(super::Error::Name(name.clone())));
        }
        if let Some(file) = &handler.component {
            fixed.push(Fixed { name: name.clone(), bytes: read(name, file)?, built_in: None });
        }
    }
    Ok(fixed)
}

fn read(name: &str, file: &Path) -> Result<Vec<u8>, StartError> {
    let (name, path) = (name.to_owned(), file.display().to_string());
    let most = CompileLimits::default().bytes as u64;
    let content = std::fs::metadata(file).and_then(|metadata| match metadata.len() {
        bytes if bytes > most => Ok(Err(bytes)),
        _ => std::fs::read(file).map(Ok),
    });
    match content {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(bytes)) => Err(StartError::TooLarge { name, path, bytes, most }),
        Err(error) => Err(StartError::Read { name, path, error }),
    }
}

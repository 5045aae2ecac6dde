//! What is there at the start: what comes with the program, what the configuration names, and what was uploaded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Instant;

use anyhow::{Context, ensure};
use framebox_sandbox::{Code, CompileLimits, Compiler, Digest, Engine};

use super::cache::Cache;
use super::compile::Workshop;
use super::load::known;
use super::loaded::Loaded;
use super::progress::Uploads;
use super::shelf::{Place, Shelf};
use super::store::{self, About, Change, Component, Contents, Handler, Store};
use super::version::Version;
use super::{Catalog, built_in, name};
use crate::data_dir::Home;
use crate::defaults::Defaults;
use crate::limits::Table;

/// Components that stay in memory without being in use.
const MOST_LOADED: usize = 32;
/// The handler of an offer that names none, when the configuration does not say.
const DEFAULT: &str = "invert";

/// What comes with the program or its configuration.
struct Fixed {
    name: String,
    bytes: Vec<u8>,
    built_in: Option<&'static [u8]>,
}

impl Catalog {
    /// The handlers of the configuration, which replace others of the same name, and what the data directory has. Only what is not
    /// known from an earlier start is compiled.
    ///
    /// # Errors
    /// When the data directory cannot be had, a component of the configuration cannot be read or is refused, or the default
    /// handler is none of them.
    pub fn start(engine: &Engine, defaults: Defaults, home: Home) -> anyhow::Result<Self> {
        let compiler = Compiler::new().context("the compiler cannot be set up")?;
        let cache = Cache::open(&compiler.edition());
        let (store, contents) = Store::open(home, &compiler.edition())?;
        if !store.is_kept() {
            tracing::info!("uploads are forgotten when the server ends; --data DIR keeps them");
        }
        let fixed = fixed(&defaults)?;
        let allowance = CompileLimits { bytes: defaults.largest, ..CompileLimits::default() };
        // The program that runs, even when its file was replaced meanwhile.
        let program = defaults.program.clone().unwrap_or_else(|| PathBuf::from("/proc/self/exe"));
        let embedded = fixed.iter().filter_map(|fixed| Some((Digest::of(&fixed.bytes), fixed.built_in?))).collect();
        let catalog = Self {
            engine: engine.clone(),
            allowance,
            default: defaults.default_handler.clone().unwrap_or_else(|| DEFAULT.to_owned()),
            store,
            workshop: Workshop::new(program, defaults.compile.clone()),
            loaded: Loaded::new(MOST_LOADED),
            embedded,
            uploads: Uploads::default(),
            shelf: Mutex::default(),
            changes: Mutex::default(),
            on_taken_back: OnceLock::new(),
            defaults,
        };
        catalog.fill(&compiler, cache.as_ref(), fixed, contents)?;
        ensure!(
            catalog.active(&catalog.default).is_ok(),
            "there is no handler {} to be the default; there are {}",
            catalog.default,
            catalog.list().iter().map(|version| version.name.as_str()).collect::<Vec<_>>().join(", ")
        );
        Ok(catalog)
    }

    fn fill(
        &self,
        compiler: &Compiler,
        cache: Option<&Cache>,
        fixed: Vec<Fixed>,
        contents: Contents,
    ) -> anyhow::Result<()> {
        let Contents { handlers, mut components } = contents;
        let mut change = Change::default();
        let mut shelf = Shelf::default();
        for Fixed { name, bytes, built_in } in fixed {
            let digest = Digest::of(&bytes);
            let component = match components.get(&digest) {
                Some(component) => component.clone(),
                None => {
                    let component = self.prepare(compiler, cache.filter(|_| built_in.is_some()), &name, &bytes)?;
                    change.components.push((digest, Some(component.clone())));
                    components.insert(digest, component.clone());
                    component
                }
            };
            if built_in.is_none() && self.store.component(&digest).is_err() {
                self.store.put_component(&digest, &bytes)?;
            }
            let version = self.version(&name, 1, &component, Err(digest), built_in.is_some());
            let handler = Handler { active: Some(1), last: 1, ..Handler::default() };
            shelf.handlers.insert(name.clone(), Place::new(handler, BTreeMap::from([(1, Arc::new(version))])));
            shelf.fixed.push(name);
        }
        for (name, (handler, rows)) in handlers {
            if shelf.is_fixed(&name) {
                tracing::warn!(handler = name, "the uploads of this name are hidden: it is built in, or configured");
                // They are there again when it is not any more.
                shelf.hidden.extend(rows.values().map(|row| row.digest));
                continue;
            }
            let versions = rows.into_iter().filter_map(|(number, row)| {
                let Some(component) = components.get(&row.digest) else {
                    tracing::error!(handler = name, version = number, "nothing is known of a version's component");
                    return None;
                };
                let version = self.version(&name, number, component, Ok(&row), false);
                Some((number, Arc::new(version)))
            });
            let place = Place::new(handler, versions.collect());
            shelf.handlers.insert(name, place);
        }
        let mut used = shelf.hidden.clone();
        used.extend(shelf.handlers.values().flat_map(|place| place.versions.values().map(|version| version.digest)));
        components.retain(|digest, _| {
            // Of an older program, or an older configuration.
            let is_used = used.contains(digest);
            if !is_used {
                change.components.push((*digest, None));
            }
            is_used
        });
        if change != Change::default() {
            self.store.commit(&change, "start")?;
        }
        self.store.sweep(&components)?;
        for name in self.defaults.handlers.keys().filter(|name| !shelf.handlers.contains_key(*name)) {
            tracing::warn!(
                handler = name,
                "the configuration names no `component`, and nothing of that name is there yet"
            );
        }
        shelf.components = components;
        *self.shelf() = shelf;
        Ok(())
    }

    /// Compiles what the operator vouches for, here: it may take as long as it takes.
    fn prepare(
        &self,
        compiler: &Compiler,
        cache: Option<&Cache>,
        name: &str,
        bytes: &[u8],
    ) -> anyhow::Result<Component> {
        let begin = Instant::now();
        let refused = || format!("the handler {name} cannot be loaded");
        let allowance = CompileLimits::default();
        let digest = Digest::of(bytes);
        if let Some(code) = cache.and_then(|cache| cache.get(&digest)).map(known)
            && let Ok(loaded) = self.engine.load_compiled(bytes, &code, &allowance)
        {
            return self.enlist(loaded, bytes, &code);
        }
        let code = compiler.compile(bytes, &allowance).with_context(refused)?;
        if let Some(cache) = cache {
            cache.put(&digest, code.bytes());
        }
        let loaded = self.engine.load_compiled(bytes, &code, &allowance).with_context(refused)?;
        tracing::info!(handler = name, ms = begin.elapsed().as_millis(), "compiled");
        self.enlist(loaded, bytes, &code)
    }

    fn enlist(&self, loaded: framebox_sandbox::Component, bytes: &[u8], code: &Code) -> anyhow::Result<Component> {
        let code = self.store.put_code(&loaded.digest(), code.bytes())?;
        let about = About::of(&loaded);
        self.loaded.put(loaded);
        Ok(Component { bytes: bytes.len() as u64, about, code })
    }

    /// `row`: what is kept of an upload; for what comes with the program or its configuration the digest.
    pub(super) fn version(
        &self,
        name: &str,
        number: u64,
        component: &Component,
        row: Result<&store::Version, Digest>,
        built_in: bool,
    ) -> Version {
        let (digest, uploaded_ms, brought) = match row {
            Ok(row) => (row.digest, Some(row.uploaded_ms), row.limits),
            Err(digest) => (digest, None, Table::default()),
        };
        Version {
            name: name.to_owned(),
            number,
            digest,
            bytes: component.bytes,
            uploaded_ms,
            about: component.about.clone(),
            limits: self.defaults.limits(name, &brought),
            brought,
            budgets: self.defaults.budgets(name, &brought),
            policy: self.defaults.policy(name),
            built_in,
            sessions: Default::default(),
            trial: Default::default(),
        }
    }
}

fn fixed(defaults: &Defaults) -> anyhow::Result<Vec<Fixed>> {
    let mut fixed = Vec::new();
    for (name, bytes) in built_in::ALL {
        if defaults.handlers.get(*name).is_none_or(|handler| handler.component.is_none()) {
            fixed.push(Fixed { name: (*name).to_owned(), bytes: bytes.to_vec(), built_in: Some(bytes) });
        }
    }
    for (name, handler) in &defaults.handlers {
        ensure!(name::is_name(name), super::Error::Name(name.clone()));
        if let Some(file) = &handler.component {
            let bytes = read(file).with_context(|| format!("handler {name}"))?;
            fixed.push(Fixed { name: name.clone(), bytes, built_in: None });
        }
    }
    Ok(fixed)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read the component {}", path.display());
    let largest = CompileLimits::default().bytes as u64;
    let bytes = std::fs::metadata(path).with_context(cannot)?.len();
    ensure!(bytes <= largest, "the component {} has {bytes} bytes; at most {largest} are allowed", path.display());
    std::fs::read(path).with_context(cannot)
}

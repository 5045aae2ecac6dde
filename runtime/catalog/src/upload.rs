//! Upload: from bytes to a version: validated, compiled, described, stored, and then published atomically.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_sandbox::{Code, Component, Digest, inspect};

use super::catalog::Catalog;
use super::error::Error;
use super::event::{Actor, CatalogEvent, Change};
use super::failpoint;
use super::limits::Table;
use super::name;
use super::progress::{Permit, Stage};
use super::quota::{self, Quota};
use super::store::{self, Batch, Handler, Metadata};
use super::subscription::Handled;
use super::version::Version;

/// Versions that a handler may have.
const MOST_VERSIONS: usize = 1000;

/// What an upload asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether the version becomes active.
    pub activation: Activation,
    /// Requested limits, where the operator sets none for the handler. The same bytes with other limits are another
    /// version.
    pub limits: Table,
    /// Bounds on what the versions of whoever uploads it take up.
    pub quota: Quota,
}

/// Whether an uploaded version becomes active.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// It does.
    #[default]
    Always,
    /// It does if it creates the handler.
    IfFirst,
    /// It does not.
    Never,
}

/// The result of an upload.
#[derive(Clone, Debug)]
pub struct Uploaded {
    /// The version.
    pub version: Arc<Version>,
    /// False: the same bytes were present as a version with the same limits.
    pub created: bool,
    /// Whether it is the active version.
    pub active: bool,
    /// What it took.
    pub times: Times,
}

/// What an upload took; zero where the component was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// Waiting for the compiler, compiling and describing.
    pub compile: Duration,
    /// Loading.
    pub describe: Duration,
}

/// A component that is ready to be stored.
struct Prepared {
    digest: Digest,
    bytes: Bytes,
    metadata: Metadata,
    /// `None`: the component is stored already.
    code: Option<Code>,
}

/// A stored upload.
struct Stored {
    version: Arc<Version>,
    created: bool,
    active: bool,
}

impl Catalog {
    /// Makes `bytes` a version of `name`.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub async fn upload(
        self: &Arc<Self>,
        name: &str,
        bytes: Bytes,
        options: Options,
        permit: &Permit,
        actor: Actor,
    ) -> Result<Uploaded, Error> {
        self.check_name(name)?;
        permit.enter(Stage::Checking);
        let (digest, bytes) = self
            .blocking(move |catalog| {
                inspect::check(&bytes, &catalog.allowance)?;
                Ok((Digest::of(&bytes), bytes))
            })
            .await?;
        // The length of the body may not have been known before.
        self.check_quota(name, &options.quota, actor.key.as_deref(), Some(&digest), bytes.len() as u64)?;
        let mut times = Times::default();
        let known = self.blocking(move |catalog| Ok(catalog.known(&digest))).await?;
        let mut prepared = match known {
            Some(metadata) => Prepared { digest, bytes: bytes.clone(), metadata, code: None },
            None => self.prepare_upload(digest, bytes.clone(), &mut times, permit).await?,
        };
        permit.enter(Stage::Storing);
        loop {
            let (name, actor) = (name.to_owned(), actor.clone());
            let work = move |catalog: &Self| catalog.store_and_publish(&name, &prepared, options, actor);
            match self.blocking(work).await? {
                Some((Stored { version, created, active }, handled)) => {
                    handled.wait().await;
                    permit.enter(Stage::Done);
                    return Ok(Uploaded { version, created, active, times });
                }
                // The known component was deleted meanwhile. This happens once only: it is prepared here.
                None => prepared = self.prepare_upload(digest, bytes.clone(), &mut times, permit).await?,
            }
        }
    }

    /// Checks that the requested limits are within their bounds.
    ///
    /// # Errors
    /// When they are not.
    pub fn check_options(&self, options: &Options) -> Result<(), Error> {
        Ok(self.defaults.check_requested(&options.limits)?)
    }

    /// Checks that `bytes` more of `principal` fit into its `quota`, as a version of `name`. A component that it uploaded
    /// before takes nothing more.
    ///
    /// # Errors
    /// Names the bound that they exceed.
    pub fn check_quota(
        &self,
        name: &str,
        quota: &Quota,
        principal: Option<&str>,
        digest: Option<&Digest>,
        bytes: u64,
    ) -> Result<(), Error> {
        let (Some(principal), true) = (principal, *quota != Quota::default()) else { return Ok(()) };
        let index = self.index();
        let own = quota::Uploaded::by(principal, &index);
        let more = if digest.is_some_and(|digest| own.has_component(digest)) { 0 } else { bytes };
        Ok(quota.admit(own.usage(&index.components), !own.has_handler(name), more)?)
    }

    /// Checks that versions of `name` can be uploaded, which is known before the first byte.
    ///
    /// # Errors
    /// When the name is wrong, or a built-in or configured handler has it.
    pub fn check_name(&self, name: &str) -> Result<(), Error> {
        if !name::is_valid(name) {
            return Err(Error::Name(name.to_owned()));
        }
        match self.index().is_fixed(name) {
            true => Err(Error::Fixed(name.to_owned())),
            false => Ok(()),
        }
    }

    /// Returns the metadata of a component whose stored code can be used.
    fn known(&self, digest: &Digest) -> Option<Metadata> {
        let metadata = self.index().components.get(digest)?.metadata.clone();
        self.stored_code(digest).map(|_| metadata)
    }

    async fn prepare_upload(
        self: &Arc<Self>,
        digest: Digest,
        bytes: Bytes,
        times: &mut Times,
        permit: &Permit,
    ) -> Result<Prepared, Error> {
        permit.enter(Stage::Compiling);
        let begin = Instant::now();
        let (code, descriptor) = self.compile(&bytes, permit.job()).await?;
        times.compile = begin.elapsed();
        permit.enter(Stage::Describing);
        let begin = Instant::now();
        let prepared = self
            .blocking(move |catalog| {
                let component: Component =
                    catalog.engine.load_described(&bytes, &code, &catalog.allowance, descriptor)?;
                let metadata = Metadata::of(&component);
                catalog.loaded.put(component);
                Ok(Prepared { digest, bytes, metadata, code: Some(code) })
            })
            .await?;
        times.describe = begin.elapsed();
        Ok(prepared)
    }

    /// Stores a version, publishes it, and queues its event. `None`: its component was to be stored already, and is
    /// not any more.
    fn store_and_publish(
        &self,
        name: &str,
        prepared: &Prepared,
        options: Options,
        actor: Actor,
    ) -> Result<Option<(Stored, Handled)>, Error> {
        failpoint::hit("upload.begin");
        let _changes = self.changes();
        let Some(stored) = self.store_version(name, prepared, options, actor.key.as_deref())? else { return Ok(None) };
        let Stored { version, created, active } = &stored;
        let handled = self.events.publish(CatalogEvent {
            handler: name.to_owned(),
            version: Some(version.number),
            digest: Some(version.digest),
            bytes: version.bytes,
            actor: Some(actor),
            change: Change::Uploaded { created: *created, active: *active },
        });
        Ok(Some((stored, handled)))
    }

    fn store_version(
        &self,
        name: &str,
        prepared: &Prepared,
        options: Options,
        principal: Option<&str>,
    ) -> Result<Option<Stored>, Error> {
        let Options { activation, limits, quota } = options;
        let Prepared { digest, bytes, metadata, code } = prepared;
        let (record, existing, versions, known) = {
            let index = self.index();
            let entry = index.handlers.get(name);
            let record = entry.map(|entry| entry.handler.clone());
            let existing = entry.and_then(|entry| {
                entry.versions.values().find(|it| it.digest == *digest && it.requested_limits == limits).cloned()
            });
            let versions = entry.map_or(0, |entry| entry.versions.len());
            (record, existing, versions, index.components.get(digest).cloned())
        };
        if existing.is_none() && versions >= MOST_VERSIONS {
            return Err(Error::Versions { name: name.to_owned(), most: MOST_VERSIONS });
        }
        if existing.is_none() {
            let compiled = match (code, &known) {
                (Some(code), _) => code.bytes().len() as u64,
                (None, known) => known.as_ref().map_or(0, |component| component.code.bytes),
            };
            // Changes exclude each other, so that two uploads do not both get the last room.
            self.check_quota(name, &quota, principal, Some(digest), bytes.len() as u64 + compiled)?;
        }
        let component = match (code, &known) {
            (None, None) => return Ok(None),
            (None, Some(component)) => {
                // The same bytes repair a damaged or missing file.
                if self.store.component(digest).is_err() {
                    self.store.put_component(digest, bytes)?;
                }
                component.clone()
            }
            (Some(code), _) => match self.write(digest, bytes, code, metadata) {
                Ok(component) => component,
                Err(error) => {
                    if known.is_none() {
                        self.store.remove(digest);
                    }
                    return Err(error.into());
                }
            },
        };
        let activate = match activation {
            Activation::Always => true,
            Activation::IfFirst => record.is_none(),
            Activation::Never => false,
        };
        let created = existing.is_none();
        let mut handler = record.unwrap_or_default();
        let number = existing.as_ref().map_or(handler.last + 1, |version| version.number);
        handler.last = handler.last.max(number);
        if activate && handler.active != Some(number) {
            handler.activate(number);
        }
        let row = store::Version {
            digest: *digest,
            uploaded_ms: store::now_ms(),
            requested_limits: limits,
            uploaded_by: principal.map(str::to_owned),
        };
        let batch = Batch {
            handlers: vec![(name.to_owned(), Some(handler.clone()))],
            versions: created.then(|| (name.to_owned(), number, Some(row.clone()))).into_iter().collect(),
            components: vec![(*digest, Some(component.clone()))],
        };
        if let Err(error) = self.store.commit(&batch, "upload") {
            // Files that something may refer to stay: the next start removes them if nothing does.
            if known.is_none() && self.store.read().is_ok_and(|stored| !stored.components.contains_key(digest)) {
                self.store.remove(digest);
            }
            return Err(error.into());
        }
        let version = existing.unwrap_or_else(|| self.uploaded_version(name, number, &row, &component).into());
        let active = handler.active == Some(number);
        self.show(handler, &version, component);
        tracing::info!(handler = name, version = number, %digest, active, "uploaded");
        failpoint::hit("upload.end");
        Ok(Some(Stored { version, created, active }))
    }

    fn write(
        &self,
        digest: &Digest,
        bytes: &[u8],
        code: &Code,
        metadata: &Metadata,
    ) -> Result<store::Component, store::Error> {
        self.store.put_component(digest, bytes)?;
        let code = self.store.put_code(digest, code.bytes())?;
        Ok(store::Component { bytes: bytes.len() as u64, metadata: metadata.clone(), code })
    }

    /// Makes a stored version visible, atomically.
    fn show(&self, handler: Handler, version: &Arc<Version>, component: store::Component) {
        let mut index = self.index();
        index.components.insert(version.digest, component);
        let entry = index.handlers.entry(version.name.clone()).or_default();
        entry.versions.insert(version.number, version.clone());
        entry.set(handler);
    }
}

//! From bytes to a version: checked, compiled, described, kept, and then visible in one step.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use framebox_sandbox::{Code, Component, Digest, inspect};

use super::progress::{Stage, Ticket};
use super::store::{self, About, Change, Handler};
use super::version::Version;
use super::{Catalog, Error, name};
use crate::failpoint as fault;
use crate::limits::Table;

/// Versions that a handler may have.
const MOST_VERSIONS: usize = 1000;

/// What an upload asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wishes {
    /// Sessions get the version as soon as it is there.
    pub activate: bool,
    /// What it is to be allowed, where the operator says nothing of the handler. The same bytes with other limits are
    /// another version.
    pub limits: Table,
}

impl Default for Wishes {
    fn default() -> Self {
        Self { activate: true, limits: Table::default() }
    }
}

/// What became of an upload.
#[derive(Clone, Debug)]
pub struct Uploaded {
    /// The version.
    pub version: Arc<Version>,
    /// False: the same bytes were there already.
    pub is_fresh: bool,
    /// Sessions get it.
    pub active: bool,
    /// What it took.
    pub times: Times,
}

/// What an upload took; nothing, where it was known already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Times {
    /// To compile it, and to wait for its turn.
    pub compile: Duration,
    /// To load it and to ask what it is.
    pub describe: Duration,
}

/// A component that can be kept.
struct Prepared {
    digest: Digest,
    bytes: Bytes,
    about: About,
    /// None: it is kept already.
    code: Option<Code>,
}

impl Catalog {
    /// Makes `bytes` a version of `name`, and with `activate` the one that sessions get.
    ///
    /// # Errors
    /// Why it is refused; nothing has changed then.
    pub async fn upload(
        self: &Arc<Self>,
        name: &str,
        bytes: Bytes,
        Wishes { activate, limits }: Wishes,
        ticket: &Ticket,
    ) -> Result<Uploaded, Error> {
        self.may_take(name)?;
        ticket.at(Stage::Checking);
        let (digest, bytes) = self
            .blocking(move |catalog| {
                inspect::check(&bytes, &catalog.allowance)?;
                Ok((Digest::of(&bytes), bytes))
            })
            .await?;
        let mut times = Times::default();
        let known = self.blocking(move |catalog| Ok(catalog.known(&digest))).await?;
        let mut prepared = match known {
            Some(about) => Prepared { digest, bytes: bytes.clone(), about, code: None },
            None => self.prepare_upload(digest, bytes.clone(), &mut times, ticket).await?,
        };
        ticket.at(Stage::Storing);
        loop {
            let name = name.to_owned();
            let kept = self.blocking(move |catalog| catalog.keep(&name, &prepared, activate, limits)).await?;
            match kept {
                Some((version, is_fresh, active)) => {
                    ticket.at(Stage::Done);
                    return Ok(Uploaded { version, is_fresh, active, times });
                }
                // What was known of it was deleted meanwhile. This cannot happen again: it is prepared here.
                None => prepared = self.prepare_upload(digest, bytes.clone(), &mut times, ticket).await?,
            }
        }
    }

    /// Whether what an upload asks for is within the bounds.
    ///
    /// # Errors
    /// When it is not.
    pub fn may_ask(&self, wishes: &Wishes) -> Result<(), Error> {
        self.defaults.check_requested(&wishes.limits).map_err(|error| Error::Limits(error.to_string()))
    }

    /// Whether `name` can be uploaded to, which is known before the first byte.
    ///
    /// # Errors
    /// When the name is none, or taken by what comes with the program or its configuration.
    pub fn may_take(&self, name: &str) -> Result<(), Error> {
        if !name::is_name(name) {
            return Err(Error::Name(name.to_owned()));
        }
        match self.shelf().is_fixed(name) {
            true => Err(Error::Fixed(name.to_owned())),
            false => Ok(()),
        }
    }

    /// What is known of a component whose code can be used as it is kept.
    fn known(&self, digest: &Digest) -> Option<About> {
        let about = self.shelf().components.get(digest)?.about.clone();
        self.kept_code(digest).map(|_| about)
    }

    async fn prepare_upload(
        self: &Arc<Self>,
        digest: Digest,
        bytes: Bytes,
        times: &mut Times,
        ticket: &Ticket,
    ) -> Result<Prepared, Error> {
        ticket.at(Stage::Compiling);
        let begin = Instant::now();
        let code = self.compile(&bytes).await?;
        times.compile = begin.elapsed();
        ticket.at(Stage::Describing);
        let begin = Instant::now();
        let prepared = self
            .blocking(move |catalog| {
                let component: Component = catalog.engine.load_compiled(&bytes, &code, &catalog.allowance)?;
                let about = About::of(&component);
                catalog.loaded.put(component);
                Ok(Prepared { digest, bytes, about, code: Some(code) })
            })
            .await?;
        times.describe = begin.elapsed();
        Ok(prepared)
    }

    /// Keeps a version and makes it visible. None: it was to be known already, and is not any more.
    fn keep(
        &self,
        name: &str,
        prepared: &Prepared,
        activate: bool,
        limits: Table,
    ) -> Result<Option<(Arc<Version>, bool, bool)>, Error> {
        fault::point("upload.begin");
        let _changes = self.changes();
        let Prepared { digest, bytes, about, code } = prepared;
        let (mut handler, existing, versions, known) = {
            let shelf = self.shelf();
            let place = shelf.handlers.get(name);
            let handler = place.map(|place| place.handler.clone()).unwrap_or_default();
            let existing = place.and_then(|place| {
                place.versions.values().find(|it| it.digest == *digest && it.brought == limits).cloned()
            });
            let versions = place.map_or(0, |place| place.versions.len());
            (handler, existing, versions, shelf.components.get(digest).cloned())
        };
        if existing.is_none() && versions >= MOST_VERSIONS {
            return Err(Error::Versions { name: name.to_owned(), most: MOST_VERSIONS });
        }
        let component = match (code, &known) {
            (None, None) => return Ok(None),
            (None, Some(component)) => {
                // What is damaged or missing is repaired by the same bytes.
                if self.store.component(digest).is_err() {
                    self.store.put_component(digest, bytes)?;
                }
                component.clone()
            }
            (Some(code), _) => match self.write(digest, bytes, code, about) {
                Ok(component) => component,
                Err(error) => {
                    if known.is_none() {
                        self.store.remove(digest);
                    }
                    return Err(error.into());
                }
            },
        };
        let is_fresh = existing.is_none();
        let number = existing.as_ref().map_or(handler.last + 1, |version| version.number);
        handler.last = handler.last.max(number);
        if activate && handler.active != Some(number) {
            handler.activate(number);
        }
        let row = store::Version { digest: *digest, uploaded_ms: store::now_ms(), limits };
        let change = Change {
            handlers: vec![(name.to_owned(), Some(handler.clone()))],
            versions: is_fresh.then(|| (name.to_owned(), number, Some(row.clone()))).into_iter().collect(),
            components: vec![(*digest, Some(component.clone()))],
        };
        if let Err(error) = self.store.commit(&change, "upload") {
            // Files that something may refer to stay: what is not needed goes at the next start.
            if known.is_none() && self.store.read().is_ok_and(|kept| !kept.components.contains_key(digest)) {
                self.store.remove(digest);
            }
            return Err(error.into());
        }
        let version = existing.unwrap_or_else(|| self.version(name, number, &component, Ok(&row), false).into());
        let active = handler.active == Some(number);
        self.show(handler, &version, component);
        tracing::info!(handler = name, version = number, %digest, active, "uploaded");
        fault::point("upload.end");
        Ok(Some((version, is_fresh, active)))
    }

    fn write(
        &self,
        digest: &Digest,
        bytes: &[u8],
        code: &Code,
        about: &About,
    ) -> Result<store::Component, store::Error> {
        self.store.put_component(digest, bytes)?;
        let code = self.store.put_code(digest, code.bytes())?;
        Ok(store::Component { bytes: bytes.len() as u64, about: about.clone(), code })
    }

    /// The one step in which a version becomes visible.
    fn show(&self, handler: Handler, version: &Arc<Version>, component: store::Component) {
        let mut shelf = self.shelf();
        shelf.components.insert(version.digest, component);
        let place = shelf.handlers.entry(version.name.clone()).or_default();
        place.versions.insert(version.number, version.clone());
        place.set(handler);
    }
}

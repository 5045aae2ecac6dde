//! From what is kept to what can be run.
#![allow(unsafe_code)]

use std::sync::Arc;

use framebox_sandbox::{Code, CompileLimits, Component, Digest, LoadError};

use super::store::{self, About, Change};
use super::version::{Entry, Follows, Hold, Version};
use super::{Catalog, Error};

impl About {
    /// What a component is.
    pub fn of(component: &Component) -> Self {
        Self {
            kind: component.kind(),
            descriptor: component.descriptor().clone(),
            imports: component.imports().to_vec(),
        }
    }
}

/// Code from the cache of this user.
pub fn known(code: Vec<u8>) -> Code {
    // SAFETY: it has the digest that was noted when our compiler had made it, in a directory that only this user may write to.
    unsafe { Code::from_bytes(code) }
}

impl Catalog {
    /// Loads what is held, if it is not in memory.
    pub(super) async fn enter(self: &Arc<Self>, hold: Hold, follows: Follows) -> Result<Entry, Error> {
        let version = hold.version().clone();
        let (component, slot) = self.loaded.get(version.digest, self.load(&version)).await?;
        let (limits, budgets, policy) = (version.limits.clone(), version.budgets.clone(), version.policy);
        Ok(Entry { component, limits, budgets, policy, follows, hold: Arc::new(hold), _slot: slot })
    }

    /// Loads a version from its files. Code that is damaged, missing or of another edition is compiled again.
    async fn load(self: &Arc<Self>, version: &Arc<Version>) -> Result<Component, Error> {
        let of = version.clone();
        let (bytes, kept) = self
            .blocking(move |catalog| {
                let bytes = catalog.bytes(&of)?;
                let loaded = catalog.kept_code(&of.digest).map(|code| catalog.assemble(&of, &bytes, &code));
                Ok((bytes, loaded))
            })
            .await?;
        if let Some(Ok(component)) = kept {
            return Ok(component);
        }
        tracing::info!(handler = version.name, version = version.number, "is compiled again");
        let code = self.compile(&bytes).await?;
        let of = version.clone();
        self.blocking(move |catalog| {
            let component = catalog.assemble(&of, &bytes, &code)?;
            if let Err(error) = catalog.keep_code(&of.digest, &code) {
                tracing::warn!(handler = of.name, %error, "its code cannot be kept, and is compiled again at the next start");
            }
            Ok(component)
        })
        .await
    }

    /// Compiles in a process of its own.
    pub(super) async fn compile(&self, bytes: &[u8]) -> Result<Code, Error> {
        let code = self.workshop.compile(bytes, &self.allowance_of(bytes)).await?;
        // SAFETY: this program, started by us with nothing but the component as input, has just compiled it; nobody else
        // writes to the pipe between the two.
        Ok(unsafe { Code::from_bytes(code) })
    }

    /// Code that is kept and is what it was when it was written. None: there is none that can be used.
    pub(super) fn kept_code(&self, digest: &Digest) -> Option<Code> {
        let row = self.shelf().components.get(digest)?.code.clone();
        match self.store.code(digest, &row) {
            // SAFETY: the bytes have the digest that was noted when our compiler had made them, in a directory that only
            // this user may write to.
            Ok(code) => code.map(|code| unsafe { Code::from_bytes(code) }),
            Err(error) => {
                tracing::warn!(%error, "compiled code cannot be used");
                None
            }
        }
    }

    fn bytes(&self, version: &Version) -> Result<Vec<u8>, Error> {
        if let Some(bytes) = self.embedded.get(&version.digest) {
            return Ok(bytes.to_vec());
        }
        self.store.component(&version.digest).map_err(|error| match error {
            store::Error::Damaged(_) | store::Error::Missing(_) => {
                tracing::error!(handler = version.name, version = version.number, %error, "a version cannot be served");
                Error::Damaged { name: version.name.clone(), version: version.number }
            }
            error => error.into(),
        })
    }

    fn assemble(&self, version: &Version, bytes: &[u8], code: &Code) -> Result<Component, LoadError> {
        self.engine.load_described(bytes, code, &self.allowance_of(bytes), version.about.descriptor.clone())
    }

    /// What is kept was small enough once, whatever holds for uploads by now.
    fn allowance_of(&self, bytes: &[u8]) -> CompileLimits {
        CompileLimits { bytes: bytes.len(), ..self.allowance.clone() }
    }

    fn keep_code(&self, digest: &Digest, code: &Code) -> Result<(), Error> {
        let _changes = self.changes();
        // Deleted meanwhile, it is not kept.
        let Some(mut component) = self.shelf().components.get(digest).cloned() else { return Ok(()) };
        component.code = self.store.put_code(digest, code.bytes())?;
        self.store
            .commit(&Change { components: vec![(*digest, Some(component.clone()))], ..Change::default() }, "code")?;
        self.shelf().components.insert(*digest, component);
        Ok(())
    }
}

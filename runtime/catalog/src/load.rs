//! Loads stored versions into memory.
#![allow(unsafe_code)]

use std::sync::Arc;

use framebox_sandbox::{Code, CompileLimits, Component, Descriptor, Digest, LoadError};

use super::binding::{Binding, LoadedVersion};
use super::catalog::Catalog;
use super::compile::Job;
use super::compile::child::Compiled;
use super::error::Error;
use super::store::{self, Batch};
use super::version::{Version, VersionGuard};

/// Takes code from the cache of this user.
pub fn cached(code: Vec<u8>) -> Code {
    // SAFETY: the code has the digest that was noted when our compiler made it, in a directory that only this user may write
    // to.
    unsafe { Code::from_bytes(code) }
}

impl Catalog {
    /// Loads a version in use, unless it is in memory.
    pub(super) async fn load(self: &Arc<Self>, guard: VersionGuard, binding: Binding) -> Result<LoadedVersion, Error> {
        let version = guard.version().clone();
        let (component, slot) = self.loaded.get(version.digest, self.read(&version)).await?;
        let limits = version.limits.limits();
        Ok(LoadedVersion { component, limits, binding, guard: Arc::new(guard), _slot: slot })
    }

    /// Loads a version from its files. Code that is damaged, missing or of another edition is compiled again.
    async fn read(self: &Arc<Self>, version: &Arc<Version>) -> Result<Component, Error> {
        let of = version.clone();
        let (bytes, loaded) = self
            .blocking(move |catalog| {
                let bytes = catalog.bytes(&of)?;
                let loaded = catalog.stored_code(&of.digest).map(|code| catalog.assemble(&of, &bytes, &code));
                Ok((bytes, loaded))
            })
            .await?;
        if let Some(Ok(component)) = loaded {
            return Ok(component);
        }
        tracing::info!(handler = version.name, version = version.number, "compiling a stored version again");
        // Whoever opens the session has not chosen to compile anything: it is the server's own job.
        let (code, _) = self.compile(&bytes, &Job::default()).await?;
        let of = version.clone();
        self.blocking(move |catalog| {
            let component = catalog.assemble(&of, &bytes, &code)?;
            if let Err(error) = catalog.store_code(&of.digest, &code) {
                tracing::warn!(handler = of.name, %error, "compiled code cannot be stored; the next start compiles it again");
            }
            Ok(component)
        })
        .await
    }

    /// Compiles and describes a component in a child process.
    pub(super) async fn compile(&self, bytes: &[u8], job: &Job) -> Result<(Code, Descriptor), Error> {
        let Compiled { descriptor, code } = self.worker.compile(bytes, &self.allowance_of(bytes), job).await?;
        // SAFETY: this program, started by us with nothing but the component as input, has just compiled it; nobody else
        // writes to the pipe between the two.
        Ok((unsafe { Code::from_bytes(code) }, descriptor))
    }

    /// Returns stored code; `None` when there is none that can be used.
    pub(super) fn stored_code(&self, digest: &Digest) -> Option<Code> {
        let row = self.index().components.get(digest)?.code.clone();
        match self.store.code(digest, &row) {
            // SAFETY: the bytes have the digest that was noted when our compiler made them, in a directory that only this
            // user may write to.
            Ok(code) => code.map(|code| unsafe { Code::from_bytes(code) }),
            Err(error) => {
                tracing::warn!(%error, "stored code cannot be used");
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
        self.engine.load_described(bytes, code, &self.allowance_of(bytes), version.metadata.descriptor.clone())
    }

    /// A stored component was small enough when it was uploaded, whatever the bound is today.
    fn allowance_of(&self, bytes: &[u8]) -> CompileLimits {
        CompileLimits { bytes: bytes.len(), ..self.allowance.clone() }
    }

    fn store_code(&self, digest: &Digest, code: &Code) -> Result<(), Error> {
        let _changes = self.changes();
        // The component may have been deleted meanwhile.
        let Some(mut component) = self.index().components.get(digest).cloned() else { return Ok(()) };
        component.code = self.store.put_code(digest, code.bytes())?;
        let batch = Batch { components: vec![(*digest, Some(component.clone()))], ..Batch::default() };
        self.store.commit(&batch, "code")?;
        self.index().components.insert(*digest, component);
        Ok(())
    }
}

//! The limits and the compiler that the commands apply to components.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use framebox_ffmpeg::{Failure, Ffmpeg};
use framebox_sandbox::{Code, CompileLimits, Component, Engine, Limits, LoadError, Settings, inspect};

use crate::Error;

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// A server would refuse the component.
    #[error("{0}")]
    Refused(String),
    /// The compiler could not be run on this machine.
    #[error("{0}")]
    Failed(String),
}

/// Compiles a component within limits.
pub type Compile = dyn Fn(&[u8], &CompileLimits) -> Result<Code, CompileError>;

/// The limits, the compiler and the ffmpeg of a server with default settings. The caller provides them, so that this crate does not
/// depend on the server.
pub struct Host {
    /// Limits on a component before and while it is compiled.
    pub compile_limits: CompileLimits,
    /// Limits on the calls of a handler.
    pub limits: Limits,
    /// The most linear memory that any handler may be granted, bytes.
    pub max_memory: usize,
    /// Compiles a component in the same way as an upload.
    pub compile: Box<Compile>,
    /// Reads the files that are not read here, or why it does not.
    pub ffmpeg: Result<Ffmpeg, Failure>,
}

/// A component that a server would accept, and what was measured while loading it.
pub(crate) struct LoadedComponent {
    pub(crate) component: Component,
    /// Size of the file, bytes.
    pub(crate) bytes: usize,
    /// Number of functions in the component.
    pub(crate) functions: u32,
    pub(crate) compile_time: Duration,
}

impl Host {
    /// Creates an engine for a few instances, each with at most `memory` bytes or the server's maximum, whichever is more.
    pub(crate) fn engine(&self, memory: Option<usize>) -> Result<Engine, Error> {
        let memory = self.max_memory.max(memory.unwrap_or(0));
        Engine::new(&Settings { instances: 4, memory, ..Settings::default() })
            .map_err(|error| Error::Machine(format!("cannot start the WebAssembly engine: {error}")))
    }

    /// Checks, compiles and loads the component in `file`, as a server does with an upload.
    pub(crate) fn load(&self, engine: &Engine, file: &Path) -> Result<LoadedComponent, Error> {
        let bytes = self.read(file)?;
        inspect::check(&bytes, &self.compile_limits)?;
        let begin = Instant::now();
        let code = (self.compile)(&bytes, &self.compile_limits).map_err(|error| match error {
            CompileError::Refused(reason) => Error::Refused(reason),
            CompileError::Failed(reason) => Error::Machine(reason),
        })?;
        let compile_time = begin.elapsed();
        let component = engine.load_compiled(&bytes, &code, &self.compile_limits)?;
        Ok(LoadedComponent { component, bytes: bytes.len(), functions: inspect::functions(&bytes), compile_time })
    }

    /// Reads a file, unless it is larger than a component may be.
    fn read(&self, file: &Path) -> Result<Vec<u8>, Error> {
        let failed = |error| Error::read(file, &error);
        let limit = self.compile_limits.bytes;
        let meta = fs::metadata(file).map_err(failed)?;
        if !meta.is_file() {
            return Err(Error::Usage(format!(
                "{} is not a regular file: give the path of a component (.wasm)",
                file.display()
            )));
        }
        let length = usize::try_from(meta.len()).unwrap_or(usize::MAX);
        if length > limit {
            return Err(LoadError::TooLarge { bytes: length, limit }.into());
        }
        let mut bytes = Vec::with_capacity(length);
        // The file may have grown since; one byte over the limit is enough for the check to refuse it.
        File::open(file).and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes)).map_err(failed)?;
        Ok(bytes)
    }
}

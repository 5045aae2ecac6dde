//! What the program lends these commands, so that they judge as its server does.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::{Duration, Instant};

use framebox_sandbox::{Code, CompileLimits, Component, Engine, Limits, LoadError, Settings, inspect};

use crate::Error;

/// Why there is no code.
#[derive(Debug)]
pub enum NoCode {
    /// The component is refused, for that reason.
    Refused(String),
    /// The compiler cannot be had.
    Failed(String),
}

/// Compiles a component within an allowance.
pub type Compile = dyn Fn(&[u8], &CompileLimits) -> Result<Code, NoCode>;

/// A server with its defaults, as far as these commands need one.
pub struct Host {
    /// What may be uploaded.
    pub allowance: CompileLimits,
    /// What a handler may use.
    pub limits: Limits,
    /// Linear memory that any handler may be allowed, bytes.
    pub memory: usize,
    /// Compiles, as it is done to uploads.
    pub compile: Box<Compile>,
}

/// A component that a server would take.
pub(crate) struct Opened {
    pub(crate) component: Component,
    /// Its size, bytes.
    pub(crate) bytes: usize,
    /// Functions in it.
    pub(crate) functions: u32,
    /// What compiling took.
    pub(crate) compiled: Duration,
}

impl Host {
    /// An engine for a few instances of at most `memory` bytes, or of as many as a server allows.
    pub(crate) fn engine(&self, memory: Option<usize>) -> Result<Engine, Error> {
        let memory = self.memory.max(memory.unwrap_or(0));
        Engine::new(&Settings { instances: 4, memory, ..Settings::default() })
            .map_err(|error| Error::Machine(error.to_string()))
    }

    /// Does to a file what a server does to an upload.
    pub(crate) fn open(&self, engine: &Engine, file: &Path) -> Result<Opened, Error> {
        let bytes = self.read(file)?;
        inspect::check(&bytes, &self.allowance)?;
        let begin = Instant::now();
        let code = (self.compile)(&bytes, &self.allowance).map_err(|error| match error {
            NoCode::Refused(why) => Error::Refused(why),
            NoCode::Failed(why) => Error::Machine(why),
        })?;
        let compiled = begin.elapsed();
        let component = engine.load_compiled(&bytes, &code, &self.allowance)?;
        Ok(Opened { component, bytes: bytes.len(), functions: inspect::functions(&bytes), compiled })
    }

    /// What is too large is not read.
    fn read(&self, file: &Path) -> Result<Vec<u8>, Error> {
        let failed = |error| Error::read(file, &error);
        let limit = self.allowance.bytes;
        let meta = fs::metadata(file).map_err(failed)?;
        if !meta.is_file() {
            return Err(Error::Usage(format!("{} is no file", file.display())));
        }
        let length = usize::try_from(meta.len()).unwrap_or(usize::MAX);
        if length > limit {
            return Err(LoadError::TooLarge { bytes: length, limit }.into());
        }
        let mut bytes = Vec::with_capacity(length);
        // It may have grown meanwhile; one byte more is enough to be refused.
        File::open(file).and_then(|file| file.take(limit as u64 + 1).read_to_end(&mut bytes)).map_err(failed)?;
        Ok(bytes)
    }
}

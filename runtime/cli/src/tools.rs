//! `framebox check`, `run` and `bench`: what the server lends the authors' tools, so that they judge as it does.
#![allow(unsafe_code)]

use std::path::PathBuf;
use std::process::ExitCode;

use framebox_sandbox::{Code, CompileLimits};
use framebox_tools::{Error, Host, NoCode};

use framebox_catalog::Defaults;
use framebox_catalog::compile::{self, Worker};

/// Does `work` on behalf of a server with default limits; what went wrong is said on standard error.
pub fn with(work: impl FnOnce(&Host) -> Result<(), Error>) -> ExitCode {
    said(host().and_then(|host| work(&host)))
}

/// With which code the program ends; what went wrong is said on standard error.
pub fn said(done: Result<(), Error>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("framebox: {error}");
            error.code().into()
        }
    }
}

fn host() -> Result<Host, Error> {
    let wrong = |error: &dyn std::fmt::Display| Error::Machine(error.to_string());
    let defaults = Defaults::default();
    let allowance = CompileLimits { bytes: defaults.largest, ..CompileLimits::default() };
    let worker = Worker::new(PathBuf::from("/proc/self/exe"), defaults.compile.clone());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| wrong(&error))?;
    let compile = move |component: &[u8], allowance: &CompileLimits| {
        let code = runtime.block_on(worker.compile(component, allowance)).map_err(|error| match error {
            compile::Error::Failed(_) => NoCode::Failed(error.to_string()),
            _ => NoCode::Refused(error.to_string()),
        })?;
        // SAFETY: this program, started by us with nothing but the component as input, has just compiled it; nobody else
        // writes to the pipe between the two.
        Ok(unsafe { Code::from_bytes(code) })
    };
    Ok(Host {
        allowance,
        limits: defaults.effective("", &Default::default()).limits(),
        memory: defaults.most_memory(),
        compile: Box::new(compile),
    })
}

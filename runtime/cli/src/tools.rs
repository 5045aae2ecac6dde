//! `framebox check`, `run` and `bench`: provides the limits and the compiler of a server with default settings.
#![allow(unsafe_code)]

use std::process::ExitCode;

use framebox_catalog::Defaults;
use framebox_catalog::compile::{self, Job};
use framebox_sandbox::{Code, CompileLimits};
use framebox_tools::{CompileError, Error, Host};

/// Runs a command with the limits and the compiler of a server; returns its exit code.
pub fn with_host(command: impl FnOnce(&Host) -> Result<(), Error>) -> ExitCode {
    exit_code(host().and_then(|host| command(&host)))
}

/// Prints the error of a command, if any, to standard error; returns the exit code.
pub fn exit_code(result: Result<(), Error>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("framebox: {error}");
            error.code().into()
        }
    }
}

fn host() -> Result<Host, Error> {
    let defaults = Defaults::default();
    let worker = defaults.worker();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Error::Machine(format!("cannot start the compiler: {error}")))?;
    let compile = move |component: &[u8], limits: &CompileLimits| {
        let compiled =
            runtime.block_on(worker.compile(component, limits, &Job::default())).map_err(|error| match error {
                compile::Error::Failed(_) => CompileError::Failed(error.to_string()),
                _ => CompileError::Refused(error.to_string()),
            })?;
        // SAFETY: the code comes from a child process that runs this program and received nothing but the component. No other
        // process can write to the pipe between the two.
        Ok(unsafe { Code::from_bytes(compiled.code) })
    };
    Ok(Host {
        compile_limits: defaults.compile_limits(),
        limits: defaults.effective("", &Default::default()).limits(),
        max_memory: defaults.most_memory(),
        compile: Box::new(compile),
        ffmpeg: framebox_server::config::Ffmpeg::default().find(None),
    })
}

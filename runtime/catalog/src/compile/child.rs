//! `framebox compile`: the child process that compiles one component.
//!
//! It limits itself before it reads any of the component.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::Args;
use framebox_sandbox::{CompileLimits, Compiler};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setpriority_process, setrlimit};
use serde::{Deserialize, Serialize};

use super::Limits;

/// Exit code of a refusal; the reason is on the standard output.
pub const REFUSED: i32 = 2;
/// Scheduling priority, below that of sessions.
const NICE: i32 = 10;
/// Address space beside the memory limit, MiB: libraries, stacks, and what allocators reserve without using it.
const RESERVED_MIB: u64 = 4096;

/// Arguments of `framebox compile`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// Memory, MiB.
    #[arg(long)]
    memory_mib: u64,
    /// CPU time, s.
    #[arg(long)]
    cpu_seconds: u64,
    /// Largest component, bytes.
    #[arg(long)]
    bytes: usize,
    /// Most functions.
    #[arg(long)]
    functions: u32,
    /// Largest function, bytes.
    #[arg(long)]
    body_bytes: usize,
    /// Most local variables of a function.
    #[arg(long)]
    locals: u32,
}

/// The standard output of a child that refuses the component.
#[derive(Debug, Serialize, Deserialize)]
pub struct Refusal {
    /// The reason, for the component's author.
    pub refused: String,
}

impl Options {
    /// Creates the arguments for `limits` and `allowance`.
    pub fn new(limits: &Limits, allowance: &CompileLimits) -> Self {
        let CompileLimits { bytes, functions, body_bytes, locals } = *allowance;
        let cpu_seconds = limits.time.as_secs().saturating_mul(2).max(1);
        Self { memory_mib: limits.memory_mib, cpu_seconds, bytes, functions, body_bytes, locals }
    }

    /// Formats the arguments as a command line.
    pub fn arguments(&self) -> Vec<String> {
        let Self { memory_mib, cpu_seconds, bytes, functions, body_bytes, locals } = self;
        vec![
            format!("--memory-mib={memory_mib}"),
            format!("--cpu-seconds={cpu_seconds}"),
            format!("--bytes={bytes}"),
            format!("--functions={functions}"),
            format!("--body-bytes={body_bytes}"),
            format!("--locals={locals}"),
        ]
    }

    fn allowance(&self) -> CompileLimits {
        let Self { bytes, functions, body_bytes, locals, .. } = *self;
        CompileLimits { bytes, functions, body_bytes, locals }
    }
}

/// Compiles the component on the standard input; writes its code, or the refusal, to the standard output.
pub fn run(options: &Options) -> ExitCode {
    let ended = confine(options).and_then(|()| compile(options));
    ended.unwrap_or_else(|error| {
        eprintln!("framebox compile: {error}");
        ExitCode::FAILURE
    })
}

/// Limits this process. When that fails, nothing is compiled.
fn confine(options: &Options) -> io::Result<()> {
    let limit = |resource, value| {
        let limit = Rlimit { current: Some(value), maximum: Some(value) };
        setrlimit(resource, limit)
    };
    // The server may be killed meanwhile. The signal follows the end of the thread that started this process; the threads
    // of an async runtime last as long as the server.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    setpriority_process(None, NICE)?;
    limit(Resource::Core, 0)?;
    limit(Resource::Fsize, 0)?;
    limit(Resource::Data, options.memory_mib.saturating_mul(1 << 20))?;
    limit(Resource::As, options.memory_mib.saturating_add(RESERVED_MIB).saturating_mul(1 << 20))?;
    // At the soft limit SIGXCPU ends the process, which names the reason; at the hard limit SIGKILL would.
    let cpu = Rlimit { current: Some(options.cpu_seconds), maximum: Some(options.cpu_seconds.saturating_add(5)) };
    setrlimit(Resource::Cpu, cpu)?;
    Ok(())
}

fn compile(options: &Options) -> io::Result<ExitCode> {
    let mut component = Vec::new();
    let most = u64::try_from(options.bytes).unwrap_or(u64::MAX).saturating_add(1);
    io::stdin().lock().take(most).read_to_end(&mut component)?;
    let compiler = Compiler::new().map_err(io::Error::other)?;
    let mut output = io::stdout().lock();
    match compiler.compile(&component, &options.allowance()) {
        Ok(code) => output.write_all(code.bytes()).map(|()| ExitCode::SUCCESS),
        Err(refused) => {
            serde_json::to_writer(&mut output, &Refusal { refused: refused.to_string() })?;
            Ok(ExitCode::from(REFUSED as u8))
        }
    }
}

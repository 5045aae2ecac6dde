//! `framebox compile`: the child process that compiles one component.
//!
//! It confines itself before it reads any of the component: what compiles and describes it is behind a second wall.

use std::io::{self, Read, Write};
use std::process::ExitCode;

use clap::Args;
use framebox_jail as jail;
use framebox_sandbox::{Code, CompileLimits, Compiler, Descriptor, Engine, LoadError, Settings};
use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setpriority_process, setrlimit};
use serde::{Deserialize, Serialize};

use super::Limits;

/// Exit code of a refusal; the reason is on the standard output.
pub const REFUSED: i32 = 2;
/// Scheduling priority, below that of sessions.
const NICE: i32 = 10;
/// Descriptors at once: standard input and output, and files in memory.
const DESCRIPTORS: u64 = 32;
/// Files in memory beside the component's size, bytes: the first contents of its memory, with gaps.
const IMAGES: u64 = 64 << 20;

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

/// The standard output of a child that succeeds: the length of the descriptor as JSON (four bytes, little-endian), the
/// descriptor, and the code.
#[derive(Debug, PartialEq)]
pub struct Compiled {
    /// What the component's `describe` returned.
    pub descriptor: Descriptor,
    /// The compiled code.
    pub code: Vec<u8>,
}

impl Compiled {
    /// Reads the standard output of a child. None when it is not such an output, or the descriptor is not valid.
    pub fn read(mut output: Vec<u8>) -> Option<Self> {
        let length = u32::from_le_bytes(*output.first_chunk()?) as usize;
        let descriptor: Descriptor = serde_json::from_slice(output.get(4..)?.get(..length)?).ok()?;
        descriptor.check().ok()?;
        output.drain(..4 + length);
        (!output.is_empty()).then_some(Self { descriptor, code: output })
    }
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

/// Compiles and describes the component on the standard input; writes a [`Compiled`], or the refusal, to the standard
/// output.
pub fn run(options: &Options) -> ExitCode {
    let ended = confine(options).and_then(|()| compile(options));
    ended.unwrap_or_else(|error| {
        eprintln!("framebox compile: {error}");
        ExitCode::FAILURE
    })
}

/// Confines this process. When that fails, nothing is compiled.
fn confine(options: &Options) -> io::Result<()> {
    // The server may be killed meanwhile. The signal follows the end of the thread that started this process; the threads
    // of an async runtime last as long as the server.
    set_parent_process_death_signal(Some(Signal::KILL))?;
    setpriority_process(None, NICE)?;
    // At the soft limit SIGXCPU ends the process, which names the reason; at the hard limit SIGKILL would.
    let cpu = Rlimit { current: Some(options.cpu_seconds), maximum: Some(options.cpu_seconds.saturating_add(5)) };
    setrlimit(Resource::Cpu, cpu)?;
    let limits = jail::Limits {
        memory: options.memory_mib.saturating_mul(1 << 20),
        descriptors: DESCRIPTORS,
        file: (options.bytes as u64).saturating_add(IMAGES),
    };
    jail::confine(&limits).map_err(io::Error::other)?;
    Ok(())
}

fn compile(options: &Options) -> io::Result<ExitCode> {
    let mut component = Vec::new();
    let most = u64::try_from(options.bytes).unwrap_or(u64::MAX).saturating_add(1);
    io::stdin().lock().take(most).read_to_end(&mut component)?;
    let compiler = Compiler::new().map_err(io::Error::other)?;
    let limits = options.allowance();
    let compiled = match compiler.compile(&component, &limits) {
        Ok(code) => describe(&component, &code, &limits)?.map(|descriptor| (code, descriptor)),
        Err(refused) => Err(refused),
    };
    let mut output = io::stdout().lock();
    match compiled {
        Ok((code, descriptor)) => {
            let descriptor = serde_json::to_vec(&descriptor)?;
            output.write_all(&(descriptor.len() as u32).to_le_bytes())?;
            output.write_all(&descriptor)?;
            output.write_all(code.bytes())?;
            Ok(ExitCode::SUCCESS)
        }
        Err(refused) => {
            serde_json::to_writer(&mut output, &Refusal { refused: refused.to_string() })?;
            Ok(ExitCode::from(REFUSED as u8))
        }
    }
}

/// Calls `describe` of the component.
fn describe(component: &[u8], code: &Code, limits: &CompileLimits) -> io::Result<Result<Descriptor, LoadError>> {
    let settings = Settings { instances: 1, ..Settings::default() };
    let engine = Engine::new(&settings).map_err(io::Error::other)?;
    Ok(engine.load_compiled(component, code, limits).map(|component| component.descriptor().clone()))
}

//! The hidden command `framebox ffmpeg`: it confines itself, then executes ffmpeg. What parses hostile video is behind a second
//! wall before it reads any of it.
#![allow(unsafe_code)]

use std::ffi::OsString;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::{Args, ValueEnum};
use framebox_jail as jail;
use rustix::process::setpriority_process;
use sendfd::SendWithFd;

use crate::network;

/// The name of the command.
pub(crate) const COMMAND: &str = "ffmpeg";
/// What a failure before ffmpeg runs begins with.
pub(crate) const PREFIX: &str = "framebox ffmpeg: ";
/// Scheduling priority, below that of sessions.
const NICE: i32 = 10;
/// Descriptors at once: input, output, libraries while they are loaded, connections.
const DESCRIPTORS: u64 = 64;
/// Address space beside the memory, bytes: libraries, and what is only reserved.
const RESERVED: u64 = 2 << 30;
/// CPU time before whoever started it gives more, s.
pub(crate) const CPU: u64 = 30;

/// Where programs have their libraries.
const LIBRARIES: [&str; 8] =
    ["/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/nix/store", "/gnu/store", "/etc/ld.so.cache"];
/// Where systems have the certificates of authorities, and what their TLS libraries read.
const CERTIFICATES: [&str; 10] = [
    "/etc/ssl/certs",
    "/etc/ssl/cert.pem",
    "/etc/ssl/openssl.cnf",
    "/etc/ca-certificates",
    "/etc/crypto-policies",
    "/etc/gnutls",
    "/etc/pki/ca-trust",
    "/etc/pki/tls/certs",
    "/usr/local/share/ca-certificates",
    "/usr/share/ca-certificates",
];

/// What the child works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Its standard input is a file.
    File,
    /// Its standard input is the socket over which the listener of its connections is sent.
    Network,
    /// A device.
    Device,
    /// Nothing.
    Nothing,
}

/// Arguments of `framebox ffmpeg`.
#[derive(Clone, Debug, Args)]
pub struct Options {
    /// The process that started it.
    #[arg(long)]
    pub(crate) parent: u32,
    /// What it works on.
    #[arg(long)]
    pub(crate) input: Kind,
    /// The device.
    #[arg(long)]
    pub(crate) device: Option<PathBuf>,
    /// Memory, bytes.
    #[arg(long)]
    pub(crate) memory: u64,
    /// ffmpeg and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<OsString>,
}

impl Options {
    /// Formats the arguments as a command line.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let kind = self.input.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
        let mut arguments: Vec<OsString> = vec![
            COMMAND.into(),
            format!("--parent={}", self.parent).into(),
            format!("--input={kind}").into(),
            format!("--memory={}", self.memory).into(),
        ];
        if let Some(device) = &self.device {
            arguments.extend(["--device".into(), device.into()]);
        }
        arguments.push("--".into());
        arguments.extend(self.command.iter().cloned());
        arguments
    }
}

/// Confines this process and becomes ffmpeg. Returns when that fails.
pub fn run(options: &Options) -> ExitCode {
    let Err(error) = become_ffmpeg(options);
    eprintln!("{PREFIX}{error}");
    ExitCode::FAILURE
}

fn become_ffmpeg(options: &Options) -> Result<std::convert::Infallible, Box<dyn std::error::Error>> {
    let (program, arguments) = options.command.split_first().ok_or("nothing is to be executed")?;
    jail::end_with_parent(options.parent)?;
    // It can only be raised by whoever may; at worst it competes with sessions.
    let _ = setpriority_process(None, NICE);
    let control = (options.input == Kind::Network).then(take_stdin).transpose()?;
    let listener = jail::confine_program(&confinement(options, Path::new(program))?)?;
    if let (Some(control), Some(listener)) = (control, listener) {
        control.send_with_fd(b".", &[listener.as_raw_fd()])?;
    }
    let mut command = Command::new(program);
    command.args(arguments).env_clear();
    if options.input == Kind::Network {
        let (name, value) = network::ENVIRONMENT;
        command.env(name, value);
    }
    let error = command.exec();
    Err(format!("{} cannot be executed: {error}", program.display()).into())
}

fn confinement(options: &Options, program: &Path) -> io::Result<jail::Program> {
    let program = program.canonicalize()?;
    let own = program.parent().and_then(Path::parent).map(|folder| folder.join("lib"));
    let mut read: Vec<PathBuf> = LIBRARIES.iter().map(PathBuf::from).chain(own).collect();
    if options.input == Kind::Network {
        read.extend(CERTIFICATES.iter().map(PathBuf::from));
    }
    let input = match (options.input, &options.device) {
        (Kind::File, _) => jail::Input::File,
        (Kind::Network, _) => jail::Input::Network,
        (Kind::Device, Some(path)) => jail::Input::Device(path.clone()),
        (Kind::Device | Kind::Nothing, _) => jail::Input::Nothing,
    };
    Ok(jail::Program {
        limits: jail::Limits { memory: options.memory, descriptors: DESCRIPTORS, file: 0 },
        address_space: options.memory.saturating_add(RESERVED),
        cpu: Duration::from_secs(CPU),
        execute: loader(&program)?.into_iter().chain([program]).collect(),
        read,
        input,
    })
}

/// The socket that is the standard input; nothing takes its place.
fn take_stdin() -> io::Result<UnixStream> {
    let (socket, nothing) = (io::stdin().as_fd().try_clone_to_owned()?, File::open("/dev/null")?);
    replace_stdin(&nothing.into())?;
    Ok(socket.into())
}

fn replace_stdin(by: &OwnedFd) -> io::Result<()> {
    // SAFETY: both descriptors are open, and nobody owns that of the standard input.
    match unsafe { libc::dup3(by.as_raw_fd(), libc::STDIN_FILENO, 0) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// The dynamic loader of a program (ELF, PT_INTERP); none of one that needs none. The program is the operator's.
fn loader(program: &Path) -> io::Result<Option<PathBuf>> {
    use std::os::unix::fs::FileExt;
    const INTERPRETER: u32 = 3;
    let file = File::open(program)?;
    let mut head = [0; 64];
    let read = file.read_at(&mut head, 0)?;
    // 64 bits, least significant byte first.
    if read < head.len() || head[..6] != *b"\x7fELF\x02\x01" {
        let text =
            format!("{} is not the program itself: name that in the configuration ([ffmpeg] path)", program.display());
        return Err(io::Error::other(text));
    }
    let number = |bytes: &[u8]| bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    let (table, length, count) = (number(&head[32..40]), number(&head[54..56]), number(&head[56..58]));
    for entry in 0..count {
        let mut segment = [0; 56];
        file.read_exact_at(&mut segment, table.saturating_add(entry * length))?;
        if number(&segment[..4]) as u32 == INTERPRETER {
            let mut name = vec![0; number(&segment[32..40]).min(4096) as usize];
            file.read_exact_at(&mut name, number(&segment[8..16]))?;
            let name = String::from_utf8_lossy(&name).trim_end_matches('\0').to_owned();
            return Ok(Some(name.into()));
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loader_of_a_program_is_found() {
        let loader = loader(&std::env::current_exe().unwrap()).unwrap().unwrap();
        assert!(loader.is_absolute() && loader.exists(), "{loader:?}");
    }
}

//! The server's end of the wire.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use framebox_test_support::child::Child;

use crate::namespace::{self, SERVER};

/// Port of the server.
pub const PORT: u16 = 8080;

/// Starts the server in a namespace of its own, and waits until it is ready. It must be called on a thread that nothing else
/// needs, since that stays in the namespace.
///
/// # Errors
/// What the machine lacks, in words.
pub fn start(program: &Path, arguments: &[String]) -> Result<(Child, File), String> {
    let device = namespace::enter(SERVER)?;
    let mut command = Command::new(program);
    command.args(["serve", "--bind", &format!("{SERVER}:{PORT}"), "--media-address", &SERVER.to_string()]);
    command.args(["--allow-anyone", "--isolation", "thread", "--capacity-ms", "0"]).args(arguments);
    let mut child = Child::start("framebox", &mut command);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    runtime.block_on(child.find("says that it is ready", |line| line.starts_with("Framebox is ready").then_some(())));
    Ok((child, device))
}

//! One step: its command, what it needs, and running it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A command to run, with the folder and the environment that it needs.
#[derive(Clone, Debug)]
pub struct Step {
    command: String,
    folder: String,
    variables: Vec<(String, String)>,
    /// The program without which it is skipped.
    tool: Option<String>,
    /// Whether it runs beside the steps that follow, up to the last one.
    pub is_beside: bool,
}

impl Step {
    /// Creates a step of a command whose words are separated by spaces.
    pub fn new(command: &str) -> Self {
        Self { command: command.into(), folder: String::new(), variables: Vec::new(), tool: None, is_beside: false }
    }

    /// Runs it in a folder of the repository.
    pub fn within(mut self, folder: &str) -> Self {
        self.folder = folder.into();
        self
    }

    /// Sets an environment variable, unless it is set already.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.into(), value.into()));
        self
    }

    /// Skips it where this program is lacking.
    pub fn optional(mut self, tool: &str) -> Self {
        self.tool = Some(tool.into());
        self
    }

    /// Lets it run beside the steps that follow.
    pub fn beside(mut self) -> Self {
        self.is_beside = true;
        self
    }

    /// Returns its command and its folder, for people.
    pub fn name(&self) -> String {
        if self.folder.is_empty() { self.command.clone() } else { format!("{}, in {}", self.command, self.folder) }
    }

    /// Returns the program that it needs and that is lacking here.
    pub fn lacks(&self) -> Option<&str> {
        self.tool.as_deref().filter(|tool| !is_in_path(tool))
    }

    /// Runs it; its output goes to the terminal. Returns whether it succeeded.
    pub fn run(&self) -> Result<bool, std::io::Error> {
        self.process().status().map(|status| status.success())
    }

    /// Runs it; returns its output.
    pub fn run_quietly(&self) -> Result<Output, std::io::Error> {
        self.process().output()
    }

    fn process(&self) -> Command {
        let mut words = self.command.split(' ');
        let program = words.next().unwrap_or_default();
        // A path is one in the repository.
        let program = if program.contains('/') { root().join(program) } else { PathBuf::from(program) };
        let mut command = Command::new(program);
        command.args(words).current_dir(root().join(&self.folder));
        as_if_called_by_hand(&mut command);
        for (name, value) in self.variables.iter().filter(|(name, _)| std::env::var_os(name).is_none()) {
            command.env(name, value);
        }
        command
    }
}

/// Removes what `cargo run` tells this program about its package: the cargo that it calls would take crates whose build looks at
/// it for changed, and build them anew.
pub fn as_if_called_by_hand(command: &mut Command) {
    let told = |name: &str| ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|prefix| name.starts_with(prefix));
    for name in std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).filter(|name| told(name)) {
        command.env_remove(name);
    }
}

/// Returns the root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or_else(|| Path::new("."))
}

/// Returns whether a program can be called by its name.
pub fn is_in_path(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}
